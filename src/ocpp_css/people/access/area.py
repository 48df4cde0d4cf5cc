"""What access offers, and what it keeps about people."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.people.access import api
from ocpp_css.people.access.jobs import tidy_regularly
from ocpp_css.people.access.model import PERMISSIONS
from ocpp_css.people.access.pages import keys as key_pages
from ocpp_css.people.access.pages import own, sign_in, sign_up
from ocpp_css.people.access.service.authenticator import MemoryAuthenticator
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.service.sign_in import SignIn
from ocpp_css.people.access.service.sign_up import SignUp
from ocpp_css.people.access.store.keys import KEY_USES, KEYS
from ocpp_css.people.access.store.members import MEMBERSHIPS
from ocpp_css.people.access.store.sessions import ATTEMPTS, SESSION_USES, SESSIONS


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]] | None:
    """Provides `services["authenticator"]`, `["sessions"]`, `["entrance"]` and `["sign_up"]`; tidies up each hour."""
    sessions = Sessions(wiring.secrets)
    wiring.services["sessions"] = sessions
    wiring.services["entrance"] = SignIn(wiring.db, wiring.services["passwords"], sessions, wiring.secrets)
    wiring.services["sign_up"] = SignUp(
        wiring.db, wiring.services["passwords"], wiring.services["challenges"], wiring.services["post"], sessions,
        wiring.secrets, minimum_age=wiring.settings.minimum_age,
    )  # fmt: skip
    wiring.services["authenticator"] = MemoryAuthenticator(wiring.db, sessions)
    if not wiring.does_timed_work:
        return None
    task = asyncio.create_task(tidy_regularly(wiring.db), name="tidy-access")

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return stop


AREA = Area(
    name="people/access",
    after=["people/accounts", "people/notices", "people/tenants"],
    tables=[MEMBERSHIPS, SESSIONS, SESSION_USES, ATTEMPTS, KEYS, KEY_USES],
    routes=[
        api.list_keys,
        api.create_key,
        api.revoke_key,
        sign_in.sign_in_page,
        sign_in.sign_in,
        sign_in.sign_in_link,
        sign_in.sign_out,
        sign_in.switch_account,
        sign_in.first_start_page,
        sign_in.first_start,
        sign_up.sign_up_page,
        sign_up.ask,
        sign_up.code_page,
        sign_up.confirm,
        own.sessions_page,
        own.accounts_page,
        own.end_session,
        own.end_other_sessions,
        own.password_page,
        own.set_password,
        key_pages.keys_page,
        key_pages.new_key_page,
        key_pages.create_key,
        key_pages.revoke_key,
    ],
    templates=Path(__file__).parent / "templates",
    permissions=PERMISSIONS,
    personal_data=[
        PersonalData(
            columns=["memberships.user_id"],
            purpose="Letting a person do in an account what their role permits",
            basis="Contract",
            keep_for="as long as the person belongs to the account",
        ),
        PersonalData(
            columns=[
                "sessions.token_hash",
                "sessions.user_id",
                "sessions.user_agent",
                "sessions.address",
                "session_uses.last_used_at",
            ],
            purpose="Keeping a person signed in, and showing them where they are",
            basis="Contract",
            keep_for="30 days after the session ended",
        ),
        PersonalData(
            columns=["sign_in_attempts.place"],
            purpose="Slowing down those who guess passwords",
            basis="Legitimate interest: security of the service",
            keep_for="one day after the last try",
        ),
        PersonalData(
            columns=["api_keys.created_by", "api_keys.created_by_name"],
            purpose="Showing who made a key",
            basis="Legitimate interest of the account's operator",
            keep_for="as long as the key, and two years after it",
        ),
    ],
    start=start,
    dependencies={
        "sessions": lambda wiring: wiring.services["sessions"],
        "sign_up": lambda wiring: wiring.services["sign_up"],
        "entrance": lambda wiring: wiring.services["entrance"],
    },
)

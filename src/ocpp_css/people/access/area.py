"""What access offers, and what it keeps about people."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.edge import NavEntry, lazy
from ocpp_css.people.access.api import keys as key_api
from ocpp_css.people.access.api import people as people_api
from ocpp_css.people.access.jobs import tidy_regularly
from ocpp_css.people.access.model import PERMISSIONS
from ocpp_css.people.access.pages import address, joining, own, people, recovery, security, sign_in, sign_up
from ocpp_css.people.access.pages import keys as key_pages
from ocpp_css.people.access.service.authenticator import MemoryAuthenticator
from ocpp_css.people.access.service.departures import Departures
from ocpp_css.people.access.service.guarding import Guard
from ocpp_css.people.access.service.invitations import Invitations
from ocpp_css.people.access.service.places import Places
from ocpp_css.people.access.service.recovery import Recovery
from ocpp_css.people.access.service.second_factor import SecondFactors
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.service.sign_in import SignIn
from ocpp_css.people.access.service.sign_up import SignUp
from ocpp_css.people.access.service.tries import Tries
from ocpp_css.people.access.store.former import FORMER
from ocpp_css.people.access.store.invitations import INVITATIONS
from ocpp_css.people.access.store.keys import KEY_USES, KEYS
from ocpp_css.people.access.store.members import MEMBERSHIPS
from ocpp_css.people.access.store.proofs import CODES, FACTORS, INCIDENTS, PLACES
from ocpp_css.people.access.store.sessions import ATTEMPTS, SESSION_USES, SESSIONS


def _provide(wiring: Wiring) -> None:
    db, secrets, services, settings = wiring.db, wiring.secrets, wiring.services, wiring.settings
    passwords, challenges, post = services["passwords"], services["challenges"], services["post"]
    sessions, tries, places = Sessions(secrets), Tries(db, secrets), Places(secrets)
    factors = SecondFactors(db, secrets)
    services["sessions"], services["factors"] = sessions, factors
    services["departures"] = Departures()
    services["guard"] = Guard(db, sessions, post)
    services["entrance"] = SignIn(
        db, passwords, sessions, challenges, post, factors, places=places, tries=tries, has_mail=bool(settings.smtp_url)
    )
    services["recovery"] = Recovery(
        db, passwords, challenges, post, sessions, factors, places=places, tries=tries
    )  # fmt: skip
    services["sign_up"] = SignUp(
        db, passwords, challenges, post, sessions, secrets, places=places, tries=tries, minimum_age=settings.minimum_age
    )
    services["invitations"] = Invitations(db, post, tries, sessions, services["sign_up"])


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]] | None:
    """Provides `services["authenticator"]`, and the ways in (`_provide`); tidies up each hour."""
    _provide(wiring)
    wiring.services["authenticator"] = MemoryAuthenticator(wiring.db, wiring.services["sessions"])
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
    tables=[
        MEMBERSHIPS,
        INVITATIONS,
        SESSIONS,
        SESSION_USES,
        ATTEMPTS,
        KEYS,
        KEY_USES,
        FACTORS,
        CODES,
        PLACES,
        INCIDENTS,
        FORMER,
    ],
    routes=[
        key_api.list_keys,
        key_api.create_key,
        key_api.read_key,
        key_api.revoke_key,
        *people_api.HANDLERS,
        *people.HANDLERS,
        *joining.HANDLERS,
        sign_in.sign_in_page,
        sign_in.sign_in,
        sign_in.sign_in_link,
        sign_in.sign_out,
        sign_in.switch_account,
        sign_in.first_start_page,
        sign_in.first_start,
        sign_in.code_page,
        sign_in.sign_in_code,
        security.security_page,
        security.prove_page,
        security.prove,
        security.begin_factor,
        security.confirm_factor,
        security.renew_codes,
        security.remove_factor,
        security.not_me_page,
        security.not_me,
        address.address_page,
        address.ask_address,
        address.address_code_page,
        address.confirm_address,
        recovery.ask_page,
        recovery.ask,
        recovery.code_page,
        recovery.open_recovery,
        recovery.new_page,
        recovery.set_new,
        sign_up.sign_up_page,
        sign_up.ask,
        sign_up.code_page,
        sign_up.confirm,
        own.sessions_page,
        own.accounts_page,
        own.accounts_menu,
        own.leave_account,
        own.end_session,
        own.end_other_sessions,
        own.password_page,
        own.set_password,
        key_pages.keys_page,
        key_pages.new_key_page,
        key_pages.create_key,
        key_pages.revoke_key,
    ],
    nav=[NavEntry(lazy("People"), people.PATH, "users", 90, "users:read")],
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
                "invitations.email",
                "invitations.token_hash",
                "invitations.open_for",
                "invitations.invited_by",
                "invitations.invited_by_name",
            ],
            purpose="Inviting a person into an account",
            basis="Legitimate interest of the account's operator",
            keep_for="30 days after the invitation ended",
        ),
        PersonalData(
            columns=[
                "sessions.token_hash",
                "sessions.user_id",
                "sessions.user_agent",
                "sessions.address",
                "sessions.address_mark",
                "sessions.proved_at",
                "session_uses.last_used_at",
            ],
            purpose="Keeping a person signed in, and showing them where they are",
            basis="Contract",
            keep_for="30 days after the session ended",
        ),
        PersonalData(
            columns=[
                "second_factors.user_id",
                "second_factors.sealed",
                "recovery_codes.user_id",
                "recovery_codes.code_hash",
                "known_places.user_id",
                "known_places.mark",
                "known_places.last_at",
            ],
            purpose="Proving who signs in, and refusing devices and places that are not known",
            basis="Contract; duty to secure the service",
            keep_for="as long as the person has an account; places for half a year after the last sign-in",
        ),
        PersonalData(
            columns=["former_proofs.user_id", "former_proofs.at", "former_proofs.proofs"],
            purpose="Changing back what somebody else changed in the person's name",
            basis="Duty to secure the service",
            keep_for="60 days after the change",
        ),
        PersonalData(
            columns=["incidents.user_id", "incidents.address", "incidents.user_agent"],
            purpose="Looking into reported misuse",
            basis="Legitimate interest: security of the service",
            keep_for="two years",
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
        "factors": lambda wiring: wiring.services["factors"],
        "departures": lambda wiring: wiring.services["departures"],
        "guard": lambda wiring: wiring.services["guard"],
        "recovery": lambda wiring: wiring.services["recovery"],
        "invitations": lambda wiring: wiring.services["invitations"],
        "sign_up": lambda wiring: wiring.services["sign_up"],
        "entrance": lambda wiring: wiring.services["entrance"],
    },
)

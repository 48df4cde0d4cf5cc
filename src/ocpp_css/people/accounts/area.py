"""What people's accounts offer, and what they keep about people."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.edge import Principal
from ocpp_css.people.accounts import api, pages
from ocpp_css.people.accounts.service import users
from ocpp_css.people.accounts.service.challenges import Challenges
from ocpp_css.people.accounts.service.passwords import Passwords
from ocpp_css.people.accounts.store import CHALLENGES, CONTACTS, LINKS, PICTURES, USERS
from ocpp_css.storage import PROVIDER


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]]:
    """Provides `services["passwords"]`, `["challenges"]`, and
    `services["keep_language"]` for the choice of a language in the console.
    """
    passwords = Passwords()

    async def keep_language(principal: Principal, language: str) -> None:
        unit = wiring.db.unit(PROVIDER)
        await users.change(unit, principal, {"language": language})
        await unit.commit()

    wiring.services["passwords"] = passwords
    wiring.services["challenges"] = Challenges(wiring.db, wiring.secrets)
    wiring.services["keep_language"] = keep_language

    async def stop() -> None:
        passwords.close()

    return stop


AREA = Area(
    name="people/accounts",
    after=["people/tenants"],
    tables=[USERS, LINKS, CHALLENGES, CONTACTS, PICTURES],
    routes=[
        api.read_me,
        api.change_me,
        pages.profile_page,
        pages.change_profile,
        pages.picture,
        pages.send_picture,
        pages.drop_picture,
        pages.history_page,
    ],
    templates=Path(__file__).parent / "templates",
    personal_data=[
        PersonalData(
            columns=[
                "users.email",
                "users.email_mark",
                "users.username",
                "users.username_mark",
                "users.display_name",
            ],
            purpose="Signing in, and naming a person to the others of the account",
            basis="Contract",
            keep_for="as long as the person has an account",
        ),
        PersonalData(
            columns=["users.password_hash", "one_time_links.token_hash", "one_time_links.user_id"],
            purpose="Proving who signs in",
            basis="Contract; duty to secure the service",
            keep_for="as long as the person has an account; links until they are used or too old",
        ),
        PersonalData(
            columns=[
                "challenges.token_hash",
                "challenges.user_id",
                "challenges.code_hash",
                "challenges.sealed",
            ],
            purpose="Asking for a code before an account, a sign-in or a change counts",
            basis="Contract; duty to secure the service",
            keep_for="one day",
        ),
        PersonalData(
            columns=[
                "contacts.user_id",
                "contacts.country",
                "contacts.phone",
                "contacts.birth_date",
                "contacts.street",
                "contacts.postal_code",
                "contacts.city",
                "contacts.verified_at",
            ],
            purpose="Reaching a person, and being sure that they are old enough",
            basis="Contract; law on minors",
            keep_for="as long as the person has an account",
        ),
        PersonalData(
            columns=["pictures.user_id", "pictures.image"],
            purpose="Showing a person to the others of the account",
            basis="Consent: the person sends it, and may remove it",
            keep_for="until the person removes it",
        ),
        PersonalData(
            columns=["users.language", "users.time_zone", "users.theme"],
            purpose="Showing pages and times as the person likes them",
            basis="Contract",
            keep_for="as long as the person has an account",
        ),
    ],
    start=start,
    dependencies={
        "minimum_age": lambda wiring: wiring.settings.minimum_age,
        "challenges": lambda wiring: wiring.services["challenges"],
        "passwords": lambda wiring: wiring.services["passwords"],
    },
)

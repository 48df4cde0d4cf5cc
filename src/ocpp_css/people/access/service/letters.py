"""To whom letters of access go."""

from ocpp_css.people.accounts import User
from ocpp_css.people.notices import Person


def person_of(user: User) -> Person:
    """The person as letters address them."""
    return Person(
        user_id=user.user_id, email=user.email, name=user.display_name, language=user.language,
        time_zone=user.time_zone,
    )  # fmt: skip

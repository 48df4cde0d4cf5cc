"""What access needs of the areas above it."""

from typing import Protocol

from ocpp_css.edge.principal import Principal


class GivesBack(Protocol):
    """An area that keeps things of an account in the name of its people; it adds itself to `services["departures"]`."""

    async def __call__(self, account_id: int, user_id: int, by: Principal) -> None:
        """Let nothing of the account be in this person's name any more, and commit; `by` is who takes them out."""
        ...

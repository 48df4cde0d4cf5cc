"""What happens before a person leaves an account: whatever is there in their name is given back."""

from ocpp_css.edge.principal import Principal
from ocpp_css.people.access.ports import GivesBack


class Departures:
    """The areas that keep things in people's names; each adds itself when it starts."""

    def __init__(self) -> None:
        self._areas: list[GivesBack] = []

    def add(self, area: GivesBack) -> None:
        """Ask this area too from now on."""
        self._areas.append(area)

    async def give_back(self, account_id: int, user_id: int, by: Principal) -> None:
        """Let each area give back what is in the person's name.

        It is committed before the membership ends, so that whatever fails in between leaves nothing with somebody who
        is gone.
        """
        for area in self._areas:
            await area(account_id, user_id, by)

"""Letters seen from the command line."""

from ocpp_css.kit.ids import public
from ocpp_css.people.notices.service.returns import Returns, came_back
from ocpp_css.storage import PROVIDER, Database


async def bounced(db: Database, report: bytes) -> str:
    """Read a mail server's report, and keep that the letter came back; what was done, in a line.

    ReportUnreadable where it is none, or about no letter of this service.
    """
    failure = Returns(db.vault.secrets).read(report)
    if failure is None:
        return "nothing to do: the report tells of no failure"
    unit = db.unit(PROVIDER)
    state = await came_back(unit, failure)
    await unit.commit()
    name = public(failure.letter_id)
    return f"letter {name}: {state}" if state else f"nothing to do: letter {name} is over or gone"

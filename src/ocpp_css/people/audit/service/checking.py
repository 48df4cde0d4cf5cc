"""Whether the log is whole: every entry its own, in its place, none missing; and what is wrong otherwise."""

from collections.abc import Mapping

from ocpp_css.kit.ids import public
from ocpp_css.people.audit import store
from ocpp_css.people.audit.model import Trouble
from ocpp_css.people.audit.store import AUDIT, Stored
from ocpp_css.storage import Database
from ocpp_css.storage.chains import PRUNED, Chains, End, Place, ends, places

STRETCH = 1_000
MOST_TROUBLES = 20
"""Told of one account; who changed a thousand entries is found with twenty."""


async def check(db: Database, anchors: Mapping[int, End]) -> list[Trouble]:
    """Look at the logs of all accounts; `anchors` are ends that were noted outside of the database."""
    found = []
    for account in sorted({*await store.accounts(db), *await ends(db, AUDIT.name), *anchors}):
        found += await check_account(db, account, anchors.get(account, End()))
    return found


async def check_account(db: Database, account: int, anchor: End) -> list[Trouble]:
    """What is wrong with an account's log, in the order of its entries."""
    look = Walk(db.chains, account, await places(db.unit(account), AUDIT.name), anchor)
    while rows := await store.stretch(db.unit(account), look.last.number, STRETCH):
        for row in rows:
            look.at(row)
        if len(look.troubles) >= MOST_TROUBLES:
            return look.troubles
    look.at_the_end()
    for entry_id in await store.outside(db.unit(account)):
        look.tell(0, f"entry {public(entry_id)} was put in from outside")
    return look.troubles


class Walk:
    """Walks along one chain, from where it was pruned to where it should end."""

    def __init__(self, chains: Chains, account: int, kept: Mapping[str, Place], anchor: End) -> None:
        self._chains = chains
        self._account = account
        self._anchor = anchor
        self._end = kept.get(AUDIT.name, Place(End(), ""))
        self.troubles: list[Trouble] = []
        begin = kept.get(AUDIT.name + PRUNED)
        if begin is not None and begin.proof != chains.proof(account, AUDIT.name + PRUNED, begin.end):
            self.tell(begin.end.number, "the mark up to where it was pruned is not the service's own")
        self._begin = begin.end if begin is not None else End()
        self.last = self._begin

    def tell(self, number: int, text: str) -> None:
        """Something is wrong."""
        self.troubles.append(Trouble(account_id=self._account, number=number, text=text))

    def at(self, row: Stored) -> None:
        """The next entry."""
        if row.number > self.last.number + 1:
            self._missing(self.last.number + 1, row.number - 1)
            self.last = End(row.number - 1, "")
        name = f"entry {row.number} ({public(row.id)})"
        if row.digest != self._chains.digest(AUDIT, row.values):
            self.tell(row.number, f"{name} was changed or put in from outside")
        elif self._follows(row) is False:
            self.tell(row.number, f"{name} stands in another place than it was entered at")
        if row.number == self._anchor.number and row.link != self._anchor.link:
            self.tell(row.number, f"{name} is another one than was noted outside of the database")
        self.last = End(row.number, row.link)

    def _follows(self, row: Stored) -> bool | None:
        """Whether the entry was entered after the last one; None where the last one is missing."""
        if not self.last.link and row.number > 1:
            return None
        return row.link == self._chains.link(self.last.link, row.number, row.digest)

    def at_the_end(self) -> None:
        """All entries were looked at."""
        end, last = self._end.end, self.last
        if (end.number or last.number) and self._end.proof != self._chains.proof(self._account, AUDIT.name, end):
            self.tell(end.number, "the mark of its end is not the service's own")
        if last.number < end.number:
            self._missing(last.number + 1, end.number)
        elif last.number > end.number:
            self.tell(last.number, f"entries after {end.number} were put in from outside")
        elif last.link != end.link:
            self.tell(last.number, "the last entry is not the one that the mark of the end names")
        if max(last.number, end.number) < self._anchor.number:
            self.tell(
                self._anchor.number,
                f"it ended at entry {self._anchor.number} once, as was noted outside of the database: its end was cut, "
                "or an older copy put in its place",
            )

    def _missing(self, first: int, last: int) -> None:
        text = f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
        self.tell(first, text)

"""The power goes: files as a disk may have them then, out of a recorded trace (TRUST R2).

What was written before the last completed sync of its file is there. Of what came later each write is there, or not, or
torn at sectors, whatever came before or after it; so is the call under way.
"""

import itertools
import random
import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.recorder import DELETE, FILES, SYNC, TRUNCATE, Event
from tests.torture.witness import MESSAGES, STATIONS, TRANSACTIONS, Ledger, Witness, compare, ledger_of

SECTOR = 512


@dataclass
class Disk:
    """The recorded files: what is certain, and what was said since and may be lost. None: there is no such file."""

    certain: list[bytearray | None]
    said: list[list[Event]] = field(default_factory=lambda: [[] for _ in FILES])
    is_deaf: bool = False
    """A disk that takes syncs and does nothing: to see that the campaign sees what is lost."""

    def take(self, event: Event) -> None:
        """One more call has ended."""
        if event.kind != SYNC:
            self.said[event.file].append(event)
        elif not self.is_deaf:
            said = self.said[event.file]
            for one in said:
                if one.ended <= event.began:
                    self.certain[event.file] = applied(self.certain[event.file], one)
            self.said[event.file] = [one for one in said if one.ended > event.began]

    def after_cut(self, dice: random.Random, under_way: Event) -> list[bytearray | None]:
        """The files as they may be when the power comes back."""
        found: list[bytearray | None] = []
        for number, certain in enumerate(self.certain):
            image = None if certain is None else bytearray(certain)
            said = [*self.said[number], *([under_way] if under_way.file == number else [])]
            for event in survivors(said, dice):
                image = applied(image, event)
            found.append(image)
        return found


def survivors(said: Sequence[Event], dice: random.Random) -> Iterator[Event]:
    """Which of the unsynced calls took effect, whole or torn."""
    fate = dice.random()
    kept = len(said) if fate < 0.2 else 0 if fate < 0.4 else dice.randrange(len(said) + 1)
    for place, event in enumerate(said):
        if event.kind == SYNC:
            continue
        if fate < 0.7:  # a prefix, its last call torn
            if place < kept - 1 or (place == kept - 1 and fate < 0.4):
                yield event
            elif place == kept - 1:
                yield from torn(event, dice)
        elif dice.random() < 0.6:  # any of them, in any order that a disk likes
            yield from torn(event, dice) if dice.random() < 0.3 else (event,)


def torn(event: Event, dice: random.Random) -> Iterator[Event]:
    """Some sectors of a write; other calls are whole."""
    if event.kind in {TRUNCATE, DELETE}:
        yield event
        return
    first = SECTOR - event.place % SECTOR
    cuts = [0, *range(first, len(event.data), SECTOR), len(event.data)]
    for begins, ends in itertools.pairwise(cuts):
        if dice.random() < 0.5:
            yield event._replace(place=event.place + begins, data=event.data[begins:ends])


def applied(image: bytearray | None, event: Event) -> bytearray | None:
    """The file with one call more; what lies between its end and a write is zero."""
    if event.kind == DELETE:
        return None
    image = bytearray() if image is None else image
    if event.kind == TRUNCATE:
        del image[event.place :]
        image.extend(bytes(event.place - len(image)))
        return image
    image.extend(bytes(max(0, event.place - len(image))))
    image[event.place : event.place + len(event.data)] = event.data
    return image


class Judge:
    """Opens what a cut left, and compares it with what had been acknowledged until then."""

    def __init__(self, witness: Witness, folder: Path) -> None:
        self._witness = witness
        self._moments = [moment for moment, _ in witness.moments]
        self._folder = folder
        self._payloads: dict[int, tuple[int, str, str]] = {}
        self.database = folder / "cut.db"

    def lay_out(self, files: Sequence[bytearray | None]) -> None:
        """Write the files that a cut left."""
        for ending in (*FILES, "-shm"):
            self.database.with_name(self.database.name + ending).unlink(missing_ok=True)
        for ending, image in zip(FILES, files, strict=True):
            if image is not None:
                self.database.with_name(self.database.name + ending).write_bytes(image)

    def judge(self, cut_at: int) -> int:
        """How many messages had been acknowledged at this nanosecond: all are there, none twice, nothing is corrupt."""
        connection = sqlite3.connect(self.database)
        try:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            ledger = self._read(connection)
        finally:
            connection.close()
        known = self._known_at(cut_at)
        compare(known, ledger)
        return len(known.acknowledged)

    def _read(self, connection: sqlite3.Connection) -> Ledger:
        """The ledger; the text of a message is read once, since it never changes."""
        numbers = [number for (number,) in connection.execute("SELECT id FROM messages WHERE error IS NULL")]
        if any(number not in self._payloads for number in numbers):
            query = MESSAGES.replace("SELECT ", "SELECT id, ")
            self._payloads.update({number: row for number, *row in connection.execute(query)})  # type: ignore[misc]
        stations, transactions = (connection.execute(query).fetchall() for query in (STATIONS, TRANSACTIONS))
        return ledger_of(stations, transactions, [self._payloads[number] for number in numbers])

    def _known_at(self, cut_at: int) -> Witness:
        heard = {meaning for _, meaning in self._witness.moments[: bisect_right(self._moments, cut_at)]}
        ids = {key: ids for key, ids in self._witness.ids.items() if ("start", *key) in heard}
        return Witness(acknowledged=Counter(heard), ids=ids)


def cuts(events: Sequence[Event], number: int, dice: random.Random) -> list[int]:
    """Where the power goes: before these events, half of them syncs, where most is at stake."""
    syncs = [place for place, event in enumerate(events) if event.kind == SYNC]
    return sorted(dice.choice(syncs) if turn % 2 else dice.randrange(len(events)) for turn in range(number))

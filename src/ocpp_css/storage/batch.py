"""Many units as one: which can go together, what guards them, which rows go into which statement."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table

from ocpp_css.storage.fences import Fence
from ocpp_css.storage.statements import key_of
from ocpp_css.storage.tables import FACTS
from ocpp_css.storage.unit import Op, Outcome, Unit

Columns = tuple[str, ...]
Values = tuple[Any, ...]


@dataclass(slots=True)
class Guards:
    """What must hold for units to be written; as an answer, what does not."""

    fences: set[Fence] = field(default_factory=set)
    versions: dict[Table, set[Values]] = field(default_factory=dict)
    absences: dict[tuple[Table, Columns], set[Values]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """There is none."""
        return not (self.fences or any(self.versions.values()) or any(self.absences.values()))


class Batch:
    """Units that one transaction writes, and those that have to wait for the next."""

    __slots__ = ("deferred", "units")

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.deferred: list[Unit] = []

    def guards(self) -> Guards:
        """The guards of all units, each once."""
        guards = Guards()
        for unit in self.units:
            if unit.fence:
                guards.fences.add((unit.tenant, unit.station, unit.fence))
            if unit.is_plain:
                continue
            for table, key, seen in unit.versions or ():
                guards.versions.setdefault(table, set()).add((*key, seen))
            for table, columns, values in unit.absences or ():
                guards.absences.setdefault((table, columns), set()).add(values)
        return guards

    def apply(self, failed: Guards) -> None:
        """Give the units whose guards failed their outcome; they write nothing."""
        if failed.is_empty:
            return
        for unit in self.units:
            unit.outcome = _verdict(unit, failed)

    def settle(self, outcome: Outcome) -> None:
        """Give every unit that has none this outcome."""
        for unit in self.units:
            unit.outcome = unit.outcome or outcome

    def grouped(self) -> dict[tuple[Op, Table, Columns], list[Values]]:
        """The rows of each statement, deletions first; of several upserts of one row the last."""
        groups: dict[tuple[Op, Table, Columns], list[Values]] = {}
        for unit in self.units:
            if unit.outcome is not None:
                continue
            for op, table, columns, values in unit.writes:
                rows = groups.get((op, table, columns))
                if rows is None:
                    groups[op, table, columns] = [values]
                else:
                    rows.append(values)
            if unit.facts is not None:
                groups.setdefault((Op.INSERT, FACTS, ()), []).extend(
                    (unit.tenant, number, unit.now, fact.kind, fact.station_id, fact) for number, fact in unit.facts
                )
        for (op, table, _), rows in groups.items():
            if op is Op.UPSERT:
                rows[:] = _last_of_each(table, rows)
        return dict(sorted(groups.items(), key=lambda item: item[0][0]))


def _last_of_each(table: Table, rows: list[Values]) -> list[Values]:
    if len(rows) < 2:
        return rows
    return list({_key(table, row): row for row in rows}.values())


def _key(table: Table, row: Values) -> Values:
    """The primary key in a whole row."""
    positions = table.info.get("key_positions")
    if positions is None:
        names = table.c.keys()
        positions = table.info["key_positions"] = [names.index(name) for name in key_of(table)]
    return tuple(row[position] for position in positions)


def _verdict(unit: Unit, failed: Guards) -> Outcome | None:
    if unit.fence and (unit.tenant, unit.station, unit.fence) in failed.fences:
        return Outcome.FENCED
    for table, columns, values in unit.absences or ():
        if values in failed.absences.get((table, columns), ()):
            return Outcome.DUPLICATE
    for table, key, seen in unit.versions or ():
        if (*key, seen) in failed.versions.get(table, ()):
            return Outcome.STALE
    return None


def gather(units: list[Unit]) -> Batch:
    """Units of which no two touch the same guarded row or want the same key absent; the rest is deferred."""
    batch = Batch()
    claimed: set[Any] = set()
    shared: set[Any] = set()
    for unit in units:
        if unit.is_plain:
            batch.units.append(unit)
            continue
        claims, shares = _marks(unit)
        meets = not (claimed.isdisjoint(claims) and claimed.isdisjoint(shares) and shared.isdisjoint(claims))
        claimed.update(claims)
        shared.update(shares)
        (batch.deferred if meets else batch.units).append(unit)
    return batch


def _marks(unit: Unit) -> tuple[list[Any], list[Any]]:
    """What the unit claims for itself within a batch (rows it changes or removes, keys it wants absent), and the rows
    that it overwrites whole, which others may overwrite too.
    """
    claims: list[Any] = []
    shares: list[Any] = []
    for op, table, _, values in unit.writes:
        match op:
            case Op.UPDATE | Op.DELETE:
                claims.append((table, values[: len(key_of(table))]))
            case Op.UPSERT:
                shares.append((table, _key(table, values)))
            case Op.INSERT:
                pass
    for table, columns, values in unit.absences or ():
        claims.append((table, columns, values))
    return claims, shares

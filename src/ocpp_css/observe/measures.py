"""What the hot path counts: plain numbers in lists, made into metrics only when somebody asks (decision 30)."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

MILLISECOND_NS: Final = 1_000_000
LATENCY_NS: Final = tuple(int(ms * MILLISECOND_NS) for ms in (0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000))
"""Upper bounds of the buckets of a message's way."""

COMMIT_NS: Final = tuple(int(ms * MILLISECOND_NS) for ms in (1, 2.5, 5, 10, 25, 50, 100, 500, 2_000))
COMMIT_UNITS: Final = (1, 3, 10, 30, 100, 300, 1_000)

OTHER: Final = "other"
"""The action of a message whose name is in no version of OCPP."""


class Histogram:
    """How many values fell into each bucket, and their sum; the last bucket takes what is over all bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[int]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0

    def note(self, value: int) -> None:
        """One more value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add(self, other: "Histogram") -> None:
        """All values of another one with the same bounds."""
        self.counts = [one + more for one, more in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class Traffic:
    """Messages of one direction by account, action and outcome, with the time each took.

    One look-up and two additions a message. Names that are in no version of OCPP are counted as `other`, so that no
    station can make the table grow.
    """

    def __init__(self, actions: Collection[str]) -> None:
        self.series: dict[tuple[int, str, str], Histogram] = {}
        self._actions = frozenset(actions)

    def note(self, tenant: int, action: str, outcome: str, took_ns: int) -> None:
        """One message has come to its end."""
        try:
            found = self.series[tenant, action, outcome]
        except KeyError:
            found = self._begun(tenant, action if action in self._actions else OTHER, outcome)
        found.counts[bisect_left(LATENCY_NS, took_ns)] += 1
        found.total += took_ns

    def _begun(self, tenant: int, action: str, outcome: str) -> Histogram:
        return self.series.setdefault((tenant, action, outcome), Histogram(LATENCY_NS))


class Commits:
    """The writer's work: how many units a commit took up, how long it took, what did not get in."""

    def __init__(self) -> None:
        self.units = Histogram(COMMIT_UNITS)
        self.took_ns = Histogram(COMMIT_NS)
        self.refused: Counter[str] = Counter()

    def note(self, units: int, took_s: float) -> None:
        """One round of the writer."""
        self.units.note(units)
        self.took_ns.note(int(took_s * 1e9))

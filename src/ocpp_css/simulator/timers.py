"""The deadlines of one station, by name: a name set again replaces the earlier deadline."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

Action = Callable[[], None]


class Timers:
    """A heap of deadlines in seconds; what was replaced or cancelled is skipped when it comes up."""

    __slots__ = ("_count", "_heap", "_live")

    def __init__(self) -> None:
        self._count = 0
        self._heap: list[tuple[float, int, str, Action]] = []
        self._live: dict[str, int] = {}

    def set(self, name: str, due: float, action: Action) -> None:
        """Call `action` once at `due`, unless `name` is set or cancelled before."""
        self._count += 1
        self._live[name] = self._count
        heappush(self._heap, (due, self._count, name, action))

    def cancel(self, name: str) -> None:
        """Forget the deadline of `name`, if there is one."""
        self._live.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return name in self._live

    @property
    def next_due(self) -> float | None:
        """The earliest deadline, None without any."""
        heap = self._heap
        while heap and self._live.get(heap[0][2]) != heap[0][1]:
            heappop(heap)
        return heap[0][0] if heap else None

    def pop_due(self, now: float) -> Iterator[Action]:
        """What is due, in order; an action may set new deadlines, also ones that are due at once."""
        while (due := self.next_due) is not None and due <= now:
            _, _, name, action = heappop(self._heap)
            del self._live[name]
            yield action

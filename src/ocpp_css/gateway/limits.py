"""Who tries too often: counted by identity and source together, so that nobody can lock a station out (RULES 1.2)."""

from collections import OrderedDict

FREE_TRIES = 5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
FREE_TRIES_OF_SOURCE = 50
_REMEMBERED = 100_000


class Tries:
    """Failed handshakes; each beyond the free ones doubles the pause before the next is looked at."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, ...], tuple[int, float]] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()

    def may_try(self, identity: str, source: str, now: float) -> bool:
        """False while the pair has to wait, or the source with any identity that never came in from there.

        A station behind one address with somebody who guesses is not locked out by him.
        """
        pair = (identity, source)
        return self._is_free(pair, now) and (pair in self._trusted or self._is_free((source,), now))

    def failed(self, identity: str, source: str, now: float) -> None:
        """One more failure."""
        self._count((identity, source), FREE_TRIES, now)
        self._count((source,), FREE_TRIES_OF_SOURCE, now)

    def succeeded(self, identity: str, source: str) -> None:
        """The pair is forgiven; the source keeps its count, since it may try other identities."""
        self._failures.pop((identity, source), None)
        self._trusted[identity, source] = None
        self._trusted.move_to_end((identity, source))
        if len(self._trusted) > _REMEMBERED:
            self._trusted.popitem(last=False)

    def _is_free(self, key: tuple[str, ...], now: float) -> bool:
        return now >= self._failures.get(key, (0, 0.0))[1]

    def _count(self, key: tuple[str, ...], free: int, now: float) -> None:
        count, until = self._failures.pop(key, (0, 0.0))
        if count and now > until + LONGEST_PAUSE_S:
            count = 0
        count += 1
        pause = min(FIRST_PAUSE_S * 2 ** (count - free), LONGEST_PAUSE_S) if count >= free else 0.0
        self._failures[key] = (count, now + pause)
        if len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

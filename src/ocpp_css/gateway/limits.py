"""Who tries too often: counted by identity and source together, so that nobody can lock a station out (RULES 1.2)."""

from collections import deque
from dataclasses import dataclass, field

from ocpp_css.kit.newest import Newest

FREE_TRIES = 5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
FREE_TRIES_OF_SOURCE = 50
UNKNOWN_TOKENS = 30
TOKEN_WINDOW_S = 3600.0
"""So many different unknown id tokens in an hour are a station's visitors; more are somebody who tries (TRUST A44)."""
_REMEMBERED = 100_000


class Tries:
    """Failed handshakes; each beyond the free ones doubles the pause before the next is looked at."""

    def __init__(self) -> None:
        self._failures: Newest[tuple[str, ...], tuple[int, float]] = Newest(_REMEMBERED)
        self._trusted: Newest[tuple[str, str], None] = Newest(_REMEMBERED)

    def may_try(self, identity: str, source: str, now: float) -> bool:
        """False while the pair has to wait."""
        return self._is_free((identity, source), now)

    def may_guess(self, identity: str, source: str, now: float) -> bool:
        """False while the source has to wait with any identity that never came in from there.

        It holds up only what guessing could get in by: many stations stand behind one address, and somebody who guesses
        there must not keep the others out (decision 14).
        """
        return (identity, source) in self._trusted or self._is_free((source,), now)

    def failed(self, identity: str, source: str, now: float) -> None:
        """One more failure; a source that has to wait is not made to wait longer by what knocks meanwhile."""
        self._count((identity, source), FREE_TRIES, now)
        if self._is_free((source,), now):
            self._count((source,), FREE_TRIES_OF_SOURCE, now)

    def succeeded(self, identity: str, source: str) -> None:
        """The pair is forgiven; the source keeps its count, since it may try other identities."""
        self._failures.pop((identity, source), None)
        self._trusted.keep((identity, source), None)

    def _is_free(self, key: tuple[str, ...], now: float) -> bool:
        return now >= self._failures.get(key, (0, 0.0))[1]

    def _count(self, key: tuple[str, ...], free: int, now: float) -> None:
        count, until = self._failures.get(key, (0, 0.0))
        if count and now > until + LONGEST_PAUSE_S:
            count = 0
        count += 1
        pause = min(FIRST_PAUSE_S * 2 ** (count - free), LONGEST_PAUSE_S) if count >= free else 0.0
        self._failures.keep(key, (count, now + pause))


@dataclass(slots=True)
class _Station:
    """The newest different unknown tokens of a station with their times, and those accepted since the first of them."""

    unknown: Newest[int, float] = field(default_factory=lambda: Newest(UNKNOWN_TOKENS))
    accepted: deque[int] = field(default_factory=lambda: deque(maxlen=64))


class Guesses:
    """Id tokens that are tried at stations; a station without unknown ones costs nothing."""

    def __init__(self) -> None:
        self._stations: Newest[tuple[int, int], _Station] = Newest(_REMEMBERED)

    def unknown(self, station: tuple[int, int], token: str, now: float) -> bool:
        """One more unknown token; True when with this one it became too many."""
        was_over = self.is_over(station, now)
        told = self._stations.get(station) or _Station()
        self._stations.keep(station, told)
        if hash(token) not in told.unknown:
            told.unknown.keep(hash(token), now)
        return not was_over and self.is_over(station, now)

    def is_told(self, station: tuple[int, int], token: str, now: float) -> bool:
        """Whether the verdict on this known token may be told there: one that was told before may be again."""
        told = self._stations.get(station)
        if told is None:
            return True
        if self.is_over(station, now):
            return hash(token) in told.accepted
        if hash(token) not in told.accepted:
            told.accepted.append(hash(token))
        return True

    def is_over(self, station: tuple[int, int], now: float) -> bool:
        """Too many different unknown tokens came in the last hour."""
        told = self._stations.get(station)
        if told is None or len(told.unknown) < UNKNOWN_TOKENS:
            return False
        return now - next(iter(told.unknown.values())) < TOKEN_WINDOW_S

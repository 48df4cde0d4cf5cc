"""Rate limits in this process: a token bucket each for a principal or an address, in bounded memory."""

import math
from dataclasses import dataclass

from ocpp_css.kit.newest import Newest


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, refilled evenly over `per_s` seconds."""

    burst: int
    per_s: float

    @property
    def refill_per_s(self) -> float:
        """Tokens that come back each second."""
        return self.burst / self.per_s


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller may still do: `remaining` requests now, full again in `reset_s`, next one in `retry_s`."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_s: int

    def headers(self) -> dict[str, str]:
        """The RateLimit fields of the answer."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }


class RateLimiter:
    """Token buckets by key; the longest unused are forgotten when `capacity` is reached."""

    def __init__(self, capacity: int = 50_000) -> None:
        self._buckets: Newest[str, _Bucket] = Newest(capacity)

    def take(self, key: str, rate: Rate, now: float) -> Allowance:
        """Take one token of `key` at monotonic second `now`."""
        bucket = self._buckets.get(key) or _Bucket(float(rate.burst), now)
        bucket.tokens = min(float(rate.burst), bucket.tokens + (now - bucket.at) * rate.refill_per_s)
        bucket.at = now
        is_allowed = bucket.tokens >= 1
        if is_allowed:
            bucket.tokens -= 1
        self._buckets.keep(key, bucket)
        missing = rate.burst - bucket.tokens
        wait = max(0.0, 1 - bucket.tokens) / rate.refill_per_s
        return Allowance(
            is_allowed, rate.burst, int(bucket.tokens), math.ceil(missing / rate.refill_per_s), math.ceil(wait) or 1
        )

    def __len__(self) -> int:
        return len(self._buckets)

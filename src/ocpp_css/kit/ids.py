"""Identifiers: 63-bit numbers that sort by time, and their short public text."""

import time
from hashlib import blake2s

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 13
PLACES = 1 << 10
"""So many processes can be told apart by their numbers."""

_STEPS = 1 << 11
LARGEST = (1 << 63) - 1
_STARTED_MS = 1_735_689_600_000  # 2025-01-01


class Ids:
    """Numbers of one process: 42 bits of milliseconds, 10 of the process, 11 of count.

    `node` is unique among the processes that write to one database. The numbers of one
    process only grow, also when the machine's clock steps back.
    """

    __slots__ = ("_last", "_last_ms", "_node")

    def __init__(self, node: int) -> None:
        self._node = (node % PLACES) * _STEPS
        self._last = 0
        self._last_ms = 0

    def next(self) -> int:
        """A number that nobody had before."""
        now_ms = time.time_ns() // 1_000_000
        if now_ms <= self._last_ms and (self._last + 1) % _STEPS:
            self._last += 1
        else:
            self._last_ms = max(now_ms, self._last_ms + 1)
            self._last = first_id_at(self._last_ms) + self._node
        return self._last


def first_id_at(epoch_ms: int) -> int:
    """The smallest number that may be given at `epoch_ms`, a time of any year: turns a time filter into ids."""
    return min(max(0, epoch_ms - _STARTED_MS) * _STEPS * PLACES, LARGEST)


def given_at_ms(number: int) -> int:
    """The millisecond since 1970 in which a number was given; the inverse of `first_id_at`."""
    return number // (_STEPS * PLACES) + _STARTED_MS


def public(number: int) -> str:
    """13 lower-case Crockford base32 characters; sorts as the number does."""
    letters = []
    for _ in range(_LENGTH):
        number, low = divmod(number, 32)
        letters.append(_ALPHABET[low])
    return "".join(reversed(letters))


def parse_public(text: str) -> int | None:
    """The number of a public text, or None where `text` is none."""
    if len(text) != _LENGTH or text[0] not in "01234567":
        return None
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number * 32 + value
    return number


def number_of(text: str, otherwise: type[Exception]) -> int:
    """The number of a public text; `otherwise` is raised where `text` is none."""
    number = parse_public(text)
    if number is None:
        raise otherwise
    return number


def permute31(number: int, key: bytes) -> int:
    """A keyed one-to-one map of 1 … 2**31-1 onto itself: transaction ids nobody can guess from the last one.

    A Feistel network on 32 bits walks until the result fits (RULES 2.6).
    """
    if not 0 < number < 1 << 31:
        msg = "outside the 31-bit positive numbers"
        raise ValueError(msg)
    while True:
        number = _feistel32(number, key)
        if 0 < number < 1 << 31:
            return number


def _feistel32(number: int, key: bytes) -> int:
    left, right = number >> 16, number & 0xFFFF
    for turn in range(4):
        digest = blake2s(bytes((turn, right >> 8, right & 0xFF)), key=key, digest_size=2).digest()
        left, right = right, left ^ int.from_bytes(digest, "big")
    return left << 16 | right

"""Passwords of people: Argon2id in a pool of two at most, and the rules a new one has to keep (TRUST I1 to I3)."""

import asyncio
import contextlib
import os
import sys
import threading
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ocpp_css.people.accounts.errors import PasswordWeak
from ocpp_css.people.accounts.service.advice import ANYTHING_ELSE, KNOWN

V = TypeVar("V")

LEAST = 15
MOST = 128
LEAST_OF_ITS_OWN = 8
"""Characters that are left when the person's own words and the site's are taken away."""
STRONG_ENOUGH = 3
MEMORY_KIB, PASSES, LANES = 38 * 1024, 2, 1
_MOST_THREADS = 2
NICE = 10
"""How far the hashing threads stand back behind the one that answers stations (nice(2))."""
_SHORTEST_WORD = 3
_SITE_WORDS = ("ocpp", "css", "ocpp css", "charging", "charging station")


class Passwords:
    """Hashes and checks passwords away from the loop, so that sign-ins never starve the stations."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(PASSES, MEMORY_KIB, LANES)
        self._pool = ThreadPoolExecutor(_threads(), thread_name_prefix="passwords", initializer=_stand_back)
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        """The encoded hash, parameters and salt inside."""
        return await self._run(self._hasher.hash, normal(password))

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the stored one; without a stored one it takes as long and says no."""
        return await self._run(self._check, stored, password)

    async def upgraded(self, stored: str, password: str) -> str | None:
        """A new hash where the stored one was made with other parameters than today's."""
        return await self.hash(password) if self._hasher.check_needs_rehash(stored) else None

    async def judge(self, password: str, words: Sequence[str] = (), *, field: str = "password") -> None:
        """Refuse a password that is too short, too long or easy to guess; `words` are the person's own."""
        password = normal(password)
        if len(password) < LEAST:
            raise PasswordWeak(
                "Use at least {n} characters: a few words that only you would put together.", field, n=LEAST
            )
        if len(password) > MOST:
            raise PasswordWeak("Use at most {n} characters.", field, n=MOST)
        if advice := await self._run(_advice, password, tuple(words)):
            raise PasswordWeak(advice, field)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=True)

    async def _run(self, work: Callable[..., V], *values: Any) -> V:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *values)

    def _check(self, stored: str | None, password: str) -> bool:
        self._dummy = self._dummy or self._hasher.hash("nobody has this password")
        try:
            self._hasher.verify(stored or self._dummy, normal(password[: 4 * MOST]))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None


def _threads() -> int:
    """How many hash at once: a core is left to the loop, and no two share one.

    A thread that stood back and waits for its turn behind another of its kind may hold the interpreter's lock, and then
    the loop waits for both, whatever its own priority.
    """
    return max(1, min(_MOST_THREADS, _cores() - 1))


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _stand_back() -> None:
    """The thread gives way to the loop wherever both want the same core: Linux has a priority for each thread."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def normal(password: str) -> str:
    """The same characters typed on another keyboard give the same password (RFC 8265: NFC)."""
    return unicodedata.normalize("NFC", password)


def _without(password: str, words: Sequence[str]) -> str:
    """What is left of a password without what everybody knows of the person and the site, and without blanks."""
    rest = password.casefold()
    for word in sorted({word.casefold() for word in words}, key=len, reverse=True):
        if len(word) >= _SHORTEST_WORD:
            rest = rest.replace(word, "")
    return "".join(rest.split())


def _advice(password: str, words: Sequence[str]) -> str:
    """What is wrong with a password that can be guessed, in the words of the estimator; empty when it is good."""
    if len(_without(password, [*words, *_SITE_WORDS])) < LEAST_OF_ITS_OWN:
        return ANYTHING_ELSE
    from zxcvbn import zxcvbn

    found = zxcvbn(password, user_inputs=[*words, *_SITE_WORDS], max_length=MOST)
    if found["score"] >= STRONG_ENOUGH:
        return ""
    warning = str(found["feedback"]["warning"])
    return warning if warning in KNOWN else ANYTHING_ELSE

"""How late the loop comes to what is due: what long work in it costs everybody."""

import asyncio
from collections import deque
from typing import Final

EVERY_S: Final = 1.0
REMEMBERED: Final = 60


class Beat:
    """Sleeps a second again and again, and remembers how much longer it took."""

    def __init__(self) -> None:
        self._late: deque[float] = deque([0.0], maxlen=REMEMBERED)
        self._task = asyncio.get_running_loop().create_task(self._run(), name="beat")

    @property
    def worst_s(self) -> float:
        """The longest delay of the last minute."""
        return max(tuple(self._late))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._late.append(max(0.0, loop.time() - due))

    async def stop(self) -> None:
        """No more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

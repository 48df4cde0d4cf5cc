"""A map of so many entries and no more: what was kept longest ago makes room."""

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Newest(OrderedDict[K, V]):
    """The `most` entries that were kept last, the oldest first; what is only read stays where it is.

    `move_to_end` makes an entry the newest where reading it shall count as well.
    """

    __slots__ = ("most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def keep(self, key: K, value: V) -> None:
        """Keep `value` as the newest entry; one too many forgets the oldest."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self.most:
            self.popitem(last=False)

"""Keys that wrap keys: the newest wraps, older ones still open what they wrapped, none is ever in a database."""

import contextlib
import os
import secrets
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.sealing import Seal

LENGTH = 32


class KeksUnreadable(Refusal):
    """What should hold the keys that wrap people's keys holds something else."""

    code = "keks_unreadable"
    status = 503
    title = "The keys that wrap the keys of people cannot be read"
    explanation = "Each is 64 hexadecimal digits; the newest stands first."


class Keks:
    """The key-encryption keys of an installation; `read` gives them anew, the one that wraps first."""

    def __init__(self, read: Callable[[], Sequence[bytes]]) -> None:
        self._read = read
        self._seals: dict[str, Seal] = {}

    @classmethod
    def of_text(cls, text: str) -> "Keks":
        """Keys given as hexadecimal texts with commas or line ends between them."""
        return cls(lambda: keys_in(text))

    @classmethod
    def of_file(cls, path: Path) -> "Keks":
        """Keys of a file that only its owner reads; read again when an unknown one is asked for."""
        return cls(lambda: keys_in(path.read_text()))

    def newest(self) -> tuple[str, Seal]:
        """The key that wraps now, with its name; looked up anew, since another process may have turned it."""
        self.refresh()
        name = next(iter(self._seals))
        return name, self._seals[name]

    def find(self, name: str) -> Seal | None:
        """The key of this name, if it is still there."""
        if name not in self._seals:
            self.refresh()
        return self._seals.get(name)

    def names(self) -> list[str]:
        """The names of all keys, the newest first."""
        self.refresh()
        return list(self._seals)

    def refresh(self) -> None:
        """Read the keys anew."""
        self._seals = {name_of(key): Seal(key) for key in self._read()}


def keys_in(text: str) -> list[bytes]:
    """The keys that a text names; KeksUnreadable where it names none, or something else."""
    try:
        found = [bytes.fromhex(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise KeksUnreadable from None
    if not found or any(len(key) != LENGTH for key in found):
        raise KeksUnreadable
    return found


def name_of(key: bytes) -> str:
    """How a key is called beside what it wrapped: tells nothing of the key."""
    return blake2b(b"name of a key", key=key, digest_size=6).hexdigest()


def write_keys(path: Path, keys: Sequence[bytes], *, is_first: bool = False) -> None:
    """Put the keys into the file, whole or not at all, for its owner's eyes alone; `is_first`: where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(key.hex() for key in keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    if is_first:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    else:
        draft.replace(path)


def new_key() -> bytes:
    """A key that nobody had before."""
    return secrets.token_bytes(LENGTH)

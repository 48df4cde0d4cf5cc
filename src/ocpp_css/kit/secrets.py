"""Keys that are not in the database: one root secret, a derived key for each use."""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

_LENGTH = 32


class Secrets:
    """Derives a key per purpose from one root; whoever has the database alone has none of them."""

    def __init__(self, root: bytes) -> None:
        if len(root) < _LENGTH:
            msg = f"the root secret needs at least {_LENGTH} bytes"
            raise ValueError(msg)
        self._root = root

    def key(self, purpose: str) -> bytes:
        """32 bytes for this purpose, the same at every start."""
        return blake2b(purpose.encode(), key=self._root[:64], digest_size=_LENGTH).digest()


def load_or_create(path: Path) -> Secrets:
    """The root secret of a data directory, readable by its owner only; made at first start."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_LENGTH))
    return Secrets(bytes.fromhex(path.read_text().strip()))

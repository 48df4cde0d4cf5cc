"""Texts that only this installation can read again: AES-256-GCM under a key that is not in the database."""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class SealBroken(ValueError):  # noqa: N818 - a refusal, named as the others are
    """The text was sealed with another key, for another place, or was changed."""


class Seal:
    """Seals texts with one key of 32 bytes; `place` says where a text belongs, so that it cannot be moved."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, text: bytes, place: str) -> str:
        """The text as only the same key opens it for the same place; URL-safe base64."""
        nonce = secrets.token_bytes(_NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, text, place.encode())).decode()

    def open(self, sealed: str, place: str) -> bytes:
        """What was closed for this place; SealBroken otherwise."""
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], place.encode())
        except (InvalidTag, ValueError) as fault:
            raise SealBroken from fault

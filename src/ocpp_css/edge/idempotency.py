"""A write that is sent twice happens once: the first answer is kept under the caller's key and given again."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Protocol

from litestar import Request
from litestar.types import ASGIApp, Message, Scope, Send

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict, Invalid

HEADER = "Idempotency-Key"
_LONGEST_KEY = 255
_LARGEST_BODY = 1 << 20
_KEPT_HEADERS = frozenset({b"content-type", b"location", b"etag"})
_NOT_KEPT = frozenset({401, 403, 408, 409, 425, 429})


class KeyReused(Invalid):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    title = "The idempotency key was used for another request"
    explanation = "Use a new key for a new request."


class KeyInvalid(Invalid):
    """The key is empty, too long or not printable."""

    code = "idempotency_key_invalid"
    title = "The idempotency key is not valid"
    explanation = "A key is 1 to 255 printable ASCII characters."


class StillRunning(Conflict):
    """The first request with this key has not ended."""

    code = "idempotency_key_in_progress"
    title = "The first request with this key is still running"
    explanation = "Wait a moment and send it again."


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it went out."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class IdempotencyStore(Protocol):
    """Keeps the first answer of each key, for a day or more."""

    async def begin(self, tenant: int, key: str, fingerprint: bytes) -> Reply | None:
        """Claim `key`; the kept reply when it was answered before.

        Raises `KeyReused` when the key stands with another fingerprint, `StillRunning` while the first request runs.
        """
        ...

    async def finish(self, tenant: int, key: str, reply: Reply) -> None:
        """Keep the reply of a claimed key."""
        ...

    async def abandon(self, tenant: int, key: str) -> None:
        """Give a claimed key up, so that the request can be tried again."""
        ...


class RememberedReplies:
    """Replies in the memory of one process, the oldest forgotten beyond `capacity`."""

    def __init__(self, capacity: int = 2_000) -> None:
        self._kept: OrderedDict[tuple[int, str], tuple[bytes, Reply | None]] = OrderedDict()
        self._capacity = capacity

    async def begin(self, tenant: int, key: str, fingerprint: bytes) -> Reply | None:
        """See `IdempotencyStore`."""
        if found := self._kept.get((tenant, key)):
            if found[0] != fingerprint:
                raise KeyReused
            if found[1] is None:
                raise StillRunning
            return found[1]
        while len(self._kept) >= self._capacity:
            self._kept.popitem(last=False)
        self._kept[tenant, key] = (fingerprint, None)
        return None

    async def finish(self, tenant: int, key: str, reply: Reply) -> None:
        """See `IdempotencyStore`."""
        if found := self._kept.get((tenant, key)):
            self._kept[tenant, key] = (found[0], reply)

    async def abandon(self, tenant: int, key: str) -> None:
        """See `IdempotencyStore`."""
        self._kept.pop((tenant, key), None)


class _Recorder:
    """Holds an answer back until it is whole; one that grows too large is let through and not kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._size = 0
        self.reply: Reply | None = None
        self._is_passing = False

    async def __call__(self, message: Message) -> None:
        if self._is_passing:
            await self._send(message)
            return
        self._held.append(message)
        if message["type"] != "http.response.body":
            return
        self._size += len(message["body"])
        if not message.get("more_body"):
            self.reply = self._whole()
        elif self._size > _LARGEST_BODY:
            self._is_passing = True
            await self.release()

    async def release(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, []
        for message in held:
            await self._send(message)

    def _whole(self) -> Reply:
        status, body = 500, b""
        headers: tuple[tuple[bytes, bytes], ...] = ()
        for message in self._held:
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = tuple((k, v) for k, v in message["headers"] if k.lower() in _KEPT_HEADERS)
            elif message["type"] == "http.response.body":
                body += message["body"]
        return Reply(status, headers, body)


async def answer_once(store: IdempotencyStore, request: Request[Any, Any, Any], app: ASGIApp, send: Send) -> None:
    """Run `app` for this request, or give the reply that its key got before."""
    principal: Principal = request.scope["user"]
    key = f"{principal.kind}:{principal.id}:{_key_of(request)}"
    tenant = principal.tenant
    if reply := await store.begin(tenant, key, await _fingerprint(request)):
        await _replay(reply, send)
        return
    recorder = _Recorder(send)
    try:
        await app(_uncompressed(request.scope), request.receive, recorder)
    finally:
        kept = recorder.reply
        if kept is None or kept.status >= 500 or kept.status in _NOT_KEPT:
            await store.abandon(tenant, key)
        else:
            await store.finish(tenant, key, kept)
    await recorder.release()


def _key_of(request: Request[Any, Any, Any]) -> str:
    key = request.headers[HEADER].strip()
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise KeyInvalid
    return key


async def _fingerprint(request: Request[Any, Any, Any]) -> bytes:
    scope = request.scope
    parts = (request.method.encode(), scope["raw_path"], scope["query_string"], request.content_type[0].encode())
    digest = hashlib.sha256(b"\0".join(parts) + b"\0")
    digest.update(await request.body())
    return digest.digest()


def _uncompressed(scope: Scope) -> Scope:
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return scope


async def _replay(reply: Reply, send: Send) -> None:
    headers = [*reply.headers, (b"content-length", str(len(reply.body)).encode()), (b"idempotent-replayed", b"true")]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})

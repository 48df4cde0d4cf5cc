"""A write that is sent twice happens once: the first answer is kept under the caller's key and given again."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from litestar import Request
from litestar.types import ASGIApp, Message, Scope, Send

from ocpp_css.edge import problems
from ocpp_css.edge.principal import Principal
from ocpp_css.edge.units import CLAIM, Held, UnitLike, naming_faults
from ocpp_css.kit.errors import Conflict, Invalid, Refusal
from ocpp_css.kit.newest import Newest

HEADER = "Idempotency-Key"
_LONGEST_KEY = 255
_LARGEST_BODY = 1 << 20
_KEPT_HEADERS = frozenset({b"content-type", b"location", b"etag"})


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


class AnswerLost(Conflict):
    """The first request had its effect, and its answer is not known here."""

    code = "idempotency_key_answer_lost"
    title = "The first request with this key was carried out, but its answer is not there"
    explanation = "The service was stopped in between. Look at what the request changed before you send a new one."


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it went out."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Claim(Protocol):
    """A key that one request holds until it ends."""

    def bind(self, unit: UnitLike) -> None:
        """Take the request's unit: its first commit also says that the request has had an effect."""
        ...

    @property
    def has_effect(self) -> bool:
        """Whether something of the request is committed already."""
        ...

    def keep(self, reply: Reply, unit: UnitLike | None) -> Awaitable[None]:
        """Keep the reply: committed with what else `unit` holds, alone without one."""
        ...

    def release(self) -> Awaitable[None]:
        """The request ended; a key without effect or kept reply is free again."""
        ...


class IdempotencyStore(Protocol):
    """Keeps the first answer of each key, for a day or more."""

    async def begin(self, tenant: int, key: str, fingerprint: bytes) -> Reply | Claim:
        """Claim `key`, or the kept reply when it was answered before.

        Raises `KeyReused` when the key stands with another fingerprint, `StillRunning` while the first request runs,
        `AnswerLost` when that had its effect in a process that ended before it answered.
        """
        ...


class RememberedReplies:
    """Replies in the memory of one process, the oldest forgotten beyond `capacity`."""

    def __init__(self, capacity: int = 2_000) -> None:
        self.kept: Newest[tuple[int, str], tuple[bytes, Reply | None]] = Newest(capacity)

    async def begin(self, tenant: int, key: str, fingerprint: bytes) -> Reply | Claim:
        """See `IdempotencyStore`."""
        if found := self.kept.get((tenant, key)):
            if found[0] != fingerprint:
                raise KeyReused
            if found[1] is None:
                raise StillRunning
            return found[1]
        self.kept.keep((tenant, key), (fingerprint, None))
        return _Remembered(self, (tenant, key))


class _Remembered:
    """See `Claim`."""

    has_effect = False

    def __init__(self, store: RememberedReplies, place: tuple[int, str]) -> None:
        self._store = store
        self._place = place

    def bind(self, unit: UnitLike) -> None:
        pass

    async def keep(self, reply: Reply, unit: UnitLike | None) -> None:
        if unit is not None:
            await unit.commit()
        if found := self._store.kept.get(self._place):
            self._store.kept[self._place] = (found[0], reply)

    async def release(self) -> None:
        if self._store.kept.get(self._place, (b"", self))[1] is None:
            del self._store.kept[self._place]


class _Recorder:
    """Holds an answer back until it is whole; one that grows too large is let through and not kept."""

    def __init__(self, send: Send, commit: Callable[[], Awaitable[None]]) -> None:
        self._send = send
        self._commit = commit
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
            await self._commit()
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
    """Run `app` for this request, or give the reply that its key got before.

    An answer that reports a change is kept, in the commit of that change. A refusal changed nothing: it is not kept,
    and the request may be sent again with its key. Only what failed after part of it was committed is kept as well,
    so that nothing happens twice.
    """
    principal: Principal = request.scope["user"]
    key = f"{principal.kind}:{principal.id}:{_key_of(request)}"
    claim = await store.begin(principal.tenant, key, await _fingerprint(request))
    if isinstance(claim, Reply):
        await _replay(claim, send)
        return
    held = Held(claim.bind)
    request.scope["state"][CLAIM] = held
    path = request.scope.get("path_template", "")
    recorder = _Recorder(send, lambda: _settle(claim, held, None, path))
    refused: Refusal | None = None
    try:
        await app(_uncompressed(request.scope), request.receive, recorder)
        await _settle(claim, held, recorder.reply, path)
    except Refusal as refusal:
        refused = refusal
    finally:
        await claim.release()
    await (recorder.release() if refused is None else _refuse(request, refused, send))


async def _refuse(request: Request[Any, Any, Any], refusal: Refusal, send: Send) -> None:
    """The commit failed after the answer was rendered, which Litestar takes for sent; none of it was."""
    answer = problems.answer(request, refusal).to_asgi_response(None, request)
    await answer(request.scope, request.receive, send)


async def _settle(claim: Claim, held: Held, reply: Reply | None, path: str) -> None:
    """Commit what the handler recorded, the reply with it."""
    unit, held.unit = held.unit, None
    with naming_faults(path):
        if reply is not None and (unit is not None or reply.status < 400 or claim.has_effect):
            await claim.keep(reply, unit)
        elif unit is not None:
            await unit.commit()


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

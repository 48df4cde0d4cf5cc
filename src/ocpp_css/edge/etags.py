"""Entity tags in REST (RFC 9110, 8.8.3): what one read is named by its content, and a change may insist on it."""

import hashlib
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.params import HeaderParameter
from litestar.types import Message, Send

from ocpp_css.kit.errors import Refusal

IF_MATCH = "If-Match"
IfMatch = Annotated[str | None, HeaderParameter(name=IF_MATCH, description="The ETag of what shall be changed.")]
_JSON = b"application/json"


class ChangedMeanwhile(Refusal):
    """What shall be changed is not any more what the caller read."""

    code = "changed_meanwhile"
    status = 412
    title = "It was changed meanwhile"
    explanation = "Read it again and decide anew: it is not what the If-Match header names."


def etag_of(body: bytes) -> str:
    """The tag of a representation: short, and the same wherever and whenever it is made."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def must_match(if_match: str | None, shown: msgspec.Struct) -> None:
    """ChangedMeanwhile where `if_match` names another state than `shown`, which is what a GET would answer now.

    That nothing changes between this and the commit is for the `version` that the unit saw.
    """
    if if_match is not None and not _names(if_match, etag_of(msgspec.json.encode(shown))):
        raise ChangedMeanwhile


def _names(header: str, etag: str) -> bool:
    """Whether a list of tags, or `*`, names this one; what a proxy made weak by compressing counts too."""
    told = [one.strip().removeprefix("W/") for one in header.split(",")]
    return etag in told or told == ["*"]


def tagging(request: Request[Any, Any, Any], send: Send) -> Send:
    """A `send` that gives a whole JSON answer its ETag, and answers 304 to one who has it already."""
    begun: Any = None

    async def tagged(message: Message) -> None:
        nonlocal begun
        if message["type"] == "http.response.start" and _is_json(message):
            begun = message
            return
        start, begun = begun, None
        if start is not None and not message.get("more_body"):
            start, message = _told(request, start, message)
        if start is not None:
            await send(start)
        await send(message)

    return tagged


def _is_json(start: Any) -> bool:
    kind = next((value for name, value in start["headers"] if name.lower() == b"content-type"), b"")
    return start["status"] == 200 and kind.startswith(_JSON)


def _told(request: Request[Any, Any, Any], start: Any, message: Any) -> tuple[Any, Any]:
    headers = MutableScopeHeaders.from_message(start)
    headers["ETag"] = etag = etag_of(message.get("body", b""))
    held = request.headers.get("if-none-match")
    if held is None or not _names(held, etag):
        return start, message
    for name in ("content-type", "content-length"):
        del headers[name]
    return {**start, "status": 304, "headers": headers.headers}, {**message, "body": b""}

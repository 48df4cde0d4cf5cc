"""Entity tags (RFC 9110, 8.8.3): what one read is named by its content, and a change may insist on it.

The tag of an answer has one part, or two: `"decided.whole"`. Where the shape of a thing says with `DECIDED: ClassVar`
which of its members are somebody's decision, the first part names those alone, and a change is compared by it; what
changes by itself, such as when a station was last heard, is no reason to refuse one (decision 75).
"""

import hashlib
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.params import HeaderParameter
from litestar.types import Message, Send
from markupsafe import Markup

from ocpp_css.kit.errors import Refusal

IF_MATCH = "If-Match"
SEEN = "if_match"
"""The hidden field of a form that says what the form was made from."""
IfMatch = Annotated[str | None, HeaderParameter(name=IF_MATCH, description="The ETag of what shall be changed.")]
_JSON = b"application/json"


class ChangedMeanwhile(Refusal):
    """What shall be changed is not any more what the caller read."""

    code = "changed_meanwhile"
    status = 412
    title = "It was changed meanwhile"
    explanation = "Somebody changed it after you read it. Read it again and decide anew."


def etag_of(body: bytes, decided: type[msgspec.Struct] | None = None) -> str:
    """The tag of a representation: short, and the same wherever and whenever it is made."""
    if decided is None:
        return f'"{_digest(body)}"'
    return f'"{tag_of(msgspec.json.decode(body, type=decided))}.{_digest(body)}"'


def tag_of(shown: msgspec.Struct) -> str:
    """What a change must name: the tag of all that `shown` holds, or of what in it is somebody's decision."""
    decided = _decided_in(type(shown))
    body = msgspec.json.encode(shown)
    return _digest(body if decided is None else msgspec.json.encode(msgspec.json.decode(body, type=decided)))


def must_match(if_match: str | None, shown: msgspec.Struct) -> None:
    """ChangedMeanwhile where `if_match` names another state than `shown`: what a GET would answer now, or `DECIDED`.

    That nothing changes between this and the commit is for the `version` of the row: `shown` is made of the row that
    the change is guarded by, or is read after the change was recorded.
    """
    if if_match is None:
        return
    told = {one.strip().removeprefix("W/").strip('"').partition(".")[0] for one in if_match.split(",")}
    if told.isdisjoint({tag_of(shown), "*"}):
        raise ChangedMeanwhile


def seen_field(tag: str) -> Markup:
    """The hidden field of a form that was made from what has this tag; none where there is nothing yet."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(SEEN, tag) if tag else Markup()


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def _decided_in(shape: Any) -> type[msgspec.Struct] | None:
    found: type[msgspec.Struct] | None = getattr(shape, "DECIDED", None)
    return found


def _names(header: str, etag: str) -> bool:
    """Whether a list of tags, or `*`, names this one whole; what a proxy made weak by compressing counts too."""
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
    shape = request.scope["route_handler"].parsed_fn_signature.return_type.annotation
    headers["ETag"] = etag = etag_of(message.get("body", b""), _decided_in(shape))
    held = request.headers.get("if-none-match")
    if held is None or not _names(held, etag):
        return start, message
    for name in ("content-type", "content-length"):
        del headers[name]
    return {**start, "status": 304, "headers": headers.headers}, {**message, "body": b""}

"""What every OCPP message type is made of, and how one is read from JSON and written to it.

The types of one version stand in `v16`, `v201` and `v21`, generated from the published JSON schemas. A message is
frozen; an absent optional member is `msgspec.UNSET` and is never written as `null`; numbers are exact decimals; times
are aware and in UTC. Reading checks everything the schema says; building a message in code checks decimals and times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

if TYPE_CHECKING:
    from msgspec.inspect import StructType, Type

Version: TypeAlias = Literal["1.6", "2.0.1", "2.1"]
"""The versions spoken over WebSocket, as the specification writes them."""

Origin: TypeAlias = Literal["station", "csms", "both"]
"""Who may send the request of an action."""

Wire: TypeAlias = bytes | bytearray | memoryview | msgspec.Raw
"""One payload as it came: UTF-8 JSON."""

TokenPath: TypeAlias = tuple[str, ...]
"""Wire names from the payload down to one id token; `*` stands for every item of an array."""

Number: TypeAlias = Annotated[Decimal, Meta(extra_json_schema={"type": "number"})]
"""A JSON number, exact. A number in quotes is refused by `Action.decode_request`."""

Tenths: TypeAlias = Annotated[Decimal, Meta(extra_json_schema={"type": "number", "multipleOf": 0.1})]
"""A JSON number with at most one decimal place that counts (1.6: limits and charging rates)."""

Request = TypeVar("Request", bound="Message")
Response = TypeVar("Response", bound="Message | None")


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A payload, or an object inside one. Attributes are snake_case; `__struct_encode_fields__` has the wire names."""


class CustomData(dict[str, Any]):
    """An open object of 2.x: `vendorId` (text of at most 255 characters) and whatever the vendor adds.

    Numbers inside are floats, as in every value that the schema leaves open.
    """


def check_custom_data(value: object) -> CustomData:
    """Return `value` as `CustomData`; ValueError in msgspec's own words where it is none."""
    if not isinstance(value, dict):
        raise ValueError(f"Expected `object`, got `{_json_name(value)}`")  # noqa: TRY004 -- msgspec wraps it
    if "vendorId" not in value:
        raise ValueError("Object missing required field `vendorId`")
    vendor = value["vendorId"]
    if not isinstance(vendor, str):
        raise ValueError(f"`vendorId`: Expected `str`, got `{_json_name(vendor)}`")  # noqa: TRY004 -- as above
    if len(vendor) > 255:
        raise ValueError("`vendorId`: Expected `str` of length <= 255")
    return CustomData(value)


def _json_name(value: object) -> str:
    """The word msgspec uses for the JSON type of `value`."""
    return {dict: "object", list: "array", type(None): "null"}.get(type(value), type(value).__name__)


def open_value(kind: type, value: Any) -> Any:
    """The `dec_hook` for these types, for whoever makes their own decoder or converts from another notation."""
    if kind is CustomData:
        return check_custom_data(value)
    raise NotImplementedError(kind)


def check_utc(message: Message, member: str, value: datetime | msgspec.UnsetType) -> None:
    """Bring the time `value` of `member` to UTC; a time without zone is taken as UTC.

    ValueError where UTC has no such year.
    """
    if value is msgspec.UNSET or value.tzinfo is UTC:
        return
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"`{member}`: Invalid RFC3339 encoded datetime") from None
    msgspec.structs.force_setattr(message, member, moment)


def check_tenths(member: str, value: Decimal | msgspec.UnsetType) -> None:
    """`multipleOf: 0.1`, exactly: 8.1 and 8.10 pass, 8.15 raises ValueError."""
    if value is msgspec.UNSET:
        return
    exponent = _exponent(member, value)
    if exponent < -1 and any(value.as_tuple().digits[exponent + 1 :]):
        raise ValueError(f"`{member}`: Expected `decimal` that's a multiple of 0.1")


def check_range(
    member: str, value: Decimal | msgspec.UnsetType, low: int | None = None, high: int | None = None
) -> None:
    """`minimum` and `maximum` of a decimal, both inclusive; ValueError outside."""
    if value is msgspec.UNSET:
        return
    _exponent(member, value)
    if low is not None and value < low:
        raise ValueError(f"`{member}`: Expected `decimal` >= {low}")
    if high is not None and value > high:
        raise ValueError(f"`{member}`: Expected `decimal` <= {high}")


def _exponent(member: str, value: Decimal) -> int:
    """The exponent of a finite decimal; ValueError for infinity and not-a-number, which JSON has not."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"`{member}`: Invalid decimal string")  # noqa: TRY004 -- msgspec wraps a ValueError
    return exponent


class Action(Generic[Request, Response]):
    """One action of one version: its name, who may ask, and the two types that belong together.

    `response` is None for a SEND of 2.1 (part 4, 4.2.4), which is never answered. `has_integral_floats` tells
    that the schema of the action is of draft 6, in which `1.0` is an integer; the core messages of 1.6 are of draft 4,
    in which it is none.
    """

    __slots__ = (
        "_read_response",
        "decode_request",
        "has_integral_floats",
        "name",
        "origin",
        "request",
        "response",
        "response_token_paths",
        "token_paths",
        "version",
    )

    def __init__(
        self,
        *,
        name: str,
        version: Version,
        origin: Origin,
        request: type[Request],
        response: type[Response] | None,
        has_integral_floats: bool = True,
        token_paths: tuple[TokenPath, ...] = (),
        response_token_paths: tuple[TokenPath, ...] = (),
    ) -> None:
        self.name: Final = name
        self.version: Final[Version] = version
        self.origin: Final[Origin] = origin
        self.request: Final = request
        self.response: Final = response
        self.has_integral_floats: Final = has_integral_floats
        self.token_paths: Final = token_paths
        self.response_token_paths: Final = response_token_paths
        self.decode_request: Callable[[Wire], Request] = self._first_request
        """Reads and checks a request; one of `faults.READ_ERRORS` where it is bad (see `faults.classify`)."""
        self._read_response: Callable[[Wire], Any] | None = None

    def __repr__(self) -> str:
        return f"<Action {self.name} {self.version}>"

    @property
    def is_send(self) -> bool:
        """True where the message is a SEND: no CALLRESULT, no CALLERROR."""
        return self.response is None

    def _first_request(self, raw: Wire) -> Request:
        """Make the reader when it is first wanted: there are hundreds."""
        self.decode_request = _reader(self.request, has_integral_floats=self.has_integral_floats)
        return self.decode_request(raw)

    def decode_response(self, raw: Wire) -> Response:
        """Read and check a response; errors as `decode_request`, TypeError for a SEND, which has none."""
        if self._read_response is None:
            if self.response is None:
                raise TypeError(f"{self.name} is a SEND: it has no response")
            self._read_response = _reader(self.response, has_integral_floats=self.has_integral_floats)
        response: Response = self._read_response(raw)
        return response


def encode(message: Message) -> bytes:
    """Compact JSON in the order of the schema; decimals as numbers, times with `Z`, absent members left out."""
    return _ENCODER.encode(message)


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def _reader(kind: type[Any], *, has_integral_floats: bool) -> Callable[[Wire], Any]:
    """A function that reads `kind`: msgspec's own where it says all, else with what it leaves unsaid."""
    read: Callable[[Wire], Any] = msgspec.json.Decoder(kind, dec_hook=open_value).decode
    shape = _numbers_of(kind)
    if shape is not None:
        read = _refusing_quoted_numbers(read, msgspec.json.Decoder(shape).decode)
    if has_integral_floats:
        read = _accepting_integral_floats(read)
    return read


def _refusing_quoted_numbers(read: Callable[[Wire], Any], probe: Callable[[Wire], Any]) -> Callable[[Wire], Any]:
    """Let no quoted number pass: msgspec reads `"8.1"` as a decimal, so `probe` reads the same members as floats."""

    def decode(raw: Wire) -> Any:
        probe(raw)
        return read(raw)

    return decode


def _accepting_integral_floats(read: Callable[[Wire], Any]) -> Callable[[Wire], Any]:
    """Drafts from 6 on hold `1.0` for an integer, msgspec does not: a second reading, only when the first failed so."""

    def decode(raw: Wire) -> Any:
        try:
            return read(raw)
        except msgspec.ValidationError as error:
            if not str(error).startswith("Expected `int`, got `float`"):
                raise
        whole = msgspec.json.Decoder(float_hook=_whole).decode(raw)
        return read(_ENCODER.encode(whole))

    return decode


def _whole(text: str) -> int | Decimal:
    """The integer that `text` writes with a fraction of zeros, or its exact decimal."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("Number out of range") from None
    if -(2**63) < value < 2**63 and value == value.to_integral_value():
        return int(value)
    return value


def _numbers_of(kind: type[Any]) -> type[Struct] | None:
    """A struct of the decimals in `kind` only, as floats; None where there are none."""
    shape = _shape(msgspec.inspect.type_info(kind))
    return shape if isinstance(shape, type) and issubclass(shape, Struct) else None


def _shape(info: Type) -> Any:
    """What to read of `info` to see its decimals: a struct, a list, float, or None for nothing."""
    match info:
        case msgspec.inspect.Metadata(type=inner):
            return _shape(inner)
        case msgspec.inspect.DecimalType():
            return float
        case msgspec.inspect.ListType(item_type=item):
            inner_shape = _shape(item)
            return None if inner_shape is None else list[inner_shape]  # type: ignore[valid-type]
        case msgspec.inspect.StructType():
            return _struct_shape(info)
        case _:
            return None


def _struct_shape(info: StructType) -> type[Struct] | None:
    shapes = [(field, _shape(field.type)) for field in info.fields]
    kept = [(field, shape) for field, shape in shapes if shape is not None]
    if not kept:
        return None
    return msgspec.defstruct(
        f"{info.cls.__name__}Numbers",
        [(field.name, shape | msgspec.UnsetType, msgspec.UNSET) for field, shape in kept],
        rename={field.name: field.encode_name for field, _ in kept},
        gc=False,
    )


def by_name(*actions: Action[Any, Any]) -> Mapping[str, Action[Any, Any]]:
    """The actions of a version by their wire name."""
    return {action.name: action for action in actions}

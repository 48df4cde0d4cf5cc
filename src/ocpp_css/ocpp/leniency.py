"""Reading what real stations send although the schema forbids it: known quirks, each allowed station by station.

Off the hot path: only a payload that failed comes here. It is walked once beside its type, what an allowed quirk
explains is put right, and the result is read again by the same strict decoder; what still fails is refused as before.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from ocpp_css.ocpp.faults import READ_ERRORS
from ocpp_css.ocpp.messages import Action, Message, TokenPath, Wire

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound="Message | None")
_Read = TypeVar("_Read")

VIOLATION_LIMIT: Final = 100
"""More breaches than this in one payload are no quirk: it is refused."""


class Quirk(StrEnum):
    """A known way to break the schema."""

    UNKNOWN_MEMBERS = "unknown-members"
    """Members the schema does not know: dropped."""
    LONG_STRINGS = "long-strings"
    """Text over its maxLength: cut, but never an id token, since a cut token may be another one."""
    STRING_NUMBERS = "string-numbers"
    """A number in quotes, or a number where text belongs: taken for the other."""
    NULL_MEMBERS = "null-members"
    """`null` for an absent member: dropped."""
    LOOSE_TIMESTAMPS = "loose-timestamps"
    """Times with missing seconds, second 60 (read as 59), a comma before the fraction, spaces, or a bare `+02`."""
    ENUM_CASE = "enum-case"
    """An enum value in other case: taken for the one it means."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach that was put right: where (`$.meterValue[0].timestamp`), which quirk, and what was done."""

    path: str
    quirk: Quirk
    detail: str


def read_request(
    action: Action[Request, Response], raw: Wire, quirks: Collection[Quirk]
) -> tuple[Request, tuple[Violation, ...]]:
    """The request in `raw` and the breaches put right in it; where quirks do not help, the error of strict reading."""
    return _read(action.decode_request, action.request, raw, _Repair(quirks, action.token_paths))


def read_response(
    action: Action[Request, Response], raw: Wire, quirks: Collection[Quirk]
) -> tuple[Response, tuple[Violation, ...]]:
    """As `read_request`, for the response; TypeError for a SEND, which has none."""
    if action.response is None:
        raise TypeError(f"{action.name} is a SEND: it has no response")
    return _read(action.decode_response, action.response, raw, _Repair(quirks, action.response_token_paths))


def _read(
    decode: Callable[[Wire], _Read], kind: Any, raw: Wire, repair: "_Repair"
) -> tuple[_Read, tuple[Violation, ...]]:
    try:
        return decode(raw), ()
    except msgspec.ValidationError as refusal:
        try:
            mended = repair.mend(_type_info(kind), _TREE.decode(raw), "$", ())
            return decode(_WRITE.encode(mended)), tuple(repair.violations)
        except (*READ_ERRORS, _TooManyError):
            raise refusal from None


def _exact(text: str) -> Decimal:
    """A number as written; one that no decimal can hold is refused like any other bad payload."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("Number out of range") from None


_TREE: Final = msgspec.json.Decoder(float_hook=_exact)
_WRITE: Final = msgspec.json.Encoder(decimal_format="number")


@cache
def _type_info(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


class _TooManyError(Exception):
    """The payload breaks the schema more often than a quirk explains."""


@dataclass
class _Repair:
    """One walk over one payload."""

    quirks: Collection[Quirk]
    tokens: tuple[TokenPath, ...]
    violations: list[Violation] = field(default_factory=list)

    def mend(self, info: inspect.Type, value: Any, path: str, wire: TokenPath) -> Any:
        """`value` as `info` wants it, as far as the allowed quirks go; `wire` is its place as in `token_paths`."""
        match info:
            case inspect.Metadata(type=inner):
                return self.mend(inner, value, path, wire)
            case inspect.StructType() if isinstance(value, dict):
                return self._object(info, value, path, wire)
            case inspect.ListType() if isinstance(value, list):
                here = (*wire, "*")
                return [self.mend(info.item_type, item, f"{path}[{at}]", here) for at, item in enumerate(value)]
            case inspect.StrType():
                return self._text(info, value, path, wire)
            case _:
                return self._special(info, value, path) if isinstance(value, str) else value

    def _special(self, info: inspect.Type, value: str, path: str) -> Any:
        """A text that stands where `info` wants what is not just any text."""
        match info:
            case inspect.IntType() | inspect.DecimalType():
                return self._number(info, value, path)
            case inspect.LiteralType():
                return self._enum(info, value, path)
            case inspect.DateTimeType():
                return self._time(value, path)
            case _:
                return value

    def _object(self, info: inspect.StructType, value: Mapping[str, Any], path: str, wire: TokenPath) -> dict[str, Any]:
        fields = {known.encode_name: known for known in info.fields}
        kept: dict[str, Any] = {}
        for name, member in value.items():
            here = f"{path}.{name}"
            if name not in fields and self._allows(Quirk.UNKNOWN_MEMBERS, here, "dropped"):
                continue
            if name in fields and self._is_null(fields[name].type, member, here):
                continue
            kept[name] = self.mend(fields[name].type, member, here, (*wire, name)) if name in fields else member
        return kept

    def _is_null(self, info: inspect.Type, member: Any, path: str) -> bool:
        if member is not None or isinstance(info, inspect.AnyType):
            return False
        return self._allows(Quirk.NULL_MEMBERS, path, "dropped")

    def _text(self, info: inspect.StrType, value: Any, path: str, wire: TokenPath) -> Any:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            if not self._allows(Quirk.STRING_NUMBERS, path, "number read as text"):
                return value
            value = str(value)
        limit = info.max_length
        if not isinstance(value, str) or limit is None or len(value) <= limit or wire in self.tokens:
            return value
        cut = self._allows(Quirk.LONG_STRINGS, path, f"cut from {len(value)} to {limit} characters")
        return value[:limit] if cut else value

    def _number(self, info: inspect.Type, value: str, path: str) -> Any:
        form, read = (_INTEGER, int) if isinstance(info, inspect.IntType) else (_NUMBER, _exact)
        if form.fullmatch(value.strip()) and self._allows(Quirk.STRING_NUMBERS, path, "text read as number"):
            return read(value.strip())
        return value

    def _enum(self, info: inspect.LiteralType, value: str, path: str) -> str:
        if value in info.values:
            return value
        meant = [known for known in info.values if str(known).casefold() == value.casefold()]
        if len(meant) == 1 and self._allows(Quirk.ENUM_CASE, path, f"{value!r} read as {meant[0]!r}"):
            return str(meant[0])
        return value

    def _time(self, value: str, path: str) -> str:
        meant = _strict_time(value)
        detail = f"{value!r} read as {meant!r}"
        if meant != value and _is_leap_second(value):
            self._note(Quirk.LOOSE_TIMESTAMPS, path, detail)
            return meant
        return meant if meant != value and self._allows(Quirk.LOOSE_TIMESTAMPS, path, detail) else value

    def _allows(self, quirk: Quirk, path: str, detail: str) -> bool:
        """Whether `quirk` is allowed; a breach that is put right is written down."""
        if quirk not in self.quirks:
            return False
        self._note(quirk, path, detail)
        return True

    def _note(self, quirk: Quirk, path: str, detail: str) -> None:
        if len(self.violations) >= VIOLATION_LIMIT:
            raise _TooManyError
        self.violations.append(Violation(path, quirk, detail))


_INTEGER: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
_TIME: Final = re.compile(
    r"\s*(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<minute>\d\d:\d\d)(:(?P<second>\d\d)([.,](?P<fraction>\d+))?)?"
    r"(\s*(?P<zone>[Zz]|[+-]\d\d(:?\d\d)?))?\s*",
    re.ASCII,
)
"""Blanks are counted once: two optional runs of them side by side cost the square of their length (TRUST A66)."""


def _strict_time(value: str) -> str:
    """What `value` means in the notation of RFC 3339, or `value` itself where it is that already or means nothing."""
    found = _TIME.fullmatch(value)
    if found is None or _is_strict(value):
        return value
    second = "59" if found["second"] == "60" else found["second"] or "00"
    fraction = f".{found['fraction']}" if found["fraction"] else ""
    zone = found["zone"] or ""
    return f"{found['day']}T{found['minute']}:{second}{fraction}{zone + ':00' if len(zone) == 3 else zone}"


def _is_leap_second(value: str) -> bool:
    """A time of RFC 3339 in second 60: right, but no clock of ours has it, so it is read as 59 for every station."""
    found = _TIME.fullmatch(value)
    if found is None or found["second"] != "60":
        return False
    start, end = found.span("second")
    return _is_strict(f"{value[:start]}59{value[end:]}")


def _is_strict(value: str) -> bool:
    """Whether the strict reading takes `value`."""
    return re.fullmatch(r"\S{10}[Tt ]\S{5}:[0-5]\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?", value) is not None

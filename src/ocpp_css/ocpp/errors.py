"""Error codes of OCPP: which one each kind of fault gets in which version, and the refusal that carries one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from ocpp_css.ocpp.faults import Fault, FaultKind
from ocpp_css.ocpp.messages import Version

ErrorCode: TypeAlias = Literal[
    "FormationViolation",
    "FormatViolation",
    "GenericError",
    "InternalError",
    "MessageTypeNotSupported",
    "NotImplemented",
    "NotSupported",
    "OccurenceConstraintViolation",
    "OccurrenceConstraintViolation",
    "PropertyConstraintViolation",
    "ProtocolError",
    "RpcFrameworkError",
    "SecurityError",
    "TypeConstraintViolation",
]
"""The codes of OCPP-J 1.6 (table 7) and of part 4 of 2.0.1 and 2.1 (4.3), each as its version spells it."""

DESCRIPTION_LIMIT: Final = 255
"""Characters that an errorDescription may have (part 4, 4.2.3; 1.6 names no limit, and gets the same)."""

_IN_EVERY_VERSION: Final[Mapping[FaultKind, ErrorCode]] = MappingProxyType(
    {
        FaultKind.UNKNOWN_ACTION: "NotImplemented",
        FaultKind.WRONG_DIRECTION: "NotSupported",
        FaultKind.NOT_SUPPORTED: "NotSupported",
        FaultKind.WRONG_TYPE: "TypeConstraintViolation",
        FaultKind.BAD_PROPERTY: "PropertyConstraintViolation",
        FaultKind.INTERNAL: "InternalError",
        FaultKind.SECURITY: "SecurityError",
        FaultKind.GENERIC: "GenericError",
    }
)
_IN_16: Final[Mapping[FaultKind, ErrorCode]] = MappingProxyType(
    {
        **_IN_EVERY_VERSION,
        FaultKind.MALFORMED_FRAME: "FormationViolation",
        FaultKind.UNKNOWN_MESSAGE_TYPE: "GenericError",  # never sent: see is_answered
        FaultKind.BAD_MESSAGE_ID: "FormationViolation",
        FaultKind.MISSING_MEMBER: "ProtocolError",
        FaultKind.ITEM_COUNT: "OccurenceConstraintViolation",
        FaultKind.UNKNOWN_MEMBER: "FormationViolation",
    }
)
_IN_2X: Final[Mapping[FaultKind, ErrorCode]] = MappingProxyType(
    {
        **_IN_EVERY_VERSION,
        FaultKind.MALFORMED_FRAME: "RpcFrameworkError",
        FaultKind.UNKNOWN_MESSAGE_TYPE: "MessageTypeNotSupported",
        FaultKind.BAD_MESSAGE_ID: "RpcFrameworkError",
        FaultKind.MISSING_MEMBER: "OccurrenceConstraintViolation",
        FaultKind.ITEM_COUNT: "OccurrenceConstraintViolation",
        FaultKind.UNKNOWN_MEMBER: "FormatViolation",
    }
)


def code_for(kind: FaultKind, version: Version) -> ErrorCode:
    """The error code that answers a fault of `kind`."""
    return (_IN_16 if version == "1.6" else _IN_2X)[kind]


def is_answered(kind: FaultKind, version: Version) -> bool:
    """False where the version ignores the message: a type number that 1.6 does not know (OCPP-J 1.6, 4.1.3)."""
    return not (kind is FaultKind.UNKNOWN_MESSAGE_TYPE and version == "1.6")


class CallError(Exception):
    """A refusal on the wire: raised to answer a CALL with CALLERROR, and where a station answered so.

    `code` is free text, since a station may send any; `description` is cut to what the wire allows; `details` is a JSON
    object of the implementer's choice.
    """

    def __init__(self, code: str, description: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(code, description)
        self.code: Final = code
        self.description: Final = description[:DESCRIPTION_LIMIT]
        self.details: Final[dict[str, Any]] = dict(details or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.description}" if self.description else self.code

    @classmethod
    def of(cls, fault: Fault, version: Version) -> "CallError":
        """The refusal for `fault`: its code, what is wrong, and the place in the payload as a detail."""
        details = {} if fault.path == "$" else {"path": fault.path[:DESCRIPTION_LIMIT]}
        return cls(code_for(fault.kind, version), fault.detail, details)

import pytest

from ocpp_css.ocpp.errors import CallError, code_for, is_answered
from ocpp_css.ocpp.faults import Fault, FaultKind

pytestmark = pytest.mark.requirement("CS-2")

TABLE = {
    FaultKind.MALFORMED_FRAME: ("FormationViolation", "RpcFrameworkError"),
    FaultKind.UNKNOWN_MESSAGE_TYPE: ("GenericError", "MessageTypeNotSupported"),
    FaultKind.BAD_MESSAGE_ID: ("FormationViolation", "RpcFrameworkError"),
    FaultKind.UNKNOWN_ACTION: ("NotImplemented", "NotImplemented"),
    FaultKind.WRONG_DIRECTION: ("NotSupported", "NotSupported"),
    FaultKind.NOT_SUPPORTED: ("NotSupported", "NotSupported"),
    FaultKind.MISSING_MEMBER: ("ProtocolError", "OccurrenceConstraintViolation"),
    FaultKind.ITEM_COUNT: ("OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
    FaultKind.WRONG_TYPE: ("TypeConstraintViolation", "TypeConstraintViolation"),
    FaultKind.BAD_PROPERTY: ("PropertyConstraintViolation", "PropertyConstraintViolation"),
    FaultKind.UNKNOWN_MEMBER: ("FormationViolation", "FormatViolation"),
    FaultKind.INTERNAL: ("InternalError", "InternalError"),
    FaultKind.SECURITY: ("SecurityError", "SecurityError"),
    FaultKind.GENERIC: ("GenericError", "GenericError"),
}


@pytest.mark.parametrize("kind", FaultKind)
def test_each_kind_has_the_code_of_its_version(kind: FaultKind):
    assert (code_for(kind, "1.6"), code_for(kind, "2.0.1")) == TABLE[kind]
    assert code_for(kind, "2.1") == code_for(kind, "2.0.1")


def test_only_1_6_ignores_unknown_message_types():
    assert not is_answered(FaultKind.UNKNOWN_MESSAGE_TYPE, "1.6")
    assert is_answered(FaultKind.UNKNOWN_MESSAGE_TYPE, "2.0.1")
    assert is_answered(FaultKind.MISSING_MEMBER, "1.6")


def test_a_refusal_tells_code_words_and_place():
    error = CallError.of(Fault(FaultKind.WRONG_TYPE, "$.idTag", "Expected `str`, got `int`"), "1.6")
    assert error.code == "TypeConstraintViolation"
    assert error.details == {"path": "$.idTag"}
    assert str(error) == "TypeConstraintViolation: Expected `str`, got `int`"


def test_a_refusal_of_the_whole_payload_has_no_place():
    error = CallError.of(Fault(FaultKind.INTERNAL), "2.1")
    assert (error.code, error.description, error.details) == ("InternalError", "", {})
    assert str(error) == "InternalError"


def test_a_description_fits_the_wire():
    assert len(CallError("GenericError", "x" * 1000).description) == 255
    assert len(CallError.of(Fault(FaultKind.UNKNOWN_MEMBER, "$." + "x" * 900, "y"), "1.6").details["path"]) == 255

from typing import Any

import pytest
from tests.ocpp.official import VERSIONS, Type, all_types, fill, resolve

from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.actions import actions_of

ID_TAG = ("idTag",)
BOTH_TOKENS = {("idToken", "idToken"), ("idToken", "additionalInfo", "*", "additionalIdToken")}


def names(version, origin):
    return {action.name for action in actions_of(version).values() if action.origin == origin}


@pytest.mark.requirement("CS-2")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_is_found_by_its_name(version):
    actions = actions_of(version)
    assert {action.version for action in actions.values()} == {version}
    assert all(name == action.name for name, action in actions.items())
    assert len(actions) == {"1.6": 39, "2.0.1": 64, "2.1": 91}[version]


@pytest.mark.requirement("CS-2")
def test_who_may_ask_in_1_6():
    assert names("1.6", "station") == {
        "Authorize",
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }
    assert names("1.6", "both") == {"DataTransfer"}


@pytest.mark.requirement("CS-2")
def test_who_may_ask_in_2x():
    assert len(names("2.0.1", "station")) == 24
    assert names("2.0.1", "station") < names("2.1", "station")
    assert names("2.1", "both") == names("2.0.1", "both") == {"DataTransfer"}
    assert names("2.1", "csms") - names("2.0.1", "csms") == {
        "AFRRSignal",
        "AdjustPeriodicEventStream",
        "ChangeTransactionTariff",
        "ClearDERControl",
        "ClearTariffs",
        "GetDERControl",
        "GetPeriodicEventStream",
        "GetTariffs",
        "NotifyAllowedEnergyTransfer",
        "NotifyWebPaymentStarted",
        "RequestBatterySwap",
        "SetDERControl",
        "SetDefaultTariff",
        "UpdateDynamicSchedule",
        "UsePriorityCharging",
    }


@pytest.mark.requirement("CS-2")
def test_constants_are_spelled_from_the_wire_name():
    assert v201.GET_15118_EV_CERTIFICATE.name == "Get15118EVCertificate"
    assert v21.AFRR_SIGNAL.name == "AFRRSignal"
    assert v21.NOTIFY_DER_ALARM.name == "NotifyDERAlarm"


def test_where_tokens_stand_in_1_6():
    assert v16.AUTHORIZE.token_paths == (ID_TAG,)
    assert v16.AUTHORIZE.response_token_paths == (("idTagInfo", "parentIdTag"),)
    assert v16.START_TRANSACTION.token_paths == v16.STOP_TRANSACTION.token_paths == (ID_TAG,)
    assert v16.REMOTE_START_TRANSACTION.token_paths == (ID_TAG,)
    assert set(v16.RESERVE_NOW.token_paths) == {ID_TAG, ("parentIdTag",)}
    assert set(v16.SEND_LOCAL_LIST.token_paths) == {
        ("localAuthorizationList", "*", "idTag"),
        ("localAuthorizationList", "*", "idTagInfo", "parentIdTag"),
    }
    assert v16.METER_VALUES.token_paths == ()


def test_where_tokens_stand_in_2x():
    assert set(v201.AUTHORIZE.token_paths) == BOTH_TOKENS
    assert ("idTokenInfo", "groupIdToken", "idToken") in v201.TRANSACTION_EVENT.response_token_paths
    assert ("localAuthorizationList", "*", "idToken", "idToken") in v21.SEND_LOCAL_LIST.token_paths
    assert v21.GET_TARIFFS.response_token_paths == (("tariffAssignments", "*", "idTokens", "*"),)


@pytest.mark.parametrize("kind", all_types(), ids=str)
def test_no_token_is_overlooked(kind: Type):
    paths = kind.action.response_token_paths if kind.is_response else kind.action.token_paths
    assert set(paths) == set(token_members(kind.schema, kind.schema))
    payload = fill(kind.schema, kind.schema, depth=9)
    for path in paths:
        assert all(isinstance(token, str) for token in found(payload, path))


def token_members(root: dict[str, Any], schema: dict[str, Any], before: tuple[str, ...] = ()):
    for name, member in schema.get("properties", {}).items():
        here = (*before, name, "*") if member.get("type") == "array" else (*before, name)
        target = resolve(root, member.get("items", member))
        if target.get("type") == "object":
            yield from token_members(root, target, here)
        elif name.lower().removesuffix("s").endswith(("idtag", "idtoken")):
            yield here


def found(value: Any, path: tuple[str, ...]) -> list[Any]:
    if not path:
        return [value]
    inner = value if path[0] == "*" else [value[path[0]]]
    assert inner
    return [token for item in inner for token in found(item, path[1:])]

"""What a station does when it is told to: remote starts, availability, reservations, lists, files, certificates."""

from typing import Any

import pytest
from tests.simulator.conftest import Csms

LATER = "2026-05-28T21:26:40Z"
SOON = "2026-05-28T20:36:40Z"
TOKEN = {"idToken": "TAG", "type": "ISO14443"}
GOOD, BAD = "https://files.example.org/file", "ftp://host.invalid/file"


def remote_start(csms: Csms, token: str = "TAG", **more: Any) -> Any:
    if csms.version == "1.6":
        return csms.ask("RemoteStartTransaction", {"idTag": token, "connectorId": 1} | more)
    wish = {"idToken": TOKEN | {"idToken": token}, "remoteStartId": 9, "evseId": 1}
    return csms.ask("RequestStartTransaction", wish | more)


def remote_stop(csms: Csms, key: Any) -> Any:
    action = "RemoteStopTransaction" if csms.version == "1.6" else "RequestStopTransaction"
    return csms.ask(action, {"transactionId": key})


def reserve(csms: Csms, evse: int = 1, token: str = "TAG", expires: str = LATER) -> Any:
    if csms.version == "1.6":
        wish = {"connectorId": evse, "expiryDate": expires, "idTag": token, "reservationId": 4}
        return csms.ask("ReserveNow", wish)["status"]
    wish = {"id": 4, "expiryDateTime": expires, "idToken": TOKEN | {"idToken": token}}
    return csms.ask("ReserveNow", wish | ({"evseId": evse} if evse else {}))["status"]


def availability(csms: Csms, *, is_operative: bool, evse: int = 1) -> Any:
    word = "Operative" if is_operative else "Inoperative"
    if csms.version == "1.6":
        return csms.ask("ChangeAvailability", {"connectorId": evse, "type": word})["status"]
    return csms.ask("ChangeAvailability", {"operationalStatus": word, "evse": {"id": evse}})["status"]


def status(csms: Csms) -> str:
    payload = csms.last("StatusNotification")
    return payload["status"] if csms.version == "1.6" else payload["connectorStatus"]


# --- transactions ----------------------------------------------------------------------------------------------------


def test_a_remote_start_begins_when_the_car_is_there(csms: Csms):
    csms.do("plug_in", 1)
    assert remote_start(csms)["status"] == "Accepted"
    assert "Authorize" in csms.names
    assert csms.station.evse(1).transaction is not None
    if csms.version != "1.6":
        started = csms.all("TransactionEvent")[0]
        assert started["triggerReason"] == "RemoteStart"
        assert started["transactionInfo"]["remoteStartId"] == 9


def test_whoever_starts_remotely_plugs_in(csms: Csms):
    fresh = Csms(csms.version, driver_delay_s=2.0).boot()
    remote_start(fresh)
    fresh.wait(3)
    assert fresh.station.evse(1).transaction is not None
    assert remote_stop(fresh, fresh.transaction_id)["status"] == "Accepted"
    fresh.wait(5)
    assert not fresh.station.evse(1).is_plugged
    assert status(fresh) == "Available"


def test_a_remote_start_need_not_be_authorized(csms: Csms):
    csms.station.machine.settings.put("authorize_remote", "false")
    csms.do("plug_in", 1)
    remote_start(csms)
    assert "Authorize" not in csms.names
    assert csms.station.evse(1).transaction is not None


@pytest.mark.parametrize("evse", [1, 9])
def test_a_remote_start_where_there_is_no_room_is_rejected(csms: Csms, evse: int):
    csms.charge()
    member = "connectorId" if csms.version == "1.6" else "evseId"
    assert remote_start(csms, **{member: evse})["status"] == "Rejected"


def test_without_a_number_a_free_evse_is_found(csms: Csms):
    fresh = Csms(csms.version, evses=2).boot()
    fresh.charge(1)
    action = "RemoteStartTransaction" if csms.version == "1.6" else "RequestStartTransaction"
    wish = {"idTag": "OTHER"} if csms.version == "1.6" else {"idToken": TOKEN, "remoteStartId": 1}
    assert fresh.ask(action, wish)["status"] == "Accepted"
    assert fresh.station.evse(2).grant is not None


def test_a_remote_stop_says_so(csms: Csms):
    csms.charge()
    assert remote_stop(csms, csms.transaction_id)["status"] == "Accepted"
    if csms.version == "1.6":
        assert csms.last("StopTransaction")["reason"] == "Remote"
    else:
        assert csms.last("TransactionEvent")["triggerReason"] == "RemoteStop"
    unknown = 999 if csms.version == "1.6" else "unknown"
    assert remote_stop(csms, unknown)["status"] == "Rejected"


def test_a_running_transaction_without_a_token_is_named(csms2: Csms):
    csms2.station.machine.settings.put("tx_start", "EVConnected")
    csms2.do("plug_in", 1)
    key = csms2.transaction_id
    assert remote_start(csms2) == {"status": "Accepted", "transactionId": key}
    assert csms2.last("TransactionEvent")["transactionInfo"]["remoteStartId"] == 9


def test_unlocking_stops_in_1_6_and_not_in_2_x(csms: Csms):
    csms.charge()
    if csms.version == "1.6":
        assert csms.ask("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
        assert csms.last("StopTransaction")["reason"] == "UnlockCommand"
        assert csms.ask("UnlockConnector", {"connectorId": 99}) == {"status": "NotSupported"}
    else:
        place = {"evseId": 1, "connectorId": 1}
        assert csms.ask("UnlockConnector", place) == {"status": "OngoingAuthorizedTransaction"}
        assert csms.ask("UnlockConnector", place | {"connectorId": 2}) == {"status": "UnknownConnector"}


# --- availability and reservations -----------------------------------------------------------------------------------


def test_closing_waits_for_the_transaction(csms: Csms):
    csms.charge()
    assert availability(csms, is_operative=False) == "Scheduled"
    csms.do("stop", 1)
    assert status(csms) == "Unavailable"
    csms.do("unplug", 1)
    csms.charge()
    assert csms.station.evse(1).transaction is None
    assert csms.station.evse(1).refusal == "Unavailable"
    assert availability(csms, is_operative=True) == "Accepted"
    assert status(csms) in {"Preparing", "Occupied"}


def test_closing_survives_a_restart(csms: Csms):
    assert availability(csms, is_operative=False, evse=0) == "Accepted"
    csms.do("restart")
    csms.forget()
    csms.wait(20)
    assert status(csms) == "Unavailable"
    assert availability(csms, is_operative=False, evse=7) == "Rejected"


def test_a_reservation_is_kept_for_its_token(csms: Csms):
    assert reserve(csms) == "Accepted"
    assert status(csms) == "Reserved"
    csms.charge(token="OTHER")
    assert csms.station.evse(1).refusal == "Reserved"
    csms.do("unplug", 1)
    csms.charge()
    action = "StartTransaction" if csms.version == "1.6" else "TransactionEvent"
    assert csms.all(action)[0]["reservationId"] == 4
    assert not csms.station.machine.reservations


def test_a_reservation_expires(csms: Csms):
    reserve(csms, expires=SOON)
    csms.wait(601)
    assert status(csms) == "Available"
    if csms.version != "1.6":
        notice = {"reservationId": 4, "reservationUpdateStatus": "Expired"}
        assert csms.last("ReservationStatusUpdate") == notice


def test_a_reservation_is_cancelled_once(csms: Csms):
    reserve(csms)
    assert csms.ask("CancelReservation", {"reservationId": 4}) == {"status": "Accepted"}
    assert status(csms) == "Available"
    assert csms.ask("CancelReservation", {"reservationId": 4}) == {"status": "Rejected"}


def test_what_cannot_be_reserved(csms: Csms):
    csms.charge()
    assert reserve(csms) == "Occupied"
    csms.do("stop", 1)
    csms.do("unplug", 1)
    csms.do("break_down", 1, code="OtherError")
    assert reserve(csms) == "Faulted"
    csms.do("repair", 1)
    availability(csms, is_operative=False)
    assert reserve(csms) == "Unavailable"
    assert reserve(csms, evse=5) == "Rejected"


def test_any_evse_may_be_reserved(csms: Csms):
    fresh = Csms(csms.version, evses=2).boot()
    assert reserve(fresh, evse=0) == "Accepted"
    fresh.charge(1, "OTHER")
    assert fresh.station.evse(1).transaction is not None
    fresh.charge(2, "THIRD")
    assert fresh.station.evse(2).refusal == "Reserved"
    fresh.do("start", 2, "TAG")
    assert fresh.station.evse(2).transaction is not None


# --- lists and settings ----------------------------------------------------------------------------------------------


def entry(csms: Csms, token: str, status: str | None = "Accepted") -> dict[str, Any]:
    if csms.version == "1.6":
        return {"idTag": token} | ({"idTagInfo": {"status": status}} if status else {})
    return {"idToken": TOKEN | {"idToken": token}} | ({"idTokenInfo": {"status": status}} if status else {})


def send_list(csms: Csms, version: int, kind: str, *entries: dict[str, Any]) -> str:
    member = "listVersion" if csms.version == "1.6" else "versionNumber"
    rows = {"localAuthorizationList": list(entries)} if entries else {}
    return csms.ask("SendLocalList", {member: version, "updateType": kind} | rows)["status"]


def test_the_local_list_is_used_while_away(csms: Csms):
    assert send_list(csms, 3, "Full", entry(csms, "TAG"), entry(csms, "BAD", "Blocked")) == "Accepted"
    assert list(csms.ask("GetLocalListVersion").values()) == [3]
    csms.cut()
    csms.do("plug_in", 1)
    csms.do("start", 1, "BAD")
    assert csms.station.evse(1).refusal == "Blocked"
    csms.do("start", 1, "TAG")
    assert csms.station.evse(1).transaction is not None


def test_a_difference_needs_a_newer_version(csms: Csms):
    send_list(csms, 3, "Full", entry(csms, "TAG"))
    assert send_list(csms, 3, "Differential", entry(csms, "X")) == "VersionMismatch"
    assert send_list(csms, 4, "Differential", entry(csms, "X"), entry(csms, "TAG", None)) == "Accepted"
    assert list(csms.station.machine.tokens.listed) == ["x"]
    assert send_list(csms, 5, "Full") == "Accepted"
    assert csms.station.machine.tokens.listed == {}


def test_the_cache_is_cleared(csms: Csms):
    csms.do("authorize", "TAG")
    assert csms.station.machine.tokens.cache
    assert csms.ask("ClearCache") == {"status": "Accepted"}
    assert not csms.station.machine.tokens.cache


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("HeartbeatInterval", "60", "Accepted"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("NumberOfConnectors", "4", "Rejected"),
        ("SecurityProfile", "1", "RebootRequired"),
        ("NoSuchKey", "1", "NotSupported"),
        ("MeterValuesSampledData", "Voltage,SoC", "Accepted"),
        ("MeterValuesSampledData", "Voltage,Nonsense", "Rejected"),
        ("LocalPreAuthorize", "perhaps", "Rejected"),
    ],
)
def test_keys_of_1_6_are_set_by_their_rules(csms16: Csms, key: str, value: str, status: str):
    assert csms16.ask("ChangeConfiguration", {"key": key, "value": value}) == {"status": status}


def test_all_keys_of_1_6_are_told(csms16: Csms):
    rows = csms16.ask("GetConfiguration")["configurationKey"]
    assert len(rows) > 45
    assert {"key": "NumberOfConnectors", "readonly": True, "value": "1"} in rows
    assert {"key": "AuthorizationKey", "readonly": False} in rows


@pytest.mark.parametrize(
    ("component", "variable", "value", "status"),
    [
        ("OCPPCommCtrlr", "HeartbeatInterval", "60", "Accepted"),
        ("ocppcommctrlr", "heartbeatinterval", "60", "Accepted"),
        ("OCPPCommCtrlr", "HeartbeatInterval", "soon", "Rejected"),
        ("OCPPCommCtrlr", "NoSuchVariable", "1", "UnknownVariable"),
        ("NoSuchCtrlr", "Enabled", "1", "UnknownComponent"),
        ("SecurityCtrlr", "Identity", "X", "Rejected"),
        ("OCPPCommCtrlr", "NetworkConfigurationPriority", "1", "RebootRequired"),
        ("TxCtrlr", "TxStartPoint", "Authorized,EVConnected", "Accepted"),
    ],
)
def test_variables_are_set_by_their_rules(csms2: Csms, component: str, variable: str, value: str, status: str):
    row = {"component": {"name": component}, "variable": {"name": variable}}
    answer = csms2.ask("SetVariables", {"setVariableData": [row | {"attributeValue": value}]})
    assert answer["setVariableResult"][0]["attributeStatus"] == status


def test_variables_are_read(csms2: Csms):
    rows = [
        {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}},
        {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}},
        {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "Identity"}},
        {"component": {"name": "ClockCtrlr"}, "variable": {"name": "DateTime"}, "attributeType": "Target"},
        {
            "component": {"name": "OCPPCommCtrlr"},
            "variable": {"name": "MessageAttempts", "instance": "TransactionEvent"},
        },
    ]
    answer = csms2.ask("GetVariables", {"getVariableData": rows})["getVariableResult"]
    assert [row["attributeStatus"] for row in answer] == [
        "Accepted",
        "Rejected",
        "Accepted",
        "NotSupportedAttributeType",
        "Accepted",
    ]
    assert [row.get("attributeValue") for row in answer] == ["Available", None, "CP1", None, "3"]


def test_too_many_variables_are_refused(csms2: Csms):
    row = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}}
    assert csms2.ask("GetVariables", {"getVariableData": [row] * 51}) == "OccurrenceConstraintViolation"


def test_a_report_comes_in_parts(csms2: Csms):
    assert csms2.ask("GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"})["status"] == "Accepted"
    parts = csms2.all("NotifyReport")
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert sum(len(part["reportData"]) for part in parts) >= 60


def test_a_report_of_some_variables(csms2: Csms):
    asked = [{"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}}]
    assert csms2.ask("GetReport", {"requestId": 6, "componentVariable": asked})["status"] == "Accepted"
    assert len(csms2.last("NotifyReport")["reportData"]) == 1
    nothing = csms2.ask("GetReport", {"requestId": 7, "componentVariable": [{"component": {"name": "None"}}]})
    assert nothing["status"] == "EmptyResultSet"


def test_monitors_are_set_reported_and_cleared(csms2: Csms):
    row = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
    wish = row | {"value": 5000, "type": "UpperThreshold", "severity": 4}
    results = csms2.ask("SetVariableMonitoring", {"setMonitoringData": [wish, wish]})["setMonitoringResult"]
    assert [result["status"] for result in results] == ["Accepted", "Duplicate"]
    assert csms2.ask("GetMonitoringReport", {"requestId": 1})["status"] == "Accepted"
    assert csms2.last("NotifyMonitoringReport")["monitor"][0]["variableMonitoring"][0]["id"] == 1
    periodic = {"requestId": 2, "monitoringCriteria": ["PeriodicMonitoring"]}
    assert csms2.ask("GetMonitoringReport", periodic)["status"] == "EmptyResultSet"
    gone = csms2.ask("ClearVariableMonitoring", {"id": [1, 8]})["clearMonitoringResult"]
    assert [result["status"] for result in gone] == ["Accepted", "NotFound"]


# --- triggers, files, certificates -----------------------------------------------------------------------------------


@pytest.mark.parametrize("message", ["BootNotification", "Heartbeat", "StatusNotification", "MeterValues"])
def test_a_trigger_sends_the_message(csms: Csms, message: str):
    csms.forget()
    assert csms.ask("TriggerMessage", {"requestedMessage": message}) == {"status": "Accepted"}
    assert csms.names[0] == message


def test_a_trigger_of_a_place_that_is_not_there(csms: Csms):
    place = {"connectorId": 5} if csms.version == "1.6" else {"evse": {"id": 5}}
    assert csms.ask("TriggerMessage", {"requestedMessage": "MeterValues"} | place) == {"status": "Rejected"}


def test_a_transaction_event_is_triggered(csms2: Csms):
    assert csms2.ask("TriggerMessage", {"requestedMessage": "TransactionEvent"}) == {"status": "Rejected"}
    csms2.charge()
    csms2.ask("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    assert csms2.last("TransactionEvent")["triggerReason"] == "Trigger"
    csms2.ask("TriggerMessage", {"requestedMessage": "MeterValues"})
    assert csms2.last("MeterValues")["evseId"] == 1


@pytest.mark.parametrize(("location", "last"), [(GOOD, "Uploaded"), (BAD, "UploadFailure")])
def test_a_log_is_uploaded_in_name(csms: Csms, location: str, last: str):
    wish = {"log": {"remoteLocation": location}, "logType": "DiagnosticsLog", "requestId": 8}
    assert csms.ask("GetLog", wish)["status"] == "Accepted"
    assert csms.ask("GetLog", wish | {"requestId": 9})["status"] == "AcceptedCanceled"
    csms.wait(10)
    told = [(row["status"], row["requestId"]) for row in csms.all("LogStatusNotification")]
    assert told == [("Uploading", 8), ("Uploading", 9), (last, 9)]


def test_diagnostics_of_1_6(csms16: Csms):
    assert csms16.ask("GetDiagnostics", {"location": BAD})["fileName"].startswith("CP1-")
    csms16.wait(10)
    told = [row["status"] for row in csms16.all("DiagnosticsStatusNotification")]
    assert told == ["Uploading", "UploadFailed"]


def test_new_firmware_is_installed_with_a_restart(csms: Csms):
    if csms.version == "1.6":
        csms.ask("UpdateFirmware", {"location": GOOD, "retrieveDate": LATER})
    else:
        firmware = {"location": GOOD, "retrieveDateTime": LATER}
        csms.ask("UpdateFirmware", {"requestId": 3, "firmware": firmware})
    csms.wait(60)
    told = [row["status"] for row in csms.all("FirmwareStatusNotification")]
    assert told == ["Downloading", "Downloaded", "Installing", "Installed"]
    boot = csms.last("BootNotification")
    assert boot.get("firmwareVersion", boot.get("chargingStation", {}).get("firmwareVersion")) == "1.0.1"


def test_signed_firmware_needs_a_certificate(csms16: Csms, pem: str):
    firmware = {"location": GOOD, "retrieveDateTime": LATER, "signingCertificate": "none", "signature": "x"}
    wish = {"requestId": 3, "firmware": firmware}
    assert csms16.ask("SignedUpdateFirmware", wish) == {"status": "InvalidCertificate"}
    firmware["signingCertificate"] = pem
    assert csms16.ask("SignedUpdateFirmware", wish) == {"status": "Accepted"}
    csms16.wait(60)
    assert "SignatureVerified" in [row["status"] for row in csms16.all("SignedFirmwareStatusNotification")]


def test_certificates_are_installed_listed_and_deleted(csms: Csms, pem: str):
    use = "CentralSystemRootCertificate" if csms.version == "1.6" else "CSMSRootCertificate"
    assert csms.ask("InstallCertificate", {"certificateType": use, "certificate": "none"})["status"] == "Rejected"
    assert csms.ask("InstallCertificate", {"certificateType": use, "certificate": pem})["status"] == "Accepted"
    asked = use if csms.version == "1.6" else [use]
    listed = csms.ask("GetInstalledCertificateIds", {"certificateType": asked})
    row = next(value for key, value in listed.items() if key != "status")[0]
    hashes = row if csms.version == "1.6" else row["certificateHashData"]
    assert csms.ask("DeleteCertificate", {"certificateHashData": hashes})["status"] == "Accepted"
    assert csms.ask("DeleteCertificate", {"certificateHashData": hashes})["status"] == "NotFound"
    assert csms.ask("GetInstalledCertificateIds", {"certificateType": asked})["status"] == "NotFound"


def test_a_certificate_is_asked_for(csms: Csms, pem: str):
    action = "ExtendedTriggerMessage" if csms.version == "1.6" else "TriggerMessage"
    word = "SignChargePointCertificate" if csms.version == "1.6" else "SignChargingStationCertificate"
    assert csms.ask(action, {"requestedMessage": word}) == {"status": "Accepted"}
    assert csms.last("SignCertificate")["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
    assert csms.ask("CertificateSigned", {"certificateChain": "none"})["status"] == "Rejected"
    assert "Invalid" in csms.last("SecurityEventNotification")["type"]
    assert csms.ask("CertificateSigned", {"certificateChain": pem})["status"] == "Accepted"


def test_own_data_comes_back_and_foreign_is_unknown(csms: Csms):
    assert csms.ask("DataTransfer", {"vendorId": "someone"}) == {"status": "UnknownVendorId"}
    answer = csms.ask("DataTransfer", {"vendorId": "OCPP CSS", "data": "echo"})
    assert answer == {"status": "Accepted", "data": "echo"}


def test_messages_are_shown_and_cleared(csms2: Csms):
    message = {"id": 3, "priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}}
    assert csms2.ask("SetDisplayMessage", {"message": message}) == {"status": "Accepted"}
    assert csms2.ask("GetDisplayMessages", {"requestId": 1}) == {"status": "Accepted"}
    assert csms2.last("NotifyDisplayMessages")["messageInfo"] == [message]
    assert csms2.ask("ClearDisplayMessage", {"id": 3}) == {"status": "Accepted"}
    assert csms2.ask("ClearDisplayMessage", {"id": 3}) == {"status": "Unknown"}
    html = message | {"message": {"format": "HTML", "content": "x"}}
    assert csms2.ask("SetDisplayMessage", {"message": html}) == {"status": "NotSupportedMessageFormat"}


def test_a_customer_is_told_and_forgotten(csms2: Csms):
    csms2.do("authorize", "TAG")
    wish = {"requestId": 1, "report": True, "clear": True, "idToken": TOKEN}
    assert csms2.ask("CustomerInformation", wish) == {"status": "Accepted"}
    assert csms2.last("NotifyCustomerInformation")["data"] == "TAG: Accepted"
    assert csms2.station.machine.tokens.cache == {}
    assert csms2.ask("CustomerInformation", {"requestId": 1, "report": True, "clear": False}) == {"status": "Invalid"}


# --- 2.1 -------------------------------------------------------------------------------------------------------------


def test_tariffs_are_kept(csms2: Csms):
    if csms2.version != "2.1":
        assert csms2.ask("GetTariffs", {"evseId": 0}) == "NotImplemented"
        return
    tariff = {"tariffId": "night", "currency": "EUR"}
    assert csms2.ask("GetTariffs", {"evseId": 0}) == {"status": "NoTariff"}
    assert csms2.ask("SetDefaultTariff", {"evseId": 0, "tariff": tariff}) == {"status": "Accepted"}
    rows = csms2.ask("GetTariffs", {"evseId": 1})["tariffAssignments"]
    assert rows == [{"tariffId": "night", "tariffKind": "DefaultTariff", "evseIds": [1]}]
    cleared = csms2.ask("ClearTariffs", {"tariffIds": ["night", "day"]})["clearTariffsResult"]
    assert [row["status"] for row in cleared] == ["Accepted", "NoTariff"]


def test_a_running_tariff_is_changed():
    csms = Csms("2.1").boot()
    csms.charge()
    tariff = {"tariffId": "night", "currency": "EUR"}
    wish = {"transactionId": csms.transaction_id, "tariff": tariff}
    assert csms.ask("ChangeTransactionTariff", wish) == {"status": "Accepted"}
    assert csms.last("TransactionEvent")["triggerReason"] == "TariffChanged"
    assert csms.ask("ChangeTransactionTariff", wish | {"transactionId": "x"}) == {"status": "TxNotFound"}


def test_der_controls_are_kept_and_reported():
    csms = Csms("2.1").boot()
    point = {"priority": 1, "setpoint": 10, "unit": "PctMaxVar"}
    wish = {"isDefault": True, "controlId": "a", "controlType": "FixedVar", "fixedVar": point}
    assert csms.ask("SetDERControl", wish) == {"status": "Accepted"}
    newer = csms.ask("SetDERControl", wish | {"controlId": "b"})
    assert newer == {"status": "Accepted", "supersededIds": ["a"]}
    curve = {"curveData": [{"x": 1, "y": 2}], "priority": 1, "yUnit": "PctMaxW"}
    csms.ask("SetDERControl", {"isDefault": True, "controlId": "c", "controlType": "FreqWatt", "curve": curve})
    assert csms.ask("GetDERControl", {"requestId": 1}) == {"status": "Accepted"}
    reports = csms.all("ReportDERControl")
    assert [report["tbc"] for report in reports] == [True, False]
    assert csms.ask("ClearDERControl", {"isDefault": True}) == {"status": "Accepted"}
    assert csms.ask("ClearDERControl", {"isDefault": True}) == {"status": "NotFound"}
    bare = {"isDefault": True, "controlId": "d", "controlType": "Gradients"}
    assert csms.ask("SetDERControl", bare) == {"status": "Rejected"}

"""The device model of an emulated 2.x station: standard components and variables (2.0.1 part 2, appendix 3)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from ocpp_css.simulator.keys16 import MEASURANDS as OLD_MEASURANDS
from ocpp_css.simulator.keys16 import SAMPLED
from ocpp_css.simulator.settings import Kind, Setting, Settings

# 2.x has no temperature among its measurands.
MEASURANDS: Final = ",".join(name for name in OLD_MEASURANDS.split(",") if name != "Temperature")
_TX_POINTS: Final = "ParkingBayOccupancy,EVConnected,Authorized,DataSigned,PowerPathClosed,EnergyTransfer"
_LAST_SLOT: Final = 3

WORDS: Final[Mapping[str, str]] = {
    "heartbeat_s": "ocppcommctrlr/heartbeatinterval",
    "sample_s": "sampleddatactrlr/txupdatedinterval",
    "aligned_s": "aligneddatactrlr/interval",
    "sampled": "sampleddatactrlr/txupdatedmeasurands",
    "aligned": "aligneddatactrlr/measurands",
    "started": "sampleddatactrlr/txstartedmeasurands",
    "ended": "sampleddatactrlr/txendedmeasurands",
    "attempts": "ocppcommctrlr/messageattempts[transactionevent]",
    "retry_s": "ocppcommctrlr/messageattemptinterval[transactionevent]",
    "local_pre": "authctrlr/localpreauthorize",
    "local_offline": "authctrlr/localauthorizeoffline",
    "unknown_offline": "authctrlr/offlinetxforunknownidenabled",
    "authorize_remote": "authctrlr/authorizeremotestart",
    "stop_on_invalid": "txctrlr/stoptxoninvalidid",
    "stop_on_unplug": "txctrlr/stoptxonevsidedisconnect",
    "connect_timeout_s": "txctrlr/evconnectiontimeout",
    "cache": "authcachectrlr/enabled",
    "list": "localauthlistctrlr/enabled",
    "ping_s": "ocppcommctrlr/websocketpinginterval",
    "offline_after_s": "ocppcommctrlr/offlinethreshold",
    "backoff_wait_s": "ocppcommctrlr/retrybackoffwaitminimum",
    "backoff_random_s": "ocppcommctrlr/retrybackoffrandomrange",
    "backoff_repeats": "ocppcommctrlr/retrybackoffrepeattimes",
    "tx_start": "txctrlr/txstartpoint",
    "tx_stop": "txctrlr/txstoppoint",
    "max_stack": "smartchargingctrlr/profilestacklevel",
    "password": "securityctrlr/basicauthpassword",
    "security_profile": "securityctrlr/securityprofile",
}


def settings(evses: int, power_w: int, *, is_dc: bool) -> Settings:
    """The device model of a station with so many EVSEs of this power."""
    return Settings(_definitions(evses, power_w, is_dc), WORDS)


@lru_cache
def _definitions(evses: int, power_w: int, is_dc: bool) -> Mapping[str, Setting]:
    rows = (*_STATION, *_controllers(), *_hardware(evses, power_w, is_dc=is_dc))
    return {setting.key: setting for setting in rows}


def _rows(component: str, *rows: tuple[str, str, Kind, str]) -> Iterator[Setting]:
    """Name, value, kind, and marks: `r` read-only, `w` write-only, `b` reboot; after a blank unit or instance."""
    for name, value, kind, marks in rows:
        flags, _, unit = marks.partition(" ")
        yield Setting(
            name,
            value,
            kind,
            component=component,
            is_readonly="r" in flags,
            is_writeonly="w" in flags,
            needs_reboot="b" in flags,
            unit=unit if unit and not unit.startswith("@") else None,
            instance=unit[1:] if unit.startswith("@") else None,
            options=_OPTIONS.get(name),
            high=_LIMITS.get(name),
        )


_OPTIONS: Final[Mapping[str, str]] = {
    "TxUpdatedMeasurands": MEASURANDS,
    "TxEndedMeasurands": MEASURANDS,
    "TxStartedMeasurands": MEASURANDS,
    "Measurands": MEASURANDS,
    "TxStartPoint": _TX_POINTS,
    "TxStopPoint": _TX_POINTS,
    "RateUnit": "A,W",
}
_LIMITS: Final[Mapping[str, int]] = {
    "BasicAuthPassword": 64,
    "SecurityProfile": 3,
    "HeartbeatInterval": 86_400,
    "ActiveNetworkProfile": _LAST_SLOT,
}

_STATION: Final = tuple(
    _rows(
        "ChargingStation",
        ("Available", "true", "boolean", "r"),
        ("AvailabilityState", "Available", "OptionList", "r"),
        ("Problem", "false", "boolean", "r"),
        ("SupplyPhases", "3", "integer", "r"),
        ("Model", "Emulated", "string", "r"),
        ("VendorName", "OCPP CSS", "string", "r"),
    )
)


def _controllers() -> Iterator[Setting]:
    yield from _communication()
    yield from _security()
    yield from _authorization()
    yield from _transactions()
    yield from _features()


def _communication() -> Iterator[Setting]:
    yield from _rows(
        "OCPPCommCtrlr",
        ("HeartbeatInterval", "300", "integer", " s"),
        ("OfflineThreshold", "60", "integer", " s"),
        ("MessageTimeout", "30", "integer", "r @Default"),
        ("MessageAttempts", "3", "integer", " @TransactionEvent"),
        ("MessageAttemptInterval", "10", "integer", " @TransactionEvent"),
        ("WebSocketPingInterval", "0", "integer", " s"),
        ("RetryBackOffWaitMinimum", "1", "integer", " s"),
        ("RetryBackOffRandomRange", "2", "integer", " s"),
        ("RetryBackOffRepeatTimes", "5", "integer", ""),
        ("NetworkConfigurationPriority", "0", "SequenceList", "b"),
        ("NetworkProfileConnectionAttempts", "3", "integer", ""),
        ("ActiveNetworkProfile", "0", "integer", "r"),
        ("FileTransferProtocols", "FTP,FTPS,HTTP,HTTPS,SFTP", "MemberList", "r"),
        ("ResetRetries", "1", "integer", ""),
        ("UnlockOnEVSideDisconnect", "true", "boolean", ""),
        ("QueueAllMessages", "false", "boolean", ""),
    )
    yield from _rows(
        "ClockCtrlr", ("TimeSource", "Heartbeat", "SequenceList", ""), ("DateTime", "", "dateTime", "r"),
        ("TimeZone", "UTC", "string", ""),
    )  # fmt: skip


def _security() -> Iterator[Setting]:
    yield from _rows(
        "SecurityCtrlr",
        ("BasicAuthPassword", "", "string", "w"),
        ("Identity", "", "string", "r"),
        ("OrganizationName", "Example", "string", ""),
        ("CertificateEntries", "0", "integer", "r"),
        ("SecurityProfile", "1", "integer", "r"),
        ("AdditionalRootCertificateCheck", "false", "boolean", "r"),
    )


def _authorization() -> Iterator[Setting]:
    yield from _rows(
        "AuthCtrlr",
        ("Enabled", "true", "boolean", ""),
        ("AuthorizeRemoteStart", "true", "boolean", ""),
        ("LocalAuthorizeOffline", "true", "boolean", ""),
        ("LocalPreAuthorize", "false", "boolean", ""),
        ("OfflineTxForUnknownIdEnabled", "false", "boolean", ""),
        ("MasterPassGroupId", "", "string", ""),
    )
    yield from _rows("AuthCacheCtrlr", ("Enabled", "true", "boolean", ""), ("Available", "true", "boolean", "r"))
    yield from _rows(
        "LocalAuthListCtrlr",
        ("Enabled", "true", "boolean", ""),
        ("Available", "true", "boolean", "r"),
        ("Entries", "0", "integer", "r"),
        ("ItemsPerMessage", "500", "integer", "r"),
        ("BytesPerMessage", "65536", "integer", "r"),
    )


def _transactions() -> Iterator[Setting]:
    yield from _rows(
        "TxCtrlr",
        ("EVConnectionTimeOut", "60", "integer", " s"),
        ("StopTxOnEVSideDisconnect", "true", "boolean", ""),
        ("StopTxOnInvalidId", "true", "boolean", ""),
        ("TxStartPoint", "PowerPathClosed", "MemberList", ""),
        ("TxStopPoint", "Authorized,EVConnected", "MemberList", ""),
        ("MaxEnergyOnInvalidId", "0", "integer", " Wh"),
    )
    yield from _rows(
        "SampledDataCtrlr",
        ("Available", "true", "boolean", "r"),
        ("Enabled", "true", "boolean", ""),
        ("TxUpdatedMeasurands", SAMPLED, "MemberList", ""),
        ("TxUpdatedInterval", "60", "integer", " s"),
        ("TxStartedMeasurands", "Energy.Active.Import.Register", "MemberList", ""),
        ("TxEndedMeasurands", "Energy.Active.Import.Register", "MemberList", ""),
        ("TxEndedInterval", "0", "integer", " s"),
    )
    yield from _rows(
        "AlignedDataCtrlr",
        ("Available", "true", "boolean", "r"),
        ("Enabled", "true", "boolean", ""),
        ("Measurands", "Energy.Active.Import.Register", "MemberList", ""),
        ("Interval", "0", "integer", " s"),
        ("TxEndedMeasurands", "", "MemberList", ""),
        ("TxEndedInterval", "0", "integer", " s"),
    )


def _features() -> Iterator[Setting]:
    yield from _rows(
        "DeviceDataCtrlr",
        ("ItemsPerMessage", "20", "integer", "r @GetReport"),
        ("ItemsPerMessage", "50", "integer", "r @GetVariables"),
        ("ItemsPerMessage", "50", "integer", "r @SetVariables"),
        ("BytesPerMessage", "65536", "integer", "r @GetReport"),
        ("BytesPerMessage", "65536", "integer", "r @GetVariables"),
        ("BytesPerMessage", "65536", "integer", "r @SetVariables"),
    )
    yield from _rows(
        "SmartChargingCtrlr",
        ("Available", "true", "boolean", "r"),
        ("Enabled", "true", "boolean", ""),
        ("Entries", "0", "integer", "r @ChargingProfiles"),
        ("ProfileStackLevel", "10", "integer", "r"),
        ("RateUnit", "A,W", "MemberList", "r"),
        ("PeriodsPerSchedule", "1024", "integer", "r"),
        ("LimitChangeSignificance", "5", "decimal", ""),
    )
    yield from _rows("ReservationCtrlr", ("Available", "true", "boolean", "r"), ("Enabled", "true", "boolean", ""))
    yield from _rows("ReservationCtrlr", ("NonEvseSpecific", "true", "boolean", "r"))
    yield from _rows(
        "MonitoringCtrlr",
        ("Available", "true", "boolean", "r"),
        ("Enabled", "true", "boolean", ""),
        ("ActiveMonitoringBase", "All", "OptionList", "r"),
        ("ActiveMonitoringLevel", "9", "integer", "r"),
    )
    yield from _rows(
        "DisplayMessageCtrlr",
        ("Available", "true", "boolean", "r"),
        ("DisplayMessages", "0", "integer", "r"),
        ("SupportedFormats", "ASCII,UTF8", "MemberList", "r"),
        ("SupportedPriorities", "AlwaysFront,InFront,NormalCycle", "MemberList", "r"),
    )


def _hardware(evses: int, power_w: int, *, is_dc: bool) -> Iterator[Setting]:
    for evse in range(1, evses + 1):
        yield from (_part("EVSE", evse, None, *row) for row in _PARTS)
        # maxLimit tells the rated power (appendix 3)
        yield replace(_part("EVSE", evse, None, "Power", "0", "decimal"), unit="W", high=power_w)
        yield from (_part("Connector", evse, 1, *row) for row in _PARTS)
        yield _part("Connector", evse, 1, "ConnectorType", "cCCS2" if is_dc else "sType2", "string")


_PARTS: Final[tuple[tuple[str, str, Kind], ...]] = (
    ("Available", "true", "boolean"),
    ("AvailabilityState", "Available", "OptionList"),
    ("SupplyPhases", "3", "integer"),
)


def _part(component: str, evse: int, connector: int | None, name: str, value: str, kind: Kind) -> Setting:
    return Setting(name, value, kind, is_readonly=True, component=component, evse=evse, connector=connector)

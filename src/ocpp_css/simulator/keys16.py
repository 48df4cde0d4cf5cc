"""The configuration keys of an emulated 1.6 station (OCPP 1.6, chapter 9, and the security whitepaper)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from ocpp_css.simulator.settings import Setting, Settings

MEASURANDS: Final = (
    "Energy.Active.Import.Register,Power.Active.Import,Power.Offered,Current.Import,Current.Offered,Voltage,"
    "Frequency,Temperature,SoC"
)
SAMPLED: Final = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"

WORDS: Final[Mapping[str, str]] = {
    "heartbeat_s": "HeartbeatInterval",
    "sample_s": "MeterValueSampleInterval",
    "aligned_s": "ClockAlignedDataInterval",
    "sampled": "MeterValuesSampledData",
    "aligned": "MeterValuesAlignedData",
    "started": "StopTxnSampledData",
    "ended": "StopTxnSampledData",
    "attempts": "TransactionMessageAttempts",
    "retry_s": "TransactionMessageRetryInterval",
    "local_pre": "LocalPreAuthorize",
    "local_offline": "LocalAuthorizeOffline",
    "unknown_offline": "AllowOfflineTxForUnknownId",
    "authorize_remote": "AuthorizeRemoteTxRequests",
    "stop_on_invalid": "StopTransactionOnInvalidId",
    "stop_on_unplug": "StopTransactionOnEVSideDisconnect",
    "connect_timeout_s": "ConnectionTimeOut",
    "cache": "AuthorizationCacheEnabled",
    "list": "LocalAuthListEnabled",
    "ping_s": "WebSocketPingInterval",
    "offline_after_s": "OfflineThreshold",
    "backoff_wait_s": "RetryBackOffWaitMinimum",
    "backoff_random_s": "RetryBackOffRandomRange",
    "backoff_repeats": "RetryBackOffRepeatTimes",
    "tx_start": "TxStartPoint",
    "tx_stop": "TxStopPoint",
    "max_stack": "ChargeProfileMaxStackLevel",
    "password": "AuthorizationKey",
    "security_profile": "SecurityProfile",
}


def settings(evses: int) -> Settings:
    """The configuration of a station with so many connectors."""
    return Settings(_definitions(evses), WORDS)


@lru_cache
def _definitions(evses: int) -> Mapping[str, Setting]:
    return {setting.key: setting for setting in (*_WRITABLE, *_READ_ONLY, *_OWN, _connectors(evses))}


def _connectors(evses: int) -> Setting:
    return Setting("NumberOfConnectors", str(evses), "integer", is_readonly=True)


def _integer(name: str, value: int, low: int = 0) -> Setting:
    return Setting(name, str(value), "integer", low=low)


def _flag(name: str, *, value: bool) -> Setting:
    return Setting(name, "true" if value else "false", "boolean")


def _fixed(name: str, value: str) -> Setting:
    return Setting(name, value, is_readonly=True)


_WRITABLE: Final = (
    _flag("AllowOfflineTxForUnknownId", value=False),
    _flag("AuthorizationCacheEnabled", value=True),
    _flag("AuthorizeRemoteTxRequests", value=True),
    _integer("BlinkRepeat", 3),
    _integer("ClockAlignedDataInterval", 0),
    _integer("ConnectionTimeOut", 60),
    Setting("ConnectorPhaseRotation", "NotApplicable"),
    _integer("HeartbeatInterval", 300, low=1),
    _integer("LightIntensity", 100),
    _flag("LocalAuthorizeOffline", value=True),
    _flag("LocalPreAuthorize", value=False),
    _integer("MaxEnergyOnInvalidId", 0),
    Setting("MeterValuesAlignedData", "Energy.Active.Import.Register", "MemberList", options=MEASURANDS),
    Setting("MeterValuesSampledData", SAMPLED, "MemberList", options=MEASURANDS),
    _integer("MeterValueSampleInterval", 60),
    _integer("MinimumStatusDuration", 0),
    _integer("ResetRetries", 3),
    _flag("StopTransactionOnEVSideDisconnect", value=True),
    _flag("StopTransactionOnInvalidId", value=True),
    Setting("StopTxnAlignedData", "", "MemberList", options=MEASURANDS),
    Setting("StopTxnSampledData", "Energy.Active.Import.Register", "MemberList", options=MEASURANDS),
    _integer("TransactionMessageAttempts", 3, low=1),
    _integer("TransactionMessageRetryInterval", 10),
    _flag("UnlockConnectorOnEVSideDisconnect", value=True),
    _integer("WebSocketPingInterval", 0),
    _flag("LocalAuthListEnabled", value=True),
    Setting("CpoName", "", high=255),
    Setting("SecurityProfile", "0", "integer", high=3, needs_reboot=True),
    Setting("AuthorizationKey", "", is_writeonly=True, high=40),
    Setting("AdditionalRootCertificateCheck", "false", "boolean", is_readonly=True),
)
_READ_ONLY: Final = (
    _fixed("ConnectorPhaseRotationMaxLength", "10"),
    _fixed("GetConfigurationMaxKeys", "100"),
    _fixed("MeterValuesAlignedDataMaxLength", "9"),
    _fixed("MeterValuesSampledDataMaxLength", "9"),
    _fixed("StopTxnAlignedDataMaxLength", "9"),
    _fixed("StopTxnSampledDataMaxLength", "9"),
    _fixed(
        "SupportedFeatureProfiles",
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger",
    ),
    _fixed("SupportedFileTransferProtocols", "FTP,FTPS,HTTP,HTTPS,SFTP"),
    _fixed("LocalAuthListMaxLength", "10000"),
    _fixed("SendLocalListMaxLength", "500"),
    _fixed("ReserveConnectorZeroSupported", "true"),
    _fixed("ChargeProfileMaxStackLevel", "10"),
    _fixed("ChargingScheduleAllowedChargingRateUnit", "Current,Power"),
    _fixed("ChargingScheduleMaxPeriods", "100"),
    _fixed("MaxChargingProfilesInstalled", "50"),
    _fixed("ConnectorSwitch3to1PhaseSupported", "false"),
    _fixed("CertificateSignedMaxChainSize", "10000"),
    _fixed("CertificateStoreMaxLength", "50"),
)
# Keys of this station that 1.6 has no name for, called as 2.0.1 calls them.
_OWN: Final = (
    _integer("OfflineThreshold", 60),
    _integer("RetryBackOffWaitMinimum", 1),
    _integer("RetryBackOffRandomRange", 2),
    _integer("RetryBackOffRepeatTimes", 5),
    _fixed("TxStartPoint", "PowerPathClosed"),
    _fixed("TxStopPoint", "Authorized,EVConnected"),
)

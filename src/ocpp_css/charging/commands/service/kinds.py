"""Which permission each action needs: the kinds of work on stations, as operators divide it (decision 65)."""

from collections.abc import Mapping

LOOK, CHARGE, STEER = "commands:look", "commands:charge", "commands:steer"
RESTART, MAINTAIN = "commands:restart", "commands:maintain"
CONFIGURE, SECURE = "commands:configure", "commands:secure"
ANY = "commands:any"
"""What a route needs that takes every action; which of them is asked again where the command is accepted."""

KINDS: Mapping[str, frozenset[str]] = {
    LOOK: frozenset(
        {
            "ExtendedTriggerMessage", "GetBaseReport", "GetChargingProfiles", "GetCompositeSchedule",
            "GetConfiguration", "GetDERControl", "GetDisplayMessages", "GetInstalledCertificateIds",
            "GetLocalListVersion", "GetMonitoringReport", "GetPeriodicEventStream", "GetReport", "GetTariffs",
            "GetTransactionStatus", "GetVariables", "TriggerMessage",
        }
    ),
    CHARGE: frozenset(
        {
            "CancelReservation", "CostUpdated", "NotifyWebPaymentStarted", "RemoteStartTransaction",
            "RemoteStopTransaction", "RequestBatterySwap", "RequestStartTransaction", "RequestStopTransaction",
            "ReserveNow", "UnlockConnector",
        }
    ),
    STEER: frozenset(
        {
            "AFRRSignal", "ClearChargingProfile", "ClearDERControl", "NotifyAllowedEnergyTransfer",
            "SetChargingProfile", "SetDERControl", "UpdateDynamicSchedule", "UsePriorityCharging",
        }
    ),
    RESTART: frozenset({"ChangeAvailability", "Reset"}),
    MAINTAIN: frozenset(
        {
            "GetDiagnostics", "GetLog", "PublishFirmware", "SignedUpdateFirmware", "UnpublishFirmware",
            "UpdateFirmware",
        }
    ),
    CONFIGURE: frozenset(
        {
            "AdjustPeriodicEventStream", "ChangeConfiguration", "ChangeTransactionTariff", "ClearCache",
            "ClearDisplayMessage", "ClearTariffs", "ClearVariableMonitoring", "DataTransfer", "SendLocalList",
            "SetDefaultTariff", "SetDisplayMessage", "SetMonitoringBase", "SetMonitoringLevel", "SetNetworkProfile",
            "SetVariableMonitoring", "SetVariables",
        }
    ),
    SECURE: frozenset({"CertificateSigned", "CustomerInformation", "DeleteCertificate", "InstallCertificate"}),
}  # fmt: skip
"""The actions of all versions by the permission to send them. Those of LOOK ask and change nothing."""

PERMISSION_OF: Mapping[str, str] = {action: kind for kind, actions in KINDS.items() for action in actions}


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


RIGHT_LOST = "permission_lost"
RIGHT_LOST_TEXT = _("Whoever sent it may not send it any more; nothing was sent.")
"""Why a command that waited is not delivered (decision 72)."""

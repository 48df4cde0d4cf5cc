"""What a 2.x station answers about charging profiles (K), certificates (M), its display (O) and customers (N)."""

from typing import Final, Literal

from msgspec import UNSET

from ocpp_css.ocpp import v201
from ocpp_css.simulator import certificates, commands, profiles2x
from ocpp_css.simulator.answers import Answers
from ocpp_css.simulator.certificates import Certificate
from ocpp_css.simulator.machine import Machine
from ocpp_css.simulator.outbox import Letter
from ocpp_css.simulator.profiles import Profile
from ocpp_css.simulator.profiles16 import pieces, tenths

ANSWERS: Final = Answers()

_DISPLAYED: Final = 20


# --- smart charging -------------------------------------------------------------------------------------------------


@ANSWERS.on(v201.SET_CHARGING_PROFILE)
def set_profile(machine: Machine, request: v201.SetChargingProfileRequest) -> v201.SetChargingProfileResponse:
    """K01."""
    refusal = profiles2x.refusal(machine, request.evse_id, request.charging_profile)
    if refusal is not None:
        info = v201.StatusInfo(reason_code=refusal)
        return v201.SetChargingProfileResponse(status="Rejected", status_info=info)
    machine.profiles.install(profiles2x.neutral(request.charging_profile, request.evse_id, machine.now))
    commands.limits_changed(machine)
    return v201.SetChargingProfileResponse(status="Accepted")


@ANSWERS.on(v201.CLEAR_CHARGING_PROFILE)
def clear_profile(machine: Machine, request: v201.ClearChargingProfileRequest) -> v201.ClearChargingProfileResponse:
    """K10: an id stands alone, the criteria narrow the choice."""
    criteria = request.charging_profile_criteria

    def matches(profile: Profile) -> bool:
        if request.charging_profile_id is not UNSET:
            return profile.number == request.charging_profile_id
        return criteria is UNSET or (
            criteria.evse_id in {UNSET, profile.evse}
            and criteria.charging_profile_purpose in {UNSET, profile.purpose}
            and criteria.stack_level in {UNSET, profile.stack_level}
        )

    gone = machine.profiles.remove(matches)
    commands.limits_changed(machine)
    return v201.ClearChargingProfileResponse(status="Accepted" if gone else "Unknown")


@ANSWERS.on(v201.GET_CHARGING_PROFILES)
def get_profiles(machine: Machine, request: v201.GetChargingProfilesRequest) -> v201.GetChargingProfilesResponse:
    """K09: the profiles follow in ReportChargingProfiles, one message an EVSE."""
    found = [profile for profile in machine.profiles.installed if _is_asked(profile, request)]
    if not found:
        return v201.GetChargingProfilesResponse(status="NoProfiles")
    machine.link.after(lambda: _report_profiles(machine, request.request_id, found))
    return v201.GetChargingProfilesResponse(status="Accepted")


def _is_asked(profile: Profile, request: v201.GetChargingProfilesRequest) -> bool:
    criterion = request.charging_profile
    if criterion.charging_profile_id is not UNSET and profile.number not in criterion.charging_profile_id:
        return False
    if criterion.charging_limit_source is not UNSET and "CSO" not in criterion.charging_limit_source:
        return False
    return (
        request.evse_id in {UNSET, profile.evse}
        and criterion.charging_profile_purpose in {UNSET, profile.purpose}
        and criterion.stack_level in {UNSET, profile.stack_level}
    )


def _report_profiles(machine: Machine, request_id: int, found: list[Profile]) -> None:
    numbers = sorted({profile.evse for profile in found})
    for number in numbers:
        report = v201.ReportChargingProfilesRequest(
            request_id=request_id,
            charging_limit_source="CSO",
            evse_id=number,
            charging_profile=[profile.message for profile in found if profile.evse == number],
            tbc=number != numbers[-1],
        )
        machine.send(Letter("ReportChargingProfiles", report))


@ANSWERS.on(v201.GET_COMPOSITE_SCHEDULE)
def composite_schedule(
    machine: Machine, request: v201.GetCompositeScheduleRequest
) -> v201.GetCompositeScheduleResponse:
    """K08."""
    if request.evse_id not in {0, *machine.evses} or request.duration <= 0:
        return v201.GetCompositeScheduleResponse(status="Rejected")
    unit = "W" if request.charging_rate_unit is UNSET else request.charging_rate_unit
    phases = machine.options.phases
    periods = [
        v201.ChargingSchedulePeriod(start_period=start, limit=tenths(watts, unit, phases))
        for start, watts in pieces(machine, request.evse_id, request.duration)
    ]
    schedule = v201.CompositeSchedule(
        evse_id=request.evse_id,
        duration=request.duration,
        schedule_start=machine.wall,
        charging_rate_unit=unit,
        charging_schedule_period=periods,
    )
    return v201.GetCompositeScheduleResponse(status="Accepted", schedule=schedule)


# --- certificates ---------------------------------------------------------------------------------------------------


@ANSWERS.on(v201.INSTALL_CERTIFICATE)
def install_certificate(machine: Machine, request: v201.InstallCertificateRequest) -> v201.InstallCertificateResponse:
    """M05."""
    found = certificates.read(request.certificate, request.certificate_type)
    if found is None:
        info = v201.StatusInfo(reason_code="InvalidCertificate")
        return v201.InstallCertificateResponse(status="Rejected", status_info=info)
    machine.shelf.certificates[found.key] = found
    return v201.InstallCertificateResponse(status="Accepted")


@ANSWERS.on(v201.DELETE_CERTIFICATE)
def delete_certificate(machine: Machine, request: v201.DeleteCertificateRequest) -> v201.DeleteCertificateResponse:
    """M04."""
    gone = machine.shelf.certificates.pop(certificates.key_of(request.certificate_hash_data), None)
    return v201.DeleteCertificateResponse(status="Accepted" if gone is not None else "NotFound")


@ANSWERS.on(v201.GET_INSTALLED_CERTIFICATE_IDS)
def installed_certificates(
    machine: Machine, request: v201.GetInstalledCertificateIdsRequest
) -> v201.GetInstalledCertificateIdsResponse:
    """M03."""
    known: list[Certificate] = list(machine.shelf.certificates.values())
    asked = request.certificate_type
    rows = [
        v201.CertificateHashDataChain(
            certificate_type=found.use,  # type: ignore[arg-type]
            certificate_hash_data=_hashes(found),
        )
        for found in known
        if found.use != certificates.OWN and (asked is UNSET or found.use in asked)
    ]
    return v201.GetInstalledCertificateIdsResponse(
        status="Accepted" if rows else "NotFound", certificate_hash_data_chain=rows or UNSET
    )


def _hashes(found: Certificate) -> v201.CertificateHashData:
    return v201.CertificateHashData(
        hash_algorithm="SHA256",
        issuer_name_hash=found.issuer_name_hash,
        issuer_key_hash=found.issuer_key_hash,
        serial_number=found.serial_number,
    )


@ANSWERS.on(v201.CERTIFICATE_SIGNED)
def certificate_signed(machine: Machine, request: v201.CertificateSignedRequest) -> v201.CertificateSignedResponse:
    """A02, A03."""
    found = certificates.read(request.certificate_chain, certificates.OWN)
    if found is None:
        machine.link.after(lambda: machine.send(machine.words.security_event("InvalidChargingStationCertificate")))
        return v201.CertificateSignedResponse(status="Rejected")
    machine.shelf.certificates[found.key] = found
    return v201.CertificateSignedResponse(status="Accepted")


# --- display and customers ------------------------------------------------------------------------------------------


@ANSWERS.on(v201.SET_DISPLAY_MESSAGE)
def set_display_message(machine: Machine, request: v201.SetDisplayMessageRequest) -> v201.SetDisplayMessageResponse:
    """O01, O02, O06."""
    return v201.SetDisplayMessageResponse(status=_display(machine, request.message))


def _display(
    machine: Machine, message: v201.MessageInfo
) -> Literal["Accepted", "Rejected", "NotSupportedMessageFormat", "UnknownTransaction"]:
    if message.message.format not in {"ASCII", "UTF8"}:
        return "NotSupportedMessageFormat"
    if message.transaction_id is not UNSET and commands.find(machine, message.transaction_id) is None:
        return "UnknownTransaction"
    shown = machine.shelf.displays
    if message.id not in shown and len(shown) >= _DISPLAYED:
        return "Rejected"
    shown[message.id] = message
    return "Accepted"


@ANSWERS.on(v201.GET_DISPLAY_MESSAGES)
def get_display_messages(machine: Machine, request: v201.GetDisplayMessagesRequest) -> v201.GetDisplayMessagesResponse:
    """O03, O04: the messages follow in NotifyDisplayMessages."""
    found: list[v201.MessageInfo] = [
        message
        for message in machine.shelf.displays.values()
        if (request.id is UNSET or message.id in request.id)
        and request.priority in {UNSET, message.priority}
        and request.state in {UNSET, message.state}
    ]
    if not found:
        return v201.GetDisplayMessagesResponse(status="Unknown")
    notice = v201.NotifyDisplayMessagesRequest(request_id=request.request_id, message_info=found)
    machine.link.after(lambda: machine.send(Letter("NotifyDisplayMessages", notice)))
    return v201.GetDisplayMessagesResponse(status="Accepted")


@ANSWERS.on(v201.CLEAR_DISPLAY_MESSAGE)
def clear_display_message(
    machine: Machine, request: v201.ClearDisplayMessageRequest
) -> v201.ClearDisplayMessageResponse:
    """O05."""
    gone = machine.shelf.displays.pop(request.id, None)
    return v201.ClearDisplayMessageResponse(status="Unknown" if gone is None else "Accepted")


@ANSWERS.on(v201.CUSTOMER_INFORMATION)
def customer_information(
    machine: Machine, request: v201.CustomerInformationRequest
) -> v201.CustomerInformationResponse:
    """N09, N10: of a token the station knows what its list and cache say."""
    named = [request.customer_certificate, request.id_token, request.customer_identifier]
    if sum(name is not UNSET for name in named) != 1 or not (request.report or request.clear):
        return v201.CustomerInformationResponse(status="Invalid")
    text = ""
    if request.id_token is not UNSET:
        key = request.id_token.id_token.lower()
        known = machine.tokens.listed.get(key) or machine.tokens.cache.get(key)
        text = "" if known is None else f"{request.id_token.id_token}: {known.status}"
        if request.clear:
            machine.tokens.cache.pop(key, None)
    if request.report:
        notice = v201.NotifyCustomerInformationRequest(
            data=text, seq_no=0, generated_at=machine.wall, request_id=request.request_id, tbc=False
        )
        machine.link.after(lambda: machine.send(Letter("NotifyCustomerInformation", notice)))
    return v201.CustomerInformationResponse(status="Accepted")

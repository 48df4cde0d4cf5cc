"""Devices and places that a person signed in from: a browser's secret together with the network it is in (TRUST I6)."""

import hmac
from ipaddress import ip_address, ip_network

from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.access.model import Device
from ocpp_css.people.access.store import proofs as store
from ocpp_css.storage import Unit

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
            ("Linux", "Linux"))  # fmt: skip


class Places:
    """Knows devices again; nobody else is asked where an address is."""

    def __init__(self, secrets: Secrets) -> None:
        self._key = secrets.key("known places")

    def mark(self, device: Device) -> str:
        """What is kept of a device at a place."""
        text = f"{device.key}@{network_of(device.address)}"
        return hmac.digest(self._key, text.encode("utf-8", "replace"), "sha256").hex()

    async def is_known(self, unit: Unit, user_id: int, device: Device) -> bool:
        """Whether the person signed in with this device in this network."""
        return bool(device.key) and await store.is_known(unit, user_id, self.mark(device))

    def know(self, unit: Unit, user_id: int, device: Device) -> None:
        """From now on the person is known here."""
        if device.key:
            store.know(unit, user_id, self.mark(device))


def network_of(address: str) -> str:
    """The network that an address is in: 24 bits of IPv4, 48 of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def browser_of(user_agent: str) -> tuple[str, str]:
    """Browser and system that a person recognises; empty where none is known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return browser, system

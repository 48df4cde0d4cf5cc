"""Accounts of operators: their number is the tenant, their connection code is their stations' door."""

from ocpp_css.people.tenants.model import Account
from ocpp_css.people.tenants.service import (
    MemoryDoors,
    change,
    claim,
    create,
    default,
    ensure_default,
    find,
    get,
    known,
    touch_outside,
)

__all__ = [
    "Account",
    "MemoryDoors",
    "change",
    "claim",
    "create",
    "default",
    "ensure_default",
    "find",
    "get",
    "known",
    "touch_outside",
]

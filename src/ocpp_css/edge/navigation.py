"""The entries of the side bar: each area gives its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from ocpp_css.edge.i18n import LazyText
from ocpp_css.edge.principal import Principal

HOME = "/console"
"""Leads to itself alone, although every page lies below it."""


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One place of the console; shown to those who hold `needs`. The four first stand in a phone's bottom bar."""

    label: str | LazyText
    href: str
    icon: str
    order: int
    needs: str = ""
    is_of_people: bool = False
    """It is about the person who looks, in the account they look at."""
    wider: str = ""
    """Opens a page that holds what this one does and more: who has it finds this one in their own menu instead."""


@dataclass(frozen=True, slots=True)
class NavLink:
    """An entry as one reader sees it."""

    label: str
    href: str
    icon: str
    is_here: bool


def links_for(entries: Sequence[NavEntry], principal: Principal, path: str) -> list[NavLink]:
    """The entries this principal may follow, the longest that leads to `path` marked."""
    seen = [entry for entry in _open_to(entries, principal) if not _is_in_own_menu(entry, principal)]
    here = max((entry.href for entry in seen if _leads_to(entry.href, path)), key=len, default=None)
    return [NavLink(str(entry.label), entry.href, entry.icon, entry.href == here) for entry in seen]


def own_links(entries: Sequence[NavEntry], principal: Principal, path: str) -> list[NavLink]:
    """The entries of the person's own menu."""
    seen = [entry for entry in _open_to(entries, principal) if _is_in_own_menu(entry, principal)]
    return [NavLink(str(entry.label), entry.href, entry.icon, _leads_to(entry.href, path)) for entry in seen]


def _open_to(entries: Sequence[NavEntry], principal: Principal) -> list[NavEntry]:
    may = [entry for entry in sorted(entries, key=lambda entry: entry.order) if principal.may(entry.needs)]
    return [entry for entry in may if not entry.is_of_people or (principal.person and principal.tenant)]


def _is_in_own_menu(entry: NavEntry, principal: Principal) -> bool:
    return bool(entry.wider) and principal.may(entry.wider)


def _leads_to(href: str, path: str) -> bool:
    return path == href or (href != HOME and path.startswith(href.rstrip("/") + "/"))

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


@dataclass(frozen=True, slots=True)
class NavLink:
    """An entry as one reader sees it."""

    label: str
    href: str
    icon: str
    is_here: bool


def links_for(entries: Sequence[NavEntry], principal: Principal, path: str) -> list[NavLink]:
    """The entries this principal may follow, the longest that leads to `path` marked."""
    may = [entry for entry in sorted(entries, key=lambda entry: entry.order) if principal.may(entry.needs)]
    seen = [entry for entry in may if not entry.is_of_people or (principal.person and principal.tenant)]
    here = max((entry.href for entry in seen if _leads_to(entry.href, path)), key=len, default=None)
    return [NavLink(str(entry.label), entry.href, entry.icon, entry.href == here) for entry in seen]


def _leads_to(href: str, path: str) -> bool:
    return path == href or (href != HOME and path.startswith(href.rstrip("/") + "/"))

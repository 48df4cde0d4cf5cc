"""Finds every area: a package with an `area` module that holds `AREA`."""

import importlib
import pkgutil
from collections.abc import Sequence
from importlib.util import find_spec

from ocpp_css.assembly.area import Area

FLOORS = ("people", "charging", "commerce", "community", "outreach")
"""From the lowest up, which is the order of starting."""


def find_areas(root: str) -> list[Area]:
    """The areas below the package `root`, floor by floor, each after those it names."""
    found: list[Area] = []
    for floor in FLOORS:
        spec = find_spec(f"{root}.{floor}")
        if spec is None or spec.submodule_search_locations is None:
            continue
        names = [module.name for module in pkgutil.iter_modules(spec.submodule_search_locations) if module.ispkg]
        modules = [importlib.import_module(f"{root}.{floor}.{name}.area") for name in names]
        found += in_order([module.AREA for module in modules])
    return found


def in_order(areas: Sequence[Area]) -> list[Area]:
    """The areas of a floor so that each comes after those it names; ValueError where they wait for each other."""
    ordered: list[Area] = []
    left = list(areas)
    names = {area.name for area in areas}
    while left:
        placed = {area.name for area in ordered}
        ready = [area for area in left if all(name in placed for name in area.after if name in names)]
        if not ready:
            raise ValueError("areas wait for each other: " + ", ".join(area.name for area in left))
        ordered += ready
        left = [area for area in left if area not in ready]
    return ordered

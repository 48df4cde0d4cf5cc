"""The actions of a version, found by its name. A version is imported when it is first asked for."""

from collections.abc import Mapping
from typing import Any, assert_never

from ocpp_css.ocpp.messages import Action, Version


def actions_of(version: Version) -> Mapping[str, Action[Any, Any]]:
    """The actions of `version` by wire name."""
    match version:
        case "1.6":
            from ocpp_css.ocpp import v16

            return v16.ACTIONS
        case "2.0.1":
            from ocpp_css.ocpp import v201

            return v201.ACTIONS
        case "2.1":
            from ocpp_css.ocpp import v21

            return v21.ACTIONS
        case _:
            assert_never(version)

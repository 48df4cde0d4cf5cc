"""Pages that gather several areas: each area gives panels for a place, the page shows those the reader may see."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from jinja2 import Environment
from litestar import Request
from markupsafe import Markup

from ocpp_css.edge.i18n import LazyText, gettext
from ocpp_css.edge.principal import Principal, principal_of
from ocpp_css.kit.errors import Refusal

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PanelContext:
    """What a panel is asked with: the request, its unit of work, and what the page is about (a station, a query)."""

    request: Request[Any, Any, Any]
    unit: Any
    subject: Any = None

    @property
    def principal(self) -> Principal:
        """Who looks."""
        return principal_of(self.request)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A template and what it is filled with."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


Render = Callable[[PanelContext], Awaitable[Fragment | None]]


@dataclass(frozen=True, slots=True)
class Panel:
    """An area's share of the page `place`; `order` sorts from the top, None from `render` shows nothing."""

    place: str
    order: int
    render: Render
    title: str | LazyText = ""
    needs: str = ""
    width: int = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel as it stands on the page."""

    title: str
    body: Markup
    width: int


class Panels:
    """All panels of all areas, put together at construction."""

    def __init__(self, panels: Sequence[Panel], environment: Environment) -> None:
        self._by_place: dict[str, list[Panel]] = {}
        for panel in sorted(panels, key=lambda panel: panel.order):
            self._by_place.setdefault(panel.place, []).append(panel)
        self._environment = environment

    async def compose(self, place: str, context: PanelContext) -> list[Shown]:
        """The panels of `place` that the reader may see, in order; one that fails says so and spoils no other."""
        shown = []
        for panel in self._by_place.get(place, ()):
            if panel.needs and not context.principal.may(panel.needs):
                continue
            if (body := await self._rendered(panel, context)) is not None:
                shown.append(Shown(str(panel.title), body, panel.width))
        return shown

    async def _rendered(self, panel: Panel, context: PanelContext) -> Markup | None:
        try:
            fragment = await panel.render(context)
        except Refusal:
            return None
        except Exception:  # noqa: BLE001 - one panel spoils no other; it is logged
            await _log.aexception("panel_failed", place=panel.place, order=panel.order)
            return Markup('<p class="muted">{}</p>').format(gettext("This part cannot be shown right now."))
        if fragment is None:
            return None
        template = self._environment.get_template(fragment.template)
        return Markup(template.render(request=context.request, **fragment.context))  # noqa: S704 - autoescaped

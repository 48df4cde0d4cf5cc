"""Pages: the Jinja environment, what every template can use, and the answers a page handler gives."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar import Request
from litestar.response import Redirect, Response, Template
from markupsafe import Markup

from ocpp_css.edge import formats
from ocpp_css.edge.assets import Assets
from ocpp_css.edge.csrf import FIELD, token_for
from ocpp_css.edge.etags import seen_field
from ocpp_css.edge.forms import SchemaForms, field_moment
from ocpp_css.edge.i18n import gettext, ngettext, reader
from ocpp_css.edge.navigation import NavEntry, links_for, own_links
from ocpp_css.edge.principal import asking, principal_of
from ocpp_css.edge.problems import HOME, local_path
from ocpp_css.edge.settings import WebSettings
from ocpp_css.kit.ids import first_id_at, public

TEMPLATES = Path(__file__).parent / "templates"
PIECES = ("ui", "tables", "fields", "dialogs", "charts", "logs", "schemas")
THEME_COOKIE = "css_theme"
RENDERED_WITHIN_MS = 5_000
"""The page's stream begins so long before the page was rendered: what happened while it was made is told again."""
_THEMES = ("light", "dark")


def environment(template_dirs: Sequence[tuple[str, Path]], assets: Assets) -> Environment:
    """The Jinja environment: an area's templates are `"<area>/page.html"`, the pieces are there without import."""
    folders = {"edge": TEMPLATES, **dict(template_dirs)}
    made = Environment(
        loader=PrefixLoader({name: FileSystemLoader(path) for name, path in folders.items()}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        _=gettext,
        ngettext=ngettext,
        asset=assets.url,
        icon=_icon_of(assets),
        csrf_field=csrf_field,
        csrf=csrf_token,
        seen_field=seen_field,
        reader=reader,
        time=formats.time_tag,
        field_moment=field_moment,
    )
    made.filters.update(
        energy=formats.energy,
        power=formats.power,
        duration=formats.duration,
        number=formats.number,
        percent=formats.percent,
        money=formats.money,
        size=formats.size,
        day=formats.day,
        exact=formats.exact,
        ago=formats.time_tag,
        json=_readable_json,
    )
    for piece in PIECES:
        made.globals[piece] = made.get_template(f"edge/pieces/{piece}.html").module
    made.globals["schema_form"] = SchemaForms(made.get_template("edge/pieces/schemas.html").module)
    return made


def _icon_of(assets: Assets) -> Any:
    sprite = assets.url("vendor/icons.svg")

    def icon(name: str, label: str = "") -> Markup:
        """An icon of the sprite; decoration unless it has a label."""
        role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(role, sprite, name)

    return icon


def _readable_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def csrf_token() -> str:
    """A token for the forms of the one who asks now."""
    return token_for(asking.get())


def csrf_field() -> Markup:
    """The hidden field that every posting form needs."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


class Shell:
    """What the frame around every page needs beside the page's own words."""

    def __init__(
        self, settings: WebSettings, nav: Sequence[NavEntry], live: "Sequence[LiveFeed]", bell: str = ""
    ) -> None:
        self._bell = bell
        self._settings = settings
        self._nav = tuple(nav)
        self._live = tuple(live)

    def context(self, request: Request[Any, Any, Any]) -> dict[str, Any]:
        """The values of the frame for this request."""
        principal = principal_of(request)
        theme = request.cookies.get(THEME_COOKIE, "")
        return {
            "principal": principal,
            "nav": links_for(self._nav, principal, request.scope["path"]) if principal.is_known else [],
            "own_links": own_links(self._nav, principal, request.scope["path"]),
            "live": next((feed for feed in self._live if principal.may(feed.needs)), None),
            "live_after": public(first_id_at(time.time_ns() // 1_000_000 - RENDERED_WITHIN_MS)),
            "bell": self._bell if principal.kind == "user" else "",
            "theme": theme if theme in _THEMES else "",
            "languages": list(request.app.state.languages),
            "settings": self._settings,
            "here": request.scope["path"],
        }


class LiveFeed:
    """A stream that the console's pages listen to: its address, the names of its events, the permission it needs.

    A page listens to the first that its reader may. Events that are kept have numbers of `kit.ids`: the page begins
    with what happened while it was made.
    """

    def __init__(self, href: str, events: Sequence[str], needs: str = "", *, is_kept: bool = False) -> None:
        self.href = href
        self.needs = needs
        self.is_kept = is_kept
        self.events = tuple(events)


class Page(Template):
    """A template with the frame's values beside its own."""

    def create_template_context(self, request: Request[Any, Any, Any]) -> dict[str, Any]:
        """See Litestar: called when the answer is rendered."""
        shell: Shell = request.app.state.shell
        return {**shell.context(request), "request": request, **self.context}


def page(template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any) -> Page:
    """A whole page or a fragment of one; templates of whole pages extend `edge/shell.html`."""
    return Page(template, context=context, status_code=status, headers=dict(headers or {}), media_type="text/html")


def toast(text: str, *, kind: str = "ok", undo: str = "") -> dict[str, str]:
    """Headers that make htmx show a short message: `ok`, `info`, `warn` or `error`; `undo` is a path to post to."""
    return {"HX-Trigger": json.dumps({"toast": {"kind": kind, "text": text, "undo": undo}})}


def redirect(request: Request[Any, Any, Any], path: str, *, default: str = HOME) -> Response[Any]:
    """Go to a path of this site after a post; works with and without htmx, and goes nowhere else."""
    target = local_path(path, default)
    if request.headers.get("hx-request") == "true":
        return Response("", headers={"HX-Redirect": target}, media_type="text/html", status_code=200)
    return Redirect(target, status_code=303)


def is_fragment(request: Request[Any, Any, Any]) -> bool:
    """Whether htmx asks for a part of the page, and not to restore a whole one from history."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"

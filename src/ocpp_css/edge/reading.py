"""For whom a request is answered: which language, which time zone."""

from contextlib import AbstractContextManager
from typing import Any

from litestar import Request

from ocpp_css.edge.i18n import Language, Languages, Reader
from ocpp_css.edge.principal import principal_of

COOKIE = "css_language"


def language_of(request: Request[Any, Any, Any]) -> Language:
    """What was chosen in this browser, else the person's language, else what the browser accepts."""
    languages: Languages = request.app.state.languages
    chosen = request.cookies.get(COOKIE, "")
    return languages.choose(chosen, principal_of(request).language, accepted=request.headers.get("accept-language", ""))


def reading(request: Request[Any, Any, Any]) -> AbstractContextManager[Reader]:
    """Write for the one who asks, within the block."""
    languages: Languages = request.app.state.languages
    return languages.reading(language_of(request), principal_of(request).time_zone)

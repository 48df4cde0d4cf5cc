"""Every refusal and fault as an answer: problem+json for programs, a toast for htmx, a calm page for people."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from ocpp_css.edge.i18n import gettext, lazy
from ocpp_css.edge.principal import principal_of
from ocpp_css.edge.reading import reading
from ocpp_css.kit.errors import Fault, Forbidden, Invalid, NotFound, Refusal, Unauthenticated

_log = structlog.get_logger(__name__)
PROBLEM_JSON = "application/problem+json"
SIGN_IN = "/console/sign-in"
PROVE = "/console/me/prove"
HOME = "/console"
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*\Z")
_TITLES = {
    400: lazy("The request cannot be read"),
    404: lazy(NotFound.title),
    405: lazy("This address does not take this method"),
    413: lazy("The request is too large"),
    415: lazy("The body is of the wrong type"),
}
_ELSE = lazy("The fault is on our side and is recorded. Try again; if it stays, tell the operator the number.")


class ProofNeeded(Forbidden):
    """The person must prove again who they are before a sensitive change; `back` is the page to return to then."""

    code = "proof_needed"
    title = "Prove that it is you"
    explanation = "It is a while since you gave your password. Give it again before this change."

    def __init__(self, back: str = "") -> None:
        super().__init__()
        self.back = back


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every error answer under `/api/`."""

    title: str
    status: int
    code: str
    type: str = ""
    detail: str = ""
    instance: str = ""
    errors: list[Fault] = []
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    status: int
    code: str
    title: str
    detail: str = ""
    errors: Sequence[Fault] = ()
    headers: dict[str, str] = field(default_factory=dict)
    request_id: str = ""


def local_path(path: str | None, default: str = HOME) -> str:
    """`path` when it stays on this site, else `default`: what `next` parameters must pass."""
    return path if path and len(path) < 2000 and _LOCAL.match(path) else default


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer to whatever was raised; what nobody foresaw is logged and told without its inside."""
    error = _single(error)
    with reading(request):
        told = _told(request, error)
        if isinstance(error, Unauthenticated) and not is_for_program(request):
            return _to_sign_in(request)
        if isinstance(error, ProofNeeded) and not is_for_program(request):
            return _sent_to(request, f"{PROVE}?next={quote(error.back)}")
        if is_for_program(request):
            return _as_problem(request, told)
        if request.headers.get("hx-request") == "true":
            return _as_toast(told)
        return _as_page(request, told)


def is_for_program(request: Request[Any, Any, Any]) -> bool:
    """Whether a program asks: the REST interface, or a script that accepts JSON."""
    accept = request.headers.get("accept", "")
    return request.scope["path"].startswith("/api/") or ("json" in accept and "html" not in accept)


def _single(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _told(request: Request[Any, Any, Any], error: Exception) -> _Told:
    match error:
        case Refusal():
            detail = gettext(error.template, **error.values)
            faults = [Fault(fault.path, gettext(fault.message)) for fault in error.errors]
            return _Told(error.status, error.code, gettext(error.title), detail, faults, error.headers)
        case ValidationException():
            return _of_validation(error, _names(request))
        case HTTPException() if error.status_code < 500:
            return _of_http(error)
        case _:
            return _of_fault(request, error)


def _names(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What parameters are called in the address where the handler calls them otherwise."""
    parameters = request.scope["route_handler"].parsed_fn_signature.parameters
    told = {name: getattr(found.kwarg_definition, "name", None) for name, found in parameters.items()}
    return {name: other for name, other in told.items() if other}


def _of_validation(error: ValidationException, names: dict[str, str]) -> _Told:
    faults = [_fault(found, names) for found in error.extra or [] if isinstance(found, dict)]
    return _Told(
        Invalid.status, Invalid.code, gettext(Invalid.title), faults[0].message if faults else error.detail, faults
    )


def _fault(found: dict[str, Any], names: dict[str, str]) -> Fault:
    path = str(found.get("key", ""))
    path = names.get(path, path)
    if found.get("source") == "body" or path == "data":
        path = "$" if path == "data" else f"$.{path}"
    return Fault(path, str(found.get("message", "")))


def _of_http(error: HTTPException) -> _Told:
    status = HTTPStatus(error.status_code)
    detail = "" if error.detail == status.phrase else error.detail
    code = "malformed_request" if status == HTTPStatus.BAD_REQUEST else status.phrase.lower().replace(" ", "_")
    return _Told(status, code, str(_TITLES.get(status, status.phrase)), detail, (), dict(error.headers or {}))


def _of_fault(request: Request[Any, Any, Any], error: Exception) -> _Told:
    number = uuid4().hex[:12]
    _log.error("request_failed", request_id=number, method=request.method, path=_template(request), exc_info=error)
    return _Told(500, "internal_error", gettext("Something went wrong"), str(_ELSE), request_id=number)


def _template(request: Request[Any, Any, Any]) -> str:
    """The route and not the address, which may name a token or a person."""
    return str(request.scope.get("path_template", ""))


def _as_problem(request: Request[Any, Any, Any], told: _Told) -> Response[Problem]:
    headers = dict(told.headers)
    if told.status == Unauthenticated.status:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="ocpp-css"')
    problem = Problem(
        type=f"urn:ocpp-css:problem:{told.code}",
        title=told.title,
        status=told.status,
        code=told.code,
        detail=told.detail,
        instance=request.scope["path"],
        errors=list(told.errors),
        request_id=told.request_id,
    )
    return Response(problem, status_code=told.status, headers=headers, media_type=PROBLEM_JSON)


def _as_toast(told: _Told) -> Response[str]:
    text = ". ".join(part.rstrip(".") for part in (told.title, told.detail) if part)
    toast = json.dumps({"toast": {"kind": "error", "text": text, "number": told.request_id}})
    return Response(
        "",
        status_code=told.status,
        headers={**told.headers, "HX-Reswap": "none", "HX-Trigger": toast},
        media_type="text/html",
    )


def _as_page(request: Request[Any, Any, Any], told: _Told) -> Response[str]:
    """Rendered here and now, in the reader's language, and without the frame: it must work when little else does."""
    engine = request.app.template_engine
    drawn = engine.get_template("edge/error.html").render(told=told, title=told.title) if engine else told.title
    return Response(drawn, status_code=told.status, headers=told.headers, media_type="text/html")


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[str]:
    target = SIGN_IN if principal_of(request).is_known else f"{SIGN_IN}?next={quote(_came_from(request), safe='/')}"
    return _sent_to(request, target, of_htmx=Unauthenticated.status)


def _sent_to(request: Request[Any, Any, Any], target: str, *, of_htmx: int = 200) -> Response[str]:
    """Let the browser go elsewhere; htmx is told so by a header, beside the status `of_htmx`."""
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=of_htmx, headers={"HX-Redirect": target}, media_type="text/html")
    return Response("", status_code=303, headers={"Location": target}, media_type="text/html")


def _came_from(request: Request[Any, Any, Any]) -> str:
    """The page to return to: this one when it was only looked at, else the one that held the form."""
    if request.method in {"GET", "HEAD"} and request.headers.get("hx-request") != "true":
        query = request.scope["query_string"].decode("latin-1")
        return local_path(request.scope["path"] + (f"?{query}" if query else ""))
    page = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    return local_path(page.path + (f"?{page.query}" if page.query else ""))

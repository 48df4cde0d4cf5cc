"""The description of the REST interface: OpenAPI 3.1, and a page to try it, from our own assets."""

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from ocpp_css.edge.etags import IF_MATCH
from ocpp_css.edge.permissions import NEEDS, PROOF, PUBLIC, public
from ocpp_css.edge.problems import PROBLEM_JSON

_ABOUT = (
    "Errors are `application/problem+json` with a stable `code`. Lists take `limit` and `cursor` and answer "
    '`{"items": […], "next_cursor": …}`. Writes take an `Idempotency-Key`. '
    "JSON answers have an `ETag`; `If-None-Match` saves the body, `If-Match` keeps a change from what others changed. "
    "Energies are integers in Wh, times are RFC 3339."
)
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "required": ["title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; made for programs."},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_PROBLEM_REFERENCE = {"schema": {"$ref": "#/components/schemas/Problem"}}
_ANSWERS = {
    400: "Malformed", 401: "Not signed in", 403: "Not permitted", 404: "Not found", 409: "Conflict", 415: "Not JSON",
    422: "Not valid", 429: "Too many requests", 500: "Our fault", 503: "Try again",
}  # fmt: skip
PROOF_TOLD = "A person must have proved lately who they are (else `proof_needed`)."
_FAVICON = '<link rel="icon" href="data:,">'


class TryItPage(OpenAPIRenderPlugin):
    """Swagger UI without a line of inline script."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; the description is fetched by its script."""
        asset = request.app.state.assets.url
        title = openapi_schema["info"]["title"]
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>{_FAVICON}'
            f'<link rel="stylesheet" href="{asset("vendor/swagger-ui.css")}">'
            f'<link rel="stylesheet" href="{asset("css/docs.css")}">'
            f'</head><body><main id="swagger"></main><script src="{asset("vendor/swagger-ui-bundle.js")}"></script>'
            f'<script type="module" src="{asset("js/docs.js")}"></script></body></html>'
        ).encode()


class Description(JsonRenderPlugin):
    """The description itself, completed once by what Litestar does not say."""

    def __init__(self) -> None:
        super().__init__(path="/openapi.json")
        self._completed: bytes = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The completed description as JSON."""
        if not self._completed:
            self._completed = msgspec.json.encode(completed(request.app, openapi_schema))
        return self._completed


def openapi_config(version: str) -> OpenAPIConfig:
    """What Litestar needs to describe the interface under `/docs`."""
    return OpenAPIConfig(
        title="OCPP CSS",
        version=version,
        description=_ABOUT,
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http", scheme="bearer", description="An API key (`css_…`) or access token."
                )
            }
        ),
        security=[{"bearer": []}],
        openapi_router=Router("/docs", route_handlers=[], opt=public(), include_in_schema=False),
        render_plugins=[TryItPage(), Description()],
    )


def completed(app: Litestar, schema: dict[str, Any]) -> dict[str, Any]:
    """Strict structs refuse unknown members; every operation says its permission and its problems."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in _strict_structs(app):
        if "properties" in schemas.get(name, {}):
            schemas[name]["additionalProperties"] = False
    schemas["Problem"] = _PROBLEM
    for path, method, handler in _routes(app):
        operation = schema.get("paths", {}).get(path, {}).get(method)
        if operation is not None:
            _complete(operation, handler)
    return schema


def _complete(operation: dict[str, Any], handler: HTTPRouteHandler) -> None:
    answers = operation.setdefault("responses", {})
    if str(answers.get("400", {}).get("description", "")).startswith("Bad request"):
        del answers["400"]
    for status, text in _ANSWERS.items():
        answers.setdefault(str(status), {"description": text, "content": {PROBLEM_JSON: _PROBLEM_REFERENCE}})
    if any(parameter["name"] == IF_MATCH for parameter in operation.get("parameters", ())):
        answers["412"] = {"description": "Changed meanwhile", "content": {PROBLEM_JSON: _PROBLEM_REFERENCE}}
    if PUBLIC in handler.opt:
        operation["security"] = []
        return
    needed = f"Needs `{handler.opt[NEEDS]}`." if handler.opt[NEEDS] else ""
    if handler.opt[PROOF]:
        needed += f" {PROOF_TOLD}"
    if needed:
        operation["description"] = f"{operation.get('description') or ''}\n\n{needed}".strip()


def _routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith("/api/"):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    yield route.path_format, method.lower(), handler


def _strict_structs(app: Litestar) -> set[str]:
    seen: set[type[msgspec.Struct]] = set()
    for _, _, handler in _routes(app):
        if handler.parsed_data_field:
            _gather(handler.parsed_data_field, seen)
    return {struct.__name__ for struct in seen if struct.__struct_config__.forbid_unknown_fields}


def _gather(field: FieldDefinition, seen: set[type[msgspec.Struct]]) -> None:
    struct = field.type_
    if isinstance(struct, type) and issubclass(struct, msgspec.Struct) and struct not in seen:
        seen.add(struct)
        for hint in FieldDefinition.from_annotation(struct).get_type_hints(include_extras=True).values():
            _gather(FieldDefinition.from_annotation(hint), seen)
    for inner in field.inner_types:
        _gather(inner, seen)

"""Forms: one made from a JSON schema with its JSON beside it, and reading what a posted form says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import msgspec
from litestar import Request
from markupsafe import Markup

from ocpp_css.edge.formats import zone
from ocpp_css.edge.i18n import gettext
from ocpp_css.edge.schemas import Schema, tree
from ocpp_css.kit.errors import Fault, Invalid

if TYPE_CHECKING:
    from jinja2.environment import TemplateModule


S = TypeVar("S")


class NotJson(Invalid):
    """The JSON of a form cannot be read."""

    code = "malformed_json"
    title = "The JSON cannot be read"


class SchemaForms:
    """Draws the form of a schema; `{{ schema_form(schema, example) }}` in templates."""

    def __init__(self, pieces: "TemplateModule") -> None:
        self._pieces: Any = pieces

    def __call__(
        self, schema: Schema, example: Any = None, *, field: str = "payload", errors: Sequence[Fault] = ()
    ) -> Markup:
        """The fields beside a JSON view; the view is the field `field` that is sent. Put it inside a `<form>`."""
        root = tree(schema, example)
        text = msgspec.json.format(msgspec.json.encode({} if example is None else example), indent=2).decode()
        faults = msgspec.json.encode(list(errors)).decode()
        drawn = self._pieces.schema(root=root, text=text, field=field, errors=faults, id=f"form-{uuid4().hex[:8]}")
        return Markup(drawn)  # noqa: S704 - a macro's output, autoescaped


async def posted(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The single values of a posted form, trimmed; files and repeated names are not among them."""
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


async def posted_list(request: Request[Any, Any, Any], name: str) -> list[str]:
    """All values of a repeated name, such as the `id`s of the selected rows."""
    form = await request.form()
    return [value for value in form.getall(name, []) if isinstance(value, str)]


def read_json(text: str, *, field: str = "payload") -> Any:
    """The value of a form's JSON view; `NotJson` with the fault's place when it cannot be read."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise NotJson(str(error), errors=[Fault(field, str(error))]) from None


def faults_by_field(errors: Iterable[Fault]) -> dict[str, str]:
    """The first fault of each field: what the field pieces take as `errors`."""
    found: dict[str, str] = {}
    for fault in errors:
        found.setdefault(fault.path.removeprefix("$."), fault.message)
    return found


def shaped(kind: type[S], values: Mapping[str, Any]) -> S:
    """The values of a form as a struct, numbers read from their text; `Invalid` names the field that fails."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `")
        raise Invalid(
            "{problem}", errors=[Fault(path.rstrip("`").removeprefix("$."), _plain(problem))], problem=_plain(problem)
        ) from None


def _plain(problem: str) -> str:  # noqa: PLR0911 - a table of problems
    """What msgspec found, as one says it to a person."""
    if found := re.fullmatch(r"Expected `str` of length <= (\d+)", problem):
        return gettext("At most {n} characters.", n=found[1])
    if found := re.fullmatch(r"Expected `str` of length >= (\d+)", problem):
        return gettext("At least {n} characters.", n=found[1])
    if found := re.fullmatch(r"Expected `(?:int|float)` >= ([\d.-]+)", problem):
        return gettext("At least {n}.", n=found[1])
    if found := re.fullmatch(r"Expected `(?:int|float)` <= ([\d.-]+)", problem):
        return gettext("At most {n}.", n=found[1])
    if problem.startswith("Expected `int"):
        return gettext("This must be a whole number.")
    if problem.startswith("Expected `float"):
        return gettext("This must be a number.")
    return gettext("This value cannot be used here.")


def moment_of(text: str) -> datetime | None:
    """The moment that a date-time field says in the reader's time zone; None where it is empty or none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=zone())).astimezone(UTC)


def field_moment(moment: datetime | None) -> str:
    """A moment as a date-time field shows it, in the reader's time zone."""
    return "" if moment is None else moment.astimezone(zone()).strftime("%Y-%m-%dT%H:%M:%S")

"""Refusals: what the product answers when it will not do what it was asked.

A refusal has a stable `code`; one edge maps it to problem+json, a page, an exit code or a CALLERROR.
Titles and details are plain English sentences with `{placeholders}`: they are the message ids of the translations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: a JSON path or parameter name, and what is wrong there."""

    path: str
    message: str


class Refusal(Exception):  # noqa: N818 - the house calls them refusals
    """Base of every named refusal.

    `detail` may hold `{placeholders}`; the keyword values fill them, after translation.
    `errors` are the faults of single fields; `headers` go out with the HTTP answer.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"
    explanation: ClassVar[str] = ""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> None:
        self.template = detail or self.explanation
        self.values = values
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        """The sentence in English with its values filled in."""
        return self.template.format(**self.values) if self.values else self.template


class NotFound(Refusal):
    """What was asked for does not exist, or not for this tenant."""

    code = "not_found"
    status = 404
    title = "Not found"


class Invalid(Refusal):
    """The request is well formed but breaks a rule of its fields."""

    code = "invalid"
    status = 422
    title = "The request is not valid"


class Conflict(Refusal):
    """The request contradicts what is stored, or someone else was faster."""

    code = "conflict"
    status = 409
    title = "The request conflicts with the current state"


class Forbidden(Refusal):
    """The caller is known and may not do this."""

    code = "forbidden"
    status = 403
    title = "You may not do this"


class Unauthenticated(Refusal):
    """The caller is not known."""

    code = "unauthenticated"
    status = 401
    title = "Sign in first"


class TooMany(Refusal):
    """The caller asks too often; `retry_after` is in seconds."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"

    def __init__(self, detail: str = "", *, retry_after: int = 1, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail, headers={**(headers or {}), "Retry-After": str(retry_after)})
        self.retry_after = retry_after


class Unavailable(Refusal):
    """The service cannot do this now; trying again later may work."""

    code = "unavailable"
    status = 503
    title = "Not available right now"

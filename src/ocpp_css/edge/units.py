"""Units of work for handlers: bound to the caller's tenant, committed before the answer leaves."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog
from litestar import Request

from ocpp_css.edge.principal import principal_of
from ocpp_css.kit.errors import Refusal, Unavailable

_log = structlog.get_logger(__name__)

CLAIM = "idempotency_claim"
"""Where the gate leaves `Held` in the request's state."""


class UnitLike(Protocol):
    """The part of a unit of work that the web side touches."""

    @property
    def tenant(self) -> int: ...

    @property
    def now(self) -> datetime: ...

    async def commit(self) -> None:
        """Hand the recorded writes to the writer and wait until they are durable."""
        ...


class UnitSource(Protocol):
    """Opens units; filled by `storage.Database`."""

    def unit(self, tenant: int) -> UnitLike:
        """A new unit of `tenant`; tenant 0 is nobody's and sees no tenant's rows."""
        ...


class NotStored(Unavailable):
    """The commit failed; nothing of the request was kept."""

    code = "not_stored"
    title = "The change could not be stored"
    explanation = "Nothing was changed. Try again in a moment."


@dataclass(slots=True)
class Held:
    """The unit of a request with an idempotency key: committed with the answer that is kept, not by itself."""

    bind: Callable[[UnitLike], None]
    unit: UnitLike | None = None
    """Set when the handler succeeded."""


async def provide_unit(request: Request[Any, Any, Any]) -> AsyncGenerator[UnitLike, None]:
    """Open a unit for the handler, and commit it when the handler succeeded and its answer is rendered.

    A handler that raises, or a template that fails, commits nothing. A refusal by the writer keeps its name.
    """
    source: UnitSource = request.app.state.units
    unit = source.unit(principal_of(request).tenant)
    held: Held | None = request.scope["state"].get(CLAIM)
    if held is not None:
        held.bind(unit)
    yield unit
    if held is not None:
        held.unit = unit
        return
    with naming_faults(request.scope.get("path_template", "")):
        await unit.commit()


@contextmanager
def naming_faults(path: str) -> Iterator[None]:
    """A commit that fails is told as `NotStored`; refusals keep their name."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        _log.exception("commit_failed", path=path)
        raise NotStored from error

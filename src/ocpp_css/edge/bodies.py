"""What a request brings, read with care."""

from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException

from ocpp_css.kit import nul
from ocpp_css.kit.errors import Fault, Invalid


class BodyRequest(Request[Any, Any, Any]):
    """A request whose JSON may be nested too deep to be read: that is the sender's fault (TRUST A66). No text of it may
    hold the character NUL.
    """

    async def json(self) -> Any:
        """See Litestar; a refusal of status 400 where the nesting has no end, of 422 for a NUL."""
        try:
            value = await super().json()
        except RecursionError:
            raise ClientException("The JSON is nested too deep") from None
        if nul.ESCAPED in await self.body() and (place := nul.place_of(value)) is not None:
            raise _holds_nul(place)
        return value

    async def form(self) -> FormMultiDict:
        """See Litestar; a refusal of status 422 for a NUL in a text."""
        form = await super().form()
        for name, value in form.multi_items():
            if isinstance(value, str) and nul.NUL in value:
                raise _holds_nul(name)
        return form


def _holds_nul(path: str) -> Invalid:
    return Invalid("A text may not hold the character NUL.", errors=[Fault(path, "holds the character NUL")])

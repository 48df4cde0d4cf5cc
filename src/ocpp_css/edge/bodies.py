"""What a request brings, read with care."""

from typing import Any, Final

from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException

from ocpp_css.kit.errors import Fault, Invalid

_NUL: Final = "\0"
_NUL_IN_JSON: Final = b"\\u0000"


class BodyRequest(Request[Any, Any, Any]):
    """A request whose JSON may be nested too deep to be read: that is the sender's fault (TRUST A66). And no text may
    hold the character NUL, which one of the databases stores and the other refuses.
    """

    async def json(self) -> Any:
        """See Litestar; a refusal of status 400 where the nesting has no end, of 422 for a NUL."""
        try:
            value = await super().json()
        except RecursionError:
            raise ClientException("The JSON is nested too deep") from None
        if _NUL_IN_JSON in await self.body():
            _refuse_nul(value, "$")
        return value

    async def form(self) -> FormMultiDict:
        """See Litestar; a refusal of status 422 for a NUL in a text."""
        form = await super().form()
        for name, value in form.multi_items():
            if isinstance(value, str) and _NUL in value:
                raise _holds_nul(name)
        return form


def _refuse_nul(value: Any, path: str) -> None:
    if isinstance(value, str) and _NUL in value:
        raise _holds_nul(path)
    if isinstance(value, list):
        for number, item in enumerate(value):
            _refuse_nul(item, f"{path}[{number}]")
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_nul(name, path)
            _refuse_nul(item, f"{path}.{name}")


def _holds_nul(path: str) -> Invalid:
    return Invalid("A text may not hold the character NUL.", errors=[Fault(path, "holds the character NUL")])

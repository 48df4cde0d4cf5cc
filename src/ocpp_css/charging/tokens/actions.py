"""Authorize, of every version."""

from ocpp_css.charging.tokens import service
from ocpp_css.dialects import v1x, v2x
from ocpp_css.gateway.context import Context
from ocpp_css.model.token import Authorization
from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.routing import Routes

routes: Routes[Context] = Routes()


@routes.on(v16.AUTHORIZE)
async def authorize(context: Context, request: v16.AuthorizeRequest) -> v16.AuthorizeResponse:
    verdict, _ = await service.authorize(context, request.id_tag)
    return v16.AuthorizeResponse(id_tag_info=v1x.id_tag_info(verdict))


@routes.on(v201.AUTHORIZE)
async def authorize_201(context: Context, request: v201.AuthorizeRequest) -> v201.AuthorizeResponse:
    verdict = await _verdict(context, request.id_token.id_token, request.id_token.type)
    return v201.AuthorizeResponse(id_token_info=v2x.id_token_info_201(verdict))


@routes.on(v21.AUTHORIZE)
async def authorize_21(context: Context, request: v21.AuthorizeRequest) -> v21.AuthorizeResponse:
    verdict = await _verdict(context, request.id_token.id_token, request.id_token.type)
    return v21.AuthorizeResponse(id_token_info=v2x.id_token_info_21(verdict))


async def _verdict(context: Context, id_token: str, kind: str) -> Authorization:
    """C02.FR.02: NoAuthorization is accepted."""
    if kind == service.NO_AUTHORIZATION:
        return Authorization("Accepted")
    return (await service.authorize(context, id_token))[0]

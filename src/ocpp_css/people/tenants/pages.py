"""The account's settings as a page."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from ocpp_css.edge import Page, Principal, gettext, needs, page, posted, redirect
from ocpp_css.people.tenants import service
from ocpp_css.people.tenants.model import Account
from ocpp_css.storage import PROVIDER, Database

PATH = "/console/settings/account"
_LONGEST_NAME = 100


@get("/console/settings", opt=needs("account:read"))
async def settings() -> Redirect:
    return Redirect(PATH, status_code=303)


@get(PATH, opt=needs("account:read"))
async def account_page(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    account = await service.get(db.unit(PROVIDER), principal.tenant)
    return _page(account, {})


def _page(account: Account, errors: dict[str, str]) -> Page:
    status = 422 if errors else 200
    return page("tenants/account.html", status=status, title=gettext("Account"), account=account, errors=errors)


@post(PATH, opt=needs("account:write"), status_code=200)
async def change_account(
    request: Request[Any, Any, Any], db: NamedDependency[Database], principal: NamedDependency[Principal]
) -> Response[Any] | Page:
    form = await posted(request)
    name, unknown = form.get("name", ""), form.get("unknown_stations", "")
    unit = db.unit(PROVIDER)
    if not 0 < len(name) <= _LONGEST_NAME:
        account = await service.get(unit, principal.tenant)
        return _page(account, {"name": gettext("Give the account a name of up to 100 characters.")})
    changes = {"name": name, "region": form.get("region", "")[:50] or None}
    if unknown in {"refuse", "pending"}:
        changes["unknown_stations"] = unknown
    await service.change(unit, principal.tenant, principal, changes)
    await unit.commit()
    return redirect(request, PATH)

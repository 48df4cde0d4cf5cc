"""The account's settings as a page."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from ocpp_css.edge import (
    SEEN,
    ChangedMeanwhile,
    Page,
    Principal,
    gettext,
    must_match,
    needs,
    page,
    posted,
    redirect,
    tag_of,
)
from ocpp_css.people.tenants import service
from ocpp_css.people.tenants.api import shown
from ocpp_css.people.tenants.model import Account
from ocpp_css.storage import PROVIDER, Database

PATH = "/console/settings/account"
_LONGEST_NAME = 100
_FIELDS = ("name", "region", "unknown_stations")


@get("/console/settings", opt=needs("account:read"))
async def settings() -> Redirect:
    return Redirect(PATH, status_code=303)


@get(PATH, opt=needs("account:read"))
async def account_page(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    account = await service.get(db.unit(PROVIDER), principal.tenant)
    return _page(account, {name: getattr(account, name) for name in _FIELDS})


def _page(account: Account, form: dict[str, Any], status: int = 200, **errors: str) -> Page:
    return page(
        "tenants/account.html", status=status, title=gettext("Account"), account=account, errors=errors,
        form={name: form.get(name) for name in _FIELDS}, tag=tag_of(shown(account)),
        is_overtaken=status == ChangedMeanwhile.status,
    )  # fmt: skip


@post(PATH, opt=needs("account:write"), status_code=200)
async def change_account(
    request: Request[Any, Any, Any], db: NamedDependency[Database], principal: NamedDependency[Principal]
) -> Response[Any] | Page:
    form = await posted(request)
    name, unknown = form.get("name", ""), form.get("unknown_stations", "")
    unit = db.unit(PROVIDER)
    before = await service.get(unit, principal.tenant)
    try:
        must_match(form.get(SEEN), shown(before))
    except ChangedMeanwhile as refusal:
        return _page(before, form, refusal.status)
    if not 0 < len(name) <= _LONGEST_NAME:
        return _page(before, form, 422, name=gettext("Give the account a name of up to 100 characters."))
    changes = {"name": name, "region": form.get("region", "")[:50] or None}
    if unknown in {"refuse", "pending"}:
        changes["unknown_stations"] = unknown
    service.change(unit, before, principal, changes)
    await unit.commit()
    return redirect(request, PATH)

"""The account's API keys."""

from datetime import timedelta
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import (
    Column,
    Empty,
    Page,
    Principal,
    Table,
    TableQuery,
    gettext,
    lazy,
    needs,
    page,
    posted,
    redirect,
)
from ocpp_css.edge.forms import posted_list
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import number_of, public
from ocpp_css.people.access.errors import KeyUnknown
from ocpp_css.people.access.model import PERMISSIONS, ApiKey, permits
from ocpp_css.people.access.pages.asking import Asked, tell_of_key, told_faults
from ocpp_css.people.access.service import keys, standing
from ocpp_css.people.notices import Post
from ocpp_css.storage import PROVIDER, Database, Unit

PATH = "/console/settings/api-keys"
NEW = f"{PATH}/new"
_COLUMNS = (
    Column("name", lazy("Name")),
    Column("state", lazy("State")),
    Column("prefix", lazy("Key")),
    Column("scopes", lazy("Scopes")),
    Column("created_at", lazy("Made")),
    Column("last_used_at", lazy("Last used")),
    Column("expires_at", lazy("Ends")),
    Column("actions", lazy("Actions")),
)
_EMPTY = Empty(
    lazy("No API keys yet"), lazy("A key lets a program use the REST interface in the name of this account."), "key",
    lazy("Make a key"), NEW,
)  # fmt: skip
_LIFETIMES = {"30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365)}


@get(PATH, opt=needs("keys:read"))
async def keys_page(request: Asked, db: NamedDependency[Database], unit: NamedDependency[Unit]) -> Page:
    query = TableQuery.of(request, sorts=("-id",))
    found = await keys.page(unit, query.paging, query.search)
    now = await standing.of_keys(db.unit(PROVIDER), unit.tenant, found.items)
    rows = found.map(lambda key: _row(key, now[key.key_id]))
    table = Table("api-keys", lazy("API keys"), _COLUMNS, query, rows, _EMPTY)
    return page("access/keys.html", title=gettext("API keys"), table=table)


@get(NEW, opt=needs("keys:write", proof=NEW))
async def new_key_page(
    principal: NamedDependency[Principal],
) -> Page:
    return _form(principal, {}, [])


@post(PATH, opt=needs("keys:write", proof=NEW), status_code=200)
async def create_key(
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    post: NamedDependency[Post],
) -> Page:
    form, scopes = await posted(request), await posted_list(request, "scopes")
    lifetime = _LIFETIMES.get(form.get("lifetime", ""))
    try:
        key, text = await keys.create(
            unit, principal, form.get("name", ""), scopes, unit.now + lifetime if lifetime else None
        )
    except Refusal as refusal:
        return _form(principal, form, scopes, refusal)
    await tell_of_key(request, db, principal, post)
    return page("access/key_made.html", title=gettext("The new API key"), key=key, text=text)


@post(f"{PATH}/{{key_id:str}}/revoke", opt=needs("keys:write"), status_code=303)
async def revoke_key(
    request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal], key_id: FromPath[str]
) -> Response[Any]:
    keys.revoke(unit, principal, await keys.get(unit, number_of(key_id, KeyUnknown)))
    return redirect(request, PATH)


def _row(key: ApiKey, now: standing.Standing) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(key), "id": public(key.key_id), "prefix": keys.shown_prefix(key), "now": now,
        "told": standing.STATES[now.state],
    }  # fmt: skip


def _form(principal: Principal, form: dict[str, str], chosen: list[str], refusal: Refusal | None = None) -> Page:
    choices = [(name, text) for name, text in PERMISSIONS.items() if permits(principal.permissions, name)]
    return page(
        "access/new_key.html", status=refusal.status if refusal else 200, title=gettext("Make an API key"), form=form,
        chosen=chosen, choices=choices, may_all=permits(principal.permissions, "*"), errors=told_faults(refusal),
        told=gettext(refusal.template, **refusal.values) if refusal and not refusal.errors else "",
    )  # fmt: skip

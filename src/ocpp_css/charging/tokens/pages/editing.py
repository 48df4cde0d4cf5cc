"""Tokens are added, changed, blocked and removed, one by one or from a file."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging.tokens import service, store
from ocpp_css.charging.tokens.api import shown
from ocpp_css.charging.tokens.errors import TokenUnknown
from ocpp_css.charging.tokens.model import Token, TokenChange, TokenGiven, TokenType
from ocpp_css.charging.tokens.pages.listing import PATH, told
from ocpp_css.edge import (
    SEEN,
    ChangedMeanwhile,
    Page,
    Principal,
    faults_by_field,
    field_moment,
    gettext,
    moment_of,
    must_match,
    needs,
    page,
    posted,
    redirect,
    shaped,
    tag_of,
)
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import parse_public
from ocpp_css.people import access, accounts, audit
from ocpp_css.storage import PROVIDER, Database, Unit

Asked = Request[Any, Any, Any]
ONE = f"{PATH}/{{token_id:str}}"
TYPES = [(name, name) for name in get_args(TokenType)]
MOST_IMPORTED = 10_000
_TEXTS = ("id_token", "type", "status", "group_id", "parent", "max_concurrent", "language", "note")
"""What a token has as text or number; whose it is stands beside them as `person`."""


async def the_token(unit: Unit, token_id: str) -> Token:
    """The token of a public number; TokenUnknown where there is none."""
    number = parse_public(token_id)
    found = [] if number is None else await store.by_numbers(unit, [number])
    if not found:
        raise TokenUnknown
    return found[0]


def given_of(form: dict[str, str]) -> dict[str, Any]:
    """What the form says; a day of expiry ends with the day."""
    given: dict[str, Any] = {name: form.get(name) or None for name in (*_TEXTS, "person")}
    expiry = moment_of(form.get("expires_at", ""))
    is_day = len(form.get("expires_at", "")) == len("2026-01-01")
    given["expires_at"] = expiry + timedelta(days=1) if expiry is not None and is_day else expiry
    return given


MOST_OFFERED = 200
"""So many people of the account are offered by name; others are typed."""


async def _people(db: Database, principal: Principal) -> list[tuple[str, str]]:
    """Whom a token may belong to: what is typed, and the name; empty for who may not see them."""
    if not principal.may("users:read"):
        return []
    found = await access.people(db.unit(PROVIDER), principal.tenant, MOST_OFFERED)
    return [(user.email, user.display_name) for user in found]


async def _login_of(db: Database, token: Token) -> str:
    """The address of the person whose the token is."""
    user = None if token.person_id is None else await accounts.known(db.unit(PROVIDER), token.person_id)
    return "" if user is None else user.email


def _form(
    form: dict[str, str], token: Token | None, people: list[tuple[str, str]], refusal: Refusal | None = None
) -> Page:
    errors = {} if refusal is None else faults_by_field(refusal.errors)
    is_overtaken = isinstance(refusal, ChangedMeanwhile)
    said = "" if refusal is None or errors or is_overtaken else gettext(refusal.template, **refusal.values)
    return page(
        "tokens/form.html", status=refusal.status if refusal else 200, form=form, token=token, told=said,
        title=gettext("Add a token") if token is None else token.id_token,
        errors={name: gettext(text) for name, text in errors.items()}, types=TYPES, people=people,
        statuses=[(name, sign[0]) for name, sign in service.STATUSES.items()],
        tag="" if token is None else tag_of(shown(token)), is_overtaken=is_overtaken,
    )  # fmt: skip


@get(f"{PATH}/~add", opt=needs("tokens:write"))
async def add_page(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    return _form({"type": "ISO14443", "status": "Accepted"}, None, await _people(db, principal))


@post(f"{PATH}/~add", opt=needs("tokens:write"), status_code=200)
async def add_token(
    request: Asked, db: NamedDependency[Database], unit: NamedDependency[Unit], principal: NamedDependency[Principal]
) -> Response[Any] | Page:
    form = await posted(request)
    try:
        given = shaped(TokenGiven, {name: value for name, value in given_of(form).items() if value is not None})
        token = await service.create(unit, **await service.fields_of(db, unit.tenant, given))
    except Refusal as refusal:
        return _form(form, None, await _people(db, principal), refusal)
    after = service.told(token, ("status", "person_id"))
    audit.record(unit, principal, "token.create", "token", str(token.token_id), after=after)
    return redirect(request, PATH)


@get(ONE, opt=needs("tokens:write"))
async def token_page(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    token_id: FromPath[str],
) -> Page:
    token = await the_token(unit, token_id)
    form = {name: str(value) for name in _TEXTS if (value := getattr(token, name)) is not None}
    form |= {"expires_at": field_moment(token.expires_at), "person": await _login_of(db, token)}
    return _form(form, token, await _people(db, principal))


@post(ONE, opt=needs("tokens:write"), status_code=200)
async def change_token(
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    token_id: FromPath[str],
) -> Response[Any] | Page:
    before = await the_token(unit, token_id)
    form = await posted(request)
    try:
        must_match(form.get(SEEN), shown(before))
        given = {name: value for name, value in given_of(form).items() if name != "id_token"}
        wanted = await service.fields_of(db, unit.tenant, shaped(TokenChange, given))
    except Refusal as refusal:
        return _form(form, before, await _people(db, principal), refusal)
    changes = {name: value for name, value in wanted.items() if value != getattr(before, name)}
    service.change_entered(unit, principal, before, changes)
    return redirect(request, PATH)


@post([f"{ONE}/block", f"{ONE}/accept"], opt=needs("tokens:write"), status_code=200)
async def set_status(
    request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal], token_id: FromPath[str]
) -> Response[str]:
    before = await the_token(unit, token_id)
    is_block = request.scope["path"].endswith("/block")
    service.change_entered(unit, principal, before, {"status": "Blocked" if is_block else "Accepted"})
    await unit.commit()
    if is_block:
        return told(gettext("{token} is blocked.", token=before.id_token), f"{PATH}/{token_id}/accept")
    return told(gettext("{token} is accepted.", token=before.id_token), f"{PATH}/{token_id}/block")


@post(f"{ONE}/remove", opt=needs("tokens:write"), status_code=200)
async def remove_token(
    request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal], token_id: FromPath[str]
) -> Response[Any]:
    token = await the_token(unit, token_id)
    service.remove(unit, token)
    audit.record(unit, principal, "token.remove", "token", str(token.token_id))
    return redirect(request, PATH)


@get(f"{PATH}/~import", opt=needs("tokens:write"))
async def import_page() -> Page:
    return page("tokens/import.html", title=gettext("Import tokens"), text="", result=None)


@post(f"{PATH}/~import", opt=needs("tokens:write"), status_code=200)
async def import_tokens(
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
) -> Page:
    text = (await posted(request)).get("rows", "")
    created, errors = 0, list[tuple[int, str, str]]()
    for line, row in rows_of(text):
        own = db.unit(unit.tenant)
        try:
            await service.create(own, **await service.fields_of(db, own.tenant, shaped(TokenGiven, row)))
            await own.commit()
            created += 1
        except Refusal as refusal:
            errors.append((line, str(row.get("id_token", "")), gettext(refusal.template, **refusal.values)))
    if created:
        audit.record(unit, principal, "token.import", "token", "*", after={"created": created})
    result = {"created": created, "errors": errors}
    return page("tokens/import.html", title=gettext("Import tokens"), text=text if errors else "", result=result)


def rows_of(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines of a CSV with their numbers; the first names the columns, commas or semicolons part them."""
    text = text.lstrip("\ufeff")
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")
    for number, row in enumerate(reader):
        if number >= MOST_IMPORTED:
            return
        known = {name.strip().lower(): value.strip() for name, value in row.items() if name and isinstance(value, str)}
        yield reader.line_num, {name: value for name, value in given_of(known).items() if value is not None}


HANDLERS = (
    add_page, add_token, token_page, change_token, set_status, remove_token, import_page, import_tokens,
)  # fmt: skip

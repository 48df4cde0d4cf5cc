"""Probing the wall between accounts: routes of the application itself, another's names in every place (TRUST R19).

A probe is one request by somebody of one account with what belongs to another in its path, query and body. What comes
back may hold nothing of the other account beyond what was sent, and the other account is the same afterwards.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute
from tests.running import PATIENCE_S, api_of, default_account, now, station

from ocpp_css.app.running import Service
from ocpp_css.charging.tokens.store import any_accepted
from ocpp_css.edge.csrf import HEADER, token_for
from ocpp_css.edge.permissions import NEEDS, PUBLIC
from ocpp_css.edge.principal import Principal
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.people import accounts
from ocpp_css.people.access import ROLES, Device, Role, join
from ocpp_css.people.access.commands import create_account, create_api_key
from ocpp_css.people.access.store import members
from ocpp_css.people.audit import COMMAND_LINE
from ocpp_css.people.notices import Notice, Person
from ocpp_css.people.notices import store as notices
from ocpp_css.storage import PROVIDER

RESET: Final = {"action": "Reset", "payload": {"type": "Soft"}, "timeout_s": 1}
VARIABLE: Final = {"component": {"name": "c"}, "variable": {"name": "v"}}
SCOPES: Final = (("*",), ("stations:*", "transactions:read"), ("users:write", "users:read"))
ENDS_ONESELF: Final = {"/console/sign-out", "/console/me/sessions/end-others"}
"""Whoever asks this is nobody afterwards, and further probes would say little."""
KEPT_SHORTLY: Final = httpx.Limits(keepalive_expiry=1.0)
"""Many callers take turns: a connection that waits for its turn is not to be closed by the service meanwhile."""
MARK: Final = "ZQ7XK9WJ"
"""What stands in the names of the other account's things, and in no page.

Long: of four letters, the random proofs in the forms of a hundred thousand pages once held them by chance.
"""
OF_THE_OPERATOR: Final = {"/metrics"}
"""Told to this machine, or to who has the token of the whole service; it counts accounts by their numbers."""
NOT_NAMES: Final = {
    "action": "Reset", "category": "news", "status": "Accepted", "token": "a" * 43, "path": "index", "version": "0",
    "name": "css/app.css",
}  # fmt: skip
"""Places in paths that stand for no thing of an account."""
PROBED_ALWAYS: Final = NOT_NAMES.keys() | {
    "identity", "id_token", "transaction_id", "command_id", "review_id", "key_id", "user_id", "invitation_id",
    "account_id", "notice_id", "session_id", "token_id", "entry_id",
}  # fmt: skip
"""Every place that a path may have: `belongings` has a thing for each."""
LIVE: Final = "/live"
REFUSED: Final = frozenset({303, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429})


@dataclass(frozen=True, slots=True)
class Route:
    """One verb of one path; `permission` is None for what is public."""

    verb: str
    path: str
    permission: str | None

    @property
    def places(self) -> list[str]:
        """The names of the places in the path."""
        return re.findall(r"\{(\w+)", self.path)

    @property
    def names_things(self) -> bool:
        """Whether a thing of an account is named in the path."""
        return bool(set(self.places) - NOT_NAMES.keys())

    def filled(self, names: Mapping[str, str]) -> str:
        """The path with a name in each place; KeyError for a place that is not known here yet."""
        return re.sub(r"\{(\w+)[^}]*\}", lambda place: (NOT_NAMES | dict(names))[place[1]], self.path)


def routes_of(web: Litestar) -> list[Route]:
    """Every verb of every route that somebody may ask; AssertionError for one that says not whom it is for."""
    found = []
    for route in (one for one in web.routes if isinstance(one, HTTPRoute)):
        for handler in route.route_handlers:
            if getattr(handler.fn, "__name__", "") == "options_handler":
                continue
            assert (NEEDS in handler.opt) != (PUBLIC in handler.opt), f"{route.path} says not whom it is for"
            found += [Route(verb, route.path, handler.opt.get(NEEDS)) for verb in sorted(handler.http_methods)]
    return sorted(found, key=lambda route: (route.path, route.verb))


@dataclass
class Belongings:
    """One of each thing that an account may have, by the names that routes have for them."""

    names: dict[str, str]
    marks: set[str]
    """What stands in its things and nowhere else."""
    cursors: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


async def member(service: Service, account: int, role: Role, name: str) -> accounts.User:
    """Somebody new who belongs to an account."""
    unit = service.wiring.db.unit(PROVIDER)
    email, passwords = f"{name.lower()}@example.org", service.wiring.services["passwords"]
    user = await accounts.create(unit, passwords, email=email, name=name, password="nine loud stations hum along")
    join(unit, replace(COMMAND_LINE, tenant=account), user.user_id, account, role)
    await unit.commit()
    return user


async def belongings(service: Service, api: httpx.AsyncClient, mark: str = MARK) -> Belongings:
    """Fill the default account with one of each thing; `api` is its client."""
    station_name, token_name = f"STATION-{mark}", f"TOKEN-{mark}"
    await api.post("/stations", json={"identity": station_name, "name": f"Named {mark}"})
    await api.post("/stations", json={"identity": f"{station_name}-2"})
    account = (await default_account(service)).account_id
    user = await member(service, account, "viewer", f"Person{mark}")
    given = {"id_token": token_name, "note": f"Noted {mark}", "person_id": public(user.user_id)}
    await api.post("/tokens", json=given)
    async with station(service, station_name) as wire:
        await wire.boot()
        start = {"connectorId": 1, "idTag": token_name, "meterStart": 5000, "timestamp": now()}
        number = (await wire.ask("StartTransaction", start))["transactionId"]
        await wire.ask("StopTransaction", {"transactionId": number, "meterStop": 1, "timestamp": now()})
    invited = {"email": f"invited-{mark}@example.org", "role": "viewer"}
    ids = {path: (await api.get(path)).json()["items"][0]["id"] for path in ("/transactions", "/review", "/api-keys")}
    names = {
        "identity": station_name, "id_token": token_name, "transaction_id": ids["/transactions"],
        "command_id": (await api.post(f"/stations/{station_name}/commands", json=RESET)).json()["command_id"],
        "review_id": ids["/review"], "key_id": ids["/api-keys"], "user_id": public(user.user_id),
        "invitation_id": (await api.post("/users", json=invited)).json()["id"], "account_id": public(account),
        "notice_id": await _notice(service, user, mark), "session_id": await _session(service, user, account),
        "token_id": await the_token_id(service, account),
        "entry_id": (await api.get("/audit")).json()["items"][0]["id"],
    }  # fmt: skip
    cursor = (await api.get("/stations", params={"limit": 1})).json()["next_cursor"]
    return Belongings(names, {mark, f"person{mark}".lower(), *names.values()}, [cursor])


async def _notice(service: Service, user: accounts.User, mark: str) -> str:
    unit = service.wiring.db.unit(PROVIDER)
    person = Person(user_id=user.user_id, email=user.email, name=user.display_name, language="en", time_zone="UTC")
    service.wiring.services["post"].show(unit, person, Notice(category="news", title=f"Told {mark}", text=mark))
    await unit.commit()
    (told,) = await notices.notices(unit, user.user_id, None, 1)
    return public(told.notice_id)


async def _session(service: Service, user: accounts.User, account: int) -> str:
    unit, sessions = service.wiring.db.unit(PROVIDER), service.wiring.services["sessions"]
    cookie = await sessions.begin(unit, user, Device("probe", "127.0.0.1"), account=account)
    await unit.commit()
    found = await service.wiring.services["authenticator"].by_session(cookie)
    return str(found.session)


async def the_token_id(service: Service, account: int) -> str:
    """The number of an account's token, as its page has it."""
    found = await any_accepted(service.wiring.db.unit(account))
    assert found is not None
    return public(found.token_id)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who probes: a person of a role with a session, a key, or nobody."""

    role: str
    client: httpx.AsyncClient


async def callers(service: Service) -> list[Caller]:
    """People of every role and keys of an account "Other"; somebody of no account, and nobody."""
    made = await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    found = [Caller("nobody", httpx.AsyncClient(timeout=PATIENCE_S, limits=KEPT_SHORTLY))]
    for role in (*ROLES, None):
        account = int(_number(made["account_id"]))
        user = await member(service, account, role or "viewer", f"Other{role}")
        found.append(await signed_in(service, user, account, role or "of no account"))
        if role is None:
            await _taken_out(service, user, account)
    for scopes in SCOPES:
        key = (await create_api_key(service.wiring.db, "Other", " ".join(scopes), scopes))["api_key"]
        headers = {"Authorization": f"Bearer {key}"}
        found.append(
            Caller(
                f"key of {' '.join(scopes)}",
                httpx.AsyncClient(headers=headers, timeout=PATIENCE_S, limits=KEPT_SHORTLY),
            )
        )
    return found


def _number(text: str) -> int:
    number = parse_public(text)
    assert number is not None
    return number


async def signed_in(service: Service, user: accounts.User, account: int, role: str) -> Caller:
    """A browser of a person, looking at an account."""
    unit, sessions = service.wiring.db.unit(PROVIDER), service.wiring.services["sessions"]
    cookie = await sessions.begin(unit, user, Device("probe", "127.0.0.1"), account=account)
    await unit.commit()
    forms = token_for(Principal("user", user.user_id, csrf=sessions.csrf(cookie)))
    headers = {"Cookie": f"css_session={cookie}", HEADER: forms, "Origin": service.web_url}
    return Caller(role, httpx.AsyncClient(headers=headers, timeout=PATIENCE_S, limits=KEPT_SHORTLY))


async def _taken_out(service: Service, user: accounts.User, account: int) -> None:
    unit = service.wiring.db.unit(PROVIDER)
    held = await members.one(unit, account, user.user_id)
    assert held is not None
    members.remove(unit, held)
    await unit.commit()


@dataclass(frozen=True, slots=True)
class Probe:
    """One request."""

    caller: Caller
    route: Route
    query: Mapping[str, str]
    body: Any


class Campaign:
    """Sends probes and counts them; `leaks` says what came through."""

    def __init__(self, service: Service, ours: Belongings, seed: int = 0) -> None:
        self._service = service
        self._ours = ours
        self._random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.leaks: list[str] = []
        self.routes = [route for route in routes_of(service.web) if route.path not in ENDS_ONESELF | OF_THE_OPERATOR]

    def each_once(self, those: Sequence[Caller]) -> Iterator[Probe]:
        """Every route by every caller."""
        for route in self.routes:
            for caller in those:
                yield Probe(caller, route, {}, self._body(route))

    def at_random(self, those: Sequence[Caller], count: int) -> Iterator[Probe]:
        """So many probes with another's names in the query and the body as well."""
        for _ in range(count):
            route = self._random.choice(self.routes)
            yield Probe(self._random.choice(those), route, self._query(), self._body(route))

    def _query(self) -> dict[str, str]:
        names, cursor = self._ours.names, self._ours.cursors[0]
        wanted = (
            {}, {"search": MARK}, {"q": MARK}, {"cursor": cursor}, {"cursor": cursor, "limit": "500"},
            {"station": names["identity"]}, {"id_token": names["id_token"]}, {"format": "csv"}, {"limit": "500"},
            {"sort": "-name"}, {"sort": "tenant_id"}, {"tenant_id": names["account_id"]}, {"role": "viewer"},
            {"account": names["account_id"], "account_id": names["account_id"]}, {"actor": names["user_id"]},
            {"subject": names["user_id"]}, {"group_id": MARK}, {"state": "ended", "limit": "500"},
            {"last_event_id": "0000000000001"}, {"since": "2020-01-01T00:00:00Z"},
            {"next": f"/console/stations/STATION-{MARK}"},
        )  # fmt: skip
        return dict(self._random.choice(wanted))

    def _body(self, route: Route) -> Any:
        if route.verb not in {"POST", "PUT", "PATCH"}:
            return None
        names = self._ours.names
        foreign = {"tenant_id": names["account_id"], "account_id": names["account_id"], "user_id": names["user_id"]}
        kinds = (
            RESET, {"reason": "because"}, {"id_token": names["id_token"]}, {"role": "owner"}, {"role": "viewer"},
            {"getVariableData": [VARIABLE]}, {"setVariableData": [{**VARIABLE, "attributeValue": "1"}]}, {},
            {"identity": names["identity"]}, {"id": names["token_id"], "station": names["identity"]}, foreign,
        )  # fmt: skip
        kind = dict(self._random.choice(kinds))
        if not route.names_things:  # what it would make may have any name: two accounts may have stations of one name
            kind.pop("identity", None)
            kind.pop("id_token", None)
        return kind

    async def send(self, probe: Probe) -> None:
        """Send one, and look at what came back."""
        path = probe.route.filled(self._ours.names)
        how = {"json": probe.body} if path.startswith("/api/") else {"data": probe.body}
        url = self._service.web_url + path
        given = {"params": probe.query, **(how if probe.body is not None else {})}
        async with probe.caller.client.stream(probe.route.verb, url, **given) as answer:
            text = await self._text(answer, probe.route)
        self.counts["probes"] += answer.status_code != HTTPStatus.TOO_MANY_REQUESTS
        self.counts[f"status {answer.status_code}"] += 1
        self._judge(probe, path, answer, text)

    async def _text(self, answer: httpx.Response, route: Route) -> str:
        if not (route.path.endswith(LIVE) and answer.status_code == 200):
            return (await answer.aread()).decode(errors="replace") + str(answer.headers)
        with suppress(StopAsyncIteration):
            return await anext(answer.aiter_text())
        return ""

    def _judge(self, probe: Probe, path: str, answer: httpx.Response, text: str) -> None:
        about = (
            f"{probe.caller.role}: {probe.route.verb} {path} {dict(probe.query)} {probe.body} -> {answer.status_code}"
        )
        text = _decoded(text)
        if answer.status_code >= 500:
            self.leaks.append(f"{about}: a fault")
        if probe.route.names_things and answer.status_code not in REFUSED:
            self.leaks.append(f"{about}: the thing of another was found")
        given = [path, *probe.query.values(), *_texts(probe.body)]
        given += [name for name in self._ours.names.values() if any(name in sent for sent in given)]
        for sent in sorted(filter(None, given), key=len, reverse=True):
            text = text.replace(sent, "…")
        for place in (text.find(mark) for mark in self._ours.marks if mark in text):
            self.leaks.append(f"{about}: it tells of another's: {text[max(0, place - 60) : place + 60]!r}")

    async def run(self, probes: Iterator[Probe], at_once: int = 8) -> None:
        """Send all, a few at a time."""

        async def work() -> None:
            for probe in probes:
                await self.send(probe)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())


def _decoded(text: str) -> str:
    """The text with no percent sign left: an address within an address within an address says what was sent."""
    while (plain := unquote(text)) != text:
        text = plain
    return text


def _texts(body: Any) -> list[str]:
    match body:
        case str():
            return [body]
        case dict():
            return [text for value in body.values() for text in _texts(value)]
        case list():
            return [text for value in body for text in _texts(value)]
        case _:
            return []


KEPT: Final = ("/stations", "/tokens", "/transactions", "/users", "/invitations", "/api-keys", "/account", "/review")
_MOVES: Final = {"last_used_at", "last_seen_at"}


async def state_of(api: httpx.AsyncClient) -> dict[str, Any]:
    """All that an account has, as its own client sees it."""
    found = {path: (await api.get(path, params={"limit": 500})).json() for path in KEPT}
    for listed in found.values():
        for one in listed.get("items", []):
            for name in _MOVES & one.keys():
                del one[name]
    return found


@asynccontextmanager
async def _closing(those: list[Caller]) -> AsyncIterator[list[Caller]]:
    try:
        yield those
    finally:
        for caller in those:
            await caller.client.aclose()


async def probed(service: Service, count: int, roles: Sequence[str] = (), seed: int = 0) -> Campaign:
    """Every route by callers of these roles, or by all; `count` more at random by all. AssertionError where the other
    account was changed.
    """
    async with await api_of(service) as ours, _closing(await callers(service)) as those:
        campaign = Campaign(service, await belongings(service, ours), seed)
        before = await state_of(ours)
        await campaign.run(campaign.each_once([one for one in those if not roles or one.role in roles]))
        await campaign.run(campaign.at_random(those, count))
        for caller in those:
            me = await caller.client.get(f"{service.web_url}/api/v1/me")
            assert me.status_code == (401 if caller.role == "nobody" else 200), f"{caller.role} was lost on the way"
        assert await state_of(ours) == before
    return campaign

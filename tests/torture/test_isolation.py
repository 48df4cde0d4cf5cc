"""A hundred thousand requests at the wall between two accounts: nothing comes through (TRUST R19, A48, A51).

Nor does the clock tell: what belongs to another takes as long to be refused as what nobody has.
"""

import random
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist, median
from typing import Final, NamedTuple

import httpx
import pytest
from tests.isolation import Route, belongings, callers, probed, routes_of
from tests.running import api_of, whole_service
from tests.strangers import absent, ask, told

from ocpp_css.app import running, web
from ocpp_css.app.running import Service
from ocpp_css.edge import Rate

pytestmark = [
    pytest.mark.anyio, pytest.mark.slow, pytest.mark.requirement("CS-10"), pytest.mark.trust("R19"),
    pytest.mark.timeout(3600),
]  # fmt: skip
PROBES: Final = 103_000
"""Some are not let through to a route, whose limit is reached: those do not count."""
AS_OFTEN_AS_ONE_LIKES: Final = Rate(burst=10**9, per_s=1e9)
PAIRS: Final = 150
"""Of probes at each route."""
LOOKS: Final = 3
"""A route that stands out is measured anew, with more probes: chance does not stand out in the same way thrice."""
CHANCE: Final = 0.01
NOTICEABLE: Final = 0.03
"""A share of the median: less than that is not told apart over a network."""


@pytest.fixture
async def service(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """The whole service on a database of each kind, with no limit to how often one may ask."""
    given = web.web_settings
    fast = {"rate": AS_OFTEN_AS_ONE_LIKES, "anonymous_rate": AS_OFTEN_AS_ONE_LIKES}
    for module in (web, running):
        monkeypatch.setattr(module, "web_settings", lambda settings: replace(given(settings), **fast))
    database = None if database_url.startswith("sqlite") else database_url
    async with whole_service(tmp_path / "data", database=database) as found:
        yield found


async def test_a_hundred_thousand_probes_find_nothing(service: Service) -> None:
    campaign = await probed(service, PROBES)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(campaign.counts.items()))
    sys.stderr.write(f"\nisolation: {len(campaign.routes)} routes and verbs, {counts}, {len(campaign.leaks)} leaks\n")
    assert campaign.leaks == []
    assert campaign.counts["probes"] >= 100_000


class Compared(NamedTuple):
    """How long one route took for what is another's, beside what nobody has."""

    median_s: float
    later_s: float
    """By how much the median for what is another's is later."""
    chance: float
    """How likely two equal ones differ as much."""
    looks: int

    @property
    def stands_out(self) -> bool:
        """Whether somebody with a clock could know."""
        return self.chance < CHANCE and abs(self.later_s) > NOTICEABLE * self.median_s


async def test_the_clock_does_not_tell_what_is_anothers_from_what_is_nobodys(service: Service) -> None:
    async with await api_of(service) as ours, AsyncExitStack() as stack:
        those = {caller.role: caller.client for caller in await callers(service)}
        for client in those.values():
            await stack.enter_async_context(client)
        names = (await belongings(service, ours)).names
        routes = [route for route in routes_of(service.web) if route.names_things and route.permission is not None]
        found = {f"{route.verb} {route.path}": await compare(service, those["owner"], route, names) for route in routes}
    widest = max(found.values(), key=lambda one: abs(one.later_s))
    sys.stderr.write(
        f"\nclock: {len(found)} routes and verbs, {2 * PAIRS} probes each at least, the widest difference of medians "
        f"{widest.later_s * 1e6:+.0f} us of {widest.median_s * 1e6:.0f} us, "
        f"{sum(one.looks > 1 for one in found.values())} looked at again\n"
    )
    assert {name: one for name, one in found.items() if one.stands_out} == {}


async def compare(service: Service, client: httpx.AsyncClient, route: Route, names: Mapping[str, str]) -> Compared:
    """Ask for both in turn, and again where one of them stands out."""
    kinds = names, absent(names)
    answers = [await ask(client, service.web_url, route, given) for given in kinds]
    said = [(answer.status_code, told(answer, given)) for answer, given in zip(answers, kinds, strict=True)]
    assert said[0] == said[1], route
    for look in range(1, LOOKS + 1):
        took: tuple[list[float], list[float]] = [], []
        for place in (place for _ in range(PAIRS * look) for place in random.sample((0, 1), 2)):
            began = time.perf_counter()
            await ask(client, service.web_url, route, kinds[place])
            took[place].append(time.perf_counter() - began)
        compared = judged(*took, look)
        if not compared.stands_out:
            break
    return compared


def judged(one: list[float], other: list[float], looks: int) -> Compared:
    """The test of Mann and Whitney: it asks for the order alone, so a pause of the machine counts no more than once."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = sum(place for place, (_, is_one) in enumerate(ranked, 1) if is_one)
    count, others = len(one), len(other)
    expected, spread = count * (count + others + 1) / 2, (count * others * (count + others + 1) / 12) ** 0.5
    chance = 2 * (1 - NormalDist().cdf(abs(ranks - expected) / spread))
    return Compared(median(other), median(one) - median(other), chance, looks)

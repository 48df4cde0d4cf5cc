"""A hundred thousand requests at the wall between two accounts: nothing comes through (TRUST R19, A48, A51)."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.isolation import probed
from tests.running import whole_service

from ocpp_css.app import running, web
from ocpp_css.edge import Rate

pytestmark = [
    pytest.mark.anyio, pytest.mark.slow, pytest.mark.requirement("CS-10"), pytest.mark.trust("R19"),
    pytest.mark.timeout(3600),
]  # fmt: skip
PROBES = 103_000
"""Some are not let through to a route, whose limit is reached: those do not count."""
AS_OFTEN_AS_ONE_LIKES = Rate(burst=10**9, per_s=1e9)


async def test_a_hundred_thousand_probes_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = web.web_settings
    fast = {"rate": AS_OFTEN_AS_ONE_LIKES, "anonymous_rate": AS_OFTEN_AS_ONE_LIKES}
    for module in (web, running):
        monkeypatch.setattr(module, "web_settings", lambda settings: replace(given(settings), **fast))
    async with whole_service(tmp_path / "data") as service:
        campaign = await probed(service, PROBES)
    told = ", ".join(f"{count} {name}" for name, count in sorted(campaign.counts.items()))
    sys.stderr.write(f"\nisolation: {len(campaign.routes)} routes and verbs, {told}, {len(campaign.leaks)} leaks\n")
    assert campaign.leaks == []
    assert campaign.counts["probes"] >= 100_000

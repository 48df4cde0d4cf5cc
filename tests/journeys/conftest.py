"""Journeys run on a database of each kind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.running import whole_service

from ocpp_css.app.running import Service


@pytest.fixture
async def service(tmp_path: Path, database_url: str) -> AsyncIterator[Service]:
    """The whole service."""
    database = None if database_url.startswith("sqlite") else database_url
    async with whole_service(tmp_path / "data", database=database) as found:
        yield found

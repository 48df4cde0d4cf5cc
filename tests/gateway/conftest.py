"""One whole service for each module of these tests; every test registers stations of its own."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.gateway.raw import RawWire
from tests.running import api_of, whole_service

from ocpp_css.app.running import Service
from ocpp_css.gateway import limits

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)
Register = Callable[..., Awaitable[str]]


@pytest.fixture(autouse=True)
def patient_with_this_source() -> Iterator[None]:
    """All tests knock from one address; the limit on a source has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "FREE_TRIES_OF_SOURCE", 1_000_000)
        yield


@pytest.fixture(autouse=True)
def cut_at_the_end() -> Iterator[None]:
    """No socket outlives its test."""
    yield
    for raw in tuple(RawWire.opened):
        raw.drop()


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """The whole service on SQLite."""
    async with whole_service(tmp_path_factory.mktemp("service") / "data") as found:
        yield found


@pytest.fixture(scope="module")
async def api(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """The API of the default account, with every permission."""
    async with await api_of(service) as client:
        yield client


@pytest.fixture
def register(api: httpx.AsyncClient) -> Register:
    """Registers a station and gives its identity; members of the body as keywords."""

    async def one(**body: Any) -> str:
        identity = f"CP{next(_numbers)}"
        answer = await api.post("/stations", json={"identity": identity, **body})
        assert answer.status_code == 201, answer.text
        return identity

    return one

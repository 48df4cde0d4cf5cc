"""The stations' port with TLS: profile 2, and what is refused (RULES 1, TRUST A14)."""

import ipaddress
import ssl
import warnings
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.gateway.conftest import PASSWORD
from tests.running import Wire, api_of, basic, whole_service

from ocpp_css.app.running import Service

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate of 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]) -> AsyncIterator[Service]:
    """The whole service with a port of TLS."""
    cert, key = certificate
    data = tmp_path_factory.mktemp("service")
    async with whole_service(data, station_tls_cert=cert, station_tls_key=key) as found:
        yield found


@pytest.fixture(scope="module")
async def api(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with await api_of(service) as client:
        yield client


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


@pytest.mark.requirement("CS-2")
async def test_a_station_of_profile_2_comes_in_with_its_password(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path]
) -> None:
    await api.post("/stations", json={"identity": "TLS1", "password": PASSWORD, "security_profile": 2})
    async with websockets.connect(
        f"{service.station_tls_url}/TLS1",
        subprotocols=[websockets.Subprotocol("ocpp1.6")],
        additional_headers=basic("TLS1", PASSWORD),
        ssl=trusting(certificate),
    ) as socket:
        wire = Wire(socket)
        assert (await wire.boot())["status"] == "Accepted"
        shown = (await api.get("/stations/TLS1")).json()
        assert (shown["online"], shown["security_profile"]) == (True, 2)
        large = {"vendorId": "V", "data": "x" * 500_000}
        assert (await wire.call("DataTransfer", large))[0] == 3
        for number in range(500):
            await wire.send([2, f"n{number}", "DataTransfer", {"vendorId": "V"}])
        assert [(await wire.receive())[1] for _ in range(500)] == [f"n{number}" for number in range(500)]


async def test_the_wrong_password_is_wrong_with_tls_too(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path]
) -> None:
    await api.post("/stations", json={"identity": "TLS2", "password": PASSWORD, "security_profile": 2})
    for headers in ({}, basic("TLS2", "wrong"), basic("TLS1", PASSWORD)):
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(
                f"{service.station_tls_url}/TLS2",
                subprotocols=[websockets.Subprotocol("ocpp1.6")],
                additional_headers=headers,
                ssl=trusting(certificate),
            )


@pytest.mark.trust("A14")
async def test_old_tls_is_refused(service: Service, certificate: tuple[Path, Path]) -> None:
    old = trusting(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        await websockets.connect(f"{service.station_tls_url}/TLS1", ssl=old)


@pytest.mark.trust("A14")
async def test_plain_text_at_the_port_of_tls_is_nothing(service: Service) -> None:
    with pytest.raises((websockets.InvalidMessage, OSError, EOFError)):
        await websockets.connect(service.station_tls_url.replace("wss:", "ws:") + "/TLS1")

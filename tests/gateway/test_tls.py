"""The stations' port with TLS: profile 2, and what is refused (RULES 1, TRUST A14)."""

import asyncio
import ipaddress
import ssl
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.gateway.conftest import PASSWORD
from tests.running import Wire, api_of, basic, default_account, station, until, whole_service

from ocpp_css.app.running import Service
from ocpp_css.storage.tables import FACTS, LINKS

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


class Authority:
    """A small certificate authority for stations."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = named(name, "Authorities")
        usage = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = self._signed(self._name, self._key.public_key(), (-1, 1), usage)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _signed(
        self, subject: x509.Name, key: Any, days: tuple[int, int], *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        today = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(today + timedelta(days=days[0])).not_valid_after(today + timedelta(days=days[1]))
        for extension in extensions:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(self._key, hashes.SHA256())

    def context(
        self, subject: x509.Name, certificate: tuple[Path, Path], *, days: tuple[int, int] = (-1, 1),
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH, key: Any = None,
    ) -> ssl.SSLContext:  # fmt: skip
        """The TLS of a station with a certificate of this authority."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        signed = self._signed(subject, key.public_key(), days, x509.ExtendedKeyUsage([purpose]))
        plain = serialization.NoEncryption()
        path = self.folder / f"{signed.serial_number}.pem"
        path.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )
        context = trusting(certificate)
        context.load_cert_chain(path)
        return context


def named(common: str, organization: str | None) -> x509.Name:
    owner = [] if organization is None else [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)]
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common), *owner])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "Stations")


@pytest.fixture(scope="module")
async def service(
    tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path], authority: Authority
) -> AsyncIterator[Service]:
    """The whole service with a port of TLS, which asks for certificates of the authority."""
    cert, key = certificate
    data = tmp_path_factory.mktemp("service")
    given = {"station_tls_cert": cert, "station_tls_key": key, "station_tls_client_ca": authority.path}
    async with whole_service(data, **given) as found:
        yield found


@pytest.fixture(scope="module")
async def api(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with await api_of(service) as client:
        yield client


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


def entering(service: Service, identity: str, certificate: tuple[Path, Path]) -> websockets.connect:
    """A station of profile 2 comes in with its password."""
    return websockets.connect(
        f"{service.station_tls_url}/{identity}",
        subprotocols=[websockets.Subprotocol("ocpp1.6")],
        additional_headers=basic(identity, PASSWORD),
        ssl=trusting(certificate),
    )


@pytest.mark.requirement("CS-2")
async def test_a_station_of_profile_2_comes_in_with_its_password(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path]
) -> None:
    await api.post("/stations", json={"identity": "TLS1", "password": PASSWORD, "security_profile": 2})
    async with entering(service, "TLS1", certificate) as socket:
        wire = Wire(socket)
        assert (await wire.boot())["status"] == "Accepted"
        shown = (await api.get("/stations/TLS1")).json()
        assert (shown["online"], shown["security_profile"]) == (True, 2)
        large = {"vendorId": "V", "data": "x" * 500_000}
        assert (await wire.call("DataTransfer", large))[0] == 3
        for number in range(500):
            await wire.send([2, f"n{number}", "DataTransfer", {"vendorId": "V"}])
        assert [(await wire.receive())[1] for _ in range(500)] == [f"n{number}" for number in range(500)]


async def test_a_large_command_comes_through_and_calls_meanwhile_are_answered(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path]
) -> None:
    await api.post("/stations", json={"identity": "TLS3", "password": PASSWORD, "security_profile": 2})
    async with entering(service, "TLS3", certificate) as socket:
        wire = Wire(socket)
        await wire.boot()
        payload = {"vendorId": "V", "data": "x" * 200_000}
        body = {"action": "DataTransfer", "payload": payload, "timeout_s": 10}
        sending = asyncio.create_task(api.post("/stations/TLS3/commands", json=body))
        call = await wire.receive()
        assert call[3] == payload
        for number in range(100):
            await wire.send([2, f"m{number}", "DataTransfer", {"vendorId": "V", "data": "y" * 5_000}])
        assert [(await wire.receive())[1] for _ in range(100)] == [f"m{number}" for number in range(100)]
        await wire.send([3, call[1], {"status": "Accepted"}])
        assert (await sending).json()["status"] == "answered"


async def test_a_connection_keeps_no_buffers_for_tls(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path]
) -> None:
    count, of_tls = 10, [tracemalloc.Filter(inclusive=True, filename_pattern="*/aiofastnet/*")]
    names = [f"LEAN{number}" for number in range(count)]
    for name in names:
        await api.post("/stations", json={"identity": name, "password": PASSWORD, "security_profile": 2})
    tracemalloc.start()
    try:
        sockets = [await entering(service, name, certificate) for name in names]
        for socket in sockets:
            await Wire(socket).boot()
        kept = tracemalloc.take_snapshot().filter_traces(of_tls).statistics("filename")
    finally:
        tracemalloc.stop()
    for socket in sockets:
        await socket.close()
    assert 0 < sum(one.size for one in kept) < count * 4096


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


# --- profile 3 -------------------------------------------------------------------------------------------------------


async def boots(service: Service, identity: str, tls: ssl.SSLContext, **headers: str) -> bool:
    """Whether a station with this TLS comes in and is answered."""
    try:
        async with websockets.connect(
            f"{service.station_tls_url}/{identity}",
            subprotocols=[websockets.Subprotocol("ocpp1.6")],
            additional_headers=headers,
            ssl=tls,
        ) as socket:
            return bool((await Wire(socket).boot())["status"] == "Accepted")
    except (websockets.InvalidStatus, websockets.InvalidMessage, ssl.SSLError, OSError, EOFError):
        return False


@pytest.fixture(scope="module")
async def owner(service: Service) -> str:
    """What stands as O: the account's name."""
    return (await default_account(service)).name


@pytest.mark.trust("A15")
@pytest.mark.requirement("CS-9")
async def test_a_station_of_profile_3_comes_in_with_its_certificate(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path], authority: Authority, owner: str
) -> None:
    await api.post("/stations", json={"identity": "CERT1", "security_profile": 3})
    code = (await default_account(service)).connection_code
    async with websockets.connect(
        f"{service.station_tls_url}/CERT1",
        subprotocols=[websockets.Subprotocol("ocpp1.6")],
        ssl=authority.context(named("CERT1", owner), certificate),
    ) as socket:
        said = {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "SERIAL-1"}
        assert (await Wire(socket).ask("BootNotification", said))["status"] == "Accepted"
        shown = (await api.get("/stations/CERT1")).json()
        assert (shown["online"], shown["security_profile"]) == (True, 3)
    assert await boots(service, "CERT1", authority.context(named("SERIAL-1", code), certificate))


@pytest.mark.trust("A15")
async def test_another_certificate_is_refused_before_the_upgrade(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path], authority: Authority, owner: str
) -> None:
    other = Authority(authority.folder, "Others")
    is_server = ExtendedKeyUsageOID.SERVER_AUTH
    wrong: dict[str, Callable[[str, x509.Name], ssl.SSLContext]] = {
        "no certificate": lambda _identity, _right: trusting(certificate),
        "other CN": lambda _identity, _right: authority.context(named("CERT1", owner), certificate),
        "CN in other letters": lambda name, _right: authority.context(named(name.lower(), owner), certificate),
        "other O": lambda name, _right: authority.context(named(name, "Somebody"), certificate),
        "no O": lambda name, _right: authority.context(named(name, None), certificate),
        "expired": lambda _identity, right: authority.context(right, certificate, days=(-3, -1)),
        "not yet valid": lambda _identity, right: authority.context(right, certificate, days=(1, 3)),
        "other authority": lambda _identity, right: other.context(right, certificate),
        "a server's": lambda _identity, right: authority.context(right, certificate, purpose=is_server),
        "other key": lambda _identity, right: authority.context(
            right, certificate, key=ed25519.Ed25519PrivateKey.generate()
        ),
    }
    for number, (reason, made) in enumerate(wrong.items()):
        identity = f"CERT2-{number}"
        await api.post("/stations", json={"identity": identity, "security_profile": 3})
        right = named(identity, owner)
        assert not await boots(service, identity, made(identity, right)), reason
        key = rsa.generate_private_key(65537, 2048) if number == 0 else None
        assert await boots(service, identity, authority.context(right, certificate, key=key)), reason


@pytest.mark.trust("A14")
@pytest.mark.trust("A16")
async def test_profile_3_wants_nothing_else_than_the_certificate(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path], authority: Authority, owner: str
) -> None:
    await api.post("/stations", json={"identity": "CERT3", "security_profile": 3, "password": PASSWORD})
    assert not await boots(service, "CERT3", trusting(certificate), **basic("CERT3", PASSWORD))
    claims = {"X-SSL-Client-Verify": "SUCCESS", "X-SSL-Client-S-DN": f"CN=CERT3,O={owner}"}
    assert not await boots(service, "CERT3", trusting(certificate), **claims)
    with pytest.raises(websockets.InvalidStatus):
        async with station(service, "CERT3", "1.6", PASSWORD):
            pass


@pytest.mark.trust("A15")
async def test_a_refused_certificate_is_told(
    service: Service, api: httpx.AsyncClient, certificate: tuple[Path, Path], authority: Authority, owner: str
) -> None:
    await api.post("/stations", json={"identity": "CERT4", "security_profile": 3})
    assert not await boots(service, "CERT4", authority.context(named("CERT1", owner), certificate))
    db = service.wiring.db

    async def told() -> bool:
        rows = await db.across_tenants(FACTS.select())
        return any(
            row.body["reason"] == "certificate_refused"
            for row in rows
            if row.kind == "security.connection" and row.body["identity"] == "CERT4"
        )

    assert await until(told)


# --- behind a proxy --------------------------------------------------------------------------------------------------


@pytest.mark.trust("A16")
@pytest.mark.parametrize("proxies", [("127.0.0.0/8",), ("10.0.0.0/8",), ()])
async def test_a_proxy_that_ends_tls_is_believed_where_it_is_trusted(tmp_path: Path, proxies: tuple[str, ...]) -> None:
    is_trusted = proxies == ("127.0.0.0/8",)
    async with whole_service(tmp_path, trusted_proxy=proxies) as service, await api_of(service) as api:
        await api.post("/stations", json={"identity": "P2", "password": PASSWORD, "security_profile": 2})
        for scheme in ("https", "wss", "http", "https, http", None):
            headers = basic("P2", PASSWORD) | ({} if scheme is None else {"X-Forwarded-Proto": scheme})
            headers["X-Forwarded-For"] = "192.0.2.7"
            try:
                async with websockets.connect(
                    f"{service.station_url}/P2",
                    subprotocols=[websockets.Subprotocol("ocpp1.6")],
                    additional_headers=headers,
                ) as socket:
                    await Wire(socket).boot()
                    assert (is_trusted, scheme in {"https", "wss"}) == (True, True)
                    assert (await api.get("/stations/P2")).json()["weaknesses"] == []
                    (link,) = await service.wiring.db.across_tenants(LINKS.select())
                    assert (link.address, link.security_profile) == ("192.0.2.7", 2)
            except websockets.InvalidStatus:
                assert not (is_trusted and scheme in {"https", "wss"})

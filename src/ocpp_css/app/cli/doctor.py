"""`ocpp-css doctor`: looks at an installation from outside, and says in words what is wrong."""

import ctypes
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import uvloop
from cyclopts import App, Parameter

from ocpp_css.app.cli.care import CareRefused, check_file
from ocpp_css.app.settings import DATABASE_FILE, KEK_FILE, PEOPLE_FILE, SECRET_FILE, Settings
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import public
from ocpp_css.storage.policies import BYPASSES

LEAST_FREE_BYTES: Final = 1 << 30
LEAST_FILES: Final = 4_096
MOST_SKEW: Final = timedelta(seconds=5)
SOON: Final = timedelta(days=30)
MOST_WAIT_S: Final = 2.0
PATIENCE_S: Final = 5.0
_UNSYNCHRONISED: Final = 5
"""TIME_ERROR of adjtimex(2): no time server keeps the clock right."""

Look = Callable[[Settings], str]


class Remark(str):
    """Not wrong, but worth knowing."""

    __slots__ = ()


def register(app: App) -> None:
    """Add the command."""
    app.command(doctor)


def doctor(settings: Annotated[Settings | None, Parameter(name="*")] = None, *, url: str | None = None) -> None:
    """Look at database, keys, audit log, disk, clock, certificates, ports, service and backlog; 1 when one is wrong.

    Give it the options that the service is started with; `url` is where the service answers, without it the web port
    of this machine.
    """
    settings = settings or Settings()
    url = (url or _own_url(settings)).rstrip("/")
    looks: list[tuple[str, Look]] = [
        ("database", database_health), ("secret key", key_health),
        ("keys of people", people_health), ("audit log", audit_health), ("disk", disk_health),
        ("open files", files_health),
        ("clock", clock_health), ("certificates", certificates_health), ("ports", ports_health),
        ("service", lambda _: service_health(url)), ("backlog", lambda given: backlog_health(url, given.metrics_token)),
    ]  # fmt: skip
    wrong = [name for name, look in looks if not _looked(name, look, settings)]
    if wrong:
        raise CareRefused(f"Something is wrong: {', '.join(wrong)}.")


def _own_url(settings: Settings) -> str:
    scheme = "https" if settings.web_tls_cert is not None else "http"
    return f"{scheme}://{_near(settings.web_host)}:{settings.web_port}"


def _near(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound


def _looked(name: str, look: Look, settings: Settings) -> bool:
    """Say what was found; whether it is well."""
    from asyncpg import PostgresError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        found = look(settings)
    except (Refusal, OSError, PostgresError, SQLAlchemyError) as trouble:
        sys.stdout.write(f"WRONG {name}: {trouble}\n")
        return False
    sys.stdout.write(f"{'note ' if isinstance(found, Remark) else 'ok   '} {name}: {found}\n")
    return True


def database_health(settings: Settings) -> str:
    """Whole, at the program's revision, and of the same time as this machine."""
    from ocpp_css.storage import migrating

    if settings.database is None:
        check_file(settings.data / DATABASE_FILE)
    current = uvloop.run(migrating.revision(settings.database_url))
    if current != migrating.newest():
        raise CareRefused(f"revision {current}, the program needs {migrating.newest()}: run ocpp-css db upgrade")
    if settings.database is None:
        return f"revision {current}"
    there, is_replica, is_unguarded = uvloop.run(_postgres(settings.database_url))
    skew = abs(there - datetime.now(UTC))
    if is_replica:
        raise CareRefused("this PostgreSQL is a replica that cannot be written to")
    if skew > MOST_SKEW:
        raise CareRefused(f"its clock and this machine's differ by {skew.total_seconds():.0f} s")
    found = f"revision {current}, its clock differs by {skew.total_seconds():.1f} s"
    if is_unguarded:
        return Remark(f"{found}; its user bypasses row-level security: connect as one who owns the database, no more")
    return found


async def _postgres(url: str) -> tuple[datetime, bool, bool]:
    import asyncpg

    connection = await asyncpg.connect(url, timeout=PATIENCE_S)
    try:
        row = await connection.fetchrow(f"SELECT clock_timestamp(), pg_is_in_recovery(), ({BYPASSES})")
    finally:
        await connection.close()
    return row[0], row[1], row[2]


def key_health(settings: Settings) -> str:
    """There, and nobody else's to read."""
    _private(settings.data / SECRET_FILE)
    return "only its owner can read it"


def people_health(settings: Settings) -> str:
    """Apart from what they protect, nobody else's to read, and each wrapped by a key that is at hand."""
    if not settings.people_kek:
        _private(settings.data / KEK_FILE)
    if settings.people_keys_url.startswith("sqlite"):
        _private(settings.data / PEOPLE_FILE)
    count, needed, names = uvloop.run(_people(settings))
    if missing := sorted(needed - set(names)):
        raise CareRefused(f"keys are wrapped by {', '.join(missing)}, which is not at hand")
    text = f"{count} people have one"
    if settings.people_keys_url == settings.database_url:
        return Remark(f"{text}, in the database that they protect: leave their schema out of dumps, or --people-keys")
    return Remark(f"{text}, {len(names) - 1} old wrapping keys wait for keys retire") if len(names) > 1 else text


def _private(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise CareRefused(f"{path} can be read by others: chmod 600 {path}")


async def _people(settings: Settings) -> tuple[int, set[str], list[str]]:
    people = settings.people()
    try:
        counts = await people.counts()
        return sum(counts.values()) - counts.get("", 0), await people.needed(), people.keks.names()
    finally:
        await people.close()


def audit_health(settings: Settings) -> str:
    """Every entry of every account is there, unchanged and in its place."""
    from ocpp_css.people.audit.commands import verify

    if settings.database is None and not (settings.data / DATABASE_FILE).exists():
        raise CareRefused("there is no database to look into")
    if not (settings.data / SECRET_FILE).exists():
        raise CareRefused("without the secret key nobody can tell")
    troubles, count = uvloop.run(verify(settings.database_url, settings.people(), settings.secrets(), settings.data))
    if troubles:
        raise CareRefused("; ".join(f"account {public(trouble.account_id)}: {trouble.text}" for trouble in troubles))
    return f"{count} entries, each in its place"


def disk_health(settings: Settings) -> str:
    """Room on the disk of the data, for blocks and for names."""
    free = shutil.disk_usage(settings.data).free
    if free < LEAST_FREE_BYTES:
        raise CareRefused(f"{free >> 20} MiB are left on the disk of {settings.data}")
    about = os.statvfs(settings.data)
    if about.f_files and about.f_favail < about.f_files // 100:
        raise CareRefused(f"{about.f_favail} inodes are left on the disk of {settings.data}")
    if not os.access(settings.data, os.W_OK):
        raise CareRefused(f"{settings.data} cannot be written to")
    return f"{free >> 30} GiB are free"


def files_health(_settings: Settings) -> str:
    """Each station takes a file."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        return Remark(f"a process may have {soft} open here (up to {hard} if it asks); each station needs one")
    return f"a process may have {soft} open"


def clock_health(_settings: Settings) -> str:
    """Whether the kernel knows of a time server that keeps the clock right."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return Remark("this system does not tell whether its clock is kept right")
    if adjtimex(ctypes.create_string_buffer(512)) == _UNSYNCHRONISED:
        return Remark("no time server keeps it right, as far as the kernel knows; bills depend on it")
    return "kept right by a time server"


def certificates_health(settings: Settings) -> str:
    """They can be read, fit their keys, and live on."""
    told = [_pair(cert, key) for cert, key in _pairs(settings)]
    if settings.station_tls_client_ca is not None:
        told.append(_life(settings.station_tls_client_ca))
    if not told:
        return "none is set"
    text = ", ".join(told)
    return Remark(text) if any(isinstance(part, Remark) for part in told) else text


def _pairs(settings: Settings) -> Iterator[tuple[Path, Path | None]]:
    if settings.station_tls_cert is not None:
        yield settings.station_tls_cert, settings.station_tls_key
    if settings.web_tls_cert is not None:
        yield settings.web_tls_cert, settings.web_tls_key


def _pair(cert: Path, key: Path | None) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except ssl.SSLError as fault:
        raise CareRefused(f"{cert} and its key cannot be used: {fault.reason or fault}") from None
    return _life(cert)


def _life(path: Path) -> str:
    from cryptography import x509

    try:
        end = min(found.not_valid_after_utc for found in x509.load_pem_x509_certificates(path.read_bytes()))
    except ValueError as fault:
        raise CareRefused(f"{path} holds no certificate that can be read: {fault}") from None
    left = end - datetime.now(UTC)
    if left < timedelta():
        raise CareRefused(f"{path} ended on {end:%Y-%m-%d}")
    text = f"{path.name} lives until {end:%Y-%m-%d}"
    return Remark(f"{text}, {left.days} days") if left < SOON else text


def ports_health(settings: Settings) -> str:
    """Either all answer, since the service runs, or none, since it does not."""
    ports = {"web": (settings.web_host, settings.web_port), "stations": (settings.station_host, settings.station_port)}
    if settings.station_tls_cert is not None:
        ports["stations with TLS"] = (settings.station_host, settings.station_tls_port)
    answers = {name: _answers(_near(host), port) for name, (host, port) in ports.items()}
    told = ", ".join(f"{name} {ports[name][1]}" for name in ports)
    if all(answers.values()):
        return f"{told}: all answer"
    if any(answers.values()):
        silent = ", ".join(f"{name} {ports[name][1]}" for name, is_there in answers.items() if not is_there)
        raise CareRefused(f"nothing answers at {silent}, while others of the service's ports answer")
    return Remark(f"{told}: nothing answers")


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=PATIENCE_S).close()
    except OSError:
        return False
    return True


def service_health(url: str) -> str:
    """What `/health/ready` says."""
    import httpx

    try:
        answer = httpx.get(f"{url}/health/ready", timeout=PATIENCE_S)
        told = answer.json()
    except (httpx.HTTPError, ValueError) as fault:
        raise CareRefused(f"{url} does not answer ({fault}); --url names another address") from None
    if answer.status_code != httpx.codes.OK:
        failed = ", ".join(f"{name} {word}" for name, word in told["checks"].items() if word != "ok")
        raise CareRefused(f"{url} is not ready: {failed or 'it is stopping'}")
    return f"{url} is ready"


def backlog_health(url: str, token: str | None) -> str:
    """What waits for the writer, as the metrics tell."""
    import httpx

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.get(f"{url}/metrics", headers=headers, timeout=PATIENCE_S)
    except httpx.HTTPError:
        return Remark("the service does not answer")
    if answer.status_code != httpx.codes.OK:
        return Remark("the service does not tell its metrics without --metrics-token")
    told = _figures(answer.text)
    wait_s = told.get("ocpp_css_writer_oldest_seconds", 0.0)
    units = int(told.get('ocpp_css_queue_depth{queue="writer"}', 0))
    if wait_s > MOST_WAIT_S:
        raise CareRefused(f"{units} units wait for the database, for {wait_s:.1f} s already")
    return f"{units} units wait for the database"


def _figures(text: str) -> Mapping[str, float]:
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}

"""What an operator may set; every setting is an option, an environment variable and a key of ocpp-css.toml."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.secrets import Secrets, load_or_create
from ocpp_css.kit.wrapping import Keks, new_key, write_keys

if TYPE_CHECKING:
    from ocpp_css.storage.people_keys import PeopleKeys
    from ocpp_css.storage.sealing import Vault

Role = Literal["all", "gateway", "web", "worker"]
DATABASE_FILE = "ocpp-css.db"
SECRET_FILE = "secret.key"  # noqa: S105 - a file's name
PEOPLE_FILE = "people.keys"
KEK_FILE = "people.kek"


class NotTogether(Refusal):
    """Settings that do not fit one another."""

    code = "settings_refused"
    title = "These settings do not go together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one process; immutable after start. Ports of 0 let the system choose."""

    data: Path = Path("ocpp-css-data")
    database: str | None = None
    """`postgresql://…`; without it SQLite in `data`."""
    people_keys: str | None = None
    """`postgresql://…` of the keys of people, apart from what they protect; without it `people.keys` in `data`, and
    beside a PostgreSQL database a schema of their own in it."""
    people_kek: str | None = None
    """The keys that wrap the keys of people, 64 hexadecimal digits each, the newest first; set it in the environment.
    Without it the file `people.kek` in `data`."""
    bus: str | None = None
    """`nats://…`, several parted by commas: the message engine of an installation of several processes."""
    role: Role = "all"
    """What this process does: `gateway` for stations, `web` for people and programs, `worker` for timed work."""
    workers: Annotated[int, Parameter(validator=Number(gte=1, lte=256))] = 1
    """Processes for stations on this machine, which share the stations' port; the web then has a process of its own."""
    host: str | None = None
    """Address of all ports; without it 127.0.0.1 for the web and 0.0.0.0 for stations."""
    web_port: int = 8080
    station_port: int = 9220
    station_tls_port: int = 9221
    station_tls_cert: Path | None = None
    station_tls_key: Path | None = None
    station_tls_client_ca: Path | None = None
    web_tls_cert: Path | None = None
    web_tls_key: Path | None = None
    public_url: str | None = None
    station_url: str | None = None
    """Where stations reach the service, `ws://…` or `wss://…`; without it made of the request's host."""
    smtp_url: str | None = None
    """The mail server: `smtp://user:password@host:587` or `smtps://…`; without it letters are shown in the console."""
    smtp_from: str | None = None
    """Who letters come from, `Name <address>`; without it noreply at the host of `public_url`."""
    minimum_age: Annotated[int, Parameter(validator=Number(gte=0, lte=120))] = 16
    """How old somebody must be to have an account of their own."""
    trusted_proxy: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    """Networks of proxies whose forwarded headers count."""
    default_account: str | None = None
    """The account, by name, that unknown stations at the common address belong to; made where it is missing."""
    metrics_token: str | None = None
    """What `GET /metrics` wants as a bearer token; without it only this machine is told, if no `public_url` is set."""
    watch_port: int | None = None
    """A port of this process's own for `/metrics` and `/health`, beside the web port; none without it. Of several
    processes that one command starts, the web has this port, timed work the next, stations those after it."""
    traces: str | None = None
    """Where traces go, OTLP over HTTP: `http://…:4318/v1/traces`; none without it. Needs the extra `traces`."""
    trace_share: float = 0.01
    """The share of the stations' messages that are traced, 0 to 1."""
    keep_messages_days: int = 30
    """How long messages are kept; on PostgreSQL up to a week longer, as whole weeks go."""
    keep_transaction_messages_days: int = 730
    """How long messages of transactions are kept, and with them their meter values."""
    keep_events_days: Annotated[int, Parameter(validator=Number(gte=1))] = 30
    """How long what happened can be asked for again (`GET /events`); longer than any stream or receiver stays away."""
    keep_audit_days: Annotated[int, Parameter(validator=Number(gte=1))] = 730
    """How long entries of the audit log are kept; what is left still proves that it is whole."""
    no_migrate: Annotated[bool, Parameter(negative="")] = False
    """Refuse to start on an older database instead of upgrading it."""
    development: Annotated[bool, Parameter(negative="")] = False
    """Show the page of all pieces of the console."""

    def check(self) -> None:
        """NotTogether where several processes are wanted that could not share what they must share."""
        if (self.workers > 1 or self.role != "all" or self.bus) and not (self.bus and self.database):
            raise NotTogether(
                "Several processes need a shared database and a bus: --database postgresql://… --bus nats://…"
            )

    @property
    def takes_stations(self) -> bool:
        """Whether stations connect to this process."""
        return self.role in {"all", "gateway"}

    @property
    def serves_people(self) -> bool:
        """Whether this process has the console and the interface."""
        return self.role in {"all", "web"}

    @property
    def does_timed_work(self) -> bool:
        """Whether this process does what is done by the clock."""
        return self.role in {"all", "worker"}

    @property
    def web_host(self) -> str:
        """Where the web port listens."""
        return self.host or "127.0.0.1"

    @property
    def site_url(self) -> str:
        """Where people reach the service, as far as settings say."""
        scheme = "https" if self.web_tls_cert is not None else "http"
        return self.public_url or f"{scheme}://{self.web_host}:{self.web_port}"

    @property
    def station_host(self) -> str:
        """Where the stations' ports listen."""
        return self.host or "0.0.0.0"  # noqa: S104 - stations come from outside

    @property
    def database_url(self) -> str:
        """The database in the form that storage opens."""
        if self.database:
            return self.database.replace("postgres://", "postgresql://", 1)
        return f"sqlite:///{(self.data / DATABASE_FILE).absolute()}"

    @property
    def people_keys_url(self) -> str:
        """Where the keys of people are."""
        if self.people_keys:
            return self.people_keys.replace("postgres://", "postgresql://", 1)
        return self.database_url if self.database else f"sqlite:///{(self.data / PEOPLE_FILE).absolute()}"

    def people(self) -> "PeopleKeys":
        """The store of people's keys."""
        from ocpp_css.storage.people_keys import PeopleKeys

        if self.people_kek:
            return PeopleKeys(self.people_keys_url, Keks.of_text(self.people_kek))
        return PeopleKeys(self.people_keys_url, Keks.of_file(self.data / KEK_FILE))

    def vault(self) -> "Vault":
        """What the database needs to seal and open; at first start the key that wraps the others is made."""
        from ocpp_css.storage.sealing import Vault

        if not self.people_kek and not (self.data / KEK_FILE).exists():
            write_keys(self.data / KEK_FILE, [new_key()], is_first=True)
        return Vault(self.people(), self.secrets())

    def secrets(self) -> Secrets:
        """The keys that are not in the database, from `data`."""
        return load_or_create(self.data / SECRET_FILE)

"""What Prometheus is told: numbers that the parts keep anyway, read when somebody asks (decision 30)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from ocpp_css.gateway.hub import Hub
from ocpp_css.kit.ids import public
from ocpp_css.observe.beat import Beat
from ocpp_css.observe.measures import COMMIT_NS, COMMIT_UNITS, LATENCY_NS, OTHER, Histogram, Traffic
from ocpp_css.storage import Database

MOST_ACCOUNTS = 100
"""Accounts with a label of their own: the first that are heard of; the others are told together, as `other`."""

Series = Mapping[tuple[int, str, str], Histogram]

_NS = 1e9
_MESSAGE_LABELS = ("direction", "action", "outcome")


class ServiceCollector(Collector):
    """Reads the parts of one process; called in a thread, so it looks at copies."""

    def __init__(self, db: Database, hub: Hub | None, directions: Mapping[str, Traffic], beat: Beat) -> None:
        self._db = db
        self._hub = hub
        self._directions = directions
        self._beat = beat
        self._accounts: dict[int, str] = {}

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        yield from self._connections()
        yield from self._messages({name: traffic.series.copy() for name, traffic in self._directions.items()})
        yield from self._writer()
        yield from self._queues()

    def _connections(self) -> Iterator[Metric]:
        hub = self._hub
        if hub is None:
            return
        versions: Counter[str] = Counter(connection.protocol.name for connection in tuple(hub.connections.values()))
        yield _gauges("connections", "Stations connected to this process.", "version", versions)
        yield _counters("handshakes", "Handshakes of stations, by their end.", "outcome", hub.handshakes)
        yield _counter("connections_replaced", "Connections that a newer one of the identity replaced.", hub.replaced)
        yield _gauge("identities_quarantined", "Identities that two peers fight for.", hub.quarantined)
        yield _counters(
            "frames_set_aside", "Frames that were dropped, refused as a whole or repeated.", "reason", hub.counts
        )

    def _messages(self, directions: Mapping[str, Series]) -> Iterator[Metric]:
        ends: Counter[tuple[str, ...]] = Counter()
        accounts: Counter[tuple[str, ...]] = Counter()
        took: dict[tuple[str, ...], Histogram] = {}
        for direction, series in directions.items():
            for (tenant, action, outcome), found in series.items():
                number = sum(found.counts)
                ends[direction, action, outcome] += number
                accounts[self._account(tenant), direction] += number
                took.setdefault((direction, action), Histogram(LATENCY_NS)).add(found)
        yield _labelled("messages", "Calls by their end; in: of stations, out: to them.", _MESSAGE_LABELS, ends)
        told = "From the frame to its answer, commit included (in), or to the station's answer (out)."
        yield _histogram("message_duration_seconds", told, LATENCY_NS, took, ("direction", "action"))
        yield _labelled("account_messages", "Calls of an account.", ("account", "direction"), accounts)

    def _account(self, tenant: int) -> str:
        """The label of an account, the same as long as the process lives: a counter never falls."""
        if len(self._accounts) < MOST_ACCOUNTS:
            self._accounts.setdefault(tenant, public(tenant))
        return self._accounts.get(tenant, OTHER)

    def _writer(self) -> Iterator[Metric]:
        commits = self._db.commits
        told = "Time of a commit, from taking up its units to the answer of the database."
        yield _histogram("commit_duration_seconds", told, COMMIT_NS, {(): commits.took_ns})
        yield _histogram("commit_units", "Units in one commit.", COMMIT_UNITS, {(): commits.units}, scale=1)
        yield _counters("units_not_stored", "Units that were not written, by the reason.", "outcome", commits.refused)

    def _queues(self) -> Iterator[Metric]:
        db, hub = self._db, self._hub
        depths = {"writer": db.backlog, "written_later": db.later_rows}
        if hub is not None:
            depths |= {
                "messages_in_work": hub.dispatcher.in_work, "connections_not_read": len(hub.resting),
                "connections_loading": hub.loading,
            }  # fmt: skip
        yield _gauges("queue_depth", "What waits, by where it waits.", "queue", depths)
        yield _gauge("writer_oldest_seconds", "How long the writer has not taken up what waits.", db.oldest_wait_s)
        yield _gauge("loop_lag_seconds", "How late the loop was at worst in the last minute.", self._beat.worst_s)


def new_registry(collector: ServiceCollector) -> CollectorRegistry:
    """One registry a service, so that several in one process do not meet."""
    registry = CollectorRegistry()
    for add in (ProcessCollector, PlatformCollector, GCCollector):
        add(registry=registry)
    registry.register(collector)
    return registry


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"ocpp_css_{name}", told, value=value)


def _gauges(name: str, told: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"ocpp_css_{name}", told, labels=(label,))
    for part, value in values.items():
        family.add_metric((part,), value)
    return family


def _counter(name: str, told: str, value: float) -> Metric:
    return CounterMetricFamily(f"ocpp_css_{name}", told, value=value)


def _counters(name: str, told: str, label: str, values: Counter[str]) -> Metric:
    return _labelled(name, told, (label,), {(part,): number for part, number in values.copy().items()})


def _labelled(name: str, told: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], int]) -> Metric:
    family = CounterMetricFamily(f"ocpp_css_{name}", told, labels=labels)
    for parts, number in values.items():
        family.add_metric(parts, number)
    return family


def _histogram(
    name: str,
    told: str,
    bounds: Iterable[int],
    values: Mapping[tuple[str, ...], Histogram],
    labels: tuple[str, ...] = (),
    *,
    scale: float = _NS,
) -> Metric:
    family = HistogramMetricFamily(f"ocpp_css_{name}", told, labels=labels)
    edges = [*(f"{bound / scale:g}" for bound in bounds), "+Inf"]
    for parts, found in values.items():
        counts = found.counts.copy()
        sums = [sum(counts[: place + 1]) for place in range(len(counts))]
        family.add_metric(parts, buckets=list(zip(edges, sums, strict=True)), sum_value=found.total / scale)
    return family

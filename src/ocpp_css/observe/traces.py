"""Traces: a chosen share of the stations' messages, told as spans after the fact, so that the others pay nothing."""

import time
from importlib.metadata import version
from random import random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span


class Told(NamedTuple):
    """What a span says of a message; nothing of its payload, so no data about a person."""

    tenant: int
    station: str
    version: str
    action: str
    outcome: str


class Traces:
    """Tells one span a message, and in it one for the handling and one for the commit."""

    def __init__(self, provider: "TracerProvider", share: float) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("ocpp_css")
        self._share = share

    def wants(self) -> bool:
        """Whether the message that has just ended is one of those that are told."""
        return random() < self._share  # noqa: S311 - a sample, not a secret

    def tell(self, about: Told, took_ns: int, handled_us: int | None) -> None:
        """A message that has just ended; `handled_us` after its begin its unit was handed to the writer, if it was."""
        end = time.time_ns()
        begin = end - took_ns
        span = self._tracer.start_span(
            about.action,
            start_time=begin,
            attributes={
                "ocpp.action": about.action,
                "ocpp.version": about.version,
                "ocpp.outcome": about.outcome,
                "ocpp.station": about.station,
                "ocpp.tenant": about.tenant,
            },
        )
        self._inside(span, "handle", begin, end if handled_us is None else begin + handled_us * 1_000)
        if handled_us is not None:
            self._inside(span, "commit", begin + handled_us * 1_000, end)
        span.end(end)

    def _inside(self, span: "Span", name: str, begin: int, end: int) -> None:
        from opentelemetry.trace import set_span_in_context

        self._tracer.start_span(name, context=set_span_in_context(span), start_time=begin).end(end)

    def close(self) -> None:
        """Send what is left; takes as long as the receiver lets it, some seconds at most."""
        self._provider.shutdown()


def open_traces(endpoint: str, share: float) -> Traces:
    """Traces that go to `endpoint` (OTLP over HTTP, `http://host:4318/v1/traces`); OSError without the libraries."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise OSError("traces need the extra 'traces': pip install ocpp-css[traces]") from None
    resource = Resource.create({"service.name": "ocpp-css", "service.version": version("ocpp-css")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=5)))
    return Traces(provider, share)

"""What the hot path counts."""

from ocpp_css.observe.measures import LATENCY_NS, OTHER, Histogram, Traffic


def test_a_value_falls_into_the_bucket_whose_bound_it_does_not_exceed() -> None:
    found = Histogram((10, 100))
    for value in (1, 10, 11, 100, 101):
        found.note(value)
    assert (found.counts, found.total) == ([2, 2, 1], 223)


def test_names_that_stations_invent_are_counted_together() -> None:
    traffic = Traffic({"Heartbeat"})
    for number in range(100):
        traffic.note(1, f"Invented{number}", "refused", LATENCY_NS[0])
    traffic.note(1, "Heartbeat", "answered", LATENCY_NS[-1] + 1)
    assert {key: sum(found.counts) for key, found in traffic.series.items()} == {
        (1, OTHER, "refused"): 100, (1, "Heartbeat", "answered"): 1,
    }  # fmt: skip
    assert traffic.series[1, "Heartbeat", "answered"].counts[-1] == 1

"""The fold of a 2.x transaction's events: the same for every order in which they come (TRUST A37)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.charging.transactions.model import Event, Transaction
from ocpp_css.charging.transactions.service import doubts
from ocpp_css.charging.transactions.service.fold import REMEMBERED_RANGES, fold, has_seen, joined
from ocpp_css.model.metering import Reading

pytestmark = pytest.mark.trust("A37")
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
NEW = Transaction(id=1, station_id=1, wire_id="T", ocpp_version="2.0.1", dedupe_key="T", received_at=AT)


@st.composite
def told(draw: Any) -> list[Event]:
    """The events of one transaction, each number once; possibly with gaps, two starts, two ends, a meter that falls."""
    numbers = sorted(draw(st.sets(st.integers(0, 8), min_size=1, max_size=7)))
    events = []
    for number in numbers:
        wh = draw(st.none() | st.integers(-10, 5_000))
        evse = draw(st.sampled_from([None, 1, 2]))
        events.append(
            Event(
                type=draw(st.sampled_from(["Started", "Updated", "Updated", "Ended"])),
                wire_id="T",
                seq_no=number,
                at=AT + timedelta(minutes=draw(st.integers(-5, 60))),
                trigger="MeterValuePeriodic",
                evse_id=evse,
                connector_id=None if evse is None else draw(st.sampled_from([None, 1, 2])),
                charging_state=draw(st.sampled_from([None, "Charging", "Idle"])),
                stop_reason=draw(st.sampled_from([None, "Local", "Remote"])),
                remote_start_id=draw(st.sampled_from([None, 7, 8])),
                reservation_id=draw(st.sampled_from([None, 70, 80])),
                first_wh=wh,
                reading=Reading(AT, wh),
                digest=number,
            )
        )
    return events


def arrived(events: list[Event]) -> Transaction:
    """What the service makes of events in this order; repetitions change nothing."""
    transaction = NEW
    for event in events:
        if not has_seen(transaction, event):
            transaction = fold(transaction, event)
    return transaction


@given(told(), st.data())
def test_every_order_and_every_repetition_ends_in_the_same_transaction(
    events: list[Event], data: st.DataObject
) -> None:
    expected = arrived(events)
    shuffled = data.draw(st.permutations(events))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=4))
    assert arrived(shuffled) == expected
    assert arrived([*shuffled, *repeated]) == expected
    assert arrived([*repeated, *shuffled]) == arrived(events)


@given(told())
def test_the_energy_is_never_negative(events: list[Event]) -> None:
    energy = arrived(events).energy_wh()
    assert energy is None or energy >= 0


@given(told(), st.data())
def test_a_transaction_survives_the_database_in_the_middle(events: list[Event], data: st.DataObject) -> None:
    order = data.draw(st.permutations(events))
    transaction = NEW
    for event in order:
        transaction = fold(transaction, event)
        kept = msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(transaction.heard, str_keys=True)))
        transaction = msgspec.structs.replace(
            transaction, heard=msgspec.convert(kept, type(transaction.heard), str_keys=True)
        )
    assert arrived(events) == transaction


def event(number: int, kind: str, wh: int | None = None, minute: int = 0) -> Event:
    return Event(
        type=kind, wire_id="T", seq_no=number, at=AT + timedelta(minutes=minute), trigger="x", first_wh=wh,
        reading=Reading(AT, wh), digest=number,
    )  # type: ignore[arg-type] # fmt: skip


@pytest.mark.parametrize(
    ("events", "found", "state"),
    [
        ([event(0, "Started", 100), event(1, "Ended", 600, 60)], [], "ended"),
        ([event(0, "Started", 100)], [], "active"),
        ([event(1, "Updated", 100)], [], "pending"),
        ([event(0, "Started"), event(2, "Ended")], ["missing_events"], "suspect"),
        ([event(0, "Updated"), event(1, "Ended")], ["no_start"], "suspect"),
        ([event(1, "Ended")], ["missing_events", "no_start"], "suspect"),
        ([event(0, "Started", 600), event(1, "Ended", 100, 60)], ["meter_rollback"], "suspect"),
        (
            [event(0, "Started", 0), event(1, "Updated", 900), event(2, "Updated", 500), event(3, "Ended", 1000, 60)],
            ["meter_rollback"],
            "suspect",
        ),
        ([event(0, "Started", 0, 60), event(1, "Ended", 10, 0)], ["stop_before_start"], "suspect"),
        ([event(0, "Started", 0), event(1, "Ended", 10**9, 1)], ["energy_implausible"], "suspect"),
        ([event(3, "Started", 0), event(4, "Ended", 10, 60)], [], "ended"),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_found(events: list[Event], found: list[str], state: str) -> None:
    for order in (events, events[::-1]):
        transaction = arrived(order)
        assert (transaction.doubts, transaction.state) == (found, state)


def test_a_gap_is_no_longer_doubtful_once_it_is_filled() -> None:
    first, last = event(0, "Started"), event(2, "Ended", minute=60)
    assert arrived([first, last]).state == "suspect"
    assert arrived([first, last, event(1, "Updated")]).state == "ended"


@given(st.lists(st.integers(0, 40)))
def test_ranges_are_the_numbers_in_order(numbers: list[int]) -> None:
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        ranges = joined(ranges, number)
    assert [n for low, high in ranges for n in range(low, high + 1)] == sorted(set(numbers))
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(ranges))


@pytest.mark.trust("A42")
@pytest.mark.parametrize(
    ("wh", "found"), [(0, []), (10**12 - 1, []), (-1, ["meter_absurd"]), (10**12, ["meter_absurd"])]
)
def test_a_register_that_no_meter_shows_is_doubtful(wh: int, found: list[str]) -> None:
    assert doubts.of_meter(wh) == found


@pytest.mark.trust("A41")
@pytest.mark.parametrize(
    ("offset", "found"),
    [
        (timedelta(minutes=4), []),
        (timedelta(minutes=6), ["clock_ahead"]),
        (timedelta(days=-29), []),
        (timedelta(days=-31), ["clock_behind"]),
        (timedelta(days=-20_000), ["clock_behind"]),
    ],
)
def test_a_clock_that_is_wrong_is_doubtful(offset: timedelta, found: list[str]) -> None:
    assert doubts.of_clock(AT + offset, AT) == found


def test_a_station_that_jumps_about_fills_no_memory() -> None:
    ranges: list[tuple[int, int]] = []
    for number in range(0, 4_000, 2):
        ranges = joined(ranges, number)
    assert len(ranges) == REMEMBERED_RANGES
    assert (ranges[0], ranges[-1]) == ((0, 0), (3_998, 3_998))

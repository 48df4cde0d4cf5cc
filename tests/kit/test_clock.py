"""Moments: aware, in UTC, to the microsecond and back."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.kit.clock import from_micros, rfc3339, system_clock, to_micros

moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))  # noqa: DTZ001 - zones are given below


@given(moments, st.integers(-14, 14))
def test_a_moment_survives_the_way_into_microseconds_and_back(moment: datetime, hours: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert from_micros(to_micros(zoned)) == zoned
    assert from_micros(to_micros(zoned)).tzinfo is UTC


@given(moments)
def test_a_moment_without_a_zone_counts_as_utc(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment.replace(tzinfo=UTC)


def test_a_moment_is_written_with_milliseconds_and_z() -> None:
    zoned = datetime(2026, 1, 31, 9, 15, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))
    assert rfc3339(zoned) == "2026-01-31T08:15:00.123Z"
    assert rfc3339(datetime(26, 1, 2, tzinfo=UTC)) == "0026-01-02T00:00:00.000Z"


def test_the_clock_of_the_machine_is_aware() -> None:
    assert system_clock().tzinfo is UTC

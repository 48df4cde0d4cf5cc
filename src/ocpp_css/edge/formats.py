"""Dates, numbers and units as the reader writes them; times in the reader's zone, exact on hover."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit
from markupsafe import Markup

from ocpp_css.edge.i18n import gettext, reader

Number = int | float | Decimal
NOTHING = "\u2013"
_THOUSAND = 1000
_DAY = timedelta(days=1)


def zone() -> tzinfo:
    """The reader's time zone; UTC when its name is unknown."""
    try:
        return ZoneInfo(reader().time_zone)
    except (KeyError, ValueError, OSError):
        return UTC


def exact(moment: datetime) -> str:
    """Date and time to the second, with the zone."""
    return format_datetime(moment, "d MMM y, HH:mm:ss z", tzinfo=zone(), locale=reader().language.locale)


def relative(moment: datetime, now: datetime) -> str:
    """How long ago or ahead, in words."""
    locale = reader().language.locale
    if abs(moment - now) > 30 * _DAY:
        return format_datetime(moment, "d MMM y", tzinfo=zone(), locale=locale)
    return format_timedelta(moment - now, add_direction=True, locale=locale, threshold=0.9)


def time_tag(moment: datetime | None, *, style: str = "relative", now: datetime | None = None) -> Markup:
    """A `<time>` element: `relative` text kept fresh in the browser, or `exact`, `time`, `date` as they stand."""
    if moment is None:
        return Markup('<span class="muted">{}</span>').format(gettext("never"))
    if style == "relative":
        shown, mark = relative(moment, now or datetime.now(UTC)), Markup(" data-relative")
    else:
        shown, mark = _standing(moment, style), Markup("")
    stamp = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(stamp, exact(moment), mark, shown)


def _standing(moment: datetime, style: str) -> str:
    locale = reader().language.locale
    if style == "time":
        return format_time(moment, "HH:mm:ss", tzinfo=zone(), locale=locale)
    if style == "date":
        return day(moment.astimezone(zone()).date())
    return exact(moment)


def day(value: date) -> str:
    """A calendar day."""
    return format_date(value, "medium", locale=reader().language.locale)


def number(value: Number, digits: int | None = None) -> str:
    """A number with the reader's separators, rounded to `digits` decimals when given."""
    shape = None if digits is None else "#,##0." + "0" * digits if digits else "#,##0"
    return format_decimal(value, format=shape, locale=reader().language.locale)


def percent(part: float) -> str:
    """A share of one as per cent."""
    return format_percent(part, locale=reader().language.locale)


def money(amount: Decimal, currency: str) -> str:
    """An amount in major units of an ISO 4217 currency."""
    return format_currency(amount, currency, locale=reader().language.locale)


def _with(figure: str, unit: str) -> str:
    return f"{figure}\u00a0{unit}"


def energy(wh: Number | None) -> str:
    """Watt-hours; as kWh from a thousand on, the fewer decimals the larger."""
    if wh is None:
        return NOTHING
    if abs(Decimal(str(wh))) < _THOUSAND:
        return _with(number(wh, 0), gettext("Wh"))
    kwh = Decimal(str(wh)) / _THOUSAND
    digits = 2 if abs(kwh) < 100 else 1 if abs(kwh) < _THOUSAND else 0
    return _with(number(kwh, digits), gettext("kWh"))


def power(watt: Number | None) -> str:
    """Watts, as kW from a thousand on."""
    if watt is None:
        return NOTHING
    if abs(Decimal(str(watt))) < _THOUSAND:
        return _with(number(watt, 0), gettext("W"))
    return _with(number(Decimal(str(watt)) / _THOUSAND, 1), gettext("kW"))


def duration(seconds: float | timedelta | None) -> str:
    """A length of time in its two largest units: `1 hr 5 min`."""
    if seconds is None:
        return NOTHING
    total = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    locale = reader().language.locale
    steps = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
    parts = []
    for name, size in steps:
        count, total = divmod(total, size)
        if count:
            parts.append(format_unit(count, f"duration-{name}", length="short", locale=locale))
    return " ".join(parts[:2]) or format_unit(0, "duration-second", length="short", locale=locale)


def size(octets: int) -> str:
    """A number of bytes in a fitting unit."""
    value: float = octets
    for unit in ("byte", "kilobyte", "megabyte"):
        if value < 1000:
            return format_unit(round(value, 1), f"digital-{unit}", length="short", locale=reader().language.locale)
        value /= 1000
    return format_unit(round(value, 1), "digital-gigabyte", length="short", locale=reader().language.locale)

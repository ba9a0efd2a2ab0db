"""Local time and the calendar's rhythm: UTC offsets, weekdays, paydays, holidays, hours of the day.

What lives here: functions of time alone. What does not: who does something at that time (``customers.py``,
``spending.py``).
Days are days since 1970-01-01 in local time; instants are microseconds since the epoch, UTC unless called local.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Holiday, Scenario, ScenarioError
from fraud_assets.simulation.streams import F64, I64, Bools

EPOCH = date(1970, 1, 1)
DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000
#: Steps in which a change is looked for within its week, each a tenth or so of the one before.
_NARROWER = (DAY_US, 120 * _MINUTE_US, 10 * _MINUTE_US, _MINUTE_US)
#: Times between which clocks change more often than this are looked up one by one, not change by change.
_PASSES = 12
#: Years around the first month for which clock changes are known: devices look back, runs go on.
_YEARS_BEFORE, _YEARS_AFTER = 12, 25
#: Steps of an hour in which its density changes.
_STEPS = 12
_GRID = 1025
#: Local days at either end of a month that ``Activity.month_edges`` speaks of.
_EDGE_DAYS = 3


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def weekday(day: I64) -> I64:
    """0 for Monday to 6 for Sunday, of days since 1970-01-01, which was a Thursday; shape kept."""
    if not day.size:
        return day.copy()
    first, last = int(day.min()), int(day.max())
    # Many rows, few days: looked up in a third of the time that remainders take.
    return ((np.arange(first, last + 1) + 3) % 7)[day - first]


def month_days(month: Month) -> tuple[int, int]:
    """First local day of the month and the first one after it, as day numbers."""
    return day_number(month.start.date()), day_number(month.end.date())


def microseconds(instant: datetime) -> int:
    """Microseconds since the epoch of an aware instant, exactly."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def utc_offset_minutes(scenario: Scenario, city: npt.ArrayLike, local_us: npt.ArrayLike) -> I64:
    """Local time minus UTC in minutes, from the local wall time.

    Parameters
    ----------
    city
        Indices into ``scenario.cities``.
    local_us
        Local wall time, microseconds; broadcast against ``city``.

    Notes
    -----
    A wall time that occurs twice is the first one; one that the change skips takes the offset before the change (as
    Python's ``fold=0``, PEP 495), so that the instant ``local_us - offset`` lies just after the change.
    """
    return _offset(scenario, city, local_us, local=True)


def offset_at(scenario: Scenario, city: npt.ArrayLike, utc_us: npt.ArrayLike) -> I64:
    """Local time minus UTC in minutes at instants (UTC microseconds), shapes as in :func:`utc_offset_minutes`."""
    return _offset(scenario, city, utc_us, local=False)


@dataclass(frozen=True)
class _Clocks:
    """What the clocks of all cities show: each change in any zone, in order of time."""

    at: I64  # UTC, or wall time
    zone: I64  # of each change
    zones: I64  # of each city
    minutes: I64  # offsets of the cities before the first change and after each; shape (changes + 1, cities)


def _offset(scenario: Scenario, city: npt.ArrayLike, time_us: npt.ArrayLike, *, local: bool) -> I64:
    clocks = _clocks(scenario, local)
    where, times = np.asarray(city, dtype=np.int64), np.asarray(time_us, dtype=np.int64)
    if where.shape != times.shape:
        where, times = np.broadcast_arrays(where, times)
    if not times.size:
        return np.zeros(times.shape, dtype=np.int64)
    first, last = np.searchsorted(clocks.at, [times.min(), times.max()], side="right").tolist()
    if last - first > _PASSES:
        passed = np.searchsorted(clocks.at, times.ravel(), side="right").reshape(times.shape)
        then: I64 = clocks.minutes[passed, where]
        return then
    result: I64 = clocks.minutes[first][where]
    zone = clocks.zones[where] if last > first else result
    for k in range(first, last):  # a month has a change or none in each zone: a pass or two over the rows
        after = clocks.minutes[k + 1][np.argmax(clocks.zones == clocks.zone[k])]
        np.copyto(result, after, where=(zone == clocks.zone[k]) & (times >= clocks.at[k]))
    return result


@lru_cache(maxsize=16)
def _clocks(scenario: Scenario, local: bool) -> _Clocks:
    names, changes = _zones(scenario), _changes(scenario)
    zones = np.array([names.index(c.time_zone) for c in scenario.cities], dtype=np.int64)
    at = np.concatenate([_wall(utc, offsets) if local else utc for utc, offsets in changes])
    zone = np.repeat(np.arange(len(names)), [len(utc) for utc, _ in changes])
    order = np.argsort(at, kind="stable")
    passed = np.cumsum(zone[order][:, None] == np.arange(len(names)), axis=0)
    passed = np.concatenate([np.zeros((1, len(names)), dtype=np.int64), passed])
    minutes = np.stack([offsets[passed[:, k]] for k, (_, offsets) in enumerate(changes)], axis=1)
    return _Clocks(at[order], zone[order], zones, minutes[:, zones])


def _wall(utc: I64, offsets: I64) -> I64:
    """Wall time of changes, read with the later of the two offsets: that is fold=0 in gaps and folds alike."""
    return utc + np.maximum(offsets[:-1], offsets[1:]) * _MINUTE_US


@lru_cache(maxsize=16)
def _changes(scenario: Scenario) -> list[tuple[I64, I64]]:
    """When the clocks of each zone change, in UTC, and its offsets in minutes before the first change and after each.

    Zones are in the order of their names. All are asked at once, since what a question costs hardly depends on them.
    """
    zones = _zones(scenario)
    year = scenario.first.year
    start, end = (microseconds(datetime(y, 1, 1, tzinfo=UTC)) for y in (year - _YEARS_BEFORE, year + _YEARS_AFTER))
    width = 7 * DAY_US
    weeks = np.arange(start, end + width, width)
    offsets = _minutes(zones, [weeks] * len(zones))
    moves = [np.flatnonzero(np.diff(some)) for some in offsets]
    low = [weeks[some] for some in moves]
    for step in _NARROWER:  # all places of a step at once
        places = [some[:, None] + np.arange(1, width // step) * step for some in low]
        found = _minutes(zones, [some.ravel() for some in places])
        for k, (then, before) in enumerate(zip(found, offsets, strict=True)):
            low[k] = low[k] + (then.reshape(places[k].shape) == before[moves[k], None]).sum(axis=1) * step
        width = step
    after = [np.concatenate([some[:1], some[moved + 1]]) for some, moved in zip(offsets, moves, strict=True)]
    return [(some + _MINUTE_US, minutes) for some, minutes in zip(low, after, strict=True)]


def _zones(scenario: Scenario) -> list[str]:
    """The time zones of the cities, by name."""
    names = sorted({c.time_zone for c in scenario.cities})
    for name in names:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ScenarioError(
                f"scenario {scenario.name}: cities.csv: time_zone is {name!r};"
                " an IANA zone such as America/New_York is needed"
            ) from None
    return names


def _minutes(zones: list[str], utc: list[I64]) -> list[I64]:
    """Local time minus UTC in each zone, at instants of its own."""
    there = [
        pl.lit(pl.Series(some)).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)
        for zone, some in zip(zones, utc, strict=True)
    ]
    offsets = [(some.dt.base_utc_offset() + some.dt.dst_offset()).dt.total_minutes().implode() for some in there]
    found = pl.select(some.alias(zone) for zone, some in zip(zones, offsets, strict=True))
    return [found[zone][0].to_numpy() for zone in zones]


def day_factors(scenario: Scenario, first_day: int, n: int, city: str | None = None) -> F64:
    """How much people pay on each of ``n`` local days: weekday x month edges x holidays; shape (n,).

    Holidays are those that are kept everywhere and, with a ``city``, there.
    """
    days = np.arange(first_day, first_day + n)
    factors = _week_and_month(scenario, days)
    for holiday in scenario.holidays:
        if holiday.cities and city not in holiday.cities:
            continue
        of_holiday = days - day_number(holiday.first)
        inside = (of_holiday >= 0) & (days <= day_number(holiday.last))
        factors[inside] *= np.array(holiday.factors)[of_holiday[inside]]
    return factors


@lru_cache(maxsize=16)
def day_factors_of_cities(scenario: Scenario, first_day: int, n: int) -> F64:
    """:func:`day_factors` of each city; shape (cities, n)."""
    found: dict[tuple[bool, ...], F64] = {}  # most cities keep the same holidays
    factors = np.empty((len(scenario.cities), n))
    for row, c in zip(factors, scenario.cities, strict=True):
        kept = tuple(c.city in holiday.cities for holiday in scenario.holidays)
        if kept not in found:
            found[kept] = day_factors(scenario, first_day, n, c.city)
        row[:] = found[kept]
    factors.flags.writeable = False  # it is shared through the cache
    return factors


def on_holiday(scenario: Scenario, holiday: Holiday, city: I64, day: I64) -> Bools:
    """Whether the people of the cities (indices) keep the holiday on the local days; shape (n,)."""
    inside = (day >= day_number(holiday.first)) & (day <= day_number(holiday.last))
    if holiday.cities:
        inside &= np.array([c.city in holiday.cities for c in scenario.cities])[city]
    return inside


def _week_and_month(scenario: Scenario, days: I64) -> F64:
    of_day = np.array(scenario.activity.weekday)[weekday(days)]
    day_of_month, length = month_place(days)
    edge = (day_of_month <= _EDGE_DAYS) | (day_of_month > length - _EDGE_DAYS)
    return np.where(edge, of_day * scenario.activity.month_edges, of_day)


def payday_factors(scenario: Scenario, payday: I64, first_day: int, n: int) -> F64:
    """Spending after payday: ``activity.payday`` on the day, falling linearly to 1 over ``payday_days``.

    Parameters
    ----------
    payday
        Day of the month, 1..31, shape (k,); past the month's end it means its last day.

    Returns
    -------
    Factors of shape (k, n) for the ``n`` local days from ``first_day``.
    """
    days = np.arange(first_day, first_day + n)
    day_of_month, length = month_place(days)
    last_month = month_place(days - day_of_month)[1]
    pay = np.asarray(payday)[:, None]
    this = np.minimum(pay, length)
    since = day_of_month - np.where(this <= day_of_month, this, np.minimum(pay, last_month) - last_month)
    left = np.clip(1 - since / scenario.activity.payday_days, 0, None)
    return 1 + (scenario.activity.payday - 1) * left


def month_place(days: I64) -> tuple[I64, I64]:
    """Day of the month (from 1) and length of that month."""
    date64 = days.astype("datetime64[D]")
    month = date64.astype("datetime64[M]")
    start = month.astype("datetime64[D]")
    length = (month + 1).astype("datetime64[D]") - start
    return (date64 - start).astype(np.int64) + 1, length.astype(np.int64)


@lru_cache(maxsize=16)
def mean_factor(scenario: Scenario) -> float:
    """Long-run mean of weekday, month-edge and payday factors: what a customer's rate is divided by.

    Holidays are left out: they make their season busier than the others.
    """
    first = day_number(date(2024, 1, 1))
    days = np.arange(first, first + 28 * 1461 // 4)  # 7 years: each weekday meets each day of the month
    people = payday_factors(scenario, np.array([15]), first, len(days))[0]
    return float(_week_and_month(scenario, days).mean() * people.mean())


@lru_cache(maxsize=16)
def hour_quantiles(scenario: Scenario) -> tuple[list[str], F64]:
    """Inverse distribution of the time of day for each profile of ``scenario.hours``.

    Returns
    -------
    The sorted names of the profiles, and seconds since local midnight at the quantiles 0, 1/1024 .. 1, shape
    (profiles, 1025).
    """
    names = sorted(scenario.hours)
    table = time_quantiles(np.array([scenario.hours[name] for name in names]))
    table.flags.writeable = False
    return names, table


def time_quantiles(weights: F64) -> F64:
    """Seconds since midnight at the quantiles 0, 1/1024 .. 1 of days with these 24 weights; shape (..., 1025).

    Each hour keeps its weight; within it the density leans towards the neighbouring hours, in steps of five minutes:
    nobody's day changes on the stroke of the hour.

    Parameters
    ----------
    weights
        Shape (..., 24).
    """
    around = np.concatenate([weights[..., -1:], weights, weights[..., :1]], axis=-1)
    # Between the middles of two hours; the last that has passed is at ``last - 0.5``.
    place = (np.arange(24 * _STEPS) + 0.5) / _STEPS
    last = np.floor(place + 0.5).astype(np.int64)
    before, after = (np.take(around, end, axis=-1) for end in (last, last + 1))
    density = ((after - before) * (place - (last - 0.5)) + before).reshape(*weights.shape, _STEPS)
    total = density.sum(axis=-1)
    density *= (weights / np.where(total > 0, total, 1))[..., None]
    mass = np.zeros((*weights.shape[:-1], 24 * _STEPS + 1))
    np.cumsum(density.reshape(*weights.shape[:-1], -1), axis=-1, out=mass[..., 1:])
    mass /= mass[..., -1:]
    share, seconds = np.linspace(0, 1, _GRID), np.arange(24 * _STEPS + 1) * (3600.0 / _STEPS)
    days = [np.interp(share, day, seconds) for day in mass.reshape(-1, mass.shape[-1])]
    for quantiles, day in zip(days, mass.reshape(-1, mass.shape[-1]), strict=True):
        quantiles[-1] = seconds[np.searchsorted(day, 1.0)]  # whoever closes in the evening has no later moment
    return np.array(days).reshape(*weights.shape[:-1], _GRID)


def second_of_day(table: F64, profile: I64, place: F64) -> F64:
    """Seconds since midnight at places, from 0 to below 1024, between the quantiles of the profiles; shape (n,).

    ``table`` is that of :func:`hour_quantiles`.
    """
    low = place.astype(np.int64)
    return table[profile, low] + (place - low) * (table[profile, low + 1] - table[profile, low])


def instants(scenario: Scenario, month: Month, city: I64, profile: I64, day_u: F64, hour_u: F64) -> I64:
    """UTC instants spread over the month's days, at local hours of the profiles; microseconds, to the millisecond.

    Parameters
    ----------
    city
        Whose local time it is: indices into ``scenario.cities``, shape (n,).
    profile
        Indices into ``sorted(scenario.hours)``.
    day_u, hour_u
        Uniform draws in [0, 1) for the day and for the hour.

    Notes
    -----
    What falls behind the UTC month's end by local time appears at its beginning, at the same local hour of the day
    before the first, and the other way round: the month is complete on its own, without drawing its neighbours.
    """
    first, end = (day * DAY_US for day in month_days(month))
    second = second_of_day(hour_quantiles(scenario)[1], profile, hour_u * (_GRID - 1))
    day = np.floor(day_u * month.days).astype(np.int64)
    local = first + day * DAY_US + np.floor(second * 1000).astype(np.int64) * 1000
    utc = local - utc_offset_minutes(scenario, city, local) * _MINUTE_US
    return first + (utc - first) % (end - first)

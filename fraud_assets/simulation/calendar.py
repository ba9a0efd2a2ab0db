"""The calendar's rhythm: weekdays, paydays, holidays, hours of the day; what the clocks show is in ``clocks.py``.

What lives here: functions of time alone. What does not: who does something at that time (``traits.py``,
``spending.py``).
Days are days since 1970-01-01 in local time; instants are microseconds since the epoch, UTC unless called local.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np

from fraud_assets.months import Month
from fraud_assets.scenario import Holiday, Scenario
from fraud_assets.simulation.clocks import DAY_US, MINUTE_US, utc_offset_minutes
from fraud_assets.simulation.streams import F64, I64, Bools

EPOCH = date(1970, 1, 1)
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
    utc = local - utc_offset_minutes(scenario, city, local) * MINUTE_US
    return first + (utc - first) % (end - first)

"""Hours: when in the day people go out, and when somebody usually does something on such a day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.calendar import on_holiday, time_quantiles, weekday
from fraud_assets.simulation.clocks import offset_at, utc_offset_minutes
from fraud_assets.simulation.intents import DAY, MINUTE, Bank
from fraud_assets.simulation.streams import F64, I64
from fraud_assets.simulation.weeks import hours_of_days


def at_usual_hours(bank: Bank, who: I64, category: I64, event_us: I64, u: F64) -> I64:
    """The instants moved to the time of day at which the customers make payments of the categories.

    They stay on their local day, and are whole milliseconds.

    Parameters
    ----------
    who, category
        Positions in the bank's traits and indices of categories, shape (n,).
    event_us
        UTC microseconds.
    u
        Uniform draws.
    """
    home = bank.traits.city[who]
    day = (event_us + offset_at(bank.scenario, home, event_us) * MINUTE) // DAY
    local_us = day * DAY + np.rint(clock(bank, who, category, day, u) * 1000).astype(np.int64) * 1000
    return local_us - utc_offset_minutes(bank.scenario, home, local_us) * MINUTE


def clock(bank: Bank, who: I64, category: I64, day: I64, u: F64) -> F64:
    """Second of the local day at which an outing begins, by occupation, kind of purchase, weekday and holiday.

    Parameters as for :func:`at_usual_hours`; ``day`` counts from 1970-01-01.
    """
    hours = _hours(bank.scenario)
    kinds_of_day, occupations, purchases, places = hours.table.shape
    position = u * (places - 1)
    low = position.astype(np.int64)
    fine = position - low
    row = hours.of_hours[bank.traits.hours][who]
    if kinds_of_day > 1:
        row = _kind_of_day(bank, hours.kind, who, day) * occupations + row
    place = (row * purchases + hours.of_category[category]) * places + low
    table = hours.table.ravel()
    found = table[place]
    found += fine * (table[place + 1] - found)
    return found


def _kind_of_day(bank: Bank, kind: I64, who: I64, day: I64) -> I64:
    """Row of :attr:`_Hours.table` for each local day, which may be a holiday where the customer lives; shape (n,)."""
    plain = found = kind[weekday(day)]
    own = list(bank.scenario.activity.hours_of_holidays)
    for holiday in bank.scenario.holidays:
        if holiday.hours is not None:
            kept = on_holiday(bank.scenario, holiday, bank.traits.city[who], day)
            found = np.where(kept, plain + (1 + own.index(holiday.hours)) * (kind.max() + 1), found)
    return found


@dataclass(frozen=True)
class _Hours:
    """Inverse distributions of the time of day in seconds, and what each is for."""

    kind: I64  # of each weekday
    of_hours: I64  # second axis of the table: of each of the sorted profiles that is an occupation's
    of_category: I64  # third axis
    table: F64  # (kinds of day, occupations' profiles, categories' profiles, 1025)


@lru_cache(maxsize=8)
def _hours(scenario: Scenario) -> _Hours:
    """When people go out.

    A category keeps its own hours on average over the people and the week; an occupation and a kind of day shift them.
    After the kinds of weekdays come the same on each kind of holiday.
    """
    names = sorted(scenario.hours)
    weights = np.array([scenario.hours[name] for name in names])
    weights = weights / weights.sum(axis=1, keepdims=True)
    used = [names.index(o.hours) for o in scenario.population.occupations]
    tilt = weights / weights[used].mean(axis=0)
    kind, days = hours_of_days(scenario)
    days = np.concatenate([days, *(days * np.array(own) for own in scenario.activity.hours_of_holidays.values())])
    rows = np.unique(used)
    columns, of_category = np.unique([names.index(c.hours) for c in scenario.categories], return_inverse=True)
    table = time_quantiles(weights[columns] * tilt[rows, None] * days[:, None, None])
    return _Hours(kind, np.searchsorted(rows, np.arange(len(names))), of_category, table)

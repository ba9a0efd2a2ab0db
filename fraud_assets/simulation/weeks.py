"""Weeks: on which days what is bought, and at what hours; restaurants towards the weekend, tickets to work before it.

A scenario gives a kind of payment a profile of seven factors with mean 1. The days of outings are drawn before it is
known what for; so a choice that does not suit its day is made once more. Accepted with probability ``factor - 0.5``, a
choice is made as often as its factor says (and as the rest leaves room), at the cost of one further draw for every
second row, and without a table of choices for each day.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.calendar import day_number, on_holiday, weekday
from fraud_assets.simulation.streams import F64, I64, finer

#: Digits of a draw that decide whether it stays, and that choose again; those before them chose first.
_STAYS, _AGAIN = 2.0**26, 2.0**40
_SUNDAY = 6


def unsuited(u: F64, stays: F64, chosen: I64, weekday: I64) -> I64:
    """Places of the choices that do not suit their day.

    Parameters
    ----------
    u
        The draws by which was chosen, shape (n,).
    stays
        Probability with which each outcome stays on each weekday, shape (outcomes, 7).
    chosen, weekday
        Outcomes, and days from 0 for Monday; shape (n,).
    """
    return np.flatnonzero(finer(u, _STAYS) >= stays.ravel()[chosen * 7 + weekday])


def weekday_kept(scenario: Scenario, city: I64, day: I64) -> I64:
    """Weekdays, 0 for Monday, as which people of the cities (indices) live the local days; shape (n,).

    They are Sundays on the holidays that say so (``Holiday.sunday``), where these are kept.
    """
    first, last = (day.min(), day.max()) if len(day) else (0, -1)
    kept = weekday(day)
    for holiday in scenario.holidays:
        if holiday.sunday and day_number(holiday.last) >= first and day_number(holiday.first) <= last:
            kept[on_holiday(scenario, holiday, city, day)] = _SUNDAY
    return kept


def again(u: F64) -> F64:
    """Draws for the choices that are made once more, from what is left of the first ones."""
    return finer(u, _AGAIN)


def hours_of_days(scenario: Scenario) -> tuple[I64, F64]:
    """Which of the kinds of days each weekday is, Monday first, and what each kind makes of the hours.

    Shapes (7,) and (kinds, 24). See ``Activity.hours_of_days``; the days without hours of their own are one kind.
    """
    kinds, kind = np.unique(np.array(scenario.activity.day_hours), axis=0, return_inverse=True)
    return kind.reshape(-1).astype(np.int64), kinds


@lru_cache(maxsize=8)
def stays_on(scenario: Scenario) -> tuple[F64, F64] | None:
    """Probabilities with which methods, and then the categories of a method, stay on each weekday.

    Shapes (methods, 7) and (categories, 7); None where every day is like any other.
    """
    weeks = scenario.activity.weeks
    if not any(c.week for c in scenario.categories):
        return None
    factor = np.array([weeks[c.week] if c.week else (1.0,) * 7 for c in scenario.categories])
    names = [m.name for m in scenario.methods]
    of = np.array([names.index(c.method) for c in scenario.categories])
    weight = np.array([c.weight if c.recipient not in ("biller", "employer") else 0.0 for c in scenario.categories])
    total = np.bincount(of, weights=weight, minlength=len(names))
    mean = np.ones((len(names), 7))
    for k in np.flatnonzero(total > 0):
        mean[k] = weight[of == k] @ factor[of == k] / total[k]
    return np.clip(mean - 0.5, 0, 1), np.clip(factor / mean[of] - 0.5, 0, 1)

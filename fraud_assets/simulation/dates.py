"""Dates: on which days something falls that comes every month."""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.calendar import month_days
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.streams import I64, hashed_uniforms


class Dates:
    """Local days on which something that comes every month falls, for those of the days that may lie in a month."""

    def __init__(self, month: Month) -> None:
        self._near = [month - 1, month, month + 1]
        first, end = month_days(month)
        # What would fall on a weekend may come two days earlier or later.
        self._first, self._end = first - 3, end + 3

    def due(self, day_of_month: I64, since: I64) -> tuple[I64, I64, I64]:
        """Positions of what is due, ``Month.index`` and local day of each.

        Parameters
        ----------
        day_of_month
            From 1 on, one for all months or one a month: shape (n,) or (3, n).
        since
            Local day before which nothing is due, shape (n,).
        """
        starts = np.array([month_days(m)[0] for m in self._near])
        day = starts[:, None] + day_of_month - 1
        nth, position = np.nonzero((day >= self._first) & (day < self._end) & (since <= day))
        return position, np.array([m.index for m in self._near])[nth], day[nth, position]

    def lengths(self) -> I64:
        """Days of the three months, shape (3, 1)."""
        return np.array([[m.days] for m in self._near])


def due_days(bank: Bank, category: I64, index: I64, nth: I64) -> I64:
    """Day of the month on which each bill is due, by its category's days."""
    u = hashed_uniforms(bank.scenario.seed, "bill.day", index, nth)
    day = 1 + (28 * u).astype(np.int64)
    for k, c in enumerate(bank.scenario.categories):
        if c.due:
            own = np.flatnonzero(category == k)
            days = sorted(c.due)
            ends = np.cumsum([c.due[d] for d in days])
            passed = np.searchsorted(ends / ends[-1], u[own], side="right")
            day[own] = np.array(days)[np.minimum(passed, len(days) - 1)]
    return day

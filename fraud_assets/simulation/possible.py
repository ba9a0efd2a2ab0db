"""What can be bought when: not at a counter that is closed, and no third tank of petrol on one day.

Whoever pays at a counter, honest or not, comes through here.
"""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.clocks import offset_at
from fraud_assets.simulation.intents import DAY, HOUR, MINUTE, PURCHASE, Bank, Intents
from fraud_assets.simulation.streams import F64, I64, Bools, finer
from fraud_assets.simulation.weeks import stays_on, weekday_kept


def possible(bank: Bank, who: I64, category: I64, local_us: I64, u: F64) -> I64:
    """Categories as chosen, but for purchases that cannot be: each is another one of the method.

    Cannot be: what is sold at a counter, in the hours in which its profile has no weight; and more of a category than
    ``Category.a_day`` on a day. Instead people buy what is to be had then, however often, as they and the weekday like.

    Parameters
    ----------
    who, category, local_us
        Customer, category and wall time of each payment, shape (n,); those of a customer and day together, or nearly:
        the payments of an outing that passes midnight count with the next ones.
    u
        Uniform draws; they may be those that chose the category: only their finer digits are used.
    """
    closed, most = bank.kept(_closed), bank.kept(_most)
    shuts = closed.any(axis=1)
    some = np.flatnonzero((shuts | (most > 0))[category])
    kind = category[some]
    shut = closed[kind, local_us[some] // HOUR % 24]
    wrong, some, kind = [some.compress(shut)], some.compress(~shut), kind.compress(~shut)
    for k in np.flatnonzero(most):
        rows = some.compress(kind == k)
        begins = np.ones(len(rows), dtype=bool)
        whose, when = who[rows], local_us[rows] // DAY
        begins[1:] = (whose[1:] != whose[:-1]) | (when[1:] != when[:-1])
        place = np.arange(len(rows))
        wrong.append(rows[place - np.maximum.accumulate(np.where(begins, place, 0)) >= most[k]])
    rows = np.concatenate(wrong)
    found = category.copy()
    for method in np.unique(bank.method[category[rows]]):
        mine = rows[bank.method[category[rows]] == method]
        always = np.flatnonzero((bank.method == method) & (most == 0))
        if not len(always):
            continue
        weights = bank.traits.category_weights[who[mine]][:, always]
        weights *= ~closed[always].T[local_us[mine] // HOUR % 24]
        if (stays := stays_on(bank.scenario)) is not None:
            weekday = weekday_kept(bank.scenario, bank.traits.city[who[mine]], local_us[mine] // DAY)
            weights *= stays[1][always].T[weekday]  # as the weekday likes them, too
        ends = np.cumsum(weights, axis=1)
        which = (ends <= (finer(u[mine]) * ends[:, -1])[:, None]).sum(axis=1)
        found[mine] = np.where(ends[:, -1] > 0, always[np.minimum(which, len(always) - 1)], category[mine])
    return found


def when_open(bank: Bank, category: I64, place: I64, event_us: I64, instead: I64) -> I64:
    """Categories of payments at some instants in some cities, but ``instead`` of those whose counters are closed."""
    local_us = event_us + offset_at(bank.scenario, place, event_us) * MINUTE
    return np.where(bank.kept(_closed)[category, local_us // HOUR % 24], instead, category)


def always_open(bank: Bank, allowed: Bools) -> Bools:
    """Those of the allowed categories that can be had at any hour; all of them where there are none."""
    some = allowed & ~bank.kept(_closed).any(axis=1)
    return some if some.any() else allowed


def is_shut(bank: Bank, rows: Intents) -> Bools:
    """Which rows are purchases at a counter that is closed."""
    hour = (rows.event_us + rows.offset * MINUTE) // HOUR % 24
    return bank.kept(_closed)[rows.category, hour] & (rows.kind == PURCHASE)


def _closed(bank: Bank) -> Bools:
    """In which hours of the day counters are closed; shape (categories, 24)."""
    weights = np.array([bank.scenario.hours[c.hours] for c in bank.scenario.categories])
    return (weights == 0) & bank.at_counter[:, None]


def _most(bank: Bank) -> I64:
    """How many purchases of each category a customer makes on a day at most; 0 where there is no limit."""
    return np.array([c.a_day or 0 for c in bank.scenario.categories], dtype=np.int64)

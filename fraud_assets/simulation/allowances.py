"""Allowances: what a family sends, month by month, to those of its members whom no employer pays."""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.amounts import in_steps
from fraud_assets.simulation.calendar import hour_quantiles, second_of_day
from fraud_assets.simulation.clocks import offset_at, utc_offset_minutes
from fraud_assets.simulation.dates import Dates
from fraud_assets.simulation.employers import paid_by
from fraud_assets.simulation.intents import DAY, INCOME, MINUTE, TO_PERSON, Bank, Intents
from fraud_assets.simulation.receipts import bounded
from fraud_assets.simulation.recipients import acquaintance
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms, ids

#: Local hours between which a family sends money [P].
_AWAKE = (7, 22)


def allowances(bank: Bank, month: Month) -> Intents:
    """The income, once a month on the customer's payday, from one person who is always the same: a fixed round sum.

    It comes in the way in which most money is sent to persons, on any day of the week, by day.
    """
    scenario, traits = bank.scenario, bank.traits
    ways = np.flatnonzero(bank.recipient == TO_PERSON)
    people = np.flatnonzero(paid_by(bank, "family"))
    if not len(people) or not len(ways):
        return Intents.make(0)
    dates = Dates(month)
    payday = np.minimum(traits.payday[people], dates.lengths())
    due, of_month, day = dates.due(payday, traits.registered_day[people])
    who = people[due]
    index = traits.index[who]
    category = np.full(len(who), ways[np.argmax(bank.popularity[ways])])
    number = ids(scenario.seed, "allowance", of_month, index)
    u = hashed_uniforms(scenario.seed, "allowance.price", index)
    value = bounded(bank, who, category, traits.annual_income[who] / 12, u)
    place = traits.city[who]
    local_us = day * DAY + _time_of_day(bank, category, hashed_uniforms(scenario.seed, "allowance.hour", number))
    event_us = local_us - utc_offset_minutes(scenario, place, local_us) * MINUTE
    return Intents.make(
        len(who),
        transaction_id=number,
        who=who,
        event_us=event_us,
        offset=offset_at(scenario, place, event_us),
        category=category,
        kind=INCOME,
        place=place,
        payee=acquaintance(bank, "family", who),
        cents=in_steps(value, scenario.prices.round_steps),
    )


def _time_of_day(bank: Bank, category: I64, u: F64) -> I64:
    """Microseconds since local midnight, by the hours of the category while those who send are awake.

    Parameters
    ----------
    category, u
        Way to send and a uniform draw of each row, shape (n,).
    """
    names, table = hour_quantiles(bank.scenario)
    profile = np.array([names.index(c.hours) for c in bank.scenario.categories])[category]
    first, last = ((table < 3600 * hour).sum(axis=1)[profile] for hour in _AWAKE)
    # Between two quantiles times are evenly spread; the last whole one begins before the end of the time.
    second = second_of_day(table, profile, first + u * (last - 1 - first))
    return np.rint(second * 1000).astype(np.int64) * 1000

"""Allowances: what a family sends, month by month, to those of its members whom no employer pays."""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.calendar import offset_at, utc_offset_minutes
from fraud_assets.simulation.dates import Dates
from fraud_assets.simulation.employers import paid_by
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import DAY, INCOME, MINUTE, TO_PERSON, Bank, Intents
from fraud_assets.simulation.recipients import acquaintance
from fraud_assets.simulation.streams import hashed_uniforms, ids


def allowances(bank: Bank, month: Month) -> Intents:
    """The income, once a month on the customer's payday, from one person who is always the same: a fixed round sum.

    It comes in the way in which most money is sent to persons, on any day of the week.
    """
    scenario, traits = bank.scenario, bank.traits
    ways = np.flatnonzero(bank.recipient == TO_PERSON)
    people = np.flatnonzero(paid_by(bank, "family"))
    if not len(people) or not len(ways):
        return Intents.make(0)
    share = np.array([m.share for m in scenario.methods])[bank.method] * [c.weight for c in scenario.categories]
    dates = Dates(month)
    payday = np.minimum(traits.payday[people], dates.lengths())
    due, of_month, day = dates.due(payday, traits.registered_day[people])
    who = people[due]
    index = traits.index[who]
    category = np.full(len(who), ways[np.argmax(share[ways])])
    number = ids(scenario.seed, "allowance", of_month, index)
    value = np.minimum(traits.annual_income[who] / 12, bank.normal_maximum[category])
    cents = price_points(bank, category, value, hashed_uniforms(scenario.seed, "allowance.price", index))
    place = traits.city[who]
    noon = day * DAY + DAY // 2
    noon -= utc_offset_minutes(scenario, place, noon) * MINUTE
    event_us = at_usual_hours(bank, who, category, noon, hashed_uniforms(scenario.seed, "allowance.hour", number))
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
        cents=cents,
    )

"""Standing orders, subscriptions and salaries: the rows that come on their own dates."""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.amounts import price_points, taste
from fraud_assets.simulation.calendar import month_days, utc_offset_minutes
from fraud_assets.simulation.instruments import cards
from fraud_assets.simulation.intents import (
    BILL,
    INCOME,
    MINUTE,
    NONE,
    ONLINE,
    SECOND,
    TO_BILLER,
    TO_EMPLOYER,
    Bank,
    Intents,
    concat,
)
from fraud_assets.simulation.merchants import pick
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms, ids

#: Share of the gross income that arrives on the account [P].
_NET_PAY = 0.72
#: How much a metered bill moves from month to month (standard deviation of the logarithm) [P].
_METER = 0.07


def recurring(bank: Bank, month: Month) -> Intents:
    """Bills and income of the month, and those of the neighbouring months' days that may lie in it by UTC."""
    dates = _Dates(month)
    return concat([_bills(bank, dates), _income(bank, dates)])


class _Dates:
    """Local days on which something that comes every month falls, for those of the days that may lie in a month."""

    def __init__(self, month: Month) -> None:
        self._near = [month - 1, month, month + 1]
        first, end = month_days(month)
        self._first, self._end = first - 1, end + 1

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


def _bills(bank: Bank, dates: _Dates) -> Intents:
    """Each customer's bills: the same biller, day and (but for metered ones) amount every month."""
    scenario, traits = bank.scenario, bank.traits
    billers = np.flatnonzero(bank.recipient == TO_BILLER)
    if not len(billers):
        return Intents.make(0)
    who = np.repeat(np.arange(len(traits.index)), traits.bills)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(traits.bills) - traits.bills, traits.bills)
    index = traits.index[who]
    day_of_month = 1 + (28 * hashed_uniforms(scenario.seed, "bill.day", index, nth)).astype(np.int64)
    due, month, day = dates.due(day_of_month, traits.registered_day[who])
    who, nth, index = who[due], nth[due], index[due]

    weight = np.array([scenario.categories[c].weight for c in billers])
    # The first bills are one of each kind (rent, power, telephone ...), so that nobody pays three rents.
    drawn = np.searchsorted(np.cumsum(weight / weight.sum()), hashed_uniforms(scenario.seed, "bill.kind", index, nth))
    category = billers[np.where(nth < len(billers), nth, np.minimum(drawn, len(billers) - 1))]
    biller = hashed_uniforms(scenario.seed, "bill.payee", index, nth)
    merchant = pick(bank.directory, category, np.full(len(who), len(scenario.cities)), biller)
    cents = _bill_amounts(bank, month, who, nth, category)
    second = 3600 * (1 + 5 * hashed_uniforms(scenario.seed, "bill.second", index, nth, month))
    local_us = day * 86_400 * SECOND + np.rint(second * 1000).astype(np.int64) * 1000
    place = traits.city[who]
    offset = utc_offset_minutes(scenario, place, local_us)
    card = cards(bank, month, who, bank.channel[category])
    return Intents.make(
        len(who),
        transaction_id=ids(scenario.seed, "bill", month, (index << np.int64(8)) | nth),
        who=who,
        event_us=local_us - offset * MINUTE,
        offset=offset,
        category=category,
        kind=BILL,
        place=place,
        merchant=merchant,
        cents=cents,
        card=np.where(bank.channel[category] == ONLINE, card, NONE),
    )


def _bill_amounts(bank: Bank, month: I64, who: I64, nth: I64, category: I64) -> I64:
    kinds = bank.scenario.categories
    median = np.array([c.median for c in kinds])[category]
    sigma = np.sqrt(2 * np.log(np.array([c.mean / c.median for c in kinds])))[category]
    index = bank.traits.index[who]
    standing = taste(bank)[who, category] + _bell(bank, "bill.level", index, nth)
    metered = np.array([c.price_style == "exact" for c in kinds])[category]
    meter = _METER * _bell(bank, "bill.meter", index * 256 + nth, month)
    value = median * np.exp(sigma * standing / np.sqrt(2) + meter * metered) * bank.traits.amount_factor[who]
    value = np.minimum(value, bank.normal_maximum[category])
    return price_points(bank, category, value, hashed_uniforms(bank.scenario.seed, "bill.price", index, nth))


def _bell(bank: Bank, salt: str, *parts: I64) -> F64:
    """Approximately standard normal numbers that belong to the parts: a scaled sum of three uniforms."""
    total = sum((hashed_uniforms(bank.scenario.seed, f"{salt}.{k}", *parts) for k in range(3)), start=np.float64(0.0))
    return (np.asarray(total) - 1.5) * 2.0


def _income(bank: Bank, dates: _Dates) -> Intents:
    """Salaries: monthly on payday, or half then and half fifteen days later; once a month in each case a fixed sum."""
    scenario, traits = bank.scenario, bank.traits
    employers = np.flatnonzero(bank.recipient == TO_EMPLOYER)
    if not len(employers):
        return Intents.make(0)
    people = np.arange(len(traits.index))
    halves = hashed_uniforms(scenario.seed, "income.halves", traits.index) < 0.55
    who = np.concatenate([people, people[halves]])
    second_half = np.arange(len(who)) >= len(people)
    length = dates.lengths()
    payday = np.minimum(traits.payday[who], length)
    day_of_month = np.where(second_half, (payday + 14) % length + 1, payday)
    due, month, day = dates.due(day_of_month, traits.registered_day[who])
    who, second_half = who[due], second_half[due]
    index = traits.index[who]
    category = np.full(len(who), employers[0])
    merchant = pick(
        bank.directory,
        category,
        np.full(len(who), len(scenario.cities)),
        hashed_uniforms(scenario.seed, "income.employer", index),
    )
    share = np.where(hashed_uniforms(scenario.seed, "income.halves", index) < 0.55, 24, 12)
    cents = np.rint(traits.annual_income[who] * _NET_PAY * 100 / share).astype(np.int64)
    second = 3600 * (5 + 4 * hashed_uniforms(scenario.seed, "income.second", index, month))
    local_us = day * 86_400 * SECOND + np.rint(second * 1000).astype(np.int64) * 1000
    place = traits.city[who]
    offset = utc_offset_minutes(scenario, place, local_us)
    return Intents.make(
        len(who),
        transaction_id=ids(scenario.seed, "income", month, index * 2 + second_half.astype(np.int64)),
        who=who,
        event_us=local_us - offset * MINUTE,
        offset=offset,
        category=category,
        kind=INCOME,
        place=place,
        merchant=merchant,
        cents=np.maximum(cents, 100),
    )

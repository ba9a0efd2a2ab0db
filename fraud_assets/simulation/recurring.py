"""Standing orders, subscriptions and salaries: the rows that come on their own dates."""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.amounts import price_points, taste
from fraud_assets.simulation.calendar import month_days, utc_offset_minutes
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
from fraud_assets.simulation.spending import cards
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms, ids

#: Share of the gross income that arrives on the account [P].
_NET_PAY = 0.72
#: How much a metered bill moves from month to month (standard deviation of the logarithm) [P].
_METER = 0.07


def recurring(bank: Bank, month: Month) -> Intents:
    """Bills and income of the month, and those of the neighbouring months' days that may lie in it by UTC."""
    first, end = month_days(month)
    parts = []
    for near in (month - 1, month, month + 1):
        days = (first - 1, end + 1)
        parts += [_bills(bank, near, days), _income(bank, near, days)]
    return concat(parts)


def _bills(bank: Bank, month: Month, days: tuple[int, int]) -> Intents:
    """Each customer's bills: the same biller, day and (but for metered ones) amount every month.

    Those of the month whose local day lies in the half-open range of days.
    """
    scenario, traits = bank.scenario, bank.traits
    billers = np.flatnonzero(bank.recipient == TO_BILLER)
    if not len(billers):
        return Intents.make(0)
    who = np.repeat(np.arange(len(traits.index)), traits.bills)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(traits.bills) - traits.bills, traits.bills)
    index = traits.index[who]
    day_of_month = 1 + (28 * hashed_uniforms(scenario.seed, "bill.day", index, nth)).astype(np.int64)
    day = month_days(month)[0] + day_of_month - 1
    due = (day >= days[0]) & (day < days[1]) & (traits.registered_day[who] <= day)
    who, nth, index, day = who[due], nth[due], index[due], day[due]

    weight = np.array([scenario.categories[c].weight for c in billers])
    # The first bills are one of each kind (rent, power, telephone ...), so that nobody pays three rents.
    drawn = np.searchsorted(np.cumsum(weight / weight.sum()), hashed_uniforms(scenario.seed, "bill.kind", index, nth))
    category = billers[np.where(nth < len(billers), nth, np.minimum(drawn, len(billers) - 1))]
    biller = hashed_uniforms(scenario.seed, "bill.payee", index, nth)
    merchant = pick(bank.directory, category, np.full(len(who), len(scenario.cities)), biller)
    cents = _bill_amounts(bank, month, who, nth, category)
    second = 3600 * (1 + 5 * hashed_uniforms(scenario.seed, "bill.second", index, nth, month.index))
    local_us = day * 86_400 * SECOND + np.rint(second * 1000).astype(np.int64) * 1000
    place = traits.city[who]
    offset = utc_offset_minutes(scenario, place, local_us)
    card = cards(bank, month.index, who, bank.channel[category])
    return Intents.make(
        len(who),
        transaction_id=ids(scenario.seed, "bill", month.index, (index << np.int64(8)) | nth),
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


def _bill_amounts(bank: Bank, month: Month, who: I64, nth: I64, category: I64) -> I64:
    kinds = bank.scenario.categories
    median = np.array([c.median for c in kinds])[category]
    sigma = np.sqrt(2 * np.log(np.array([c.mean / c.median for c in kinds])))[category]
    index = bank.traits.index[who]
    standing = taste(bank)[who, category] + _bell(bank, "bill.level", index, nth)
    metered = np.array([c.price_style == "exact" for c in kinds])[category]
    meter = _METER * _bell(bank, "bill.meter", index * 256 + nth, np.full(len(nth), month.index))
    value = median * np.exp(sigma * standing / np.sqrt(2) + meter * metered) * bank.traits.amount_factor[who]
    value = np.minimum(value, bank.normal_maximum[category])
    return price_points(bank, category, value, hashed_uniforms(bank.scenario.seed, "bill.price", index, nth))


def _bell(bank: Bank, salt: str, *parts: I64) -> F64:
    """Approximately standard normal numbers that belong to the parts: a scaled sum of three uniforms."""
    total = sum((hashed_uniforms(bank.scenario.seed, f"{salt}.{k}", *parts) for k in range(3)), start=np.float64(0.0))
    return (np.asarray(total) - 1.5) * 2.0


def _income(bank: Bank, month: Month, days: tuple[int, int]) -> Intents:
    """Salaries: monthly on payday, or half then and half fifteen days later; once a month in each case a fixed sum."""
    scenario, traits = bank.scenario, bank.traits
    employers = np.flatnonzero(bank.recipient == TO_EMPLOYER)
    if not len(employers):
        return Intents.make(0)
    people = np.arange(len(traits.index))
    halves = hashed_uniforms(scenario.seed, "income.halves", traits.index) < 0.55
    who = np.concatenate([people, people[halves]])
    second_half = np.arange(len(who)) >= len(people)
    payday = np.minimum(traits.payday[who], month.days)
    day_of_month = np.where(second_half, (payday + 14) % month.days + 1, payday)
    day = month_days(month)[0] + day_of_month - 1
    due = (day >= days[0]) & (day < days[1]) & (traits.registered_day[who] <= day)
    who, day, second_half = who[due], day[due], second_half[due]
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
    second = 3600 * (5 + 4 * hashed_uniforms(scenario.seed, "income.second", index, month.index))
    local_us = day * 86_400 * SECOND + np.rint(second * 1000).astype(np.int64) * 1000
    place = traits.city[who]
    offset = utc_offset_minutes(scenario, place, local_us)
    return Intents.make(
        len(who),
        transaction_id=ids(scenario.seed, "income", month.index, index * 2 + second_half.astype(np.int64)),
        who=who,
        event_us=local_us - offset * MINUTE,
        offset=offset,
        category=category,
        kind=INCOME,
        place=place,
        merchant=merchant,
        cents=np.maximum(cents, 100),
    )

"""Standing orders, subscriptions, salaries and money from own accounts: the rows that come on their own dates."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from fraud_assets.months import Month
from fraud_assets.simulation.amounts import price_points, taste, within_income
from fraud_assets.simulation.calendar import hour_quantiles, weekday
from fraud_assets.simulation.clocks import utc_offset_minutes
from fraud_assets.simulation.dates import Dates, due_days
from fraud_assets.simulation.employers import employer_of, paid_by
from fraud_assets.simulation.instruments import cards
from fraud_assets.simulation.intents import (
    BANK,
    BILL,
    BY_PHONE,
    INCOME,
    MINUTE,
    NONE,
    ONLINE,
    SECOND,
    TO_BILLER,
    TO_EMPLOYER,
    TO_OWN,
    Bank,
    Intents,
    concat,
    expand,
)
from fraud_assets.simulation.merchants import pick
from fraud_assets.simulation.preferences import by_occupation
from fraud_assets.simulation.prices import by_tariff, fitting, not_below, on_the_list
from fraud_assets.simulation.recipients import own_account
from fraud_assets.simulation.rents import house_rules, landlords, most_rent, tenants
from fraud_assets.simulation.streams import F64, I64, Bools, finer, hashed_uniforms, ids

#: Bills that people pay themselves, and local hours between which the others are collected [P].
_BY_HAND, _RUNS = 0.45, (3.0, 9.0)
#: How much a metered bill moves from month to month (standard deviation of the logarithm), and with the season: the
#: logarithm of the dearest month, and which it is by what is metered [P].
_METER, _SEASON = 0.07, 0.2
_PEAK = {"cooling": 7, "heating": 1}


def recurring(bank: Bank, month: Month) -> Intents:
    """Bills and income of the month, and those of the neighbouring months' days that may lie in it by UTC."""
    dates = Dates(month)
    return concat([_bills(bank, dates), _income(bank, dates), _own_money(bank, dates)])


def _bills(bank: Bank, dates: Dates) -> Intents:
    """Each customer's bills: the same biller, day and (but for metered ones) amount every month."""
    scenario, traits = bank.scenario, bank.traits
    billers = np.flatnonzero(bank.recipient == TO_BILLER)
    if not len(billers):
        return Intents.make(0)
    who, nth = expand(traits.bills)

    # A place for each contract that somebody may have: nobody pays two rents.
    most = np.array([scenario.categories[c].contracts for c in billers])
    kinds, place = expand(most)
    weight = np.array([scenario.categories[c].weight for c in billers]) / most
    rents = bank.tagged("rent")[billers[kinds]]
    wanted = weight[kinds] * by_occupation(scenario)[traits.occupation][:, billers[kinds]]
    contract = _in_turn(bank, np.where(rents & ~tenants(bank)[:, None], 0.0, wanted))[who, nth]
    due, month, day = dates.due(
        due_days(bank, billers[kinds[contract]], traits.index[who], nth), traits.registered_day[who]
    )
    who, nth, contract = who[due], nth[due], contract[due]
    index = traits.index[who]
    category, place, most = billers[kinds[contract]], place[contract], most[kinds[contract]]
    biller = hashed_uniforms(scenario.seed, "bill.payee", index, nth)
    local = bank.directory.count[category, -1] == 0
    city = np.where(local, traits.city[who], len(scenario.cities))
    merchant = _of_place(bank, pick(bank.directory, category, city, biller), place, most)
    standing, cents = _bill_amounts(bank, month, who, nth, category)
    # Who has several contracts of a kind has them with different billers, whatever these charge.
    merchant = np.where(most > 1, merchant, fitting(bank, who, merchant, standing, house_rules(bank, who, day)))
    landlord = landlords(bank, who, category)
    charged = on_the_list(
        bank, merchant, _charged(bank, merchant, cents, hashed_uniforms(scenario.seed, "bill.tariff", index, nth))
    )
    cents = np.where(landlord == NONE, charged, cents)
    if scenario.activity.bills_wait:  # banks rest at the weekend: what is due then is paid on Monday
        of_day = weekday(day)
        day = day + np.where((bank.channel[category] == BANK) & (of_day >= 5), 7 - of_day, 0)
    if scenario.tariffs:
        units = hashed_uniforms(scenario.seed, "bill.units", index * 256 + nth, month)
        cents = by_tariff(bank, category, traits.city[who], day, units, cents)
    by_hand = hashed_uniforms(scenario.seed, "bill.by_hand", index, nth) < _BY_HAND
    second = _bill_seconds(bank, category, by_hand, hashed_uniforms(scenario.seed, "bill.second", index, nth, month))
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
        merchant=np.where(landlord == NONE, merchant, NONE),
        payee=landlord,
        cents=cents,
        card=np.where(bank.channel[category] == ONLINE, card, NONE),
    )


def _charged(bank: Bank, merchant: I64, cents: I64, u: F64) -> I64:
    """The sums, but for those that the billers never ask for: these are somewhat within what they do ask for."""
    lowest, highest = bank.directory.lowest_cents[merchant], bank.directory.highest_cents[merchant]
    inside = np.where(
        cents < lowest, lowest * (1 + 0.6 * u * u), np.where(cents > highest, highest * (1 - 0.3 * u), cents)
    )
    whole = np.where(inside == cents, cents, np.rint(inside / 100) * 100).astype(np.int64)
    return np.clip(whole, lowest, highest)


def _of_place(bank: Bank, merchant: I64, place: I64, most: I64) -> I64:
    """Billers as drawn, but for those of whom a customer may have several: the ``place``-th of ``most`` is another one.

    Billers that stand together in their list by popularity go to different places.
    """
    shops = bank.directory
    cell = shops.category[merchant] * shops.count.shape[1] + shops.city[merchant] % shops.count.shape[1]
    start, count = shops.start.ravel()[cell], shops.count.ravel()[cell]
    most = np.minimum(most, count)
    rank = merchant - start
    rank += place % most - rank % most
    return start + np.where(rank >= count, rank - most, rank)


def _in_turn(bank: Bank, weight: F64) -> I64:
    """Contracts in the order in which each customer makes them, the common ones early; as ``weight``, of shape
    (customers, contracts).
    """
    kinds = np.arange(weight.shape[1])
    u = hashed_uniforms(bank.scenario.seed, "bill.order", bank.traits.index[:, None], kinds)
    # A weighted draw without replacement (Efraimidis and Spirakis 2006).
    return np.argsort(np.log(u + 1e-300) / np.maximum(weight, 1e-12), axis=1)[:, ::-1]


def _bill_seconds(bank: Bank, category: I64, by_hand: Bools, u: F64) -> F64:
    """Second of the local day: standing orders run before people are up, other bills at their category's hours."""
    names, table = hour_quantiles(bank.scenario)
    profile = np.array([names.index(c.hours) for c in bank.scenario.categories])[category]
    awake = table[profile, (u * (table.shape[1] - 1)).astype(np.int64)] + 60 * ((u * 65_536) % 1.0)
    # The sum of two uniforms: most of the runs are in the middle of the time.
    run = _RUNS[0] + (_RUNS[1] - _RUNS[0]) * (u + finer(u)) / 2
    return np.where(by_hand | (bank.instrument[category] == BY_PHONE), awake, 3600 * run)


def _bill_amounts(bank: Bank, month: I64, who: I64, nth: I64, category: I64) -> tuple[I64, I64]:
    """What each bill usually comes to, and what it comes to in the month; cents."""
    kinds = bank.scenario.categories
    median = np.array([c.median for c in kinds])[category]
    sigma = np.sqrt(2 * np.log(np.array([c.mean / c.median for c in kinds])))[category]
    index = bank.traits.index[who]
    level = taste(bank)[who, category] + _bell(bank, "bill.level", index, nth)
    peaks = [next((_PEAK[tag] for tag in c.tags if tag in _PEAK), 0) for c in kinds]
    peak = np.array(peaks)[category]
    season = _SEASON * np.cos((month % 12 + 1 - peak) * (np.pi / 6))
    meter = (_METER * _bell(bank, "bill.meter", index * 256 + nth, month) + season) * (peak > 0)
    u = hashed_uniforms(bank.scenario.seed, "bill.price", index, nth)
    value = median * np.exp(sigma * level / np.sqrt(2)) * bank.traits.amount_factor[who]
    cities = bank.scenario.cities
    rent = np.array([(c.rent or c.cost_of_living) / c.cost_of_living for c in cities])[bank.traits.city[who]]
    value = np.where(bank.tagged("rent")[category], value * rent, within_income(bank, who, value))
    # What a bill of the category comes to at most, where the table says it; else what is normal for the method.
    ceiling = np.where(np.isfinite(bank.highest), bank.highest, bank.normal_maximum)[category]
    ceiling = np.minimum(ceiling, most_rent(bank, who, category))
    value = np.where(value > ceiling, ceiling * (0.6 + 0.3 * u), value)
    value = not_below(bank, category, value, u)
    now = np.minimum(value * np.exp(meter), ceiling)
    return np.rint(value * 100).astype(np.int64), price_points(bank, category, now, u)


def _bell(bank: Bank, salt: str, *parts: I64) -> F64:
    """Approximately standard normal numbers that belong to the parts: a scaled sum of three uniforms."""
    total = sum((hashed_uniforms(bank.scenario.seed, f"{salt}.{k}", *parts) for k in range(3)), start=np.float64(0.0))
    return (np.asarray(total) - 1.5) * 2.0


def paid_twice(bank: Bank) -> Bools:
    """Customers who get half of their pay on payday and the other half fifteen days later; shape (customers,)."""
    u = hashed_uniforms(bank.scenario.seed, "income.halves", bank.traits.index)
    return u < bank.scenario.population.paid_twice


def _income(bank: Bank, dates: Dates) -> Intents:
    """Salaries: monthly on payday, or half then and half fifteen days later; a fixed sum, unless the pay varies."""
    scenario, traits = bank.scenario, bank.traits
    employers = np.flatnonzero(bank.recipient == TO_EMPLOYER)
    if not len(employers):
        return Intents.make(0)
    people = np.flatnonzero(paid_by(bank, "employer"))
    halves = paid_twice(bank)
    who = np.concatenate([people, people[halves[people]]])
    second_half = np.arange(len(who)) >= len(people)
    length = dates.lengths()
    payday = np.minimum(traits.payday[who], length)
    day_of_month = np.where(second_half, (payday + 14) % length + 1, payday)
    due, month, day = dates.due(day_of_month, traits.registered_day[who])
    who, second_half = who[due], second_half[due]
    day = day - np.maximum(weekday(day) - 4, 0)  # Saturdays and Sundays become Fridays
    index = traits.index[who]
    category = np.full(len(who), employers[0])
    merchant = employer_of(bank, int(employers[0]))[who]
    share = np.where(halves[who], 24, 12)
    pay = traits.annual_income[who] * scenario.population.net_pay / share * _of_month(bank, who, month)
    # As in shops: where hundredths are rare, payrolls have none.
    plain = hashed_uniforms(scenario.seed, "income.whole", index) < scenario.prices.whole
    cents = np.rint(np.where(plain, np.rint(pay), pay) * 100).astype(np.int64)
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


def _of_month(bank: Bank, who: I64, month: I64) -> F64:
    """What is paid in the month, over what is usually paid: lognormal with mean 1, by ``pay_varies``; shape (n,)."""
    sigma = np.array([o.pay_varies for o in bank.scenario.population.occupations])[bank.traits.occupation[who]]
    # Not all of the tail: nobody rides ten times as many orders as usual.
    u = np.clip(hashed_uniforms(bank.scenario.seed, "income.varies", bank.traits.index[who], month), 1e-3, 1 - 1e-3)
    return np.exp(sigma * ndtri(u) - sigma**2 / 2)


def _own_money(bank: Bank, dates: Dates) -> Intents:
    """Money from the customers' other accounts: twice a month, what people spend here beyond what they are paid."""
    scenario, traits = bank.scenario, bank.traits
    category = np.flatnonzero(bank.recipient == TO_OWN)
    if scenario.population.own_money == 0 or not len(category):
        return Intents.make(0)
    twice = np.tile(np.arange(len(traits.index)), 2)
    nth = np.arange(len(twice)) // max(len(traits.index), 1)
    within = 13 * hashed_uniforms(scenario.seed, "own.day", traits.index[twice], nth)
    day_of_month = 1 + 14 * nth + within.astype(np.int64)
    due, month, day = dates.due(day_of_month, traits.registered_day[twice])
    who, nth = twice[due], nth[due]
    index = traits.index[who]
    paid = traits.annual_income * scenario.population.net_pay / 12
    gap = np.maximum(_monthly_spending(bank) - paid, 0) * scenario.population.own_money / 2
    swing = 0.7 + 0.6 * hashed_uniforms(scenario.seed, "own.sum", index * 2 + nth, month)
    cents = np.rint(gap[who] * swing / 50).astype(np.int64) * 5_000
    second = 3600 * (7 + 14 * hashed_uniforms(scenario.seed, "own.second", index * 2 + nth, month))
    local_us = day * 86_400 * SECOND + np.rint(second * 1000).astype(np.int64) * 1000
    place = traits.city[who]
    offset = utc_offset_minutes(scenario, place, local_us)
    rows = Intents.make(
        len(who),
        transaction_id=ids(scenario.seed, "own.money", month, index * 2 + nth),
        who=who,
        event_us=local_us - offset * MINUTE,
        offset=offset,
        category=np.full(len(who), category[0]),
        kind=INCOME,
        place=place,
        payee=own_account(bank, who),
        cents=cents,
    )
    return rows.take(cents > 0)


def _monthly_spending(bank: Bank) -> F64:
    """What each customer spends in an average month, major units; shape (customers,)."""
    traits = bank.traits
    means = np.array([c.mean for c in bank.scenario.categories])
    share = traits.method_weights[:, bank.method] * traits.category_weights
    return 30.4 * traits.daily_rate * traits.amount_factor * (share @ means)

"""Honest payments: when people go out, what they buy, where, from whom and with what.

Each block's rows are drawn outing by outing, in customer order, one stream a column; see ``blocks.py`` for why blocks.
What follows from a payment (retries, refunds) is in ``echoes.py``; standing orders and salaries are in
``recurring.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation import recipients
from fraud_assets.simulation.amounts import amounts
from fraud_assets.simulation.blocks import Block
from fraud_assets.simulation.calendar import day_factors_of_cities, payday_factors
from fraud_assets.simulation.choices import Choices
from fraud_assets.simulation.clocks import utc_offset_minutes
from fraud_assets.simulation.fates import BITS, fates
from fraud_assets.simulation.hours import clock
from fraud_assets.simulation.instruments import cards, devices_used, expired_cards, second_card
from fraud_assets.simulation.intents import (
    EXPIRED_CARD,
    I8,
    MINUTE,
    NONE,
    SECOND,
    TO_OWN,
    Bank,
    Intents,
    kinds,
)
from fraud_assets.simulation.outcomes import outcomes
from fraud_assets.simulation.possible import possible
from fraud_assets.simulation.preferences import in_season
from fraud_assets.simulation.prices import fitting
from fraud_assets.simulation.streams import F64, I64, Bools, generator, ids, uniforms
from fraud_assets.simulation.streams import normals as normal_draws
from fraud_assets.simulation.travel import nearby, trips
from fraud_assets.simulation.weeks import again, stays_on, unsuited, weekday_kept

#: Longest outing, in payments.
_LONGEST = 6


@dataclass(frozen=True)
class Spending:
    """What people decided to pay on the blocks' local days: when, where, for what, how much, and how it ended.

    One place a row, block by block in customer order, but for the columns that have one an outing. Who is paid and with
    which device follows row by row (:func:`intents`), so that whoever needs a few of the rows does not pay for all.
    """

    who: I64
    ordinal: I64  # within customer and block
    outing: I64
    period: I64  # of the block, an outing
    size: I64  # payments, an outing
    category: I64
    event_us: I64
    offset: I64
    place: I64
    is_away: Bools
    is_new: Bools  # a merchant or person that the customer has not paid before
    slot: F64
    fresh: F64
    cents: I64
    status: I8
    reason: I8
    fate: I8
    device_u: F64  # an outing
    net_u: F64  # an outing

    def take(self, rows: Bools) -> Spending:
        """The chosen rows."""
        kept = ("period", "size", "device_u", "net_u")
        chosen = np.flatnonzero(rows)
        return replace(self, **{f.name: getattr(self, f.name)[chosen] for f in fields(self) if f.name not in kept})


class _Columns:
    """The column streams of the blocks, unit by unit."""

    def __init__(self, bank: Bank, blocks: list[Block]) -> None:
        self._seed = bank.scenario.seed
        self._segments = [(block.period, unit) for block in blocks for unit in bank.units]
        self._ends = np.cumsum(np.tile(bank.counts, len(blocks)))

    def counts(self, per_entry: I64) -> I64:
        """Sums over the segments of a count that each (block, customer) has."""
        total = np.concatenate([[0], np.cumsum(per_entry)])
        return np.diff(np.concatenate([[0], total[self._ends]]))

    def uniform(self, column: str, counts: I64) -> F64:
        return uniforms(self._seed, f"spending.{column}", self._segments, counts)

    def normal(self, column: str, counts: I64) -> F64:
        return normal_draws(self._seed, f"spending.{column}", self._segments, counts)


def spending(bank: Bank, blocks: list[Block]) -> Spending:
    """The honest payments that the customers of the units make on the local days of consecutive blocks."""
    scenario, traits = bank.scenario, bank.traits
    draws = _Columns(bank, blocks)
    people = len(traits.index)

    outings, entry_o, day_o = _outings(bank, blocks)
    per_unit = draws.counts(outings)
    block_o, who_o = (place[entry_o] for place in np.divmod(np.arange(len(outings)), max(people, 1)))
    weekday_o = weekday_kept(scenario, traits.city[who_o], day_o)
    method_o = _methods(bank, who_o, weekday_o, draws.uniform("method", per_unit))
    # Geometric: an outing goes on with the same probability after each payment, up to a limit.
    ends = 1 - scenario.activity.outing_continues ** np.arange(1, _LONGEST)
    size_u = draws.uniform("size", per_unit)
    size = 1 + sum((size_u >= end for end in ends), start=np.zeros(len(size_u), dtype=np.int64))

    outing = np.repeat(np.arange(len(who_o)), size)
    first = np.cumsum(size) - size  # row at which each outing begins
    who = who_o[outing]
    entry = entry_o[outing]
    per_entry = np.bincount(entry, minlength=len(outings))
    rows = draws.counts(per_entry)
    category_u = draws.uniform("category", rows)
    category = _categories(bank, who, method_o[outing], weekday_o[outing], category_u)
    if any(holiday.category for holiday in scenario.holidays):
        category = in_season(scenario, traits.category_weights, traits.city, who, category, day_o[outing], category_u)

    seconds = clock(bank, who_o, category[first], day_o, draws.uniform("hour", per_unit))
    local_us = _times(scenario, day_o, seconds, outing, first, draws.uniform("gap", rows - per_unit))
    category = possible(bank, who, category, local_us, category_u)
    months = sorted({block.month for block in blocks})
    month_o = np.array([months.index(block.month) for block in blocks])[block_o]
    place_u = draws.uniform("place", per_unit)
    trip = trips(bank, months).city_on(month_o * people + who_o, day_o, place_u)
    counter = bank.at_counter[category]
    place = _places(bank, who_o, trip, counter[first], place_u)[outing]
    offset = utc_offset_minutes(scenario, place, local_us)
    is_away = (trip != NONE)[outing]

    known = draws.uniform("known", rows)
    known[is_away & counter] = 1.0  # nobody has a repertoire abroad
    is_new = known >= recipients.known_share(bank).ravel()[who * len(scenario.categories) + category]
    z, price, slot = draws.normal("amount", rows), draws.uniform("price", rows), draws.uniform("slot", rows)
    period = np.array([block.period for block in blocks])[block_o]
    known_person = np.flatnonzero(recipients.is_person(bank)[category] & ~is_new)
    z[known_person], price[known_person] = recipients.with_contacts_amounts(
        bank,
        Block.month_index(period)[outing[known_person]],
        who[known_person],
        slot[known_person],
        z[known_person],
        price[known_person],
    )
    cents = amounts(bank, who, category, z, price)
    status, reason = outcomes(bank, who, category, cents, place, day_o[outing], draws.uniform("status", rows))
    return Spending(
        who=who,
        ordinal=np.arange(len(who)) - (np.cumsum(per_entry) - per_entry)[entry],
        outing=outing,
        period=period,
        size=size,
        category=category,
        event_us=local_us - offset * MINUTE,
        offset=offset,
        place=place,
        is_away=is_away,
        is_new=is_new,
        slot=slot,
        fresh=draws.uniform("recipient", rows),
        cents=cents,
        status=status,
        reason=reason,
        fate=fates(bank, who, category, is_new, status, draws.uniform("fate", rows)),
        device_u=draws.uniform("device", per_unit),
        net_u=draws.uniform("net", per_unit),
    )


def intents(bank: Bank, spent: Spending) -> Intents:
    """The payments with their recipients, devices and cards; accidents are marked, not yet carried out."""
    scenario = bank.scenario
    who, category, place = spent.who, spent.category, spent.place
    channel, recipient = bank.channel[category], bank.recipient[category]
    period = spent.period[spent.outing]
    month = Block.month_index(period)
    merchant, payee = np.full(len(who), NONE), np.full(len(who), NONE)

    is_person = recipients.is_person(bank)[category]
    person, shop = np.flatnonzero(is_person), np.flatnonzero(~is_person & (recipient != TO_OWN))
    city = place[shop]
    city[np.flatnonzero(~bank.at_counter[category[shop]])] = len(scenario.cities)
    new, slot, fresh = spent.is_new, spent.slot, spent.fresh
    merchant[shop] = recipients.merchants(
        bank, month[shop], who[shop], category[shop], city, new[shop], slot[shop], fresh[shop]
    )
    merchant = fitting(bank, who, merchant, spent.cents)
    payee[person] = recipients.payees(bank, month[person], who[person], new[person], slot[person], fresh[person])
    own = np.flatnonzero(recipient == TO_OWN)
    payee[own] = recipients.own_account(bank, who[own])

    device_id, net = devices_used(
        bank, spent.who, spent.outing, category, spent.event_us, spent.is_away, spent.device_u, spent.net_u
    )
    card = cards(bank, month, who, channel, second_card(bank, who, spent.device_u[spent.outing]))
    stale = np.flatnonzero(spent.reason == EXPIRED_CARD)
    card[stale] = expired_cards(bank, month[stale], who[stale], channel[stale])
    return Intents.make(
        len(who),
        transaction_id=numbers(bank, spent, slice(None)),
        who=who,
        event_us=spent.event_us,
        offset=spent.offset,
        category=category,
        kind=kinds(bank)[category],
        place=place,
        merchant=merchant,
        payee=payee,
        cents=spent.cents,
        device=device_id,
        net=net,
        card=card,
        status=spent.status,
        reason=spent.reason,
        accident=BITS.take(spent.fate),
    )


def numbers(bank: Bank, spent: Spending, rows: I64 | slice) -> I64:
    """Transaction ids of the rows."""
    index, period = bank.traits.index[spent.who[rows]], spent.period[spent.outing[rows]]
    # Room for 65,536 payments a customer and block, and for 100,000 months.
    return ids(bank.scenario.seed, "transaction", (((index << 19) | period) << 16) | spent.ordinal[rows])


def _outings(bank: Bank, blocks: list[Block]) -> tuple[I64, I64, I64]:
    """Number of outings of each entry (block, customer), and of each outing its entry and local day.

    Outings of a day are Poisson with a Gamma factor, so days are over-dispersed. Entry ``b * customers + who`` is that
    of customer ``who`` in the ``b``-th of the blocks.
    """
    scenario, traits = bank.scenario, bank.traits
    activity = scenario.activity
    first, n = blocks[0].first_day, sum(block.days for block in blocks)
    factors = day_factors_of_cities(scenario, first, n)[traits.city]
    mean = traits.daily_rate[:, None] * factors * (1 - activity.outing_continues)
    mean *= payday_factors(scenario, traits.payday, first, n)
    mean *= traits.registered_day[:, None] <= np.arange(first, first + n)
    shape = 1 / activity.day_cv**2
    ends = np.cumsum(bank.counts).tolist()
    outings, days = [], []  # of each day of each entry
    for block in blocks:
        due = mean[:, block.first_day - first :][:, : block.days]
        for unit, end, count in zip(bank.units, ends, bank.counts.tolist(), strict=True):
            rng = generator(scenario.seed, "spending.mood", block.period, unit)
            mood = rng.standard_gamma(shape, (count, block.days))
            rng = generator(scenario.seed, "spending.outings", block.period, unit)
            outings.append(rng.poisson(due[end - count : end] * mood / shape).ravel())
        days.append(np.tile(np.arange(block.first_day, block.first_day + block.days), len(due)))
    a_day = np.concatenate(outings)
    length = np.repeat([block.days for block in blocks], len(traits.index))  # days of each entry
    entry = np.repeat(np.repeat(np.arange(len(length)), length), a_day)
    return np.bincount(entry, minlength=len(length)), entry, np.repeat(np.concatenate(days), a_day)


def _methods(bank: Bank, who: I64, weekday: I64, u: F64) -> I64:
    """A method for each outing, by the customer's own weights and the weekday."""
    choices = Choices(bank.traits.method_weights)
    method = choices.draw(who, u)
    if (stays := stays_on(bank.scenario)) is not None:
        leaves = unsuited(u, stays[0], method, weekday)
        method[leaves] = choices.draw(who[leaves], again(u[leaves]))
    return method


def _categories(bank: Bank, who: I64, method: I64, weekday: I64, u: F64) -> I64:
    """A category of the method, by the customer's own weights and the weekday."""
    columns = np.argsort(bank.method, kind="stable")  # categories grouped by method
    grouped = Choices(bank.traits.category_weights[:, columns])
    # Each method's weights sum to one, so that the methods that there are share [0, 1) evenly.
    used = np.unique(bank.method)
    place = np.searchsorted(used, np.arange(len(bank.scenario.methods)))[method]
    chosen = grouped.draw(who, (place + u) / len(used))
    if (stays := stays_on(bank.scenario)) is not None:
        leaves = unsuited(u, stays[1][columns], chosen, weekday)
        chosen[leaves] = grouped.draw(who[leaves], (place[leaves] + again(u[leaves])) / len(used))
    return columns[chosen]


def _times(scenario: Scenario, day: I64, seconds: F64, outing: I64, first: I64, gap: F64) -> I64:
    """Local instants of the rows in microseconds, to the millisecond; later payments of an outing follow by minutes.

    The minutes follow a Weibull law of which 5 % lie below and 5 % above the scenario's: people have no last minute.
    Draws ``gap`` are those of the rows that do not begin an outing.
    """
    shortest, longest = scenario.activity.outing_gap_minutes
    shape = np.log(np.log(0.05) / np.log(0.95)) / np.log(longest / shortest)
    follows = np.ones(len(outing), dtype=bool)
    follows[first] = False
    minutes = longest * (np.log(1 - gap) / np.log(0.05)) ** (1 / shape)
    steps = np.zeros(len(outing), dtype=np.int64)
    steps[np.flatnonzero(follows)] = (minutes * 60_000).astype(np.int64)
    passed = np.cumsum(steps)  # of whole milliseconds: a sum of fractions would depend on the rows before
    begun = day * 86_400_000 + np.rint(seconds * 1000).astype(np.int64) - passed[first]
    passed += begun[outing]
    return passed * (SECOND // 1000)


def _places(bank: Bank, who: I64, trip: I64, counter: Bools, u: F64) -> I64:
    """City of an outing: the trip's, the home's, or a neighbouring one for what is bought at a counter."""
    home = bank.traits.city[who]
    stays = bank.traits.home_share[who]
    place = np.where(trip != NONE, trip, home)
    out = np.flatnonzero(counter & (u >= stays) & (trip == NONE))
    which = (u[out] - stays[out]) / (1 - stays[out] + 1e-12)
    place[out] = nearby(bank.scenario, home[out], np.minimum(which, 1 - 1e-9))
    return place

"""Honest payments: when people go out, what they buy, where, from whom and with what.

Each block's rows are drawn outing by outing, in customer order, one stream a column; see ``blocks.py`` for why blocks.
What follows from a payment (retries, refunds) is in ``echoes.py``; standing orders and salaries are in
``recurring.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation import recipients
from fraud_assets.simulation.amounts import amounts, taste
from fraud_assets.simulation.blocks import Block
from fraud_assets.simulation.calendar import day_factors, payday_factors, utc_offset_minutes
from fraud_assets.simulation.instruments import cards, devices_used
from fraud_assets.simulation.intents import (
    APPROVED,
    BURST,
    CARD_PRESENT,
    FALSE_REPORT,
    HIGH_AMOUNT,
    I8,
    MINUTE,
    MISTYPED,
    NONE,
    PURCHASE,
    SECOND,
    TO_MERCHANT,
    TO_OWN,
    TO_PERSON,
    TRANSFER,
    Bank,
    Intents,
)
from fraud_assets.simulation.outcomes import outcomes
from fraud_assets.simulation.streams import F64, I64, Bools, generator, ids, uniforms
from fraud_assets.simulation.streams import normals as normal_draws
from fraud_assets.simulation.travel import nearby, trips

#: Longest outing, in payments.
_LONGEST = 6
#: What may befall a payment; at most one of these.
_NOTHING, _HIGH, _BURST, _MISTYPED, _FALSE = range(5)
_BITS = np.array([0, HIGH_AMOUNT, BURST, MISTYPED, FALSE_REPORT], dtype=np.int8)


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
        kept = ("period", "device_u", "net_u")
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
    who_o = entry_o % max(people, 1)
    method_o = _choose(np.cumsum(traits.method_weights, axis=1), who_o, draws.uniform("method", per_unit))
    more = scenario.activity.outing_continues
    size = np.ones(len(who_o), dtype=np.int64)
    if more > 0:
        size += np.floor(np.log1p(-draws.uniform("size", per_unit)) / np.log(more)).astype(np.int64)
        size = np.minimum(size, _LONGEST)

    outing = np.repeat(np.arange(len(who_o)), size)
    first = np.cumsum(size) - size  # row at which each outing begins
    who = who_o[outing]
    entry = entry_o[outing]
    per_entry = np.bincount(entry, minlength=len(outings))
    rows = draws.counts(per_entry)
    category = _categories(bank, who, method_o[outing], draws.uniform("category", rows))
    channel = bank.channel[category]

    seconds = _clock(bank, who_o, category[first], draws.uniform("hour", per_unit))
    local_us = _times(scenario, day_o, seconds, size, draws.uniform("gap", rows))
    block_o = entry_o // max(people, 1)
    months = sorted({block.month for block in blocks})
    month_o = np.array([months.index(block.month) for block in blocks])[block_o]
    trip = trips(bank, months).city_on(month_o * people + who_o, day_o)
    place = _places(bank, who_o, trip, channel[first], draws.uniform("place", per_unit))[outing]
    offset = utc_offset_minutes(scenario, place, local_us)
    is_away = (trip != NONE)[outing]

    known = draws.uniform("known", rows)
    known[is_away & (channel == CARD_PRESENT)] = 1.0  # nobody has a repertoire abroad
    is_new = known >= recipients.known_share(bank)[who, category]
    cents = amounts(bank, who, category, draws.normal("amount", rows), draws.uniform("price", rows), taste(bank))
    status, reason = outcomes(bank, who, category, cents, place != traits.city[who], draws.uniform("status", rows))
    return Spending(
        who=who,
        ordinal=np.arange(len(who)) - np.repeat(np.cumsum(per_entry) - per_entry, per_entry),
        outing=outing,
        period=np.array([block.period for block in blocks])[block_o],
        category=category,
        event_us=local_us - offset * MINUTE,
        offset=offset,
        place=place,
        is_away=is_away,
        is_new=is_new,
        slot=draws.uniform("slot", rows),
        fresh=draws.uniform("recipient", rows),
        cents=cents,
        status=status,
        reason=reason,
        fate=_fates(bank, who, category, is_new, status, draws.uniform("fate", rows)),
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

    shop = np.flatnonzero(recipient == TO_MERCHANT)
    city = np.where(channel[shop] == CARD_PRESENT, place[shop], len(scenario.cities))
    new, slot, fresh = spent.is_new, spent.slot, spent.fresh
    merchant[shop] = recipients.merchants(
        bank, month[shop], who[shop], category[shop], city, new[shop], slot[shop], fresh[shop]
    )
    person = np.flatnonzero(recipient == TO_PERSON)
    payee[person] = recipients.payees(bank, month[person], who[person], new[person], slot[person], fresh[person])
    own = np.flatnonzero(recipient == TO_OWN)
    payee[own] = recipients.own_account(bank, who[own])

    device_id, net = devices_used(
        bank, spent.who, spent.outing, channel, spent.event_us, spent.is_away, spent.device_u, spent.net_u
    )
    return Intents.make(
        len(who),
        transaction_id=numbers(bank, spent, np.arange(len(who))),
        who=who,
        event_us=spent.event_us,
        offset=spent.offset,
        category=category,
        kind=np.where(bank.recipient == TO_MERCHANT, PURCHASE, TRANSFER).astype(np.int8)[category],
        place=place,
        merchant=merchant,
        payee=payee,
        cents=spent.cents,
        device=device_id,
        net=net,
        card=cards(bank, month, who, channel),
        status=spent.status,
        reason=spent.reason,
        accident=_BITS[spent.fate],
    )


def numbers(bank: Bank, spent: Spending, rows: I64) -> I64:
    """Transaction ids of the rows."""
    index, period = bank.traits.index[spent.who[rows]], spent.period[spent.outing[rows]]
    # Room for 65,536 payments a customer and block, and for 100,000 months.
    return ids(bank.scenario.seed, "transaction", (((index << 19) | period) << 16) | spent.ordinal[rows])


def _fates(bank: Bank, who: I64, category: I64, is_new: Bools, status: I8, u: F64) -> I8:
    """What befalls each payment that went through: by one draw, so at most one thing."""
    settings, traits, false = bank.scenario.accidents, bank.traits, bank.scenario.fraud.false_report
    most = float(np.max(traits.p_high + traits.p_burst + traits.p_mistyped, initial=0.0)) + false
    some = np.flatnonzero((u < most) & (status == APPROVED))  # nobody is as clumsy as that, so few rows are left
    u, person = u[some], who[some]
    typed = np.where(is_new[some], settings.typed_new_payee, settings.typed_known_payee)
    typed *= (bank.recipient == TO_PERSON)[category[some]]
    high = traits.p_high[person]
    burst = high + traits.p_burst[person]
    mistyped = burst + typed * traits.p_mistyped[person]
    fate = np.full(len(who), _NOTHING, dtype=np.int8)
    fate[some] = np.select(
        [u < high, u < burst, u < mistyped, u < mistyped + false], [_HIGH, _BURST, _MISTYPED, _FALSE], _NOTHING
    )
    return fate


def _outings(bank: Bank, blocks: list[Block]) -> tuple[I64, I64, I64]:
    """Number of outings of each entry (block, customer), and of each outing its entry and local day.

    Outings of a day are Poisson with a Gamma factor, so days are over-dispersed. Entry ``b * customers + who`` is that
    of customer ``who`` in the ``b``-th of the blocks.
    """
    scenario, traits = bank.scenario, bank.traits
    activity = scenario.activity
    first, n = blocks[0].first_day, sum(block.days for block in blocks)
    mean = traits.daily_rate[:, None] * day_factors(scenario, first, n) * (1 - activity.outing_continues)
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


def _categories(bank: Bank, who: I64, method: I64, u: F64) -> I64:
    """A category of the method, by the customer's own weights."""
    weights = bank.traits.category_weights
    columns = np.argsort(bank.method, kind="stable")  # categories grouped by method
    grouped = np.cumsum(
        weights[:, columns], axis=1
    )  # each method's weights sum to one, so it fills [method, method + 1)
    present = np.searchsorted(np.unique(bank.method), method)
    chosen = _choose(grouped, who, (present + u) / grouped[who, -1])
    return columns[chosen]


def _choose(cumulative: F64, row: I64, u: F64) -> I64:
    """Index drawn from row ``row`` of a matrix of cumulative weights."""
    width = cumulative.shape[1]
    shares = cumulative / cumulative[:, -1:]
    shares[:, -1] = 1.0
    flat = (shares + np.arange(len(shares))[:, None]).ravel()
    return np.minimum(np.searchsorted(flat, row + u, side="right") - row * width, width - 1)


def _clock(bank: Bank, who: I64, category: I64, u: F64) -> F64:
    """Second of the local day at which an outing begins, by occupation and kind of purchase."""
    table = _clock_table(bank.scenario)
    names = sorted(bank.scenario.hours)
    profile = np.array([names.index(c.hours) for c in bank.scenario.categories])[category]
    position = u * (table.shape[2] - 1)
    low = position.astype(np.int64)
    fine = position - low
    hours = bank.traits.hours[who]
    return table[hours, profile, low] * (1 - fine) + table[hours, profile, low + 1] * fine


@lru_cache(maxsize=8)
def _clock_table(scenario: Scenario) -> F64:
    """Inverse distribution of the time of day, shape (occupation's profile, category's profile, 1025), in seconds.

    A category keeps its own hours on average over the people; an occupation shifts them.
    """
    names = sorted(scenario.hours)
    weights = np.array([scenario.hours[name] for name in names])
    weights = weights / weights.sum(axis=1, keepdims=True)
    used = [names.index(o.hours) for o in scenario.population.occupations]
    tilt = weights / weights[used].mean(axis=0)
    grid = np.linspace(0, 1, 1025)
    edges = np.arange(25) * 3600.0
    table = np.empty((len(names), len(names), len(grid)))
    for occupation in range(len(names)):
        for profile in range(len(names)):
            mass = np.cumsum(weights[profile] * tilt[occupation])
            table[occupation, profile] = np.interp(grid, np.concatenate([[0.0], mass / mass[-1]]), edges)
    return table


def _times(scenario: Scenario, day: I64, seconds: F64, size: I64, gap: F64) -> I64:
    """Local instants of the rows in microseconds, to the millisecond; later payments of an outing follow by minutes."""
    shortest, longest = scenario.activity.outing_gap_minutes
    steps = ((shortest + (longest - shortest) * gap) * 60_000).astype(np.int64)
    first = np.cumsum(size) - size
    passed = np.cumsum(steps)  # of whole milliseconds: a sum of fractions would depend on the rows before
    begun = day * 86_400_000 + np.rint(seconds * 1000).astype(np.int64) - passed[first]
    passed += np.repeat(begun, size)
    return passed * (SECOND // 1000)


def _places(bank: Bank, who: I64, trip: I64, channel: I64, u: F64) -> I64:
    """City of an outing: the trip's, the home's, or a neighbouring one for what is bought at a counter."""
    home = bank.traits.city[who]
    stays = bank.traits.home_share[who]
    out = (channel == CARD_PRESENT) & (u >= stays)
    neighbour = nearby(bank.scenario, home, np.clip((u - stays) / (1 - stays + 1e-12), 0, 1 - 1e-9))
    return np.where(trip != NONE, trip, np.where(out, neighbour, home))

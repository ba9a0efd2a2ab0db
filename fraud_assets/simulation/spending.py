"""Honest payments: when people go out, what they buy, where, from whom and with what.

A block's rows are drawn outing by outing, in customer order, one stream a column; see ``blocks.py`` for why blocks.
What follows from a payment (retries, refunds) is in ``echoes.py``; standing orders and salaries are in
``recurring.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fraud_assets.scenario import Scenario
from fraud_assets.simulation import recipients
from fraud_assets.simulation.amounts import amounts, taste
from fraud_assets.simulation.blocks import Block
from fraud_assets.simulation.calendar import day_factors, payday_factors, utc_offset_minutes
from fraud_assets.simulation.devices import device, owns
from fraud_assets.simulation.intents import (
    APP,
    APPROVED,
    BANK,
    CARD_PRESENT,
    DECLINED,
    DO_NOT_HONOR,
    EXPIRED_CARD,
    HOME_NET,
    INSUFFICIENT_FUNDS,
    LIMIT_EXCEEDED,
    MICROSECOND,
    MINUTE,
    MOBILE_NET,
    NONE,
    ONLINE,
    PENDING,
    PUBLIC_NET,
    PURCHASE,
    SECOND,
    TECHNICAL,
    TO_OWN,
    TO_PERSON,
    TRANSFER,
    VPN_NET,
    WRONG_CREDENTIALS,
    Bank,
    Intents,
)
from fraud_assets.simulation.streams import F64, I64, generator, ids, uniforms
from fraud_assets.simulation.streams import normals as normal_draws
from fraud_assets.simulation.travel import nearby, trips

#: Longest outing, in payments.
_LONGEST = 6
_REASONS = np.array(
    [INSUFFICIENT_FUNDS, DO_NOT_HONOR, WRONG_CREDENTIALS, LIMIT_EXCEEDED, EXPIRED_CARD, TECHNICAL], dtype=np.int64
)
#: Half of online declines are for insufficient funds [S]; the rest [P].
_REASON_SHARES = np.cumsum([0.50, 0.22, 0.12, 0.06, 0.04])


@dataclass(frozen=True)
class Spending:
    """A block's payments; the further arrays have a place a row and are what look-alikes and accidents need to know."""

    rows: Intents
    local_day: I64
    is_away: npt.NDArray[np.bool_]
    is_new_recipient: npt.NDArray[np.bool_]
    contact: I64  # place among the contacts, NONE for strangers and merchants


class _Columns:
    """The column streams of one block."""

    def __init__(self, bank: Bank, block: Block) -> None:
        self._seed, self._period, self._units = bank.scenario.seed, block.period, bank.units

    def uniform(self, column: str, counts: I64) -> F64:
        return uniforms(self._seed, f"spending.{column}", self._period, self._units, counts)

    def normal(self, column: str, counts: I64) -> F64:
        return normal_draws(self._seed, f"spending.{column}", self._period, self._units, counts)


def spending(bank: Bank, block: Block) -> Spending:
    """The honest payments that the customers of the units make on the block's local days."""
    scenario, traits = bank.scenario, bank.traits
    draws = _Columns(bank, block)

    outings = _outings(bank, block)
    per_unit = _per_unit(bank, outings.sum(axis=1))
    who_o = np.repeat(np.arange(len(outings)), outings.sum(axis=1))
    day_o = block.first_day + np.repeat(np.tile(np.arange(block.days), len(outings)), outings.ravel())
    method_o = _choose(np.cumsum(traits.method_weights, axis=1), who_o, draws.uniform("method", per_unit))
    more = scenario.activity.outing_continues
    size = np.ones(len(who_o), dtype=np.int64)
    if more > 0:
        size += np.floor(np.log1p(-draws.uniform("size", per_unit)) / np.log(more)).astype(np.int64)
        size = np.minimum(size, _LONGEST)

    outing = np.repeat(np.arange(len(who_o)), size)
    first = np.cumsum(size) - size  # row at which each outing begins
    who, method = who_o[outing], method_o[outing]
    rows = _per_unit(bank, np.bincount(who, minlength=len(outings)))
    category = _categories(bank, who, method, draws.uniform("category", rows))
    channel = bank.channel[category]

    seconds = _clock(bank, who_o, category[first], draws.uniform("hour", per_unit))
    local_us = _times(scenario, day_o, seconds, size, draws.uniform("gap", rows))

    trip = trips(bank, block).city_on(who_o, day_o)
    place_o = _places(bank, who_o, trip, channel[first], draws.uniform("place", per_unit))
    place = place_o[outing]
    offset = utc_offset_minutes(scenario, place, local_us)

    known, slot = draws.uniform("known", rows), draws.uniform("slot", rows)
    fresh = draws.uniform("recipient", rows)
    is_away = (trip != NONE)[outing]
    known[is_away & (channel == CARD_PRESENT)] = 1.0  # nobody has a repertoire abroad
    to_person, to_own = bank.recipient[category] == TO_PERSON, bank.recipient[category] == TO_OWN
    merchant = np.full(len(who), NONE)
    payee = np.full(len(who), NONE)
    contact = np.full(len(who), NONE)
    shop, person = ~(to_person | to_own), to_person
    city = np.where(channel[shop] == CARD_PRESENT, place[shop], len(scenario.cities))
    month = block.month.index
    merchant[shop] = recipients.merchants(
        bank, month, who[shop], category[shop], city, known[shop], slot[shop], fresh[shop]
    )
    payee[person], contact[person] = recipients.payees(
        bank, month, who[person], known[person], slot[person], fresh[person]
    )

    payee[to_own], contact[to_own] = recipients.own_account(bank, who[to_own]), 0

    cents = amounts(bank, who, category, draws.normal("amount", rows), draws.uniform("price", rows), taste(bank))
    event_us = local_us - offset * MINUTE
    device_id, net = _devices(
        bank, who, channel, outing, event_us, is_away, draws.uniform("device", per_unit), draws.uniform("net", per_unit)
    )
    card = cards(bank, block.month.index, who, channel)
    far = place != traits.city[who]
    status, reason = outcomes(bank, who, category, cents, far, draws.uniform("status", rows))
    ordinal = _ordinals(who)
    rows_ = Intents.make(
        len(who),
        transaction_id=ids(scenario.seed, "transaction", block.period, (traits.index[who] << np.int64(20)) | ordinal),
        who=who,
        event_us=event_us,
        offset=offset,
        category=category,
        kind=np.where(shop, PURCHASE, TRANSFER),
        place=place,
        merchant=merchant,
        payee=payee,
        cents=cents,
        device=device_id,
        net=net,
        card=card,
        status=status,
        reason=reason,
    )
    new = np.where(shop, known >= traits.known_share[who], contact == NONE)
    return Spending(rows_, day_o[outing], is_away, new, contact)


def cards(bank: Bank, month: int, who: I64, channel: I64) -> I64:
    """Card in use, ``NONE`` where an account pays; renewed every four years, each customer in a month of its own."""
    index = bank.traits.index[who]
    generation = (month + index * 5) // 48
    card = ids(bank.scenario.seed, "card", index, generation)
    return np.where((channel == CARD_PRESENT) | (channel == ONLINE), card, NONE)


def outcomes(bank: Bank, who: I64, category: I64, cents: I64, far: npt.NDArray[np.bool_], u: F64) -> tuple[I64, I64]:
    """Status and decline reason; declines grow with distance, amount and a thin purse."""
    method = bank.method[category]
    decline = np.array([m.decline for m in bank.scenario.methods])[method]
    pending = np.array([m.pending for m in bank.scenario.methods])[method]
    large = cents > 25 * bank.normal_maximum[category]  # a quarter of the maximum, in cents
    thin = bank.traits.amount_factor[who] < 0.8
    p = np.minimum(decline * (0.92 + 0.6 * far + 0.9 * large + 0.35 * thin), 0.9)
    status = np.where(u < p, DECLINED, np.where(u < p + pending, PENDING, APPROVED))
    reason = _REASONS[np.searchsorted(_REASON_SHARES, np.minimum(u / p, 0.999999))]
    return status, np.where(status == DECLINED, reason, NONE)


def _outings(bank: Bank, block: Block) -> npt.NDArray[np.int64]:
    """Number of outings, shape (customers, days): Poisson with a Gamma factor a day, so days are over-dispersed."""
    scenario, traits = bank.scenario, bank.traits
    activity = scenario.activity
    people = payday_factors(scenario, traits.payday, block.first_day, block.days)
    days = day_factors(scenario, block.first_day, block.days)
    mean = traits.daily_rate[:, None] * days[None, :] * people * (1 - activity.outing_continues)
    joined = traits.registered_day[:, None] <= block.first_day + np.arange(block.days)[None, :]
    mean *= joined
    shape = 1 / activity.day_cv**2
    parts = []
    start = 0
    for unit, count in zip(bank.units, bank.counts.tolist(), strict=True):
        mood = generator(scenario.seed, "spending.mood", block.period, unit).standard_gamma(shape, (count, block.days))
        rng = generator(scenario.seed, "spending.outings", block.period, unit)
        parts.append(rng.poisson(mean[start : start + count] * mood / shape))
        start += count
    return np.concatenate(parts)


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
    steps = (shortest + (longest - shortest) * gap) * 60.0
    first = np.cumsum(size) - size
    steps[first] = 0.0
    passed = np.cumsum(steps)
    passed -= np.repeat(passed[first], size)
    milliseconds = np.rint((np.repeat(seconds, size) + passed) * 1000).astype(np.int64)
    return np.repeat(day, size) * 86_400 * SECOND + milliseconds * 1000 * MICROSECOND


def _places(bank: Bank, who: I64, trip: I64, channel: I64, u: F64) -> I64:
    """City of an outing: the trip's, the home's, or a neighbouring one for what is bought at a counter."""
    home = bank.traits.city[who]
    stays = bank.traits.home_share[who]
    out = (channel == CARD_PRESENT) & (u >= stays)
    neighbour = nearby(bank.scenario, home, np.clip((u - stays) / (1 - stays + 1e-12), 0, 1 - 1e-9))
    return np.where(trip != NONE, trip, np.where(out, neighbour, home))


def _devices(
    bank: Bank,
    who: I64,
    channel: I64,
    outing: I64,
    event_us: I64,
    away: npt.NDArray[np.bool_],
    device_u: F64,
    net_u: F64,
) -> tuple[I64, I64]:
    """Device and kind of network of each row; ``NONE`` at a terminal."""
    remote = np.flatnonzero(channel != CARD_PRESENT)
    person, u = who[remote], device_u[outing[remote]]
    kind = channel[remote]
    owned = owns(bank.scenario, bank.traits)[person]
    # App: the phone. Bank: laptop before phone. Online: phone .6, laptop .3, tablet .1, of what there is.
    slot = np.where(kind == APP, 0, np.where(kind == BANK, (u < 0.6) * 1, np.select([u < 0.6, u < 0.9], [0, 1], 2)))
    rows = np.arange(len(slot))
    slot = np.where(owned[rows, slot], slot, np.where(owned[:, 0], 0, 1))
    device_id = np.full(len(who), NONE)
    device_id[remote] = device(bank.scenario, bank.traits, person, slot, event_us[remote])

    n = net_u[outing[remote]]
    mobile = slot == 0
    kinds = np.where(mobile & (n < 0.42), MOBILE_NET, np.where(n > 0.93, PUBLIC_NET, HOME_NET))
    kinds = np.where(away[remote] & (kinds == HOME_NET), PUBLIC_NET, kinds)
    kinds = np.where(bank.traits.vpn[person] & ((n * 16) % 1.0 < 0.6), VPN_NET, kinds)
    net = np.full(len(who), NONE)
    net[remote] = kinds
    return device_id, net


def _per_unit(bank: Bank, per_customer: npt.NDArray[np.int64]) -> I64:
    """Sums of a count a customer over the units."""
    ends = np.cumsum(bank.counts)
    total = np.concatenate([[0], np.cumsum(per_customer)])
    return np.diff(np.concatenate([[0], total[ends]]))


def _ordinals(who: I64) -> I64:
    """0, 1, 2 ... within each customer; ``who`` is ascending."""
    place = np.arange(len(who))
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    return place - np.repeat(starts, np.diff(np.append(starts, len(who))))

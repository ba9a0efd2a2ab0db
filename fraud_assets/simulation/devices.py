"""Devices: which phone, laptop or tablet a customer holds at an instant, and the terminals at the merchants' counters.

What lives here: the closed form of a device's life (no state: any instant can be asked for), and the observed table.
What does not: devices used only once or twice (``guests.py``), and who logs in with them (``logins.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets import codes, tables
from fraud_assets.months import FEATURE_LOOKBACK, Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import calendar, clocks
from fraud_assets.simulation.guests import GUEST_MONTHS, first_visits
from fraud_assets.simulation.merchants import directory, terminal_id
from fraud_assets.simulation.software import browsers, systems, terminal_systems
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms, ids
from fraud_assets.simulation.traits import Traits, joined_us, traits

PHONE, LAPTOP, TABLET = 0, 1, 2
SLOTS = 3
#: Months before this one in which a device that is listed may have gone out of use.
_KEPT_MONTHS = 24
_SHARED_LAPTOP = 0.35  # [P] households of several who share their laptop; tablets are always the household's
#: Lives differ between customers: the rate of replacement is uniform between these multiples of its mean [P].
_RATE_SPREAD = (0.6, 1.4)
_MEAN_MONTH_DAYS = 30.436875
#: Customers with a partner in another household who lends a device, and how often it is borrowed [P].
_COUPLES, _BORROWED = 0.10, 0.12


@dataclass(frozen=True, eq=False)
class _Lives:
    """For each customer and slot (row ``who * 3 + slot``): whose device it is and when it is replaced."""

    owner: I64  # index of the customer or of the household's first member
    slot: I64  # the slot that is really used, where the customer has none of the kind asked for
    shared: npt.NDArray[np.bool_]
    life: I64  # microseconds
    shift: I64  # a generation g begins at g * life - shift

    def generation(self, rows: I64, instant_us: npt.ArrayLike) -> I64:
        return (np.asarray(instant_us) + self.shift[rows]) // self.life[rows]

    def begins(self, rows: I64, generation: I64) -> I64:
        return generation * self.life[rows] - self.shift[rows]


def _drawn(scenario: Scenario, index: I64) -> npt.NDArray[np.bool_]:
    """What the customers of these indices would have, whatever their savviness; shape (n, 3)."""
    shares = np.array([scenario.devices.unsavvy_phones, scenario.devices.laptop_share, scenario.devices.tablet_share])
    return hashed_uniforms(scenario.seed, "devices.owns", index[:, None], np.arange(SLOTS)) < shares


def _several_owners(scenario: Scenario, t: Traits) -> npt.NDArray[np.bool_]:
    """Whether two or more members of each customer's household have a device of the kind; shape (n, 3).

    Members beyond the bank's last customer count: they may join without changing anybody's device.
    """
    owners = np.zeros((len(t.index), SLOTS), dtype=np.int64)
    for member in range(int(t.household_size.max(initial=1))):
        owners += _drawn(scenario, t.household + member) & (member < t.household_size)[:, None]
    return owners > 1


@lru_cache(maxsize=8)
def _owned(scenario: Scenario, t: Traits) -> npt.NDArray[np.bool_]:
    owned = _drawn(scenario, t.index)
    owned[:, PHONE] |= (t.savviness > 0) | ~owned.any(axis=1)  # nobody is left without any
    owned.flags.writeable = False
    return owned


def owns(scenario: Scenario, traits: Traits) -> npt.NDArray[np.bool_]:
    """Whether each customer has a phone, a laptop, a tablet; shape (n, 3). Everybody has one of them."""
    return _owned(scenario, traits)


@lru_cache(maxsize=8)
def _lives(scenario: Scenario, t: Traits) -> _Lives:
    n, seed = len(t.index), scenario.seed
    owned = owns(scenario, t)
    # Somebody without the device that is asked for takes the phone, else the laptop, else the tablet.
    slot = np.where(owned, np.arange(SLOTS), owned.argmax(axis=1)[:, None])
    laptop = hashed_uniforms(seed, "devices.shared", t.household) < _SHARED_LAPTOP
    shared = _several_owners(scenario, t)[np.arange(n)[:, None], slot]
    shared &= (slot == TABLET) | ((slot == LAPTOP) & laptop[:, None])
    owner = np.where(shared, t.household[:, None], t.index[:, None])
    slow, fast = _RATE_SPREAD
    rate = slow + (fast - slow) * hashed_uniforms(seed, "devices.rate", owner, slot)
    days = np.maximum(30, np.rint(scenario.devices.phone_months * _MEAN_MONTH_DAYS / rate)).astype(np.int64)
    phase = np.floor(hashed_uniforms(seed, "devices.phase", owner, slot) * days).astype(np.int64)
    # New devices are taken into use between nine and nine by the clock on the wall.
    start = np.full((n, 1), clocks.microseconds(scenario.first.start))
    offset = clocks.offset_at(scenario, t.city[:, None], start) * clocks.MINUTE_US
    hour = 9 + 12 * hashed_uniforms(seed, "devices.hour", owner, slot)
    clock = np.floor(hour * 3_600_000).astype(np.int64) * 1000 - offset
    return _Lives(
        owner=owner.ravel(),
        slot=slot.ravel(),
        shared=shared.ravel(),
        life=(days * clocks.DAY_US).ravel(),
        shift=(phase * clocks.DAY_US - clock).ravel(),
    )


def _device_ids(scenario: Scenario, lives: _Lives, rows: I64, generation: I64) -> I64:
    # A household's shared device and the first member's own one must differ.
    key = (lives.owner[rows] * SLOTS + lives.slot[rows]) * 2 + lives.shared[rows]
    return ids(scenario.seed, "device", key, generation)


def device(scenario: Scenario, traits: Traits, who: I64, slot: I64, instant_us: I64) -> I64:
    """Device in use.

    Parameters
    ----------
    who
        Positions in ``traits``, shape (n,).
    slot
        0 phone, 1 laptop, 2 tablet; a customer without one uses another of the customer's devices.
    instant_us
        UTC microseconds.

    Returns
    -------
    Device ids of shape (n,). About one in ``phone_months`` devices is replaced a month; a household's tablet (and some
    laptops) is one device for all its members.
    """
    if not len(who):
        return np.empty(0, dtype=np.int64)
    lives = _lives(scenario, traits)
    cells = np.arange(len(lives.owner))
    first = lives.generation(cells, instant_us.min())
    more = int((lives.generation(cells, instant_us.max()) - first).max()) + 1
    rows = who * SLOTS + slot
    if more * len(cells) > len(rows):  # few rows, or a long time: no table pays
        return _device_ids(scenario, lives, rows, lives.generation(rows, instant_us))
    table = _device_ids(scenario, lives, np.repeat(cells, more), (first[:, None] + np.arange(more)).ravel())
    in_use: I64 = table[rows * more + lives.generation(rows, instant_us) - first[rows]]
    return in_use


def lenders(scenario: Scenario, traits: Traits, who: I64, u: F64) -> I64:
    """Whose device each of the customers has in hand: mostly their own, now and then that of a partner elsewhere.

    Parameters
    ----------
    who, u
        Positions in ``traits`` and a uniform draw each, shape (n,).

    Returns
    -------
    Positions in ``traits``. Partners are customers ``2k`` and ``2k + 1`` of different households.
    """
    n = len(traits.index)
    other = np.arange(n) ^ 1  # units begin with an even number
    there = other < n
    other[~there] = 0
    couple = hashed_uniforms(scenario.seed, "devices.couple", traits.index >> 1) < _COUPLES
    couple &= there & (traits.household != traits.household[other])
    couple &= traits.registered_day[other] <= traits.registered_day  # else the bank has not seen the device yet
    return np.where(couple[who] & (u < _BORROWED), other[who], who)


def replaced(scenario: Scenario, month: Month, units: Sequence[int]) -> tuple[I64, I64]:
    """Positions of the customers who take a new phone into use in the month, and the instants (UTC microseconds)."""
    t = traits(scenario, units)
    lives = _lives(scenario, t)
    rows = np.arange(len(t.index)) * SLOTS + PHONE
    rows = rows[owns(scenario, t)[:, PHONE]]
    begins = lives.begins(rows, lives.generation(rows, clocks.microseconds(month.end) - 1))
    new = begins >= clocks.microseconds(month.start)
    return rows[new] // SLOTS, begins[new]


def devices_frame(scenario: Scenario, month: Month, units: Sequence[int]) -> pl.DataFrame:
    """The customers' devices.

    Returns
    -------
    A frame of :class:`fraud_assets.tables.Devices`, in no order that matters: every device in use in the month or the
    24 before, and the one-off devices in use in the month or those that features look back on. A device that a
    household shares is listed once, under its first owner. The version columns are as of the month.
    """
    t = traits(scenario, units)
    lives = _lives(scenario, t)
    end = clocks.microseconds(month.end)
    oldest = clocks.microseconds((month - _KEPT_MONTHS).start)
    joined = joined_us(scenario, t.city, t.registered_day) < end
    cells = np.flatnonzero((owns(scenario, t) & joined[:, None]).ravel())
    # The first of a household who has joined stands for all: the first row of each (household, slot). Not who joined
    # first, which a customer who is added to the bank might have done.
    key = (lives.owner[cells] * SLOTS + lives.slot[cells]) * 2 + lives.shared[cells]
    cells = cells[np.sort(np.unique(key, return_index=True)[1])]
    low, high = lives.generation(cells, oldest), lives.generation(cells, end - 1)
    many = high - low + 1
    rows = np.repeat(cells, many)
    generation = np.repeat(low, many) + np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
    who = rows // SLOTS
    day = np.where(lives.shared[rows], t.household_joined[who], t.registered_day[who])
    seen = joined_us(scenario, t.city[who], day)
    until = lives.begins(rows, generation + 1)
    kept = seen < np.minimum(until, end)  # a device that was given away before its owner joined was never seen
    rows, generation, who, seen = rows[kept], generation[kept], who[kept], seen[kept]
    one_off = [first_visits(scenario, m, units) for m in (*month.back(FEATURE_LOOKBACK + GUEST_MONTHS), month)]
    none = np.zeros(sum(len(g.who) for g in one_off), dtype=bool)
    return describe(
        scenario,
        month,
        owner=t.customer_id[np.concatenate([who, *(g.who for g in one_off)])],
        device_id=np.concatenate([_device_ids(scenario, lives, rows, generation), *(g.device_id for g in one_off)]),
        kind=np.concatenate([lives.slot[rows], *(g.kind for g in one_off)]),
        first_us=np.concatenate([np.maximum(lives.begins(rows, generation), seen), *(g.start_us for g in one_off)]),
        shared=np.concatenate([lives.shared[rows], none]),
    )


def describe(
    scenario: Scenario,
    month: Month,
    *,
    owner: I64,
    device_id: I64,
    kind: I64,
    first_us: I64,
    shared: npt.NDArray[np.bool_],
) -> pl.DataFrame:
    """Rows of :class:`fraud_assets.tables.Devices` for any customers' devices, honest or not.

    Parameters
    ----------
    owner
        customer_id of each device, shape (n,).
    kind
        0 phone, 1 laptop, 2 tablet.
    first_us
        First use, UTC microseconds.
    """
    system, version, app = systems(scenario, month, device_id, kind, first_us)
    frame = pl.DataFrame(
        {
            "device_id": device_id,
            "customer_id": owner,
            "merchant_id": pl.repeat(None, len(owner), dtype=pl.Int64, eager=True),
            "kind": pl.Series(codes.DEVICE_KINDS, dtype=pl.Enum(codes.DEVICE_KINDS))[kind],
            "os": system,
            "os_version": version,
            "app_version": app,
            "browser": browsers(scenario.seed, device_id, system),
            "first_used_at": pl.Series(first_us).cast(pl.Datetime("us", "UTC")),
            "is_shared": shared,
        }
    )
    return tables.conform(frame, tables.Devices)


def terminals_frame(scenario: Scenario, month: Month) -> pl.DataFrame:
    """The terminals of all who read cards at a counter, as a frame of :class:`fraud_assets.tables.Devices`."""
    d = directory(scenario)
    reads_cards = np.array([c.instrument == "terminal" for c in scenario.categories])
    placed = np.flatnonzero((d.city >= 0) & reads_cards[d.category])
    position = np.repeat(placed, d.terminals[placed])
    k = np.arange(len(position)) - np.repeat(np.cumsum(d.terminals[placed]) - d.terminals[placed], d.terminals[placed])
    number = terminal_id(scenario, position, k)
    u: F64 = hashed_uniforms(scenario.seed, "terminals.first", number)
    # In use for at most seven years, and not before the shop.
    today = calendar.day_number(scenario.first.start.date())
    age = np.floor(1 + u * (np.minimum(today - d.opened_day[position], 7 * 365) - 1)).astype(np.int64)
    system, version = terminal_systems(scenario, month, number)
    nothing = pl.repeat(None, len(number), dtype=pl.String, eager=True)
    frame = pl.DataFrame(
        {
            "device_id": number,
            "customer_id": pl.repeat(None, len(number), dtype=pl.Int64, eager=True),
            "merchant_id": d.merchant_id[position],
            "kind": pl.repeat("terminal", len(number), dtype=pl.Enum(codes.DEVICE_KINDS), eager=True),
            "os": system,
            "os_version": version,
            "app_version": nothing,
            "browser": nothing,
            "first_used_at": pl.Series((today - age) * clocks.DAY_US).cast(pl.Datetime("us", "UTC")),
            "is_shared": np.zeros(len(number), dtype=bool),
        }
    )
    return tables.conform(frame, tables.Devices)

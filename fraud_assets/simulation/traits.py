"""Traits: who the customers are and what they like, all that the simulator knows of them.

What lives here: :class:`Traits`, a pure function of seed and index. What does not: what of it the bank has on file
(``customers.py``), what customers own (``devices.py``), what they like best (``preferences.py``), the laws of single
columns (``population.py``) and what people do (``spending.py``, ``logins.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fraud_assets.scenario import Scenario
from fraud_assets.simulation import calendar, clocks
from fraud_assets.simulation.communal import NONE, communal_homes
from fraud_assets.simulation.kyc import amount_factors, kyc_levels
from fraud_assets.simulation.once import once
from fraud_assets.simulation.population import (
    YEAR,
    Draws,
    between,
    by_row,
    daily_rates,
    drawn,
    genders,
    homes,
    households,
    incomes,
    occupations,
    paydays,
    registration_days,
    risk_profiles,
    vpn_habits,
)
from fraud_assets.simulation.preferences import category_weights, method_weights
from fraud_assets.simulation.streams import F64, I64, UNIT, ids, keyed

GENDERS = ["F", "M", "X"]

#: Units whose customers are drawn at once, whoever asks for some of them.
_TOGETHER = 16
#: Results of that which are kept, 3 MB each: those of ten million ledger rows of us_bank. Of a larger bank, whose
#: tables go through all of them one after the other, few are found again.
_KEPT = 7


@dataclass(frozen=True, eq=False)
class Traits:
    """What the simulator knows about the customers of some units: arrays with an entry a customer, in index order.

    Compared and hashed by identity; the arrays are read-only.
    """

    index: I64  # place in the bank's files, over all units
    customer_id: I64  # grows with index
    unit: I64
    registered_day: I64  # local day
    city: I64  # index into scenario.cities
    latitude: F64
    longitude: F64
    birth_day: I64
    gender: I64
    segment: I64
    occupation: I64
    bracket: I64
    annual_income: F64
    amount_factor: F64  # income bracket x cost of living (x what the level of identification allows); median about 1
    kyc_level: I64  # index into population.kyc_levels
    savviness: I64  # 0 low, 1 medium, 2 high
    risk: I64
    daily_rate: F64  # mean purchases a day, without recurring payments
    home_share: F64  # of purchases, in the home city
    known_share: F64  # of purchases, where the customer has bought before
    method_weights: F64  # (n, methods), rows sum to 1
    category_weights: F64  # (n, categories), the purchase categories of each method sum to 1
    preferred_categories: I64  # (n, favourites), the favourites of the first method first
    hours: I64  # index into sorted(scenario.hours)
    payday: I64  # 1..31
    bills: I64  # recurring payments a month
    address_id: I64
    in_hall: npt.NDArray[np.bool_]  # lives in a hall of residence
    household: I64  # index of the first member
    household_size: I64  # members in the whole unit, also those beyond the bank's last customer; 1 in a common home
    household_joined: I64  # local day on which the first of them joined
    p_burst: F64
    p_high: F64
    p_mistyped: F64
    vpn: npt.NDArray[np.bool_]


def units(scenario: Scenario) -> range:
    """All units of the bank."""
    return range(-(-scenario.population.customers // UNIT))


def traits(scenario: Scenario, units: Sequence[int]) -> Traits:
    """The customers of the units, in index order; the same however many customers the bank has.

    Raises
    ------
    ValueError
        If a unit lies beyond the bank's customers.
    """
    return _traits(scenario, tuple(int(u) for u in units))


@lru_cache(maxsize=8)
def _traits(scenario: Scenario, wanted: tuple[int, ...]) -> Traits:
    every = units(scenario)
    if not set(wanted) <= set(every):
        raise ValueError(
            f"scenario {scenario.name}: units {list(wanted)} are not all among its {len(every)} units of {UNIT}"
        )
    parts = []
    for start in sorted({unit // _TOGETHER for unit in wanted}):
        whole = _together(scenario, start)
        mine = np.isin(whole.unit, wanted) & (whole.index < scenario.population.customers)
        parts.append([getattr(whole, f.name)[mine] for f in fields(Traits)])
    arrays = parts[0] if len(parts) == 1 else [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    for array in arrays:
        array.flags.writeable = False  # they are shared through the cache
    return Traits(*arrays)


def places(scenario: Scenario, units: Sequence[int]) -> tuple[I64, I64]:
    """Index and home city of whoever has one of the 256 places of each unit, be it taken yet or not."""
    found = []
    for start in sorted({unit // _TOGETHER for unit in units}):
        whole = _together(scenario, start)
        mine = np.isin(whole.unit, units)
        found.append((whole.index[mine], whole.city[mine]))
    index, city = zip(*found, strict=True)
    return np.concatenate(index), np.concatenate(city)


def _together(scenario: Scenario, start: int) -> Traits:
    return _drawn_together(scenario, tuple(units(scenario)[start * _TOGETHER : (start + 1) * _TOGETHER]))


@once(kept=_KEPT)
def _drawn_together(scenario: Scenario, units: tuple[int, ...]) -> Traits:
    """The customers of neighbouring units, and those who would come after the last one.

    What many short calls cost hardly depends on the customers.
    """
    people, activity, seed = scenario.population, scenario.activity, scenario.seed
    draw = Draws(seed, units)
    unit = np.repeat(np.array(units, dtype=np.int64), UNIT)
    place = np.tile(np.arange(UNIT), len(units))
    index = unit * UNIT + place
    start_day = calendar.day_number(scenario.first.start.date())

    segment = drawn([s.share for s in people.segments], draw.uniform("segment"))
    youngest, oldest = np.array([s.age for s in people.segments]).T
    years = youngest[segment] + draw.uniform("age") * (oldest - youngest + 1)[segment]
    age = np.floor(years).astype(np.int64)
    birth_day = start_day - np.ceil(years * YEAR).astype(np.int64)
    occupation = occupations(scenario, segment, age, draw.uniform("occupation"))
    savviness = by_row(np.array([s.savviness for s in people.segments])[segment], draw.uniform("savviness"))

    income, bracket = incomes(scenario, segment, occupation, draw.normal("income"))

    gender = genders(scenario, occupation, draw.uniform("gender"))
    common = communal_homes(scenario, index, age, gender, occupation)
    apart = common.group == NONE
    head, size = households(people.household_share, draw.uniform("household").reshape(-1, 4), ~apart)
    city = drawn([float(c.population) for c in scenario.cities], draw.uniform("city"))[head]
    latitude, longitude = homes(scenario, city, draw.normal("home", 2)[head])
    city = np.where(apart, city, common.city)
    latitude, longitude = np.where(apart, latitude, common.latitude), np.where(apart, longitude, common.longitude)
    cost = np.array([c.cost_of_living for c in scenario.cities])[city]
    kyc_level = kyc_levels(scenario, index)

    fewest, most = activity.bills
    contracts = sum(c.contracts for c in scenario.categories if c.recipient == "biller")
    bills = np.minimum(fewest + (draw.uniform("bills") * (most - fewest + 1)).astype(np.int64), contracts)
    daily_rate = daily_rates(scenario, draw, segment, bills)
    methods = method_weights(scenario, savviness, age, draw.normal("methods", len(scenario.methods)))
    width = len(scenario.categories)
    categories, preferred = category_weights(
        scenario,
        savviness,
        occupation,
        age,
        draw.normal("taste", width),
        draw.uniform("favourites", width),
        daily_rate[:, None] * methods,
    )
    names = sorted(scenario.hours)
    registered_day = registration_days(scenario, start_day, age, draw.uniform("joined"), draw.uniform("tenure"))
    household_joined = registered_day.copy()
    np.minimum.at(household_joined, head, registered_day)
    return Traits(
        index=index,
        customer_id=1_000_000_000 + index * 4096 + (keyed(seed, "customer", index) % np.uint64(4096)).astype(np.int64),
        unit=unit,
        registered_day=registered_day,
        city=city,
        latitude=latitude,
        longitude=longitude,
        birth_day=birth_day,
        gender=gender,
        segment=segment,
        occupation=occupation,
        bracket=bracket,
        annual_income=income,
        amount_factor=np.array([b.amount_factor for b in people.income_brackets])[bracket]
        * cost
        * amount_factors(scenario)[kyc_level],
        kyc_level=kyc_level,
        savviness=savviness,
        risk=risk_profiles(age, draw.uniform("risk")),
        daily_rate=daily_rate,
        home_share=between(people.home_share, draw.uniform("home_share")),
        known_share=between(activity.repertoire_share, draw.uniform("known_share")),
        method_weights=methods,
        category_weights=categories,
        preferred_categories=preferred,
        hours=np.array([names.index(o.hours) for o in people.occupations], dtype=np.int64)[occupation],
        payday=paydays(scenario, draw.uniform("payday")),
        bills=bills,
        address_id=np.where(apart, ids(seed, "address", index[head]), ids(seed, "address.common", common.group)),
        in_hall=common.in_hall,
        household=index[head],
        household_size=size,
        household_joined=household_joined[head],
        p_burst=draw.beta("p_burst", scenario.accidents.burst),
        p_high=draw.beta("p_high", scenario.accidents.high_amount),
        p_mistyped=draw.beta("p_mistyped", scenario.accidents.mistyped),
        vpn=vpn_habits(scenario, savviness, draw.uniform("vpn")),
    )


def joined_us(scenario: Scenario, city: I64, registered_day: I64) -> I64:
    """Instant at which the local day of joining begins, UTC microseconds."""
    local = registered_day * clocks.DAY_US
    return local - clocks.utc_offset_minutes(scenario, city, local) * clocks.MINUTE_US

"""Merchants: the business recipients of a scenario, where they are, and who of them is visited.

What lives here: the directory of all merchants (outlets of the brands, locals with names of their own, online shops,
billers, employers), the draw of one of them, and the observed table. What does not: the customers' repertoires
(``recipients.py``) and the terminals' device rows (``devices.py``). The directory does not grow with the customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.scenario import Category, PriceRange, Scenario
from fraud_assets.simulation.calendar import day_number
from fraud_assets.simulation.fares import NO_LIMIT, with_fares
from fraud_assets.simulation.signs import local_names
from fraud_assets.simulation.streams import F64, I64, generator, hashed_uniforms, ids

NOWHERE = -1
#: [P] Merchants of an average category in a city of 200,000; more in larger cities, with the exponent below.
_DENSITY, _DENSITY_POPULATION, _DENSITY_EXPONENT = 3.4, 200_000, 0.6
_FEWEST, _MOST = 4, 40
#: [P] Kilometres that shops spread around the centre of a city of 100,000: within an outing nobody drives across it.
_SPREAD = 0.6
_SMALL_BILLERS = 16  # [P] landlords, utilities, employers without a name that everybody knows
_REGIONAL_REACH = 0.5  # [P] metros in which a chain of tier 2 has outlets
_ROOT = 5  # pick() writes the power out
#: [P] Visits within a city and category follow a Zipf law with this exponent.
ZIPF = 1 - 1 / _ROOT
_OLDEST_DAYS = 35 * 365


@dataclass(frozen=True, eq=False)
class Directory:
    """All merchants, sorted by category, city and popularity: arrays with an entry a merchant, read-only.

    ``start`` and ``count`` give the slice of a category and city; their last column is what has no place: online shops,
    billers, employers. Compared and hashed by identity.
    """

    merchant_id: I64
    name: pl.Series
    category: I64  # index into scenario.categories
    city: I64  # index into scenario.cities; -1 where there is no place to go to
    latitude: F64  # NaN where there is no place to go to
    longitude: F64
    tier: I64  # 1 national, 2 regional, 3 local
    is_chain: npt.NDArray[np.bool_]
    reputation: F64
    weakness: F64  # hidden: how little it checks a card, 0..1
    opened_day: I64
    terminals: I64  # 1..4
    sub_category: pl.Series
    lowest_cents: I64  # nothing is sold for less
    highest_cents: I64  # ... or for more
    listed_cents: F64  # (merchants, prices): the only prices that there are; infinite where there are fewer, or no list
    start: I64  # (categories, cities + 1)
    count: I64

    def __len__(self) -> int:
        return len(self.merchant_id)


@lru_cache(maxsize=8)
def directory(scenario: Scenario) -> Directory:
    """The scenario's merchants: a few thousand, the same in every month."""
    counts = _counts(scenario)
    start = (np.cumsum(counts.ravel()) - counts.ravel()).reshape(counts.shape)
    places = counts.shape[1]
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    category, place = cell // places, cell % places
    rank = np.arange(len(cell)) - start.ravel()[cell]
    city = np.where(place == places - 1, NOWHERE, place)

    seed = scenario.seed
    brand = _brands(scenario, category, place, rank)
    chain = brand >= 0
    brand_tier = np.array([b.tier for b in scenario.brands] or [1])
    # One in five shops is known beyond its town; of what is online, two in five are not known to anybody.
    small = np.where(city == NOWHERE, rank % 5 >= 3, rank % 5 > 0)
    tier = np.where(chain, brand_tier[brand], np.where(small, 3, 2))
    merchant_id = ids(seed, "merchant", cell, rank)
    names, sub_categories, prices = _names(scenario, category, city, brand, cell)
    prices = with_fares(scenario, category, chain, merchant_id, prices)

    n = len(cell)
    draw = {column: generator(seed, f"merchants.{column}", 0, 0).random(n) for column in _COLUMNS}
    # Standing: chains 0.75-0.98, small shops 0.35-0.95. Weak checks go with it, but loosely: neither tells the other.
    low, high = np.array([0.75, 0.60, 0.35])[tier - 1], np.array([0.98, 0.96, 0.95])[tier - 1]
    reputation = np.round(low + (high - low) * draw["reputation"], 3)
    weakness = np.clip((1 - reputation) * (0.3 + 1.2 * draw["weakness"]) + 0.15 * (city == NOWHERE), 0, 1)
    age = 60 + np.floor(_OLDEST_DAYS * draw["age"] ** np.where(tier == 1, 1.0, 2.0)).astype(np.int64)

    latitude = np.array([c.latitude for c in scenario.cities])[city]
    longitude = np.array([c.longitude for c in scenario.cities])[city]
    population = np.array([c.population for c in scenario.cities], dtype=np.float64)[city]
    radius = _SPREAD * np.sqrt(population / 1e5)  # shops stand closer to the centre than homes
    bell = generator(seed, "merchants.place", 0, 0).standard_normal((n, 2)) * radius[:, None]
    longitude = longitude + bell[:, 1] / (111.32 * np.cos(np.radians(latitude)))
    latitude = latitude + bell[:, 0] / 110.57
    nowhere = city == NOWHERE
    made = Directory(
        merchant_id=merchant_id,
        name=names,
        category=category,
        city=city,
        latitude=np.where(nowhere, np.nan, np.round(latitude, 4)),
        longitude=np.where(nowhere, np.nan, np.round(longitude, 4)),
        tier=tier,
        is_chain=chain,
        reputation=reputation,
        weakness=weakness,
        opened_day=day_number(scenario.first.start.date()) - age,
        terminals=np.where(nowhere, 1, 1 + (draw["terminals"] * np.array([4, 3, 2])[tier - 1]).astype(np.int64)),
        sub_category=sub_categories,
        lowest_cents=np.rint(prices[:, 0]).astype(np.int64),
        highest_cents=np.rint(prices[:, 1]).astype(np.int64),
        listed_cents=prices[:, 2:],
        start=start,
        count=counts,
    )
    for value in vars(made).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return made


_COLUMNS = ["reputation", "weakness", "age", "terminals"]


def _has_place(scenario: Scenario, category: Category) -> bool:
    """Whether its merchants are in cities: what is paid at a counter, and bills of regional brands."""
    if category.recipient in ("merchant", "cash"):
        return category.instrument in ("terminal", "scan")
    return any(b.served for b in scenario.brands if b.category == category.category)


def _counts(scenario: Scenario) -> I64:
    """Merchants of each category in each city, and (last column) those without a place."""
    population = np.array([c.population for c in scenario.cities], dtype=np.float64)
    density = _DENSITY * (population / _DENSITY_POPULATION) ** _DENSITY_EXPONENT
    # Of counters alone: the weights of bills are shares of something else.
    counters = [c.weight for c in scenario.categories if c.recipient != "biller" and _has_place(scenario, c)]
    mean_weight = float(np.mean(counters)) if counters else 1.0
    counts = np.zeros((len(scenario.categories), len(population) + 1), dtype=np.int64)
    brands = {c.category: 0 for c in scenario.categories}
    for brand in scenario.brands:
        brands[brand.category] += 1
    for k, c in enumerate(scenario.categories):
        if _has_place(scenario, c):
            wanted = np.rint(density * np.sqrt(c.weight / mean_weight)).astype(np.int64)
            counts[k, :-1] = np.clip(wanted, _FEWEST, _MOST)
        elif c.recipient not in ("person", "own", "sender"):
            most = {"merchant": c.small, "employer": max(c.small, _SMALL_BILLERS)}
            counts[k, -1] = brands[c.category] + most.get(c.recipient, _SMALL_BILLERS)
    return counts


def _brands(scenario: Scenario, category: I64, place: I64, rank: I64) -> I64:
    """The brand of each merchant, -1 for locals.

    Online the brands come first, by weight. In a city each merchant is an outlet with the category's share of chains,
    of a brand drawn by weight among those present there; the more popular places are chains a little more often.
    """
    result = np.full(len(category), -1, dtype=np.int64)
    metros = sorted({c.metro for c in scenario.cities})
    metro = np.array([metros.index(c.metro) for c in scenario.cities])
    sold = np.array([brand.category for brand in scenario.brands], dtype=str)
    is_chain = hashed_uniforms(scenario.seed, "merchants.chain", category, place, rank)
    which = hashed_uniforms(scenario.seed, "merchants.brand", category, place, rank)
    online = place == len(scenario.cities)
    for k, c in enumerate(scenario.categories):
        members = np.flatnonzero(sold == c.category)
        if not len(members):
            continue
        brands = [scenario.brands[b] for b in members]
        weight = np.array([brand.weight for brand in brands])
        if not _has_place(scenario, c):
            rows = np.flatnonzero((category == k) & online & (rank < len(members)))
            result[rows] = members[np.argsort(-weight, kind="stable")][rank[rows]]
            continue
        reach = np.empty((len(members), len(metros)))
        serves = np.ones((len(members), len(metro)), dtype=bool)
        for nth, brand in enumerate(brands):
            served = brand.served
            reach[nth] = [name in served for name in metros] if served else 1.0 if brand.tier == 1 else _REGIONAL_REACH
            if brand.cities:
                serves[nth] = [brand.serves(city) for city in scenario.cities]
        present = hashed_uniforms(scenario.seed, "merchants.reach", members[:, None], np.arange(len(metros))) < reach
        cumulative = np.cumsum(weight[:, None] * (present[:, metro] & serves), axis=0)  # (brands, cities)
        rows = np.flatnonzero((category == k) & (is_chain < c.chains + 0.15 * (rank < 3) * (c.chains > 0)))
        where = place[rows]
        chosen = (which[rows] * cumulative[-1, where] >= cumulative[:, where]).sum(axis=0)
        result[rows] = np.where(cumulative[-1, where] > 0, members[np.minimum(chosen, len(members) - 1)], -1)
    return result


def _names(scenario: Scenario, category: I64, city: I64, brand: I64, cell: I64) -> tuple[pl.Series, pl.Series, F64]:
    """Names, sub-categories and prices in cents: the lowest, the highest, then the list that some have."""
    kinds = [c.kinds for c in scenario.categories]
    width = np.array([len(k) for k in kinds])
    offset = np.cumsum(width) - width
    # The first sub-category is the one that chains are; locals are any of the others.
    u = generator(scenario.seed, "merchants.sub_category", 0, 0).random(len(category))
    other = np.minimum(1 + np.floor(u * (width[category] - 1)).astype(np.int64), width[category] - 1)
    position = offset[category] + np.where(brand < 0, other, 0)
    subs = pl.Series([name for kind in kinds for name, _ in kind])[position]
    locals_ = np.flatnonzero(brand < 0)
    is_site = np.array(
        [c.recipient == "merchant" and (c.channel != "bank" or c.instrument == "phone") for c in scenario.categories]
    )
    is_shop = (is_site[category] & (city == NOWHERE))[locals_]
    is_firm = np.array([c.recipient == "employer" for c in scenario.categories])[category][locals_]
    shelf = local_names(scenario, subs[locals_], cell[locals_], city[locals_], is_shop, is_firm)
    names = pl.Series([b.name for b in scenario.brands], dtype=pl.String).gather(pl.Series(brand).replace(-1, None))
    # What a brand does not say of its prices, its sub-category does.
    of_kind = [prices for kind in kinds for _, prices in kind]
    of_brand = [b.prices if b.prices != PriceRange() else None for b in scenario.brands]
    every = [*of_kind, *(prices or PriceRange() for prices in of_brand)]
    says = np.array([prices is not None for prices in of_brand] or [False])
    which = np.where((brand >= 0) & says[brand], len(of_kind) + brand, position)
    return names.scatter(locals_, shelf), subs, _in_cents(every)[which]


def _in_cents(prices: Sequence[PriceRange]) -> F64:
    """Lowest and highest price, then the listed ones, in cents; shape (prices, 2 + most listed)."""
    table = np.full((len(prices), 2 + max((len(p.listed) for p in prices), default=0)), np.inf)
    for row, p in zip(table, prices, strict=True):
        row[:2] = p.lowest * 100, (p.highest or NO_LIMIT) * 100
        row[2 : 2 + len(p.listed)] = np.rint(np.array(p.listed) * 100)
    return table


def pick(directory: Directory, category: I64, city: I64, u: F64) -> I64:
    """Positions of the merchants visited, by a Zipf law of popularity within category and city.

    Parameters
    ----------
    category
        Indices into the scenario's categories, shape (n,).
    city
        Indices into its cities; the number of cities for online shops, billers and employers.
    u
        Uniform draws in [0, 1).

    Raises
    ------
    ValueError
        If a category has no merchant there, as persons have none at all and online shops none in a city.
    """
    cell = category * directory.count.shape[1] + city
    count = directory.count.ravel()[cell]
    if len(count) and count.min() == 0:
        first = int(np.argmin(count))
        raise ValueError(
            f"category {int(category[first])} has no merchant in city {int(city[first])}; online is the last city"
        )
    # Inverse of the distribution with density x**-s on [1, count + 1), whose floor is the rank; the root makes its
    # power a product, which is many times faster.
    span = (np.arange(directory.count.max() + 1) + 1.0) ** (1 / _ROOT) - 1
    x = 1 + u * span[count]
    rank = (x * x * x * x * x).astype(np.int64) - 1
    positions: I64 = directory.start.ravel()[cell] + np.minimum(rank, count - 1)
    return positions


def terminal_id(scenario: Scenario, merchant_pos: npt.ArrayLike, k: npt.ArrayLike) -> I64:
    """Number of the ``k``-th terminal of the merchants at these positions of the directory."""
    numbers: I64 = _terminals(scenario)[np.asarray(merchant_pos, dtype=np.int64), np.asarray(k, dtype=np.int64)]
    return numbers


@lru_cache(maxsize=8)
def _terminals(scenario: Scenario) -> I64:
    """Numbers of all terminals that there may be; shape (merchants, terminals of the largest)."""
    d = directory(scenario)
    return ids(scenario.seed, "terminal", d.merchant_id[:, None], np.arange(d.terminals.max(initial=1)))


def merchants_frame(scenario: Scenario, month: Month) -> pl.DataFrame:
    """The month's merchants: all of them, since each opened before the first month.

    Returns
    -------
    A frame of :class:`fraud_assets.tables.Merchants`, sorted by category, city and popularity.
    """
    del month  # nobody opens or closes yet
    d = directory(scenario)
    cities, categories = scenario.cities, scenario.categories
    city = pl.Series(d.city).replace(NOWHERE, None)
    frame = pl.DataFrame(
        {
            "merchant_id": d.merchant_id,
            "name": d.name,
            "category": pl.Series([c.category for c in categories])[d.category],
            "sub_category": d.sub_category,
            "method": pl.Series([c.method for c in categories])[d.category],
            "is_online": pl.Series([not _has_place(scenario, c) for c in categories])[d.category],
            "is_chain": d.is_chain,
            "tier": d.tier,
            "reputation": d.reputation,
            "opened_on": pl.Series(d.opened_day.astype(np.int32)).cast(pl.Date),
            "city": pl.Series([c.city for c in cities]).gather(city),
            "state": pl.Series([c.state for c in cities]).gather(city),
            "country": pl.Series([c.country for c in cities]).gather(city).fill_null(scenario.country),
            "latitude": pl.Series(d.latitude).fill_nan(None),
            "longitude": pl.Series(d.longitude).fill_nan(None),
        }
    )
    return tables.conform(frame, tables.Merchants)

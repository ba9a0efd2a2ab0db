"""Prices: what a merchant sells nothing below or above, and who sells it instead.

An amount is drawn for a kind of payment, then somebody is chosen who is paid. Where the two do not go together (a
railway ticket for 3.47) the customer was at another merchant of the kind, and is there every time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.calendar import day_number
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.merchants import ZIPF
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms


def fitting(bank: Bank, who: I64, merchant: I64, cents: I64, takes: Callable[[I64, I64], Bools] | None = None) -> I64:
    """The merchants, but for those at which nothing costs that: another one of the same category and city.

    Which one, by popularity, is the same for a customer and first choice, so that it is part of the repertoire; where
    nobody has such prices, the one whose prices come closest. Negative positions, which are nobody, stay.

    Parameters
    ----------
    who, merchant, cents
        Customer, position in the directory and amount; shape (n,).
    takes
        Whether merchants take payments at all: of their numbers, shape (m,), and positions, shape (m, merchants).
        Where it is not given, they all do.
    """
    shops = bank.directory
    unfit = (cents < shops.lowest_cents[merchant]) | (cents > shops.highest_cents[merchant])
    if takes is not None:
        unfit |= ~takes(np.arange(len(who)), merchant[:, None])[:, 0]
    wrong = np.flatnonzero(unfit & (merchant >= 0))
    if not len(wrong):
        return merchant
    first, sums = merchant[wrong], cents[wrong][:, None]
    cell = shops.category[first] * shops.count.shape[1] + shops.city[first]  # -1, nowhere, is the last column
    cell += np.where(shops.city[first] < 0, shops.count.shape[1], 0)
    start, count = shops.start.ravel()[cell], shops.count.ravel()[cell]
    rank = np.arange(int(count.max()))
    some = np.minimum(start[:, None] + rank, len(shops) - 1)
    there = rank < count[:, None]
    if takes is not None:
        open_to = there & takes(wrong, some)
        there = np.where(open_to.any(axis=1, keepdims=True), open_to, there)
    lowest = shops.lowest_cents[some]
    fits = there & (sums >= lowest) & (sums <= shops.highest_cents[some])
    nobody = np.flatnonzero(~fits.any(axis=1))
    far = np.where(there[nobody], np.abs(lowest[nobody] - sums[nobody]), np.iinfo(np.int64).max)
    fits[nobody] = far == far.min(axis=1, keepdims=True)
    weight = np.cumsum(fits * (rank + 1.0) ** -ZIPF, axis=1)
    u = hashed_uniforms(bank.scenario.seed, "prices.other", bank.traits.index[who[wrong]], first)
    chosen = (weight <= (u * weight[:, -1])[:, None]).sum(axis=1)
    found = merchant.copy()
    found[wrong] = start + np.minimum(chosen, count - 1)
    return found


def on_the_list(bank: Bank, merchant: I64, cents: I64) -> I64:
    """Amounts in cents, moved to the nearest price of the merchants that have a list."""
    listed = bank.directory.listed_cents[merchant]
    if not listed.shape[1]:
        return cents
    nearest = np.argmin(np.abs(np.log(listed / np.maximum(cents, 1)[:, None])), axis=1)
    price = listed[np.arange(len(listed)), nearest]
    return np.where(np.isfinite(price), price, cents).astype(np.int64)


def charged(bank: Bank, category: I64, merchant: I64, cents: I64) -> I64:
    """Amounts in cents as they are, but for rides at a fare (tag ``fares``): the merchant's own that comes nearest.

    Parameters
    ----------
    category, merchant, cents
        Category, position in the directory (negative where it is nobody) and amount; shape (n,).
    """
    if not (fares := bank.tagged("fares")).any():
        return cents
    rides, found = np.flatnonzero(fares[category] & (merchant >= 0)), cents.copy()
    found[rides] = on_the_list(bank, merchant[rides], cents[rides])
    return found


def of_list(scenario: Scenario, category: int, value: F64) -> I64:
    """The category's listed price that is paid by who would pay each value (major units), in cents.

    The one that comes closest in proportion; or, where the prices have weights, the one that so many of the payments
    are below: who would pay more still takes the dearer one.
    """
    prices, ends = _list(scenario, category)
    return np.rint(100 * prices[np.searchsorted(ends, value)]).astype(np.int64)


@lru_cache(maxsize=256)
def _list(scenario: Scenario, category: int) -> tuple[F64, F64]:
    """The listed prices from the lowest on, and the values between them; major units."""
    kind = scenario.categories[category]
    prices = np.array(kind.listed)
    if not kind.listed_weights:
        return prices, np.sqrt(prices[1:] * prices[:-1])
    # The category's law (see ``amounts.py``) over people of the usual income, wherever they live.
    living = np.array([c.cost_of_living for c in scenario.cities])
    share = np.array([c.population for c in scenario.cities], dtype=np.float64)
    level = kind.median * np.exp(np.average(np.log(living), weights=share))
    passed = np.cumsum(kind.listed_weights)[:-1] / np.sum(kind.listed_weights)
    return prices, level * np.exp(np.sqrt(2 * np.log(kind.mean / kind.median)) * ndtri(passed))


def by_tariff(bank: Bank, category: I64, city: I64, day: I64, u: F64, cents: I64) -> I64:
    """Bills as they are, but for those of which a tariff says what a unit costs: so many units at that price.

    Parameters
    ----------
    category, city, day, u, cents
        Category, home city of who pays, local day, a uniform draw, and the sum in cents; shape (n,).
    """
    changes, price = _tariffs(bank.scenario)
    units = np.ones(len(cents), dtype=np.int64)
    for k, kind in enumerate(bank.scenario.categories):
        if kind.units:
            rows = np.flatnonzero(category == k)
            ends = np.cumsum(list(kind.units.values()))
            units[rows] = np.array(list(kind.units))[np.searchsorted(ends, u[rows] * ends[-1], side="right")]
    then = np.maximum(np.searchsorted(changes, day, side="right") - 1, 0)
    each = price[category, city, then]
    return np.where(np.isnan(each), cents, np.rint(np.nan_to_num(each) * 100).astype(np.int64) * units)


@lru_cache(maxsize=16)
def _tariffs(scenario: Scenario) -> tuple[I64, F64]:
    """Days from which some tariff holds, and prices from then on: (categories, cities, days); NaN without a tariff."""
    changes = np.unique([day_number(t.first) for t in scenario.tariffs])
    names, places = [c.category for c in scenario.categories], [c.city for c in scenario.cities]
    price = np.full((len(names), len(places), len(changes)), np.nan)
    for t in sorted(scenario.tariffs, key=lambda t: t.first):
        own = price[names.index(t.category), places.index(t.city)]
        own[0 if np.isnan(own[0]) else int(np.searchsorted(changes, day_number(t.first))) :] = t.price
    return changes, price


def not_below(bank: Bank, category: I64, value: F64, u: F64) -> F64:
    """Values, major units, with those below what anybody pays for such a thing moved somewhat above it; in place."""
    lowest = bank.lowest[category]
    low = np.flatnonzero(value < lowest)
    value[low] = lowest[low] * (1.0 + 0.7 * u[low])
    return value

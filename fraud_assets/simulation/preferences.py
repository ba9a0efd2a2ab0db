"""Preferences: how customers like to pay, and for what, as weights that keep the scenario's shares.

What lives here: weights over payment methods (they follow savviness and age) and over categories (they follow
favourites). What does not: the amounts (``amounts.py``).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.calendar import on_holiday
from fraud_assets.simulation.streams import F64, I64, Bools, finer

_CHANNELS = ["card_present", "online", "app", "bank"]
_OWN_WAYS = 0.30  # [P] spread of the logarithm between customers who are otherwise alike
_TASTE = 0.60  # [P] likewise for categories
_POPULAR = 0.70  # [P] exponent with which common categories become favourites
#: Favourites of a method: one in four of its categories, at most three; none where there is hardly a choice.
_FEWEST, _ONE_IN, _MOST = 3, 4, 3
#: Days of a month, on average.
_MONTH = 30.4
LOW = 0


def method_weights(scenario: Scenario, savviness: I64, age: I64, z: F64) -> F64:
    """Weights of the payment methods, rows sum to 1; their mean over the population is the scenario's shares.

    Parameters
    ----------
    savviness, age
        Of each customer, shape (n,).
    z
        Standard normals, shape (n, methods).
    """
    weights: F64 = _base_shares(scenario) * _tilt(scenario, savviness, age) * np.exp(_OWN_WAYS * z)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _tilt(scenario: Scenario, savviness: I64, age: I64) -> F64:
    use = np.array([m.savviness for m in scenario.methods])
    use[_method_channels(scenario) == _CHANNELS.index("app"), LOW] = 0.0  # the unsavvy never pay by app
    years = (np.asarray(age)[:, None] - 40) / 20
    tilt = use[:, savviness].T * np.exp(np.array([m.by_age for m in scenario.methods]) * years)
    nothing = tilt.sum(axis=1) == 0  # a bank of apps alone: then there is no other way to pay
    tilt[nothing] = 1.0
    return tilt


@lru_cache(maxsize=16)
def _base_shares(scenario: Scenario) -> F64:
    """Weights before the tilts, found by proportional fitting over the scenario's ages and savviness."""
    cells, weight = [], []
    for segment in scenario.population.segments:
        ages = range(segment.age[0], segment.age[1] + 1)
        for level, share in enumerate(segment.savviness):
            cells += [(level, age) for age in ages]
            weight += [segment.share * share / len(ages)] * len(ages)
    tilt = _tilt(scenario, *np.array(cells, dtype=np.int64).T)
    shares = np.array([m.share for m in scenario.methods])
    base = shares.copy()
    for _ in range(60):
        mix = base * tilt
        realised = np.array(weight) @ (mix / mix.sum(axis=1, keepdims=True))
        base *= np.divide(shares, realised, out=np.ones_like(shares), where=realised > 0)
    return base


@lru_cache(maxsize=16)
def _method_channels(scenario: Scenario) -> I64:
    """The channel of most of a method's weight."""
    totals = np.zeros((len(scenario.methods), len(_CHANNELS)))
    names = [m.name for m in scenario.methods]
    for c in scenario.categories:
        totals[names.index(c.method), _CHANNELS.index(c.channel)] += c.weight
    largest: I64 = totals.argmax(axis=1)
    return largest


@lru_cache(maxsize=16)
def _methods(scenario: Scenario) -> list[tuple[I64, int]]:
    """For each method its purchase categories (no bills, no income) and how many of them are favourites."""
    groups = []
    for method in scenario.methods:
        members = [
            k
            for k, c in enumerate(scenario.categories)
            if c.method == method.name and c.recipient not in ("biller", "employer") and c.weight > 0
        ]
        favourites = min(_MOST, max(1, len(members) // _ONE_IN)) if len(members) >= _FEWEST else 0
        groups.append((np.array(members, dtype=np.int64), favourites))
    return groups


@lru_cache(maxsize=16)
def by_occupation(scenario: Scenario) -> F64:
    """How many times as often people of each occupation have each category as others; (occupations, categories)."""
    jobs = [o.name for o in scenario.population.occupations]
    return np.array([[c.by_occupation.get(job, 1.0) for c in scenario.categories] for job in jobs])


def category_weights(
    scenario: Scenario, savviness: I64, occupation: I64, age: I64, z: F64, u: F64, rates: F64
) -> tuple[F64, I64]:
    """Weights of the categories and the favourites among them.

    In each method with at least three purchase categories, the favourites together take the same share: as much as
    makes ``activity.preferred_share`` of all purchases. Bills and income have no weight: they come on their own dates.
    What nobody does more than ``a_month`` is no favourite, and of who would do it more often it has less weight.

    Parameters
    ----------
    savviness, occupation, age
        Of each customer, shape (n,).
    z, u
        Standard normal tastes and uniform draws, shape (n, categories).
    rates
        Purchases a day by each method, shape (n, methods).

    Returns
    -------
    Weights of shape (n, categories), summing to 1 within each method, and favourites of shape (n, k); k is the
    scenario's.
    """
    methods = zip(scenario.methods, _methods(scenario), strict=True)
    with_choice = sum(method.share for method, (_, favourites) in methods if favourites)
    share = min(1.0, scenario.activity.preferred_share / with_choice) if with_choice else 0.0
    app = np.array([c.channel == "app" for c in scenario.categories])
    most = np.array([c.a_month or np.inf for c in scenario.categories])
    leans = np.array([c.by_age for c in scenario.categories])
    usual = by_occupation(scenario)[occupation] * np.exp(leans * (age[:, None] - 40) / 20)
    weights = np.zeros_like(z)
    favourites: list[npt.NDArray[np.int64]] = []
    for rate, (members, count) in zip(rates.T, _methods(scenario), strict=True):
        if not len(members):
            continue
        base = np.array([scenario.categories[k].weight for k in members])
        own = base * usual[:, members] * np.exp(_TASTE * z[:, members])
        if app[members].any() and not app[members].all():
            own[np.ix_(savviness == LOW, app[members])] = 0.0
        bound = most[members] / (_MONTH * rate[:, None])
        if not count:
            weights[:, members] = _bounded(own / own.sum(axis=1, keepdims=True), bound, np.isinf(bound))
            continue
        # The largest scores with Gumbel noise are a weighted draw without replacement (Yellott 1977).
        with np.errstate(divide="ignore"):
            score = (
                np.log((base * usual[:, members]) ** _POPULAR * (own > 0) * np.isinf(most[members]))
                + _TASTE * z[:, members]
                - np.log(-np.log(u[:, members]))
            )
        best = np.argsort(-score, axis=1, kind="stable")[:, :count]
        favourites.append(members[best])
        preferred = np.zeros(own.shape, dtype=bool)
        np.put_along_axis(preferred, best, True, axis=1)
        inside, outside = own * preferred, own * ~preferred
        sum_inside, sum_outside = inside.sum(axis=1, keepdims=True), outside.sum(axis=1, keepdims=True)
        part = np.where(sum_outside > 0, np.where(sum_inside > 0, share, 0.0), 1.0)
        mix = part * _normal(inside, sum_inside) + (1 - part) * _normal(outside, sum_outside)
        weights[:, members] = _bounded(mix, bound, np.isinf(bound) & ~preferred)
    if not favourites:
        return weights, np.zeros((len(z), 0), dtype=np.int64)
    return weights, np.concatenate(favourites, axis=1)


def _bounded(weights: F64, bound: F64, others: Bools) -> F64:
    """Weights of no more than the bounds; what they lose, ``others`` gain in proportion, if there are any."""
    room = np.where(others, weights, 0.0)
    total = room.sum(axis=1, keepdims=True)
    kept = np.where(total > 0, np.minimum(weights, bound), weights)
    return kept + _normal(room, total) * (weights - kept).sum(axis=1, keepdims=True)


def in_season(scenario: Scenario, weights: F64, city: I64, who: I64, category: I64, day: I64, u: F64) -> I64:
    """Categories as chosen, but for those that give way to what a holiday is for: gold on Dhanteras.

    What several holidays are for at a time are different payments, as far as there are so many.

    Parameters
    ----------
    weights
        As :func:`category_weights` gives them.
    city
        Where each customer lives, an index into ``scenario.cities``; shape (customers,).
    who, category, day, u
        Customer, category as on any day, local day and a uniform draw of each payment, shape (n,). The draw may be the
        one that chose the category: only its finer digits are used.
    """
    names, methods = [c.category for c in scenario.categories], np.array([c.method for c in scenario.categories])
    fine, taken = finer(u, 65_536), np.zeros(len(u))
    category = category.copy()
    for holiday in scenario.holidays:
        if holiday.category is None or holiday.category_factor is None:
            continue
        wanted = names.index(holiday.category)
        rows = np.flatnonzero(on_holiday(scenario, holiday, city[who], day) & (methods == methods[wanted])[category])
        usual = weights[who[rows], wanted]
        # So many of the method's other payments turn into it that there are ``category_factor`` times as many.
        turns = np.minimum((holiday.category_factor - 1) * usual / np.maximum(1 - usual, 1e-9), 0.5)
        begin = taken[rows]
        category[rows[(fine[rows] >= begin) & (fine[rows] < begin + turns)]] = wanted
        taken[rows] = begin + turns
    return category


def _normal(weights: F64, total: F64) -> F64:
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)

"""Preferences: how customers like to pay, and for what, as weights that keep the scenario's shares.

What lives here: weights over payment methods (they follow savviness and age) and over categories (they follow
favourites). What does not: the amounts (``amounts.py``).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.streams import F64, I64

_CHANNELS = ["card_present", "online", "app", "bank"]
#: How much more a customer of low, medium, high savviness pays by each channel [P]. The unsavvy never pay by app [S].
_BY_SAVVINESS = np.array([[1.30, 1.0, 0.92], [0.55, 1.0, 1.15], [0.0, 0.8, 1.45], [1.30, 1.0, 0.90]])
#: And per twenty years of age, as a logarithm [P, after the Diary of Consumer Payment Choice].
_BY_AGE = np.array([0.12, -0.18, -0.45, 0.25])
_OWN_WAYS = 0.30  # [P] spread of the logarithm between customers who are otherwise alike
_TASTE = 0.60  # [P] likewise for categories
_POPULAR = 0.70  # [P] exponent with which common categories become favourites
#: Favourites of a method: one in four of its categories, at most three; none where there is hardly a choice.
_FEWEST, _ONE_IN, _MOST = 3, 4, 3
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
    channel = _method_channels(scenario)
    years = (np.asarray(age)[:, None] - 40) / 20
    tilt = _BY_SAVVINESS[channel][:, savviness].T * np.exp(_BY_AGE[channel] * years)
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
            if c.method == method.name and c.recipient in ("merchant", "person", "own") and c.weight > 0
        ]
        favourites = min(_MOST, max(1, len(members) // _ONE_IN)) if len(members) >= _FEWEST else 0
        groups.append((np.array(members, dtype=np.int64), favourites))
    return groups


def category_weights(scenario: Scenario, savviness: I64, z: F64, u: F64) -> tuple[F64, I64]:
    """Weights of the categories and the favourites among them.

    In each method with at least three purchase categories, the favourites together take ``activity.preferred_share``.
    Bills and income have no weight: they come on their own dates.

    Parameters
    ----------
    savviness
        Of each customer, shape (n,).
    z, u
        Standard normal tastes and uniform draws, shape (n, categories).

    Returns
    -------
    Weights of shape (n, categories), summing to 1 within each method, and favourites of shape (n, k); k is the
    scenario's.
    """
    share = scenario.activity.preferred_share
    app = np.array([c.channel == "app" for c in scenario.categories])
    weights = np.zeros_like(z)
    favourites: list[npt.NDArray[np.int64]] = []
    for members, count in _methods(scenario):
        if not len(members):
            continue
        base = np.array([scenario.categories[k].weight for k in members])
        own = base * np.exp(_TASTE * z[:, members])
        if app[members].any() and not app[members].all():
            own[np.ix_(savviness == LOW, app[members])] = 0.0
        if not count:
            weights[:, members] = own / own.sum(axis=1, keepdims=True)
            continue
        # The largest scores with Gumbel noise are a weighted draw without replacement (Yellott 1977).
        with np.errstate(divide="ignore"):
            score = np.log(base**_POPULAR * (own > 0)) + _TASTE * z[:, members] - np.log(-np.log(u[:, members]))
        best = np.argsort(-score, axis=1, kind="stable")[:, :count]
        favourites.append(members[best])
        preferred = np.zeros(own.shape, dtype=bool)
        np.put_along_axis(preferred, best, True, axis=1)
        inside, outside = own * preferred, own * ~preferred
        sum_inside, sum_outside = inside.sum(axis=1, keepdims=True), outside.sum(axis=1, keepdims=True)
        part = np.where(sum_outside > 0, np.where(sum_inside > 0, share, 0.0), 1.0)
        weights[:, members] = part * _normal(inside, sum_inside) + (1 - part) * _normal(outside, sum_outside)
    if not favourites:
        return weights, np.zeros((len(z), 0), dtype=np.int64)
    return weights, np.concatenate(favourites, axis=1)


def _normal(weights: F64, total: F64) -> F64:
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)

"""Limits: amounts just below which people stay, be it a tutor's fee, a rent in parts or money that must not be seen."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.streams import F64, I64, Bools, finer

#: Just below a limit begins at this share of it.
NEAR = 0.92
#: Of amounts below a limit: to ten units, to five, to one; the rest have cents [P].
_STEPS, _STEP_SHARES = (1000, 500, 100, 1), np.cumsum([0.45, 0.15, 0.25])


def nearest(scenario: Scenario, value: F64) -> F64:
    """The scenario's limit nearest to each value in proportion; the value itself for a bank without limits."""
    if not scenario.limits:
        return value
    limits = np.sort(np.array(scenario.limits))
    middle = np.sqrt(limits[1:] * limits[:-1])
    return limits[np.searchsorted(middle, value)]


def below(scenario: Scenario, limit: F64, share: F64, u: F64) -> I64:
    """Amounts in cents of about a share (below 1) of the limits, rounded down as people round; never the limit.

    Where sums are whole, most of those that would have cents are so too.
    """
    cents = np.floor(limit * share * 100).astype(np.int64)
    step = np.array(_STEPS)[np.searchsorted(_STEP_SHARES, u, side="right")]
    step[(step == 1) & (finer(u) < scenario.prices.whole)] = 100
    return np.maximum(cents // step * step, 100)


def is_near(bank: Bank, cents: I64) -> Bools:
    """Whether amounts lie just below one of the scenario's limits; shape (n,)."""
    near = np.zeros(len(cents), dtype=bool)
    if not bank.scenario.limits:
        return near
    large = np.flatnonzero(cents >= NEAR * 100 * min(bank.scenario.limits))  # a few, and only they are looked at
    for limit in bank.scenario.limits:
        near[large] |= (cents[large] >= NEAR * 100 * limit) & (cents[large] < 100 * limit)
    return near

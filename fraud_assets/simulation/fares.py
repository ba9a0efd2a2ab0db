"""Fares: what it costs to ride, which is not for the passenger to choose (tag ``fares``).

What lives here: what the operators ask. What does not: that their passengers pay it (``prices.charged``).
"""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms

NO_LIMIT = 1e12  # major units: dearer than anything


def with_fares(scenario: Scenario, category: I64, is_chain: Bools, merchant_id: I64, prices: F64) -> F64:
    """Prices of merchants as they are, but for those who have fares: these take everybody, whatever they would pay.

    Of the list that all local operators of a kind have, each asks one price; a chain has its own list, by zones and
    times of the day.

    Parameters
    ----------
    category, is_chain, merchant_id
        Of each merchant; shape (n,).
    prices
        The lowest price, the highest, and then the listed ones, cents, infinite where there are fewer; shape (n, 2 +
        most listed).
    """
    tagged = np.array(["fares" in c.tags for c in scenario.categories])
    listed = np.isfinite(prices[:, 2:]).sum(axis=1)
    fixed = np.flatnonzero(tagged[category] & (listed > 0))
    if not len(fixed):
        return prices
    found = prices.copy()
    found[fixed, 0], found[fixed, 1] = 0.0, NO_LIMIT * 100
    own = fixed[~is_chain[fixed]]
    which = (hashed_uniforms(scenario.seed, "merchants.fare", merchant_id[own]) * listed[own]).astype(np.int64)
    found[own, 2:] = np.inf
    found[own, 2] = prices[own, 2 + which]
    return found

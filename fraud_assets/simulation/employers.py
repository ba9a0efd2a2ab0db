"""Employers: who has one, and which."""

from __future__ import annotations

from typing import Literal

import numpy as np

from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.merchants import ZIPF
from fraud_assets.simulation.streams import I64, Bools, hashed_uniforms


def paid_by(bank: Bank, payer: Literal["employer", "family"]) -> Bools:
    """Customers whose income comes from an employer, or from their family; shape (customers,)."""
    pays = np.array([o.paid_by == payer for o in bank.scenario.population.occupations])
    return pays[bank.traits.occupation]


def employer_of(bank: Bank, category: int) -> I64:
    """Who pays each customer: an employer of the category that is for the occupation; shape (customers,)."""
    scenario, shops = bank.scenario, bank.directory
    u = hashed_uniforms(scenario.seed, "income.employer", bank.traits.index)
    of = {b.name: b.occupations for b in scenario.brands if b.category == scenario.categories[category].category}
    start, count = int(shops.start[category, -1]), int(shops.count[category, -1])
    pays = [of.get(name, ()) for name in shops.name[start : start + count].to_list()]
    merchant = np.empty(len(u), dtype=np.int64)
    for k, occupation in enumerate(scenario.population.occupations):
        some = [n for n, named in enumerate(pays) if occupation.name in named]
        nameless = [n for n, named in enumerate(pays) if not named] or list(range(count))
        small = occupation.small_employers if some else 1.0
        rows = np.flatnonzero(bank.traits.occupation == k)
        few = u[rows] < small
        alike = 0.0 if occupation.small_employers else ZIPF
        for those, low, high, share, zipf in ((few, 0.0, small, nameless, alike), (~few, small, 1.0, some, ZIPF)):
            if those.any():
                weight = np.cumsum((np.arange(len(share)) + 1.0) ** -zipf)
                part = (u[rows[those]] - low) / (high - low)
                place = np.searchsorted(weight, part * weight[-1], side="right")
                merchant[rows[those]] = start + np.array(share)[np.minimum(place, len(share) - 1)]
    return merchant

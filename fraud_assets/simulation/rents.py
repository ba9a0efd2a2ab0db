"""Rents: who pays one, to whom, and how much at most (``population.rents``); the bills themselves are in
``recurring.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fraud_assets.simulation.intents import NONE, Bank
from fraud_assets.simulation.population import YEAR
from fraud_assets.simulation.recipients import acquaintance
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms
from fraud_assets.simulation.traits import GENDERS

#: A rent is a round sum: of the most that somebody can pay, what may still be rounded up.
_BEFORE_ROUNDING = 0.94


def tenants(bank: Bank) -> Bools:
    """Customers who pay a rent, if one falls to them among their bills; shape (customers,)."""
    traits, people = bank.traits, bank.scenario.population
    share = np.array([o.tenants for o in people.occupations])[traits.occupation]
    found = hashed_uniforms(bank.scenario.seed, "rent.tenant", traits.index) < share
    if people.rents.lodgers:
        found |= traits.in_hall
    if people.rents.one_a_household:
        found &= traits.household == traits.index
    if people.rents.of_income is not None:
        lowest = bank.lowest[bank.tagged("rent")].min(initial=np.inf)
        found &= ~(_of_income(bank) < lowest)  # who cannot pay the lowest lives with somebody who can
    return found


def most_rent(bank: Bank, who: I64, category: I64) -> F64:
    """What each bill comes to at most for its being a rent, major units; infinite for all others."""
    rent = bank.tagged("rent")[category]
    return np.where(rent, _of_income(bank)[who], np.inf)


def _of_income(bank: Bank) -> F64:
    """The most that each customer spends on rent a month, before it is rounded, major units; shape (customers,)."""
    share = bank.scenario.population.rents.of_income
    return bank.traits.annual_income / 12 * (np.inf if share is None else _BEFORE_ROUNDING * share)


def landlords(bank: Bank, who: I64, category: I64) -> I64:
    """Account numbers of the persons to whom the bills are paid: of some rents; ``NONE`` is a business."""
    u = hashed_uniforms(bank.scenario.seed, "rent.landlord", bank.traits.index[who])
    private = bank.tagged("rent")[category] & (u < bank.scenario.population.rents.landlords)
    if bank.scenario.population.rents.lodgers:
        private &= ~bank.traits.in_hall[who]
    return np.where(private, acquaintance(bank, "landlord", who), NONE)


def house_rules(bank: Bank, who: I64, day: I64) -> Callable[[I64, I64], Bools] | None:
    """Whether businesses take these customers on these days (``rents.lodgers``); None where they all do.

    Who lives in a hall of residence pays the rent to one of the houses that have rules.

    Parameters
    ----------
    who, day
        Position of the customer and local day of each bill; shape (n,).

    Returns
    -------
    A function of numbers of bills, shape (m,), and positions in the directory, shape (m, merchants), as
    :func:`fraud_assets.simulation.prices.fitting` asks.
    """
    rules = bank.scenario.population.rents.lodgers
    if not rules:
        return None
    shops, traits = bank.directory, bank.traits
    rent = bank.tagged("rent")[shops.category]
    is_house, gender, oldest = np.zeros(len(shops), dtype=bool), np.full(len(shops), NONE), np.full(len(shops), np.inf)
    for name, rule in rules.items():
        own = ((shops.name == name) | (shops.sub_category == name)).to_numpy()
        oldest[own], is_house[own] = rule.oldest, True
        gender[own] = NONE if rule.gender is None else GENDERS.index(rule.gender)
    age = np.floor((day - traits.birth_day[who]) / YEAR)
    of, in_hall = traits.gender[who], traits.in_hall[who]

    def takes(bill: I64, merchant: I64) -> Bools:
        fits: Bools = (gender[merchant] == NONE) | (gender[merchant] == of[bill][:, None])
        fits &= age[bill][:, None] <= oldest[merchant]
        fits &= is_house[merchant] | ~(in_hall[bill][:, None] & rent[merchant])
        return fits

    return takes

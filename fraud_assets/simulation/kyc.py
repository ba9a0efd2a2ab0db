"""Identification: how well the bank knows who a customer is, and what that allows."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.population import drawn
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms


def kyc_levels(scenario: Scenario, index: I64) -> I64:
    """Position of the level of each customer, by number, among the scenario's."""
    levels = scenario.population.kyc_levels
    if len(levels) == 1:
        return np.zeros(index.shape, dtype=np.int64)
    return drawn([level.share for level in levels], hashed_uniforms(scenario.seed, "kyc.level", index))


def amount_factors(scenario: Scenario) -> F64:
    """What customers of each level pay, relative to others."""
    return np.array([level.amount_factor for level in scenario.population.kyc_levels])


def limits(scenario: Scenario) -> F64:
    """What customers of each level may pay at once, major units; infinite where nothing but their own limit counts."""
    return np.array([level.limit or np.inf for level in scenario.population.kyc_levels])

"""Tokens: which one a wallet's row moves.

A closed form of who is on the other side: an address takes the tokens of its chain, and of what a customer does with
one business always the same moves. So what follows from a payment moves what the payment moved.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.intents import NONE, Bank, Intents
from fraud_assets.simulation.names import person_patterns
from fraud_assets.simulation.streams import F64, hashed_uniforms


def tokens(bank: Bank, rows: Intents, words: pl.Enum) -> pl.Series:
    """Name of each row's token, one of the words; null where money itself is moved."""
    scenario = bank.scenario
    if not scenario.tokens:
        return pl.Series([None], dtype=words).new_from_index(0, len(rows))
    address = np.where(rows.intended == NONE, rows.payee, rows.intended)
    to_address = rows.payee != NONE
    u = hashed_uniforms(scenario.seed, "token.business", bank.traits.index[rows.who], rows.merchant)
    weights = len(scenario.names["person"]) + rows.category
    person = np.flatnonzero(to_address)
    u[person] = hashed_uniforms(scenario.seed, "token.address", address[person])
    weights[person] = person_patterns(scenario, address[person])
    ends = np.cumsum(_weights(scenario), axis=1)
    chosen = (ends[weights] <= (u * ends[weights, -1])[:, None]).sum(axis=1)
    names = pl.Series([token.name for token in scenario.tokens], dtype=words)
    found: pl.Series = names[chosen.clip(0, len(names) - 1)]
    return found


def _weights(scenario: Scenario) -> F64:
    """How often each token is moved, by pattern of the address and then by category; a row each."""
    shares = np.array([token.share for token in scenario.tokens])
    on_chain = [[token.address == pattern for token in scenario.tokens] for pattern in scenario.names["person"]]
    moved = [[not c.tokens or token.name in c.tokens for token in scenario.tokens] for c in scenario.categories]
    return shares * np.array([*on_chain, *moved])

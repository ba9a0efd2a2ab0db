"""Honest payments that an analyst would first take for fraud: without them every rule would be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.families.base import Look
from fraud_assets.simulation.intents import HOUR, MINUTE, NONE, Bank, Intents
from fraud_assets.simulation.spending import Spending
from fraud_assets.simulation.streams import F64, I64, Bools


def of_spending(bank: Bank, spent: Spending) -> Look:
    """Payments as they look from outside."""
    return Look(
        who=spent.who,
        category=spent.category,
        of_median=_over(bank.median, spent.cents, spent.category),
        of_maximum=_over(bank.normal_maximum, spent.cents, spent.category),
        cents=spent.cents,
        event_us=spent.event_us,
        offset=spent.offset,
        is_new=spent.is_new,
        is_away=spent.is_away,
        in_outing=spent.size[spent.outing],
        again=np.zeros(len(spent.who), dtype=np.int8),
        is_same=np.zeros(len(spent.who), dtype=bool),
        episode=np.full(len(spent.who), NONE, dtype=np.int8),
    )


def of_first_payments(bank: Bank, rows: Intents) -> Look:
    """Payments of which each goes to somebody new and stands alone, at home."""
    n = len(rows)
    return Look(
        who=rows.who,
        category=rows.category,
        of_median=_over(bank.median, rows.cents, rows.category),
        of_maximum=_over(bank.normal_maximum, rows.cents, rows.category),
        cents=rows.cents,
        event_us=rows.event_us,
        offset=rows.offset,
        is_new=np.ones(n, dtype=bool),
        is_away=np.zeros(n, dtype=bool),
        in_outing=np.ones(n, dtype=np.int64),
        again=np.zeros(n, dtype=np.int8),
        is_same=np.zeros(n, dtype=bool),
        episode=np.full(n, NONE, dtype=np.int8),
    )


def of_repeats(bank: Bank, rows: Intents, place: I64, same: Bools) -> Look:
    """Payments that the same shop gets again, each ``place`` payments after the first, some with the same amount."""
    return replace(of_first_payments(bank, rows), is_new=np.zeros(len(rows), dtype=bool), again=place, is_same=same)


def of_episodes(bank: Bank, rows: Intents, kind: I64) -> Look:
    """Payments of episodes of each kind: to somebody new or not, as an analyst would have to find out."""
    return replace(of_first_payments(bank, rows), is_new=np.zeros(len(rows), dtype=bool), episode=kind)


def _over(sums: F64, cents: I64, category: I64) -> F64:
    """Cents, over a sum that each category has, major units."""
    return cents / (100 * sums)[category]


def joined(looks: Sequence[Look]) -> Look:
    """Some looks as one: what a look costs hardly depends on its payments where they are few."""
    return Look(**{f.name: np.concatenate([getattr(look, f.name) for look in looks]) for f in fields(Look)})


def lookalikes(bank: Bank, look: Look) -> I64:
    """Index of the (sorted) fraud type that each payment resembles, ``NONE`` for most.

    A payment that resembles several is given to one of them by its own last digits, so that no type starves another.
    """
    chosen = np.full(len(look), NONE)
    best = np.full(len(look), NONE)
    for number, (_, kind) in enumerate(sorted(bank.scenario.fraud.types.items())):
        rows = np.flatnonzero(FAMILIES[kind.family].resembles(bank, look))
        hour = (look.event_us[rows] + look.offset[rows] * MINUTE) // HOUR % 24
        turn = (look.cents[rows] + hour * 131 + number * 7919) % 1009
        wins = turn > best[rows]
        chosen[rows[wins]], best[rows[wins]] = number, turn[wins]
    return chosen

"""Groups: consecutive units whose rarer rows are worked out together, once, for all chunks that have a share in them.

Bills, episodes and above all fraud are few rows out of many short numpy calls, some hundreds a fraud type and month in
which campaigns start. What they cost hardly depends on the rows, so that a chunk would spend as much on them as on all
its payments. A group is several chunks of the ledger, and its rows of one kind are still fewer than those of one chunk;
they are a function of scenario, month and units like everything else, so that whoever asks for them gets the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

import numpy as np

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import customers
from fraud_assets.simulation.intents import Bank, Intents, concat
from fraud_assets.simulation.once import once
from fraud_assets.simulation.streams import UNIT

T = TypeVar("T")

#: Units of a group: of everyday rows such as bills, and of fraud, which is a hundredth of them.
EVERYDAY, FRAUD = 16, 64
#: Results that are kept of each function: threads work on neighbouring chunks, which lie in one group or two.
_KEPT = 2


@dataclass(frozen=True)
class Share:
    """The customers that some units and a group have in common: positions ``first`` to ``end`` of the group's."""

    group: Bank
    first: int
    end: int
    shift: int  # from a position in the group to one among the units' customers


def by_group(function: Callable[[Bank, Month], T]) -> Callable[[Bank, Month], T]:
    """A function of a group and a month whose latest results are kept."""

    @once(_KEPT)
    def found(scenario: Scenario, units: tuple[int, ...], month: Month) -> T:
        return function(Bank(scenario, units), month)  # a bank of its own: what it knows of customers goes with it

    @wraps(function)
    def call(group: Bank, month: Month) -> T:
        return found(group.scenario, group.units, month)

    return call


def shares(bank: Bank, width: int) -> list[Share]:
    """The shares that the bank's units, which follow one another, have in groups of so many units; in order."""
    if not bank.units:
        return []
    first, end = bank.units[0], bank.units[-1] + 1
    last = customers.units(bank.scenario).stop
    found = []
    for start in range(first // width * width, end, width):
        group = Bank(bank.scenario, tuple(range(start, min(start + width, last))))
        low, high = max(first, start) - start, min(end, start + width) - start
        found.append(Share(group, low * UNIT, high * UNIT, (start - first) * UNIT))
    return found


def by_customer(rows: Intents) -> Intents:
    """The rows customer by customer."""
    return rows.take(np.argsort(rows.who, kind="stable"))


def rows_of(bank: Bank, month: Month, rows: Callable[[Bank, Month], Intents], width: int) -> Intents:
    """The rows of the units' customers among those that a function gives for groups, customer by customer."""
    found = [Intents.make(0)]
    for share in shares(bank, width):
        every = rows(share.group, month)
        low, high = np.searchsorted(every.who, [share.first, share.end])
        mine = every.take(slice(low, high))
        found.append(mine.but(who=mine.who + share.shift))
    return concat(found)

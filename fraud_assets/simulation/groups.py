"""Groups: consecutive units whose rarer rows are worked out together, once, for all chunks that have a share in them.

Bills, episodes and above all fraud are few rows out of many short numpy calls, some hundreds a fraud type and month in
which campaigns start. What they cost hardly depends on the rows, so that a chunk would spend as much on them as on all
its payments. A group is several chunks of the ledger, and its rows of one kind are still fewer than those of one chunk;
they are a function of scenario, month and units like everything else, so that whoever asks for them gets the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Generic, TypeVar

import numpy as np

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import traits
from fraud_assets.simulation.intents import Bank, Intents, concat
from fraud_assets.simulation.once import Once
from fraud_assets.simulation.streams import UNIT

T = TypeVar("T")

#: Units of a group: of everyday rows such as bills, and of fraud, which is a hundredth of them.
EVERYDAY, FRAUD = 16, 64
#: Results that are kept of most functions: threads work on neighbouring chunks, which lie in one group or two, and one
#: of them may have begun the next.
_KEPT = 3
#: Chunks ahead for which shared results are worked out: one thread is at it while the others have something to do.
_SOON = 3


@dataclass(frozen=True)
class Share:
    """The customers that some units and a group have in common: positions ``first`` to ``end`` of the group's."""

    units: tuple[int, ...]  # of the group
    first: int
    end: int
    shift: int  # from a position in the group to one among the units' customers


class Grouped(Generic[T]):
    """A function of a group and a month, whose latest results are kept."""

    def __init__(self, function: Callable[[Bank, Month], T], width: int, kept: int = _KEPT) -> None:
        def found(scenario: Scenario, units: tuple[int, ...], month: Month) -> T:
            return function(Bank(scenario, units), month)  # a bank of its own: what it knows of customers goes with it

        self._found, self._width = Once(found, kept), width
        update_wrapper(self, function)

    def __call__(self, group: Bank, month: Month) -> T:
        return self._found(group.scenario, group.units, month)

    def of(self, bank: Bank, month: Month) -> Iterator[tuple[Share, T]]:
        """The results for all groups in which units of the bank are, with the shares that these have in them."""
        for share in shares(bank, self._width):
            yield share, self._found(bank.scenario, share.units, month)

    def ahead(self, bank: Bank, month: Month) -> None:
        """Work out what the bank's units share with others, and soon will, unless somebody has or is at it.

        While somebody is at it, the next group's instead of nothing. Not of chunks of which few make a group: they go
        through groups so fast that what is worked out for later ones would be gone by then.
        """
        found = shares(bank, self._width)
        if len(found) != 1:  # more of them might not be kept until they are needed
            return
        group = found[0].units
        is_there = self._found.ahead(bank.scenario, group, month)
        if _SOON * len(bank.units) >= self._width:
            return
        soon = bank.units[-1] + _SOON * len(bank.units) if is_there else group[-1] + 1
        if soon in traits.units(bank.scenario):
            self._found.ahead(bank.scenario, shares(Bank(bank.scenario, (soon,)), self._width)[0].units, month)


def by_group(width: int, kept: int = _KEPT) -> Callable[[Callable[[Bank, Month], T]], Grouped[T]]:
    """:class:`Grouped` as a decorator, for groups of so many units; so many results are kept."""
    return lambda function: Grouped(function, width, kept)


def begin(bank: Bank, month: Month, *results: Grouped[Any]) -> None:
    """Begin a chunk with what chunks share.

    Each thread takes what no other has begun, so that they work side by side instead of waiting for one another.
    """
    for result in results:
        result.ahead(bank, month)


def shares(bank: Bank, width: int) -> list[Share]:
    """The shares that the bank's units, which follow one another, have in groups of so many units; in order."""
    if not bank.units:
        return []
    first, end = bank.units[0], bank.units[-1] + 1
    last = traits.units(bank.scenario).stop
    found = []
    for start in range(first // width * width, end, width):
        low, high = max(first, start) - start, min(end, start + width) - start
        units = tuple(range(start, min(start + width, last)))
        found.append(Share(units, low * UNIT, high * UNIT, (start - first) * UNIT))
    return found


def by_customer(rows: Intents) -> Intents:
    """The rows customer by customer."""
    return rows.take(np.argsort(rows.who, kind="stable"))


def rows_of(bank: Bank, month: Month, rows: Grouped[Intents]) -> Intents:
    """The rows of the units' customers among those of their groups, which are given customer by customer."""
    found = [Intents.make(0)]
    for share, every in rows.of(bank, month):
        low, high = np.searchsorted(every.who, [share.first, share.end])
        mine = every.take(slice(low, high))
        found.append(mine.but(who=mine.who + share.shift))
    return concat(found)

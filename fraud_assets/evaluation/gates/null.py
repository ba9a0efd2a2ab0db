"""What chance would tell of a type: blocks of its rows in the place of rows of honest customers.

The uncertainty coefficient of the rows as they are, and of the rows as they would be if an actor or a customer used
what some honest customer uses for the same. What is made of the two: information.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
#: As many numbers are drawn at once as fill some megabytes.
_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Cells:
    """Honest rows by cell, which is what is done (its group) and a value; by group, common values first.

    Attributes
    ----------
    group, value, honest
        Of each cell: its group (0, 1, ...), the number of its value, and its honest rows; shape (cells,).
    entry_cell, entry_rows
        The same rows by cell and customer: shape (entries,), sorted by cell.
    """

    group: Ints
    value: Ints
    honest: Floats
    entry_cell: Ints
    entry_rows: Floats

    @cached_property
    def upto(self) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self.entry_rows)])

    @cached_property
    def span(self) -> tuple[Ints, Ints]:
        """First entry of each group, and the first of the next."""
        groups = np.arange(self.group[-1] + 2)
        edges = np.searchsorted(self.group[self.entry_cell], groups)
        return edges[:-1], edges[1:]


@dataclass(frozen=True)
class Blocks:
    """A type's rows: blocks of rows in one cell that an actor or a customer connects; shape (blocks,).

    Blocks of one bundle have the same value and are connected, though they do different things.
    """

    cells: Cells
    cell: Ints
    rows: Ints
    bundle: Ints

    def coefficient(self) -> float:
        """The observed uncertainty coefficient."""
        return float(self._coefficients(self.cell[None, :], np.zeros((1, len(self.cell))))[0])

    def null(self, rng: np.random.Generator, draws: int) -> Floats:
        """The coefficient if each block were in place of some honest customer's rows of its group; shape (draws,)."""
        first, last = (edge[self.cells.group[self.cell]] for edge in self.cells.span)
        low, high = self.cells.upto[first], self.cells.upto[last]
        found = []
        step = max(1, _AT_ONCE // max(len(self.cells.honest), len(self.cell)))
        for begin in range(0, draws, step):
            place = rng.random((min(step, draws - begin), int(self.bundle.max()) + 1))[:, self.bundle]
            u = low + place * (high - low)
            entry = np.clip(np.searchsorted(self.cells.upto, u, side="right") - 1, first, np.maximum(last - 1, first))
            entry = np.minimum(entry, len(self.cells.entry_cell) - 1)
            # A group without any honest row has nothing to draw from: its blocks stay.
            there = last > first
            cell = np.where(there, self.cells.entry_cell[entry], self.cell)
            found.append(self._coefficients(cell, np.where(there, self.cells.entry_rows[entry], 0.0)))
        return np.concatenate(found)

    def _coefficients(self, cell: Ints, displaced: Floats) -> Floats:
        """The coefficient with the blocks in these cells, instead of so many honest rows; shape (draws, blocks)."""
        draws, cells, groups = len(cell), len(self.cells.honest), self.cells.group[-1] + 1
        rows = np.tile(self.rows, draws).astype(np.float64)
        key, group = _key(cell, cells), _key(self.cells.group[cell], groups)
        fraud = _sums(group, rows, draws * groups)
        honest = np.tile(_sums(self.cells.group, self.cells.honest, groups), draws)
        honest = np.maximum(honest - _sums(group, displaced.ravel(), draws * groups), 0.0)
        both = fraud + honest
        of_type = (_xlog(fraud, both, fraud) + _xlog(honest, both, honest)).reshape(draws, groups).sum(axis=1)
        # A cell without frauds leaves nothing open, and most are without.
        some, place = np.unique(key, return_inverse=True)
        f, gone = _sums(place, rows, len(some)), _sums(place, displaced.ravel(), len(some))
        h = np.maximum(self.cells.honest[some % cells] - gone, 0.0)
        left = _sums(some // cells, _xlog(f, f + h, f) + _xlog(h, f + h, h), draws)
        return 1 - left / np.maximum(of_type, 1e-12)


def connected(place: Ints, actor: Ints, customer: Ints) -> Ints:
    """Numbers of the groups of rows in one place that share an actor or a customer, directly or through others."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    def numbered(who: Ints) -> Ints:
        return np.unique(np.stack([place, who]), axis=1, return_inverse=True)[1].ravel()

    left, right = numbered(actor), numbered(customer)
    actors, customers = int(left.max()) + 1, int(right.max()) + 1
    size = actors + customers
    graph = coo_matrix((np.ones(len(place)), (left, actors + right)), shape=(size, size))
    number = connected_components(graph, directed=False)[1][left]
    return np.unique(number, return_inverse=True)[1]


def _key(number: Ints, count: int) -> Ints:
    """Numbers of draws, shape (draws, ...), made different between draws."""
    return (np.arange(len(number))[:, None] * count + number).ravel()


def _sums(place: Ints, weights: Floats, length: int) -> Floats:
    return np.bincount(place, weights=weights, minlength=length).astype(np.float64)


def _xlog(weight: Floats, over: Floats, under: Floats) -> Floats:
    """weight * ln(over / under), 0 where the weight is."""
    some = weight > 0
    return np.where(some, weight * np.log(np.where(some, over, 1) / np.where(some, under, 1)), 0.0)

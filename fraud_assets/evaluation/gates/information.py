"""The gate on traces: does the way a row is written tell a type of fraud from honest rows that do the same?

The measure is the uncertainty coefficient: the mutual information of a trace and the type, given what is done, as a
share of the type's own entropy given the same (Theil 1970; Press et al., Numerical Recipes, 14.4). Counted from rows it
is above zero by chance alone, and far above where a campaign's rows share a device or a network. The null says how far:
the rows of an actor or a customer with one value stay together, and each such block takes the value of some honest
customer's rows that do the same, in place of them. What the observed figure has over the null's mean must stay below
the limit; a type is accused only where chance is as good as excluded, all patterns and types considered (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.evaluation.gates.result import Line, Result, untested
from fraud_assets.evaluation.gates.sample import Truth

LIMIT = 0.05
#: Chance that a flawless month fails, over all patterns and types.
_FALSE_ALARM = 0.01
_MINIMUM_ROWS, _MINIMUM_ACTORS = 5, 3
#: Draws of the null: few for its mean, many for a verdict; as many at once as fill some megabytes.
_FEW, _MANY, _AT_ONCE = 100, 100_000, 2_000_000
#: After so many draws as large as what was observed, chance is not excluded (Besag and Clifford 1991).
_ENOUGH_BY_CHANCE = 3
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Honest rows by cell; a cell is what is done (its group) and a value of the pattern. Sorted by group.

    Attributes
    ----------
    group, honest
        Of each cell: its group (0, 1, ...), and its honest rows; shape (cells,).
    entry_cell, entry_rows
        The same rows by cell and customer: shape (entries,), sorted by cell.
    """

    group: Ints
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
    """A type's rows: blocks of rows in one cell that an actor or a customer connects; shape (blocks,)."""

    cells: Cells
    cell: Ints
    rows: Ints

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
            u = low + rng.random((min(step, draws - begin), len(self.cell))) * (high - low)
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
        frauds, gone = _sums(key, rows, draws * cells), _sums(key, displaced.ravel(), draws * cells)
        some = np.flatnonzero(frauds)
        f = frauds[some]
        h = np.maximum(self.cells.honest[some % cells] - gone[some], 0.0)
        left = _sums(some // cells, _xlog(f, f + h, f) + _xlog(h, f + h, h), draws)
        return 1 - left / np.maximum(of_type, 1e-12)


@dataclass(frozen=True)
class Told:
    """What one pattern tells of one type."""

    pattern: str
    fraud_type: str
    rows: int
    actors: int
    observed: float
    by_chance: float  # mean of the null; 0 where the observed figure is below the limit without it
    blocks: Blocks

    @property
    def excess(self) -> float:
        return self.observed - self.by_chance


def told(pattern: str, fraud: pl.DataFrame, honest: pl.DataFrame) -> list[Told]:
    """What a pattern tells of each type that has some rows of enough actors.

    Parameters
    ----------
    fraud
        fraud_type, actor, customer_id, ``group`` (what is done) and ``value`` (the pattern's).
    honest
        customer_id, ``group`` and ``value`` of honest rows in those groups.
    """
    if fraud.is_empty() or honest.is_empty():
        return []
    ours, theirs = fraud.lazy(), honest.lazy()
    counted = (
        pl.concat([ours.select("group", "value", one=0), theirs.select("group", "value", one=1)])
        .group_by("group", "value")
        .agg(honest=pl.col("one").sum())
        .sort("group", "value")
        .with_columns(cell=pl.int_range(pl.len()), place=pl.col("group").rank("dense").cast(pl.Int64) - 1)
    )
    cell = counted.select("group", "value", "cell")
    rows, cells, entries = pl.collect_all(
        [
            ours.join(cell, on=["group", "value"], nulls_equal=True).drop("group", "value"),
            counted.select("place", "honest"),
            theirs.join(cell, on=["group", "value"], nulls_equal=True)
            .group_by("cell", "customer_id")
            .agg(rows=pl.len())
            .sort("cell", "customer_id"),
        ]
    )
    known = Cells(_ints(cells["place"]), _floats(cells["honest"]), _ints(entries["cell"]), _floats(entries["rows"]))
    found = []
    for (fraud_type,), own in sorted(rows.partition_by("fraud_type", as_dict=True).items()):
        actors = min(own["actor"].n_unique(), own["customer_id"].n_unique())
        if own.height < _MINIMUM_ROWS or actors < _MINIMUM_ACTORS:
            continue
        blocks = _blocks(known, _ints(own["cell"]), _ints(own["actor"]), _ints(own["customer_id"]))
        observed, by_chance = blocks.coefficient(), 0.0
        if observed > LIMIT:  # the null's mean is not below zero: otherwise the limit holds whatever it is
            by_chance = float(blocks.null(np.random.default_rng(0), _FEW).mean())
        found.append(Told(pattern, str(fraud_type), own.height, actors, observed, by_chance, blocks))
    return found


def _blocks(cells: Cells, cell: Ints, actor: Ints, customer: Ints) -> Blocks:
    """Rows of a cell are in one block if an actor or a customer connects them; each argument is by row."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    def numbered(who: Ints) -> Ints:
        return np.unique(np.stack([cell, who]), axis=1, return_inverse=True)[1].ravel()

    left, right = numbered(actor), numbered(customer)
    shape = int(left.max()) + 1, int(right.max()) + 1
    size = sum(shape)
    graph = coo_matrix((np.ones(len(cell)), (left, shape[0] + right)), shape=(size, size))
    block = connected_components(graph, directed=False)[1][left]
    _, first, rows = np.unique(block, return_index=True, return_counts=True)
    return Blocks(cells, cell[first], rows)


def information(found: Sequence[Told], truth: Truth) -> Result:
    """Does a trace tell more of a type than it may?"""
    limit = f"at most {LIMIT:g} of a type's entropy beyond chance"
    ranked = sorted(found, key=lambda t: (-t.excess, t.pattern, t.fraud_type))
    if not ranked:
        return untested("information", limit, truth.frauds, f"no type has rows of {_MINIMUM_ACTORS} actors")
    broken = [t for t in ranked if t.excess > LIMIT and not _by_chance(t, _FALSE_ALARM / len(ranked))]
    worst = next((t for t in ranked if t in broken or t.excess <= LIMIT), None)
    by_chance = sum(t.excess > LIMIT for t in ranked) - len(broken)
    told = "; ".join(f"{t.pattern} tells {t.excess:.0%} of what there is to know of {t.fraud_type}" for t in broken[:5])
    most = (
        f"{worst.pattern} tells {worst.excess:.1%} of what there is to know of {worst.fraud_type}" if worst else "None"
    )
    return Result(
        name="information",
        passed=not broken,
        value=worst.excess if worst else 0.0,
        limit=limit,
        explanation=f"{told}." if broken else f"{most}; {by_chance} traces tell more, but no more than chance may.",
        n=truth.frauds,
        lines=tuple(
            Line(
                f"{t.pattern}, {t.fraud_type}",
                t.excess,
                high=LIMIT if t in broken or t.excess <= LIMIT else None,
                note=f"{t.rows:,} of {t.actors:,} actors; {t.observed:.3f}, by chance {t.by_chance:.3f}"
                + (", no more than chance may" if t.excess > LIMIT and t not in broken else ""),
            )
            for t in (*broken[:8], *(t for t in ranked[:8] if t not in broken))[:8]
        ),
        details={
            "broken": [{"pattern": t.pattern, "fraud_type": t.fraud_type, "excess": t.excess} for t in broken],
            "looked at": len(ranked),
        },
    )


def _by_chance(found: Told, level: float) -> bool:
    """Is so much as observed seen in more than this share of the null's draws?"""
    rng, seen, drawn, step = np.random.default_rng(1), 0, 0, _FEW
    while drawn < min(_MANY, 1 / level):
        seen += int((found.blocks.null(rng, step) >= found.observed - 1e-12).sum())
        drawn += step
        if seen >= _ENOUGH_BY_CHANCE:
            return True
        step = min(10_000, 4 * step)
    return seen / drawn > level


def _key(number: Ints, count: int) -> Ints:
    """Numbers of draws, shape (draws, ...), made different between draws."""
    return (np.arange(len(number))[:, None] * count + number).ravel()


def _sums(place: Ints, weights: Floats, length: int) -> Floats:
    return np.bincount(place, weights=weights, minlength=length).astype(np.float64)


def _xlog(weight: Floats, over: Floats, under: Floats) -> Floats:
    """weight * ln(over / under), 0 where the weight is."""
    some = weight > 0
    return np.where(some, weight * np.log(np.where(some, over, 1) / np.where(some, under, 1)), 0.0)


def _ints(values: pl.Series) -> Ints:
    return values.cast(pl.Int64).to_numpy()


def _floats(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).to_numpy()

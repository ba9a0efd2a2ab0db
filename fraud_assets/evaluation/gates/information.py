"""The gate on traces: does the way a row is written tell a type of fraud from honest rows that do the same?

The measure is the uncertainty coefficient: the mutual information of a trace and the type, given what is done, as a
share of the type's own entropy given the same (Theil 1970; Press et al., Numerical Recipes, 14.4). Counted from rows it
is above zero by chance alone, and far above where a campaign's rows share a device or a network. The null says how far:
the rows of an actor or a customer with one value stay together, and each such block takes the value of some honest
customer's rows that do the same, in place of them, one that is as common whatever else is done. What the observed
figure has over the null's mean must stay below the limit; a type is accused only where chance is as good as excluded,
all patterns and types considered (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from fraud_assets.evaluation.gates.null import Blocks, Cells, Floats, Ints, connected
from fraud_assets.evaluation.gates.result import Line, Result, untested
from fraud_assets.evaluation.gates.sample import Truth

LIMIT = 0.05
#: Chance that a flawless month fails, over all patterns and types.
_FALSE_ALARM = 0.002
_MINIMUM_ROWS, _MINIMUM_ACTORS = 5, 3
#: So many are enough to say what is wrong.
_MOST_ACCUSED = 8
#: Draws of the null: few for its mean, many for a verdict.
_FEW, _MANY = 100, 100_000
#: After so many draws as large as what was observed, chance is not excluded (Besag and Clifford 1991).
_ENOUGH_BY_CHANCE = 3
#: With so many bundles the null is smooth enough for so many standard deviations to exclude chance without more draws.
_MANY_BUNDLES, _FAR_OUT = 12, 12.0


@dataclass(frozen=True, eq=False)
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
        .with_columns(common=pl.col("honest").sum().over("value"))
        .sort("group", "common", "value", descending=[False, True, False])
        .with_columns(
            cell=pl.int_range(pl.len()),
            place=pl.col("group").rank("dense").cast(pl.Int64) - 1,
            number=pl.col("value").rank("dense").fill_null(0),
        )
    )
    numbered = counted.select("group", "value", "cell")
    rows, cells, entries = pl.collect_all(
        [
            ours.join(numbered, on=["group", "value"], nulls_equal=True).drop("group", "value"),
            counted.select("place", "number", "honest"),
            theirs.join(numbered, on=["group", "value"], nulls_equal=True)
            .group_by("cell", "customer_id")
            .agg(rows=pl.len())
            .sort("cell", "customer_id"),
        ]
    )
    known = Cells(
        _ints(cells["place"]),
        _ints(cells["number"]),
        _floats(cells["honest"]),
        _ints(entries["cell"]),
        _floats(entries["rows"]),
    )
    kind = _ints(rows["fraud_type"].rank("dense"))
    cell, actor, customer = (_ints(rows[name]) for name in ("cell", "actor", "customer_id"))
    block = connected(kind * len(cells) + cell, actor, customer)
    _, first, sizes = np.unique(block, return_index=True, return_counts=True)
    bundle: Ints | None = None
    found = []
    for (fraud_type,), own in sorted(rows.partition_by("fraud_type", as_dict=True).items()):
        actors = min(own["actor"].n_unique(), own["customer_id"].n_unique())
        if own.height < _MINIMUM_ROWS or actors < _MINIMUM_ACTORS:
            continue
        if bundle is None:
            bundle = connected(kind * len(cells) + known.value[cell], actor, customer)
        mine = rows["fraud_type"].to_numpy()[first] == fraud_type
        numbers = np.unique(bundle[first][mine], return_inverse=True)[1]
        blocks = Blocks(known, cell[first][mine], sizes[mine], numbers)
        observed, by_chance = blocks.coefficient(), 0.0
        if observed > LIMIT:  # the null's mean is not below zero: otherwise the limit holds whatever it is
            by_chance = float(blocks.null(np.random.default_rng(0), _FEW).mean())
        found.append(Told(pattern, str(fraud_type), own.height, actors, observed, by_chance, blocks))
    return found


def information(found: Sequence[Told], truth: Truth) -> Result:
    """Does a trace tell more of a type than it may?"""
    limit = f"at most {LIMIT:g} of a type's entropy beyond chance"
    ranked = sorted(found, key=lambda t: (-t.excess, t.pattern, t.fraud_type))
    if not ranked:
        return untested("information", limit, truth.frauds, f"no type has rows of {_MINIMUM_ACTORS} actors")
    broken: list[Told] = []
    for one in ranked:
        if one.excess > LIMIT and len(broken) < _MOST_ACCUSED and not _by_chance(one, _FALSE_ALARM / len(ranked)):
            broken.append(one)
    worst = next((t for t in ranked if t in broken or t.excess <= LIMIT), None)
    others = sum(t.excess > LIMIT for t in ranked)
    told = "; ".join(f"{t.pattern} tells {t.excess:.0%} of what there is to know of {t.fraud_type}" for t in broken[:5])
    most = (
        f"{worst.pattern} tells {worst.excess:.1%} of what there is to know of {worst.fraud_type}" if worst else "None"
    )
    return Result(
        name="information",
        passed=not broken,
        value=worst.excess if worst else 0.0,
        limit=limit,
        explanation=f"{told}."
        if broken
        else f"{most}; {others:,} of {len(ranked):,} traces tell more than {LIMIT:.0%}, but no more than chance may.",
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
        decisive=Line(
            f"traces that tell more than {LIMIT:g} and more than chance may",
            float(len(broken)),
            high=0.0,
            note=f"of {len(ranked):,} looked at; {others - len(broken):,} tell more, but no more than chance may",
        ),
    )


def _by_chance(found: Told, level: float) -> bool:
    """Is so much as observed seen in more than this share of the null's draws?"""
    rng, seen, drawn, step = np.random.default_rng(1), 0, 0, _FEW
    while drawn < min(_MANY, 1 / level):
        null = found.blocks.null(rng, step)
        is_smooth = len(np.unique(found.blocks.bundle)) >= _MANY_BUNDLES
        if is_smooth and found.observed > null.mean() + _FAR_OUT * null.std():
            return False
        seen += int((null >= found.observed - 1e-12).sum())
        drawn += step
        if seen >= _ENOUGH_BY_CHANCE:
            return True
        step = min(10_000, 4 * step)
    return seen / drawn > level


def _ints(values: pl.Series) -> Ints:
    return values.cast(pl.Int64).to_numpy()


def _floats(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).to_numpy()

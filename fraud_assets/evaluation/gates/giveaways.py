"""The gate on give-away values: is there a value or a pattern that one type of fraud nearly owns?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from fraud_assets.counting import counted
from fraud_assets.evaluation.gates.patterns import Pattern
from fraud_assets.evaluation.gates.result import Line, Result
from fraud_assets.evaluation.gates.sample import Truth

SHARE_LIMIT = 0.5
#: A combination of behaviours may be mostly one type, but not nearly all of it: honest people must do it as well.
COMBINATION_LIMIT = 0.9
MINIMUM_ROWS = 20
MINIMUM_CAMPAIGNS = 2
_TOLD = 5
#: The first look is at one honest row of so many; a value must be this much of a type to be looked at again.
_FIRST_LOOK, _FAR = 10, 0.2


@dataclass(frozen=True)
class Owned:
    """A value with enough rows of a fraud type."""

    pattern: str
    value: str
    fraud_type: str
    frauds: int
    campaigns: int
    honest: float
    share: float  # of all rows with the value, those of the type
    without_largest: float  # the same without the rows of the largest campaign
    limit: float

    @property
    def least(self) -> float:
        """The share that counts: with or without the largest campaign."""
        return min(self.share, self.without_largest)

    @property
    def is_broken(self) -> bool:
        return self.least > self.limit

    @property
    def where(self) -> str:
        """The value in words: ``whose device is “another's, shared”``."""
        *parts, last = [part for part in self.value.split(" | ") if part != "-"] or ["nothing"]
        # Bands of days and hours are named by their lower end, and each is as long as all before it.
        is_band = ("days since" in self.pattern or "hours since" in self.pattern) and last.isdigit() and int(last) > 0
        return f"{self.pattern} is “{', '.join([*parts, f'{last} to {2 * int(last)}' if is_band else last])}”"


def owned(looked_at: Sequence[Pattern], fraud: pl.DataFrame, honest: pl.DataFrame, weight: float) -> list[Owned]:
    """The patterns' values with 20 or more rows of a type, from two or more campaigns of two or more actors.

    What one actor (or customer) alone brings along is a lead to it, not a flaw of the world; nor is what one large
    campaign does, so the share must be over the limit without that as well. Values that are far from owned in a first
    look at a tenth of the honest rows are left out.

    Parameters
    ----------
    fraud, honest
        The sample's rows.
    weight
        Ledger rows that each honest one stands for. If more than one, as many are counted as there may be: the sample's
        count and two standard deviations of it.
    """
    many = zip(looked_at, pl.collect_all([_many(pattern, fraud.lazy()) for pattern in looked_at]), strict=True)
    counted = [(pattern, values) for pattern, values in many if values.height]
    for step in (_FIRST_LOOK, 1):
        look = honest.gather_every(step).lazy()
        seen = pl.collect_all([_seen(pattern, values, look) for pattern, values in counted])
        counted = [(pattern, values) for (pattern, _), values in zip(counted, seen, strict=True)]
        if step > 1:
            fewest = step * (pl.col("seen") - 3 * (pl.col("seen") + 1).sqrt()).clip(0)
            near = pl.col("frauds") / (pl.col("every") + fewest) > _FAR
            counted = [(pattern, values.filter(near)) for pattern, values in counted]
            counted = [(pattern, values.drop("seen")) for pattern, values in counted if values.height]
    most = pl.col("seen") if weight == 1 else weight * (pl.col("seen") + 2 * (pl.col("seen") + 1).sqrt())
    return [
        Owned(
            pattern.name,
            "nothing" if row["value"] is None else str(row["value"]),
            row["fraud_type"],
            row["frauds"],
            row["campaigns"],
            row["honest"],
            row["frauds"] / (row["every"] + row["honest"]),
            (row["frauds"] - row["largest"]) / max(1.0, row["every"] - row["largest"] + row["honest"]),
            COMBINATION_LIMIT if pattern.is_combination else SHARE_LIMIT,
        )
        for pattern, values in counted
        for row in values.with_columns(honest=most).iter_rows(named=True)
    ]


def _many(pattern: Pattern, fraud: pl.LazyFrame) -> pl.LazyFrame:
    """The pattern's values with enough frauds: value, fraud_type, frauds, largest (campaign), campaigns, every."""
    values = fraud.select("fraud_type", "campaign_id", "actor", "customer_id", value=pattern.value)
    return (
        values.group_by("value", "fraud_type", "campaign_id", "actor", "customer_id")
        .agg(rows=pl.len())
        .with_columns(campaign_rows=pl.col("rows").sum().over("value", "fraud_type", "campaign_id"))
        .group_by("value", "fraud_type")
        .agg(
            frauds=pl.col("rows").sum(),
            largest=pl.col("campaign_rows").max(),
            campaigns=pl.col("campaign_id").n_unique(),
            actors=pl.min_horizontal(pl.col("actor").n_unique(), pl.col("customer_id").n_unique()),
        )
        .with_columns(every=pl.col("frauds").sum().over("value"))
        .filter((pl.col("frauds") >= MINIMUM_ROWS) & (pl.min_horizontal("campaigns", "actors") >= MINIMUM_CAMPAIGNS))
        .sort("value", "fraud_type")
    )


def _seen(pattern: Pattern, values: pl.DataFrame, honest: pl.LazyFrame) -> pl.LazyFrame:
    """The values with the number of honest rows that have them: ``seen``."""
    own = values.lazy().select("value").unique()
    counts = honest.select(value=pattern.value).join(own, on="value", how="semi", nulls_equal=True)
    counts = counts.group_by("value").agg(seen=pl.len().cast(pl.Float64))
    return (
        values.lazy().join(counts, on="value", how="left", nulls_equal=True).with_columns(pl.col("seen").fill_null(0.0))
    )


def giveaways(found: Sequence[Owned], truth: Truth, patterns: int) -> Result:
    """Are there values that are one type of fraud in over half of their rows?"""
    ranked = sorted(found, key=lambda o: (not o.is_broken, -o.least / o.limit, o.pattern, o.value, o.fraud_type))
    broken = [o for o in ranked if o.is_broken]
    told = " ".join(f"{_said(o)} ({counted(o.frauds, 'row')})." for o in broken[:_TOLD])
    most = (
        f"{_said(ranked[0])}. No other value in {counted(patterns, 'pattern')} comes nearer to its limit."
        if ranked
        else f"No value in {counted(patterns, 'pattern')} belongs to one type of fraud in a fifth of its rows."
    )
    return Result(
        name="giveaways",
        passed=not broken,
        value=ranked[0].least if ranked else 0.0,
        limit=(
            f"no value that is over {SHARE_LIMIT:.0%} one type ({COMBINATION_LIMIT:.0%} for a combination of "
            f"behaviours), with {MINIMUM_ROWS} rows from {MINIMUM_CAMPAIGNS} campaigns"
        ),
        explanation=told if broken else most,
        n=truth.frauds,
        lines=tuple(
            Line(
                f"{o.fraud_type.replace('_', ' ')} where {o.where}",
                o.least,
                high=o.limit,
                note=(
                    f"{counted(o.frauds, 'row')} of {counted(o.campaigns, 'campaign')} among "
                    f"{o.honest:,.0f} honest ones"
                ),
            )
            for o in ranked[:8]
        ),
        details={"found": [vars(o) for o in broken[:50]], "patterns": patterns},
    )


def _said(one: Owned) -> str:
    return (
        f"Where {one.where}, {one.least:.0%} of the rows are {one.fraud_type.replace('_', ' ')}; up to {one.limit:.0%} "
        "may be"
    )

"""The gate on rules that reverse: what spoke for a type of fraud last month must not speak against it in this one."""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.evaluation.gates.result import Line, Result, untested
from fraud_assets.evaluation.gates.sample import Sample, Tables, Truth
from fraud_assets.evaluation.statistics import clustered_mean, roc_area
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario

#: A rule is strong that moves a share, or a ROC area, by so much, so many standard errors from nothing.
_STRONG, _SURE = 0.15, 4.0
#: Fewer actors give no error to rely on.
_MINIMUM_ACTORS = 8
_MOST_ROWS = 200_000
_MOST_VALUES = 40
_ALL = "all fraud"
_RULE = ["rule", "fraud_type"]


def reversals(sample: Sample, truth: Truth, before: Tables | None, scenario: Scenario, month: Month) -> Result:
    """Rules of one column each that point one way in the month before and the other way in this one, strongly in both.

    A rule is the share of a value, or the size of a number, among frauds against honest rows. Types whose method the
    scenario changes in this month, or that begin in it, are left out, and with them all fraud together.
    """
    limit = f"no rule that changes sign with {_STRONG:g} and {_SURE:g} standard errors on either side"
    if before is None:
        return untested("reversals", limit, truth.frauds, "the month before is not at hand")
    earlier = Truth.of(before)
    rules = _rules(Sample.of({"transactions": before["transactions"]}, earlier, _MOST_ROWS))
    both = _rules(sample).join(rules, on=_RULE, suffix="_before")
    new = {
        name
        for name, kind in scenario.fraud.types.items()
        if kind.first_month == month.key or month.key in getattr(kind, "changes", {})
    }
    both = both.filter(~pl.col("fraud_type").is_in([*new, _ALL] if new else []))
    if both.is_empty():
        return untested(
            "reversals", limit, truth.frauds, f"no type has rows of {_MINIMUM_ACTORS} actors in both months"
        )
    turned = pl.min_horizontal(pl.col("effect").abs(), pl.col("effect_before").abs())
    both = both.with_columns(turned=pl.when(pl.col("effect") * pl.col("effect_before") < 0).then(turned).otherwise(0.0))
    both = both.sort("turned", *_RULE, descending=[True, False, False])
    sure = pl.min_horizontal((pl.col(f"effect{s}") / pl.col(f"error{s}")).abs() for s in ("", "_before")) >= _SURE
    broken = both.filter((pl.col("turned") >= _STRONG) & sure)
    told = "; ".join(
        f"{row['rule']} for {row['fraud_type']}: {row['effect_before']:+.2f}, now {row['effect']:+.2f}"
        for row in broken.head(5).iter_rows(named=True)
    )
    judged = f"Of {both.height:,} rules none reverses strongly"
    shown = pl.concat(
        [broken, both.join(broken, on=_RULE, how="anti", maintain_order="left").filter(pl.col("turned") > 0)]
    ).head(8)
    decisive = Line(
        "rules that reverse strongly",
        float(broken.height),
        high=0.0,
        note=f"of {both.height:,}; the strongest reversal is {both['turned'][0]:.2f}",
    )
    return Result(
        name="reversals",
        passed=broken.is_empty(),
        value=float(broken["turned"][0] if broken.height else both["turned"][0]),
        limit=limit,
        explanation=f"{told}." if broken.height else f"{judged}.",
        n=truth.frauds,
        lines=tuple(
            Line(
                f"{row['rule']}, {row['fraud_type']}",
                row["effect"],
                asked=row["effect_before"],
                low=0.0 if k < broken.height and row["effect"] < 0 else None,
                high=0.0 if k < broken.height and row["effect"] > 0 else None,
                note="difference from honest rows; asked: as in the month before",
            )
            for k, row in enumerate(shown.iter_rows(named=True))
        ),
        decisive=decisive,
    )


def _rules(sample: Sample) -> pl.DataFrame:
    """Each rule's effect and error, by type and for all fraud: rule, fraud_type, effect, error."""
    found = []
    counts = sample.fraud.group_by("fraud_type").agg(pl.col("actor").n_unique().alias("actors"))
    types = [t for t, actors in counts.sort("fraud_type").iter_rows() if actors >= _MINIMUM_ACTORS]
    fraud_type = sample.fraud["fraud_type"].to_numpy()
    groups = [(t, fraud_type == t) for t in types]
    if sample.fraud["actor"].n_unique() >= _MINIMUM_ACTORS:
        groups.append((_ALL, np.ones(sample.fraud.height, dtype=bool)))
    actor = sample.fraud["actor"].to_numpy()
    schema = sample.schema
    hour = pl.col("local").dt.hour()
    columns = {name: pl.col(name).cast(pl.String) for name in sample.ledger if _is_text(schema[name])}
    columns |= {
        "between 0 and 5 o'clock": (hour < 5).cast(pl.String),
        "weekend": (pl.col("local").dt.weekday() > 5).cast(pl.String),
    }
    for name, value in columns.items():
        theirs = sample.honest.select(v=value)["v"].value_counts(normalize=True)
        if theirs.height > _MOST_VALUES:
            continue
        ours = sample.fraud.select(v=value)["v"]
        for v, share in theirs.iter_rows():
            is_it = (ours.is_null() if v is None else (ours == v).fill_null(value=False)).to_numpy().astype(np.float64)
            for group, rows in groups:
                spread = clustered_mean(is_it[rows], actor[rows])
                found.append((f"{name} = {v}", group, spread.value - share, spread.error))
    for group, rows in groups:
        area = roc_area(sample.fraud["amount"].to_numpy()[rows], sample.honest["amount"].to_numpy(), actor[rows])
        found.append(("amount", group, area.value - 0.5, area.error))
    schema_ = {"rule": pl.String, "fraud_type": pl.String, "effect": pl.Float64, "error": pl.Float64}
    return pl.DataFrame(found, schema=schema_, orient="row")


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, pl.Enum | pl.Categorical)

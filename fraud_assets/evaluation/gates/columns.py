"""The gate on single columns: how well does any one column of the ledger separate fraud from honest payments?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.evaluation.gates.result import Line, Result, untested
from fraud_assets.evaluation.gates.sample import Sample, Truth
from fraud_assets.evaluation.statistics import Spread, roc_area

LIMIT = 0.80
#: Standard errors that chance may add: campaigns come whole, and a month has few of them.
CHANCE = 2.0
#: A column's value must be known for so many frauds before it is judged; below, chance alone passes the limit.
_ENOUGH = 30
#: Numbers that are names: nights and noons, or 99 and 00 cents, are not an order.
_UNORDERED = {"local hour", "local weekday", "cents"}
Bools = npt.NDArray[np.bool_]


def column_auc(sample: Sample, truth: Truth) -> Result:
    """The best that any single ledger column does against truth, as ROC area.

    A number is ranked (whichever direction is better), a text is replaced by its fraud rate in the *other* half of
    the campaigns and of the honest rows, and a column with gaps counts as another column that only says where they are.
    Debit rows alone: they are what is scored.
    """
    limit = f"at most {LIMIT:g}, within {CHANCE:g} standard errors"
    debit = pl.col("direction").cast(pl.String) == "debit"
    fraud, honest = sample.fraud.filter(debit), sample.honest.filter(debit)
    areas: dict[str, Spread] = {}
    for name, value in _columns(sample):
        if min(fraud.height, honest.height) >= _ENOUGH:
            areas |= _judged(name, fraud.select("campaign_id", "half", v=value), honest.select("half", v=value))
    if not areas:
        return untested("column_auc", limit, truth.frauds)
    ranked = sorted(areas.items(), key=lambda item: (-item[1].value, item[0]))
    lines = [_line(column, area) for column, area in ranked]
    best = ranked[0][1]
    first = ", ".join(f"{name} {area.value:.2f}" for name, area in ranked[:5])
    return Result(
        name="column_auc",
        passed=all(line.holds for line in lines),
        value=best.value,
        limit=limit,
        explanation=f"The single columns that separate fraud best, by ROC area: {first}.",
        n=truth.frauds,
        lines=tuple(sorted(lines, key=lambda line: line.holds)[:8]),
        details={"roc_area": {name: area.value for name, area in ranked}},
    )


def _line(column: str, area: Spread) -> Line:
    """The limit is open where all fraud is of one campaign, which has no error."""
    high = LIMIT + CHANCE * area.error if np.isfinite(area.error) else None
    return Line(column, area.value, high=high, note=f"standard error {area.error:.3f}, by campaign")


def _columns(sample: Sample) -> Iterator[tuple[str, pl.Expr]]:
    """Every ledger column, and what is read off its times."""
    schema = sample.schema
    for name in sample.ledger:
        if not schema[name].is_temporal() and name != "direction":
            yield name, pl.col(name)
        elif schema[name].is_temporal() and name != "event_time":
            yield f"delay of {name}", (pl.col(name) - pl.col("event_time")).dt.total_seconds()
    yield "local hour", pl.col("local").dt.hour()
    yield "local weekday", pl.col("local").dt.weekday()
    yield "second of the minute", pl.col("event_time").dt.second()
    yield "fraction of the second", pl.col("event_time").dt.microsecond()
    yield "event_time", pl.col("event_time").to_physical()
    yield "cents", (pl.col("amount") * 100).round().cast(pl.Int64).mod(100)


def _judged(name: str, fraud: pl.DataFrame, honest: pl.DataFrame) -> dict[str, Spread]:
    """The areas of a column: of where it is missing, and of its values."""
    found = {}
    gaps = [frame["v"].is_null() for frame in (fraud, honest)]
    if gaps[0].any() or gaps[1].any():
        ours, theirs = (gap.to_numpy().astype(np.float64) for gap in gaps)
        found[f"{name} is missing"] = roc_area(ours, theirs, fraud["campaign_id"].to_numpy()).either_way
        fraud, honest = fraud.filter(~gaps[0]), honest.filter(~gaps[1])
    if min(fraud.height, honest.height) < _ENOUGH:
        return found
    dtype = honest.schema["v"]
    if name not in _UNORDERED and (dtype.is_numeric() or dtype == pl.Boolean):
        ours, theirs = (frame["v"].cast(pl.Float64).to_numpy() for frame in (fraud, honest))
        found[name] = roc_area(ours, theirs, fraud["campaign_id"].to_numpy()).either_way
    elif (area := _cross_fitted(fraud, honest)) is not None:
        found[name] = area
    return found


def _cross_fitted(fraud: pl.DataFrame, honest: pl.DataFrame) -> Spread | None:
    """Mean over both halves of the ROC area of rates learned on the other half; None if a half has no fraud."""
    levels = pl.concat([fraud.select("v"), honest.select("v")])["v"]
    coded = levels.cast(pl.String).cast(pl.Categorical).to_physical().rank("dense").to_numpy().astype(np.int64) - 1
    level, half = (coded[: fraud.height], coded[fraud.height :]), (fraud["half"].to_numpy(), honest["half"].to_numpy())
    many, areas = int(coded.max()) + 1, []
    for tested in (False, True):
        here: tuple[Bools, Bools] = (half[0] == tested, half[1] == tested)
        if not here[0].any() or here[0].all() or not here[1].any():
            return None
        hits, others = (np.bincount(c[~h], minlength=many) for c, h in zip(level, here, strict=True))
        # Drawn towards zero, not towards the average: a value that the other half has never seen must not score above
        # one that it knows to be honest, or any column of many values would pass for a separating one.
        rate = hits / (hits + others + 10)
        areas.append(
            roc_area(rate[level[0][here[0]]], rate[level[1][here[1]]], fraud["campaign_id"].to_numpy()[here[0]])
        )
    return Spread(float(np.mean([area.value for area in areas])), float(np.hypot(areas[0].error, areas[1].error) / 2))

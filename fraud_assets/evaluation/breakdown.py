"""The same alarms seen from different sides: fraud types, groups, look-alikes, accidents, declined attempts.

Every function takes the prepared frame of :mod:`fraud_assets.evaluation.report` with the columns ``is_fraud``,
``is_alert`` (the decision was not APPROVED) and ``in_budget`` (among the highest scores that the budget allows).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from fraud_assets.evaluation.intervals import Resampler
from fraud_assets.evaluation.ranking import Floats, Steps

ACCIDENTS = {
    "is_accident_burst": "burst",
    "is_high_amount_accident": "high amount",
    "is_mistyped_entity_accident": "mistyped recipient",
}


def by_fraud_type(frame: pl.DataFrame, draws: Resampler) -> list[dict[str, Any]]:
    """Recall of each type of fraud, in rows and in money, best found first."""
    found, alarmed = _floats(frame, pl.col("in_budget")), _floats(frame, pl.col("is_alert"))
    rows = []
    for kind in frame.filter("is_fraud")["fraud_type"].drop_nulls().unique().sort():
        inside = _floats(frame, pl.col("is_fraud") & (pl.col("fraud_type") == kind).fill_null(False))
        amount = inside * frame["amount"].to_numpy()
        rows.append(
            {
                "fraud_type": kind,
                "frauds": int(inside.sum()),
                "campaigns": frame.filter(pl.Series(inside > 0))["campaign_id"].drop_nulls().n_unique(),
                "recall_at_budget": draws.share(found * inside, inside).document(),
                "value_recall_at_budget": _share(found * amount, amount),
                "recall_of_decisions": draws.share(alarmed * inside, inside).document(),
            }
        )
    return sorted(rows, key=lambda row: -float(row["recall_at_budget"]["value"]))


def by_group(frame: pl.DataFrame, column: str, draws: Resampler, limit: int = 12) -> list[dict[str, Any]]:
    """Recall and false alarms, at the budget's threshold, of each value of a column.

    The ``limit`` most frequent values, most frequent first, age bands by age. ``false_alarm_ratio`` sets a group's
    false-positive rate against that of everyone: 1 is even-handed. ``is_uneven``: it is outside .8-1.25, and the
    interval says that this is more than chance.
    """
    honest = ~frame["is_fraud"]
    overall = _share(_floats(frame, pl.col("in_budget") & ~pl.col("is_fraud")), honest.to_numpy().astype(np.float64))
    found, is_fraud = _floats(frame, pl.col("in_budget")), _floats(frame, pl.col("is_fraud"))
    rows = []
    words = frame[column].cast(pl.String)
    values = words.drop_nulls().value_counts(sort=True).sort("count", column, descending=[True, False])
    for value in values[column].head(limit):
        inside = (words == value).fill_null(False).cast(pl.Float64).to_numpy()
        fraud = inside * is_fraud
        innocent = inside - fraud
        false_alarms = draws.share(found * innocent, innocent)
        ratio = false_alarms.value / overall if overall > 0 else np.nan
        is_sure = false_alarms.low > overall or false_alarms.high < overall
        rows.append(
            {
                "value": value,
                "rows": int(inside.sum()),
                "frauds": int(fraud.sum()),
                "alerts": int((found * inside).sum()),
                "recall": draws.share(found * fraud, fraud).document(),
                "false_positive_rate": false_alarms.document(),
                "false_alarm_ratio": ratio,
                "is_uneven": bool(is_sure and np.isfinite(ratio) and not 0.8 <= ratio <= 1.25),
            }
        )
    return sorted(rows, key=lambda row: str(row["value"])) if column == "age_group" else rows


def look_alikes(frame: pl.DataFrame, draws: Resampler) -> list[dict[str, Any]]:
    """False alarms on honest rows that resemble a type of fraud, beside those on all other honest rows."""
    honest = ~pl.col("is_fraud")
    found = _floats(frame, pl.col("in_budget"))
    alarmed = _floats(frame, pl.col("is_alert"))
    plain = _floats(frame, honest & pl.col("lookalike_of").is_null())
    base = _share(found * plain, plain)
    rows = []
    for kind in frame.filter(honest)["lookalike_of"].drop_nulls().unique().sort():
        inside = _floats(frame, honest & (pl.col("lookalike_of") == kind).fill_null(False))
        rate = draws.share(found * inside, inside)
        rows.append(
            {
                "lookalike_of": kind,
                "rows": int(inside.sum()),
                "false_positive_rate": rate.document(),
                "times_the_usual": rate.value / base if base > 0 else np.nan,
                "alarmed_by_decisions": _share(alarmed * inside, inside),
            }
        )
    return rows


def by_nature(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """What became of each nature of row: fraud, look-alikes, each kind of accident, everything else."""
    fraud = pl.col("is_fraud")
    accident = pl.any_horizontal(pl.col(column).fill_null(False) for column in ACCIDENTS)
    natures = {"fraud": fraud}
    natures |= {f"accident: {name}": ~fraud & pl.col(column).fill_null(False) for column, name in ACCIDENTS.items()}
    natures["honest look-alike"] = ~fraud & ~accident & pl.col("lookalike_of").is_not_null()
    natures["ordinary"] = ~fraud & ~accident & pl.col("lookalike_of").is_null()
    rows = []
    for name, mask in natures.items():
        part = frame.filter(mask)
        rows.append(
            {
                "nature": name,
                "rows": part.height,
                **{d.lower(): part.filter(pl.col("decision") == d).height for d in ("APPROVED", "FLAGGED", "REJECTED")},
                "in_budget": int(part["in_budget"].sum()),
            }
        )
    return rows


def by_status(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Attempts that were declined and payments that went through, apart."""
    rows = []
    for name, mask in {
        "declined": pl.col("status") == "declined",
        "went through": pl.col("status") != "declined",
    }.items():
        part = frame.filter(mask)
        is_fraud = part["is_fraud"].to_numpy()
        precision = Steps.of(part["score"].to_numpy(), is_fraud).average_precision()[0] if is_fraud.any() else np.nan
        rows.append(
            {
                "status": name,
                "rows": part.height,
                "frauds": int(is_fraud.sum()),
                "average_precision": float(precision),
                "recall_at_budget": _share(part["in_budget"].to_numpy() * is_fraud * 1.0, is_fraud * 1.0),
            }
        )
    return rows


def _floats(frame: pl.DataFrame, mask: pl.Expr) -> Floats:
    return frame.select(mask.cast(pl.Float64).alias("mask"))["mask"].to_numpy()


def _share(part: Floats, whole: Floats) -> float:
    total = float(whole.sum())
    return float(part.sum()) / total if total else float("nan")

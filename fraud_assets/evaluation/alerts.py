"""The alarms as work: confusion at the decisions, the day's queue, the day's list of customers, value detected."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from fraud_assets.evaluation.ranking import Bools


def confusion(frame: pl.DataFrame) -> dict[str, Any]:
    """Counts, precision, recall and F1 of the decisions (FLAGGED and REJECTED are alarms), and the value detected.

    ``value_detection_rate`` is the share of the frauds' money, declined attempts aside, on which there was an alarm.
    """
    counts = frame.select(
        true_positives=(pl.col("is_fraud") & pl.col("is_alert")).sum(),
        false_positives=(~pl.col("is_fraud") & pl.col("is_alert")).sum(),
        false_negatives=(pl.col("is_fraud") & ~pl.col("is_alert")).sum(),
        true_negatives=(~pl.col("is_fraud") & ~pl.col("is_alert")).sum(),
    ).row(0, named=True)
    tp, fp, fn = counts["true_positives"], counts["false_positives"], counts["false_negatives"]
    return {
        **counts,
        "alerts": tp + fp,
        "flagged": frame.filter(pl.col("decision") == "FLAGGED").height,
        "rejected": frame.filter(pl.col("decision") == "REJECTED").height,
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "value_detection_rate": value_detection_rate(frame, frame["is_alert"].to_numpy()),
    }


def value_detection_rate(frame: pl.DataFrame, found: Bools) -> float:
    """Share of the money of frauds that were not declined anyway in the rows that were ``found`` (a mask)."""
    fraud = frame.select((pl.col("is_fraud") & (pl.col("status") != "declined")).alias("mask"))["mask"].to_numpy()
    amount = frame["amount"].to_numpy()
    return _ratio(float(amount[fraud & found].sum()), float(amount[fraud].sum()))


def daily_queue(frame: pl.DataFrame, per_10000: float) -> list[dict[str, Any]]:
    """Each (UTC) day's queue, filled with the day's highest scores, beside the fixed threshold of the decisions.

    However few the day's rows are, one of them is looked at.
    """
    by_day = (
        frame.with_columns(day=pl.col("event_time").dt.date())
        .sort("day", "score", "transaction_id", descending=[False, True, False])
        .with_columns(
            place=pl.int_range(pl.len()).over("day"),
            size=(pl.len().over("day") * per_10000 / 10_000).round().clip(lower_bound=1),
        )
        .with_columns(queued=pl.col("place") < pl.col("size"))
        .group_by("day")
        .agg(
            rows=pl.len(),
            frauds=pl.col("is_fraud").sum(),
            queue=pl.col("queued").sum(),
            queue_frauds=(pl.col("queued") & pl.col("is_fraud")).sum(),
            alerts=pl.col("is_alert").sum(),
            alert_frauds=(pl.col("is_alert") & pl.col("is_fraud")).sum(),
        )
        .sort("day")
    )
    return by_day.with_columns(pl.col("day").cast(pl.String)).to_dicts()


def card_precision(frame: pl.DataFrame, score: str, length: int) -> dict[str, float]:
    """Mean over days of the share of victims among the ``length`` customers with the day's highest scores.

    After the Fraud-Detection-Handbook's card-precision@k, a card being a customer. ``best_possible`` is what a perfect
    list would reach: on a day with 12 victims a list of 100 cannot do better than 12 %.
    """
    days = (
        frame.group_by(pl.col("event_time").dt.date().alias("day"), "customer_id")
        .agg(pl.col(score).max().alias("worst"), pl.col("is_fraud").any().alias("is_victim"))
        .sort("day", "worst", "customer_id", descending=[False, True, False])
        .group_by("day")
        .agg(found=pl.col("is_victim").head(length).sum(), victims=pl.col("is_victim").sum())
    )
    if days.is_empty():
        return {"value": np.nan, "best_possible": np.nan}
    best = days.select(pl.min_horizontal(pl.col("victims"), pl.lit(length)).mean()).item()
    return {"value": days["found"].mean() / length, "best_possible": best / length}  # type: ignore[operator, dict-item]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")

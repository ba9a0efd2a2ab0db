"""Label completeness: what share of fraud the bank has been told of, by type and by days after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.evaluation.statistics import known_by
from fraud_assets.knowledge import known_at

DAYS = (30, 60, 90)
_DAY_US = 86_400_000_000


def label_completeness(
    truth: pl.LazyFrame | None, reports: pl.LazyFrame, known_until: datetime, *, months: list[str]
) -> dict[str, Any]:
    """How complete the bank's labels are.

    Parameters
    ----------
    truth
        ``labeled_anomalies`` of the months; None where nobody knows the truth.
    reports
        ``incident_reports`` of these months and of later ones, up to ``known_until``.
    months
        Keys of the months whose frauds are followed.

    Returns
    -------
    ``types``: for each fraud type, and for all together (``fraud_type`` None, first), frauds, those reported by now,
    and for each of 30, 60 and 90 days the frauds that are at least so old and the share known within so many days
    (:func:`fraud_assets.evaluation.statistics.known_by`: what is too young to be known is not counted as unknown, and
    no share falls with time; None where no fraud is so old). ``went_through`` is the same of all frauds that were not
    declined. ``false_reports`` are fraud reports about honest payments. Without truth: reports by type as the bank
    filed them, with the median delay, and ``has_truth`` False.
    """
    known = known_at(reports, known_until)
    head: dict[str, Any] = {"months": months, "known_until": known_until.date().isoformat(), "days": list(DAYS)}
    if truth is None:
        filed = (
            reports.filter((pl.col("kind") == "fraud") & (pl.col("reported_at") < known_until))
            .group_by(fraud_type=pl.col("reported_type").fill_null("not said"))
            .agg(
                reports=pl.len(),
                median_days=((pl.col("reported_at") - pl.col("event_time")).dt.total_seconds() / 86_400).median(),
            )
            .sort("reports", "fraud_type", descending=[True, False])
            .collect(engine="streaming")
        )
        return {**head, "has_truth": False, "types": filed.to_dicts(), "false_reports": None}
    columns = truth.collect_schema().names()
    is_declined = pl.col("status").cast(pl.String) == "declined" if "status" in columns else pl.lit(value=False)
    frauds = (
        truth.filter("is_fraud")
        .select("transaction_id", "event_time", pl.col("fraud_type").cast(pl.String), is_declined=is_declined)
        .join(known.select("transaction_id", "reported_at"), on="transaction_id", how="left")
        .with_columns(
            delay=(pl.col("reported_at") - pl.col("event_time")).dt.total_microseconds() / _DAY_US,
            age=(known_until - pl.col("event_time")).dt.total_microseconds() / _DAY_US,
        )
    )
    rows = frauds.select("fraud_type", "is_declined", "delay", "age").sort(pl.all()).collect(engine="streaming")
    kinds = sorted(rows.partition_by("fraud_type"), key=lambda own: (-own.height, str(own.item(0, "fraud_type"))))
    is_true = frauds.select("transaction_id", "event_time")
    about = reports.filter(pl.col("kind") == "fraud").join(is_true, on="transaction_id", how="anti")
    first = truth.select(pl.col("event_time").min()).collect().item()
    # Reports about months that are not followed may be right.
    wrong = about.filter((pl.col("event_time") >= first) & (pl.col("reported_at") < known_until)) if first else None
    return {
        **head,
        "has_truth": True,
        "types": [
            {"fraud_type": None, **_followed(rows)},
            *({"fraud_type": own.item(0, "fraud_type"), **_followed(own)} for own in kinds),
        ]
        if rows.height
        else [],
        "went_through": _followed(rows.filter(~pl.col("is_declined"))),
        "false_reports": wrong.select(pl.len()).collect(engine="streaming").item() if wrong is not None else 0,
    }


def _followed(rows: pl.DataFrame) -> dict[str, Any]:
    """frauds, reported and within of frauds with a delay (null without a report) and an age in days."""
    age = rows["age"].to_numpy()
    delay = rows["delay"].fill_null(np.inf).to_numpy()
    share = known_by(delay, age, np.array(DAYS, dtype=np.float64)) if rows.height else [None] * len(DAYS)
    within = {
        str(day): {"frauds": int((age >= day).sum()), "share": found} for day, found in zip(DAYS, share, strict=True)
    }
    return {"frauds": rows.height, "reported": rows["delay"].count(), "within": within}

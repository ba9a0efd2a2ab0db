"""Label completeness: what share of fraud the bank has been told of, by type and by days after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from fraud_assets.knowledge import known_at

DAYS = (30, 60, 90)


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
    and for each of 30, 60 and 90 days the frauds that are at least so old and the share of these that was reported
    within so many days. Younger frauds do not count there: they would look unreported. ``false_reports`` are fraud
    reports about honest payments. Without truth: reports by type as the bank filed them, with the median delay, and
    ``has_truth`` False.
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
    frauds = (
        truth.filter("is_fraud")
        .select("transaction_id", "event_time", pl.col("fraud_type").cast(pl.String))
        .join(known.select("transaction_id", "reported_at"), on="transaction_id", how="left")
        .with_columns(delay=pl.col("reported_at") - pl.col("event_time"))
    )
    measures = [pl.len().alias("frauds"), pl.col("reported_at").is_not_null().sum().alias("reported")]
    for days in DAYS:
        old = pl.col("event_time") <= known_until - timedelta(days=days)
        in_time = (pl.col("delay") <= timedelta(days=days)).fill_null(value=False)
        measures += [old.sum().alias(f"old_{days}"), (old & in_time).sum().alias(f"told_{days}")]
    by_type = frauds.group_by("fraud_type").agg(measures).collect(engine="streaming")
    rows = by_type.sort("frauds", "fraud_type", descending=[True, False]).to_dicts()
    overall = {name: sum(row[name] for row in rows) for name in by_type.columns if name != "fraud_type"}
    is_true = frauds.select("transaction_id", "event_time")
    about = reports.filter(pl.col("kind") == "fraud").join(is_true, on="transaction_id", how="anti")
    first = truth.select(pl.col("event_time").min()).collect().item()
    # Reports about months that are not followed may be right.
    wrong = about.filter((pl.col("event_time") >= first) & (pl.col("reported_at") < known_until)) if first else None
    return {
        **head,
        "has_truth": True,
        "types": [_followed(row) for row in [{"fraud_type": None, **overall}, *rows]] if rows else [],
        "false_reports": wrong.select(pl.len()).collect(engine="streaming").item() if wrong is not None else 0,
    }


def _followed(row: dict[str, Any]) -> dict[str, Any]:
    within = {
        str(days): {"frauds": row[f"old_{days}"], "share": row[f"told_{days}"] / row[f"old_{days}"]}
        if row[f"old_{days}"]
        else {"frauds": 0, "share": None}
        for days in DAYS
    }
    return {"fraud_type": row["fraud_type"], "frauds": row["frauds"], "reported": row["reported"], "within": within}

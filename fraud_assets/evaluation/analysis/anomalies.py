"""What anomalies, found without labels, have to do with fraud: how they go together, when they come, and where."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from fraud_assets.evaluation.statistics import roc_area

_SEVERITIES = ("low", "medium", "high", "critical")
_BURSTS, _CITIES = 8, 150
#: Chance that hours without clusters show any burst.
_FALSE_ALARMS = 0.01


def anomalies_and_fraud(rows: pl.DataFrame) -> dict[str, Any]:
    """Anomaly score and flag beside the label.

    Parameters
    ----------
    rows
        A scored payment each: customer_id, event_time, anomaly_score, is_anomaly, is_fraud, fraud_severity (null where
        it is honest or nobody knows), city, latitude, longitude.

    Returns
    -------
    ``reason`` says why there is nothing. Else the ROC area of the score, Spearman's correlation of the score with fraud
    and, among frauds, with severity; severities; days; bursts: hours with more anomalies than payments of the hour
    explain (Poisson, Bonferroni over hours), adjacent ones together; and cities.
    """
    rows = rows.filter(pl.col("anomaly_score").is_not_null())
    if rows.is_empty():
        return {"reason": "there are no anomaly scores for the month"}
    is_fraud, score = rows["is_fraud"].to_numpy(), rows["anomaly_score"].cast(pl.Float64).to_numpy()
    mixed = 0 < is_fraud.sum() < len(is_fraud)
    area = roc_area(score[is_fraud], score[~is_fraud], rows["customer_id"].to_numpy()[is_fraud]) if mixed else None
    flagged = rows["is_anomaly"].to_numpy()
    return {
        "reason": None,
        "rows": rows.height,
        "frauds": int(is_fraud.sum()),
        "anomalies": int(flagged.sum()),
        "anomalies_that_are_fraud": int((flagged & is_fraud).sum()),
        "area": {"value": area.value, "error": area.error} if area else None,
        "correlation_with_fraud": _spearman(score, is_fraud.astype(np.float64)) if mixed else None,
        **_severity(rows.filter("is_fraud")),
        **_in_time(rows),
        "cities": _cities(rows),
    }


def _spearman(x: Any, y: Any) -> float | None:
    from scipy.stats import spearmanr

    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(spearmanr(x, y).statistic)


def _severity(frauds: pl.DataFrame) -> dict[str, Any]:
    order = {name: float(k) for k, name in enumerate(_SEVERITIES)}
    known = frauds.with_columns(
        rank=pl.col("fraud_severity").cast(pl.String).replace_strict(order, default=None, return_dtype=pl.Float64)
    ).drop_nulls("rank")
    shown = (
        known.group_by("rank")
        .agg(
            rows=pl.len(),
            anomalies=pl.col("is_anomaly").sum(),
            median=pl.col("anomaly_score").median(),
            low=pl.col("anomaly_score").quantile(0.25),
            high=pl.col("anomaly_score").quantile(0.75),
        )
        .sort("rank")
        .to_dicts()
    )
    score = known["anomaly_score"].cast(pl.Float64).to_numpy()
    return {
        "correlation_with_severity": _spearman(score, known["rank"].to_numpy()),
        "severities": [{"severity": _SEVERITIES[int(row.pop("rank"))], **row} for row in shown],
    }


def _in_time(rows: pl.DataFrame) -> dict[str, Any]:
    """Anomalies a day, and the hours in which there are too many of them for the payments of the hour."""
    from scipy.stats import poisson

    hours = (
        rows.group_by(hour=pl.col("event_time").dt.truncate("1h"))
        .agg(
            payments=pl.len(),
            anomalies=pl.col("is_anomaly").sum(),
            frauds=(pl.col("is_anomaly") & pl.col("is_fraud")).sum(),
        )
        .sort("hour")
    )
    days = (
        hours.group_by(day=pl.col("hour").dt.date().cast(pl.String))
        .agg(pl.col("anomalies", "frauds").sum())
        .sort("day")
    )
    rate = float(hours["anomalies"].sum()) / rows.height
    expected = hours["payments"].to_numpy() * rate
    chance = poisson.sf(hours["anomalies"].cast(pl.Int64).to_numpy() - 1, expected)
    bursts = hours.with_columns(expected=pl.Series(expected)).filter(pl.Series(chance < _FALSE_ALARMS / hours.height))
    apart = (pl.col("hour").diff() > pl.duration(hours=1)).fill_null(value=False)
    together = (
        bursts.with_columns(run=apart.cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            begins=pl.col("hour").first().dt.strftime("%Y-%m-%d %H:00"),
            hours=((pl.col("hour").last() - pl.col("hour").first()).dt.total_hours() + 1),
            anomalies=pl.col("anomalies").sum(),
            expected=pl.col("expected").sum(),
            frauds=pl.col("frauds").sum(),
        )
        .drop("run")
        .sort("anomalies", "begins", descending=[True, False])
    )
    return {
        "days": days.to_dicts(),
        "bursts": together.head(_BURSTS).to_dicts(),
        "all_bursts": together.height,
        "in_bursts": int(together["anomalies"].sum()),
        "frauds_in_bursts": int(together["frauds"].sum()),
    }


def _cities(rows: pl.DataFrame) -> list[dict[str, Any]]:
    placed = rows.drop_nulls(["city", "latitude", "longitude"])
    return (
        placed.group_by("city")
        .agg(
            pl.col("latitude", "longitude").median(),
            rows=pl.len(),
            anomalies=pl.col("is_anomaly").sum(),
            frauds=pl.col("is_fraud").sum(),
        )
        .sort("rows", "city", descending=[True, False])
        .head(_CITIES)
        .to_dicts()
    )

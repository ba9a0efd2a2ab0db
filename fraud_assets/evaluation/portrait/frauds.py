"""What is not ordinary: fraud by type and day, honest rows that resemble it, accidents, and the kinds of anomaly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.codes import ANOMALY_TYPES, SEVERITIES
from fraud_assets.evaluation.breakdown import ACCIDENTS
from fraud_assets.evaluation.portrait.rows import cents, collect, in_order, month_ledger, share
from fraud_assets.evaluation.portrait.subject import Sitter, Tables

_HOUR_US = 3_600_000_000


def frauds(sitter: Sitter, tables: Tables) -> dict[str, Any]:
    """Everything that the truth alone knows, counted."""
    rows = int(collect(tables.transactions.select(pl.len())).item())
    odd = collect(
        month_ledger(tables)
        .filter("is_fraud")
        .select(
            "customer_id", "campaign_id", "fraud_type", "event_time", "day", "amount", "currency", "direction", "status"
        )
    )
    labels = collect(_plain(tables.labeled_anomalies))
    return {
        "rows": rows,
        "fraud": odd.height,
        "types": _types(odd),
        "days": _by_day(sitter, odd),
        "months": _by_month(sitter, tables, labels, rows),
        "look_alikes": _look_alikes(labels),
        "accidents": {name: int(labels[column].sum()) for column, name in ACCIDENTS.items()},
        "severity": _severity(labels),
        "kinds": _kinds(labels, rows),
        "kind_hours": _kind_hours(tables),
        "clusters": _clusters(sitter, odd),
    }


def _plain(labels: pl.LazyFrame) -> pl.LazyFrame:
    """The truth with texts for enumerations."""
    return labels.with_columns(
        pl.col("fraud_type", "anomaly_type", "lookalike_of", "fraud_severity", "status").cast(pl.String)
    )


def _types(odd: pl.DataFrame) -> list[dict[str, Any]]:
    """A dictionary a type of fraud, most rows first."""
    went_out = (pl.col("status") != "declined") & (pl.col("direction") == "debit")
    found = odd.group_by("fraud_type").agg(
        rows=pl.len(),
        campaigns=pl.col("campaign_id").n_unique(),
        customers=pl.col("customer_id").n_unique(),
        declined=(pl.col("status") == "declined").mean(),
        median_amount=pl.col("amount").median(),
        # Sums of several currencies or tokens would be a sum of nothing.
        taken=pl.when(pl.col("currency").n_unique() == 1).then(cents().filter(went_out).sum() / 100),
        currency=pl.col("currency").min(),
    )
    return found.sort("rows", "fraud_type", descending=[True, False]).to_dicts()


def _by_day(sitter: Sitter, odd: pl.DataFrame) -> dict[str, list[int]]:
    """Type -> rows on each local day of the month."""
    first = sitter.month.start.date()
    inside = odd.with_columns(place=(pl.col("day") - first).dt.total_days()).filter(
        pl.col("place").is_between(0, sitter.month.days - 1)
    )
    return {
        kind: np.bincount(inside.filter(fraud_type=kind)["place"].to_numpy(), minlength=sitter.month.days).tolist()
        for kind in sorted(odd["fraud_type"].unique().to_list())
    }


def _by_month(sitter: Sitter, tables: Tables, labels: pl.DataFrame, rows: int) -> list[dict[str, Any]]:
    """Ledger rows, and fraud by type, of this month and of those before it, oldest first."""
    key = pl.col("event_time").dt.strftime("%Y-%m")
    sizes = dict(
        collect(tables.earlier_transactions.group_by(month=key).agg(rows=pl.len())).iter_rows()
        if sitter.earlier
        else ()
    )
    sizes[sitter.month.key] = rows
    now = labels.filter("is_fraud").select("fraud_type", month=pl.lit(sitter.month.key))
    before = collect(
        tables.earlier_anomalies.filter("is_fraud").select(pl.col("fraud_type").cast(pl.String), month=key)
    )
    counts = pl.concat([before, now]).group_by("month", "fraud_type").agg(rows=pl.len()).sort("month", "fraud_type")
    return [
        {
            "month": month.key,
            "rows": sizes.get(month.key, 0),
            "types": {kind: n for _, kind, n in counts.filter(month=month.key).iter_rows()},
        }
        for month in (*sitter.earlier, sitter.month)
    ]


def _look_alikes(labels: pl.DataFrame) -> list[dict[str, Any]]:
    """Fraud rows of each type beside the honest rows that resemble it."""
    fraud = labels.filter("is_fraud").group_by(kind="fraud_type").agg(fraud=pl.len())
    honest = labels.filter(~pl.col("is_fraud")).drop_nulls("lookalike_of")
    alike = honest.group_by(kind="lookalike_of").agg(look_alikes=pl.len())
    both = fraud.join(alike, on="kind", how="full", coalesce=True).with_columns(
        pl.col("fraud", "look_alikes").fill_null(0)
    )
    return both.sort("fraud", "kind", descending=[True, False]).to_dicts()


def _severity(labels: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Type of fraud -> severity -> rows."""
    found = (
        labels.filter("is_fraud")
        .drop_nulls("fraud_severity")
        .group_by("fraud_type", "fraud_severity")
        .agg(rows=pl.len())
    )
    table: dict[str, dict[str, int]] = {}
    for kind, severity, rows in found.sort("fraud_type").iter_rows():
        table.setdefault(kind, dict.fromkeys(SEVERITIES, 0))[severity] = rows
    return table


def _kinds(labels: pl.DataFrame, rows: int) -> list[dict[str, Any]]:
    """Each kind of anomaly: rows, how many of them are fraud, and its correlation with fraud (phi) over the ledger."""
    frauds = int(labels["is_fraud"].sum())
    found = []
    for kind in in_order(labels["anomaly_type"].drop_nulls().to_list(), ANOMALY_TYPES):
        inside = labels.filter(anomaly_type=kind)
        n, hits = inside.height, int(inside["is_fraud"].sum())
        spread = np.sqrt(float(n) * (rows - n) * frauds * (rows - frauds))
        severities = inside.filter("is_fraud")["fraud_severity"].drop_nulls().to_list()
        found.append(
            {
                "kind": kind,
                "rows": n,
                "fraud": hits,
                "share_fraud": share(hits, n),
                "phi": float((hits * rows - n * frauds) / spread) if spread else None,
                "severity": {severity: severities.count(severity) for severity in SEVERITIES},
            }
        )
    return found


def _kind_hours(tables: Tables) -> dict[str, list[int]]:
    """Kind of anomaly -> rows by local hour."""
    cells = collect(month_ledger(tables).drop_nulls("anomaly_type").group_by("anomaly_type", "hour").agg(rows=pl.len()))
    grid: dict[str, list[int]] = {kind: [0] * 24 for kind in in_order(cells["anomaly_type"].to_list(), ANOMALY_TYPES)}
    for kind, hour, rows in cells.iter_rows():
        grid[kind][hour] = rows
    return grid


def _clusters(sitter: Sitter, odd: pl.DataFrame) -> dict[str, Any] | None:
    """How fraud bunches: variance over mean of hourly counts, and how near a campaign's rows are to one another."""
    if odd.is_empty():
        return None
    hours = sitter.month.days * 24
    place = (odd["event_time"].dt.epoch("us") - int(sitter.month.start.timestamp()) * 1_000_000) // _HOUR_US
    counts = np.bincount(place.to_numpy().clip(0, hours - 1), minlength=hours)
    gaps = (
        odd.sort("campaign_id", "event_time")
        .with_columns(
            after=pl.col("event_time").diff().over("campaign_id"),
            before=pl.col("event_time").diff(-1).over("campaign_id").abs(),
        )
        .select(nearest=pl.min_horizontal("after", "before"))["nearest"]
    )
    near = {name: int((gaps <= width).sum()) / odd.height for name, width in _WIDTHS.items()}
    return {"variance_over_mean": float(counts.var() / counts.mean()), "busiest_hour": int(counts.max()), "near": near}


_WIDTHS = {"a minute": timedelta(minutes=1), "an hour": timedelta(hours=1), "a day": timedelta(days=1)}

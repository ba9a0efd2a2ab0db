"""What the bank learns: how long after a fraud it is reported, by whom, and what is never reported."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.evaluation.portrait.rows import collect
from fraud_assets.evaluation.portrait.subject import Sitter, Tables
from fraud_assets.evaluation.statistics import known_by
from fraud_assets.knowledge import known_at

Floats = npt.NDArray[np.float64]
_DAY_US = 86_400_000_000
#: Days after the fraud at which the curves are told in the table.
STATIONS = (1, 7, 30, 90)
_LAST_DAY = 120
_ENOUGH = 5


def knowledge(sitter: Sitter, tables: Tables) -> dict[str, Any] | None:
    """Share of fraud known by days after it, over all months at hand; None without fraud.

    Kaplan and Meier (1958): a fraud of yesterday that is not reported is not taken for one that never will be.
    """
    labels = pl.concat([tables.earlier_anomalies, tables.labeled_anomalies])
    reports = known_at(tables.incident_reports, sitter.known_until).select("transaction_id", "reported_at")
    rows = collect(
        labels.filter("is_fraud")
        .select("transaction_id", "event_time", "amount", pl.col("fraud_type", "status").cast(pl.String))
        .join(reports, on="transaction_id", how="left")
        .sort("event_time", "transaction_id")  # amounts are summed: always in one order
    )
    if rows.is_empty():
        return None
    until = int(sitter.known_until.timestamp()) * 1_000_000
    age = (until - rows["event_time"].dt.epoch("us").to_numpy()) / _DAY_US
    told = rows["reported_at"].is_not_null().to_numpy()
    delay = np.full(rows.height, np.inf)
    delay[told] = (rows["reported_at"] - rows["event_time"]).drop_nulls().dt.total_microseconds().to_numpy() / _DAY_US
    declined = (rows["status"] == "declined").to_numpy()
    kind, amount = rows["fraud_type"].to_numpy(), rows["amount"].to_numpy()
    groups = {"went through": ~declined, "went through, by amount": ~declined, "declined attempts": declined}
    days = np.arange(_LAST_DAY + 1.0)
    curves = {
        name: known_by(delay[inside], age[inside], days, amount[inside] if "amount" in name else None)
        for name, inside in groups.items()
        if inside.sum() >= _ENOUGH
    }
    return {
        "months": len(sitter.earlier) + 1,
        "known_until": sitter.known_until.date().isoformat(),
        "days": days,
        "curves": curves,
        "types": [_of_type(name, kind == name, delay, age) for name in sorted(set(kind))],
        "reports": _reports(sitter, tables),
    }


def _of_type(name: str, inside: npt.NDArray[np.bool_], delay: Floats, age: Floats) -> dict[str, Any]:
    reported = delay[inside & (delay <= age)]
    known = known_by(delay[inside], age[inside], np.array(STATIONS, dtype=np.float64))
    return {
        "fraud_type": name,
        "rows": int(inside.sum()),
        "known": {str(day): value for day, value in zip(STATIONS, known, strict=True)},
        "median_days": float(np.median(reported)) if reported.size else None,
    }


def _reports(sitter: Sitter, tables: Tables) -> list[dict[str, Any]]:
    """The month's reports by kind and source, and how many fraud reports are about an honest payment."""
    labels = pl.concat([tables.earlier_anomalies, tables.labeled_anomalies]).filter("is_fraud")
    filed = tables.incident_reports.filter(
        (pl.col("reported_at") >= sitter.month.start) & (pl.col("reported_at") < sitter.month.end)
    )
    found = collect(
        filed.with_columns(pl.col("kind", "source").cast(pl.String))
        .join(labels.select("transaction_id", is_true=pl.lit(value=True)), on="transaction_id", how="left")
        .group_by("kind", "source")
        .agg(rows=pl.len(), about_fraud=pl.col("is_true").is_not_null().sum())
    )
    return found.sort("kind", "rows", "source", descending=[False, True, False]).to_dicts()

"""Alerts: which of the scored payments are worth a person's time, in which order, and why.

What lives here: levels, one alert for a customer's hour, and the order of the day. An alert gathers what the champion,
the detectors and the look at mistyped recipients say of the same payments, and whether one of these was probably an
accident.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.accidents.head import LEARNED
from fraud_assets.detection.policy import review_gain
from fraud_assets.scenario import Costs

LEVELS = ["CRITICAL", "HIGH", "MEDIUM", "LOW"]
#: A probability of fraud from which an alert is critical, whatever the amount.
CERTAIN = 0.5
#: An anomaly is worth more than LOW if so many times rarer than the bank's rate.
RARER = 10.0
_INSTANT = pl.Datetime("us", "UTC")

_LEVELS_MEAN = (
    "CRITICAL: rejected, or fraud with a probability of a half; HIGH: flagged, and an anomaly; MEDIUM: flagged, or a"
    " very rare anomaly; LOW: the rest"
)
#: Columns of an alert: type and meaning.
ALERTS: dict[str, tuple[pl.DataType, str]] = {
    "alert_id": (pl.Int64(), "The transaction that leads it"),
    "customer_id": (pl.Int64(), "Whose account"),
    "hour": (_INSTANT, "The hour (UTC) whose payments it gathers"),
    "event_time": (_INSTANT, "When the leading payment happened"),
    "level": (pl.Enum(LEVELS), _LEVELS_MEAN),
    "rank": (pl.Int32(), "Place in the day's (UTC) queue, from 1"),
    "is_within_capacity": (pl.Boolean(), "Whether the day's people get to it"),
    "payments": (pl.Int32(), "Payments of the customer in that hour that stand out"),
    "amount": (pl.Float64(), "Their amounts together, major units"),
    "gain": (pl.Float64(), "What looking at the leading payment is expected to save, major units; null without model"),
    "score": (pl.Float64(), "The highest probability of fraud among them; null without model"),
    "anomaly_score": (pl.Float64(), "The highest anomaly score among them; null without detectors"),
    "kinds": (pl.String(), "fraud, anomaly, mistyped_recipient, duplicate, wrong_amount: who speaks, by ;"),
    "intended_entity": (pl.String(), "Whom the customer probably meant, where the recipient looks mistyped"),
    "reasons": (pl.String(), "What each says of the leading payment, JSON: kind -> reasons"),
}


def make_alerts(
    scored: pl.LazyFrame,
    anomalies: pl.LazyFrame,
    mistyped: pl.LazyFrame,
    accidents: pl.LazyFrame,
    amounts: pl.LazyFrame,
    *,
    costs: Costs,
    rate: float,
    capacity: int,
) -> pl.DataFrame:
    """The alerts of a month.

    A payment stands out if the champion flags or rejects it, if it is an anomaly, or if its recipient looks mistyped.
    CRITICAL: it would be rejected, or is fraud with a probability of a half. HIGH: flagged, and an anomaly as well.
    MEDIUM: flagged, or an anomaly ten times as rare as the bank's rate. LOW: the rest. A duplicate or a wrong amount
    raises no alert of its own and changes no level: whoever looks at the payment for another reason is told.

    Parameters
    ----------
    scored
        ``scored_transactions``; may have no rows.
    anomalies
        Columns of :data:`fraud_assets.detection.anomaly.SCORES`; may have no rows.
    mistyped
        transaction_id, intended_entity, probability and is_alarm; may have no rows.
    accidents
        Columns of :data:`fraud_assets.detection.accidents.ACCIDENT_SCORES`; may have no rows.
    amounts
        transaction_id and amount of the ledger.
    costs
        Of decisions.
    rate
        Share of ordinary payments that may be anomalies.
    capacity
        Alerts that people can look at in a day.

    Returns
    -------
    Columns of :data:`ALERTS`, sorted by day and rank: by level, then by what a look is expected to save, then by the
    anomaly score. One alert for each customer and hour.
    """
    keys = ("transaction_id", "customer_id", "event_time")
    mistaken = mistyped.filter("is_alarm").select(*keys, "intended_entity", mistake="probability")
    # Of a mistyped recipient its own table speaks, and says who was meant.
    slips = accidents.filter(pl.col("accident").cast(pl.String).is_in(LEARNED)).select(
        "transaction_id",
        pl.col("accident").cast(pl.String),
        p_accident=pl.max_horizontal(f"p_{kind}" for kind in LEARNED),
    )
    # Whoever speaks of a payment at all; what the others found of the same payment is joined to it.
    said = pl.concat(
        [
            scored.filter(pl.col("decision") != "APPROVED").select(keys),
            anomalies.filter("is_anomaly").select(keys),
            mistaken.select(keys),
        ]
    ).unique("transaction_id")
    rows = (
        said.join(
            scored.select("transaction_id", "score", pl.col("decision").cast(pl.String), fraud_reasons="reasons"),
            on="transaction_id",
            how="left",
        )
        .join(
            anomalies.select("transaction_id", "anomaly_score", "is_anomaly", anomaly_reasons="reasons"),
            on="transaction_id",
            how="left",
        )
        .join(mistaken.drop("customer_id", "event_time"), on="transaction_id", how="left")
        .join(slips, on="transaction_id", how="left")
        .join(amounts.select("transaction_id", pl.col("amount").cast(pl.Float64)), on="transaction_id", how="left")
        .with_columns(
            is_anomaly=pl.col("is_anomaly").fill_null(value=False),
            decision=pl.col("decision").fill_null("APPROVED"),
        )
        .collect(engine="streaming")
    )
    probability = rows["score"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    gain = review_gain(probability, rows["amount"].to_numpy(), costs)
    flagged, is_anomaly = pl.col("decision") == "FLAGGED", pl.col("is_anomaly")
    is_rare = is_anomaly & (1 - pl.col("anomaly_score") <= rate / RARER)
    level = (
        pl.when((pl.col("decision") == "REJECTED") | (pl.col("score") >= CERTAIN).fill_null(value=False))
        .then(pl.lit("CRITICAL"))
        .when(flagged & is_anomaly)
        .then(pl.lit("HIGH"))
        .when(flagged | is_rare)
        .then(pl.lit("MEDIUM"))
        .otherwise(pl.lit("LOW"))
    )
    ordered = rows.with_columns(
        level=level.cast(pl.Enum(LEVELS)),
        gain=pl.Series(gain).fill_nan(None),
        hour=pl.col("event_time").dt.truncate("1h"),
    ).sort(
        pl.col("level").to_physical(),
        pl.col("gain").fill_null(-np.inf),
        pl.col("anomaly_score").fill_null(0.0),
        "transaction_id",
        descending=[False, True, True, False],
    )
    alerts = ordered.group_by("customer_id", "hour", maintain_order=True).agg(
        pl.col(
            "transaction_id", "event_time", "level", "gain", "decision", "fraud_reasons", "anomaly_reasons",
            "intended_entity", "mistake", "is_anomaly", "accident", "p_accident",
        ).first(),
        payments=pl.len(),
        amount=pl.col("amount").sum().round(2),
        score=pl.col("score").max(),
        anomaly_score=pl.col("anomaly_score").max(),
    )  # fmt: skip
    said_of = [_reasons(row) for row in alerts.iter_rows(named=True)]
    day = pl.col("event_time").dt.date()
    return (
        alerts.with_columns(
            alert_id="transaction_id",
            kinds=pl.Series([";".join(found) for found in said_of], dtype=pl.String),
            reasons=pl.Series([json.dumps(found) for found in said_of], dtype=pl.String),
            rank=pl.int_range(1, pl.len() + 1).over(day),
            day=day,
        )
        .with_columns(is_within_capacity=pl.col("rank") <= capacity)
        .sort("day", "rank")
        .select(pl.col(name).cast(dtype) for name, (dtype, _) in ALERTS.items())
    )


def _reasons(row: Mapping[str, Any]) -> dict[str, Any]:
    """Kind -> what it says of the leading payment; alerts are few, rows are not."""
    found: dict[str, Any] = {}
    if row["decision"] != "APPROVED":
        found["fraud"] = json.loads(row["fraud_reasons"] or "[]")
    if row["is_anomaly"]:
        found["anomaly"] = json.loads(row["anomaly_reasons"] or "[]")
    if row["intended_entity"] is not None:
        found["mistyped_recipient"] = [{"intended": row["intended_entity"], "probability": round(row["mistake"], 3)}]
    if row["accident"] is not None:
        found[row["accident"]] = [{"probability": round(row["p_accident"], 3)}]
    return found

"""The features of a month beside what became of its payments: what the evaluation report says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.encoding import is_text
from fraud_assets.detection.trained import TrainedModel
from fraud_assets.evaluation import analysis, sampling
from fraud_assets.evaluation.report import plain

_CORRELATED = 14
#: The candidate whose splits are told; only it, and the forest, has any.
_BOOSTED = "xgboost"
_PLACES = ("city", "latitude", "longitude")


def analyse(
    rows: pl.DataFrame,
    features: pl.LazyFrame,
    anomaly_scores: pl.LazyFrame,
    transactions: pl.LazyFrame,
    severity: pl.LazyFrame,
    decision: Mapping[str, Any],
    boosted: Mapping[str, Any] | None,
    drift: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """The part ``analysis`` of an evaluation report; None without rows.

    Parameters
    ----------
    rows
        The judged payments: transaction_id, customer_id, event_time, is_fraud (never null), fraud_type.
    features, anomaly_scores, transactions
        Of the month.
    severity
        transaction_id and fraud_severity of frauds, without rows where nobody knows.
    decision
        The decision document, with a champion.
    boosted
        The document of the boosted trees whose gain is told, if there are any.
    drift
        The month's drift report.
    """
    if rows.is_empty():
        return None
    champion = TrainedModel.load(decision["model"])
    chosen = _chosen(rows)
    names = champion.encoder.features
    frame = chosen.lazy().join(features.select("transaction_id", *names), on="transaction_id", how="left")
    drawn = frame.sort("transaction_id").collect(engine="streaming")
    sample = analysis.Sample(
        names,
        champion.encoder.codes(drawn),
        frozenset(name for name in names if is_text(drawn.schema[name])),
        drawn["is_fraud"].to_numpy(),
        drawn["fraud_type"].fill_null("").to_numpy().astype(np.str_),
        drawn["weight"].to_numpy(),
    )
    gain = _gain(boosted)
    importance = analysis.importance(sample, champion.raw_scores, gain)
    beside = _beside(rows, anomaly_scores, transactions, severity)
    found: dict[str, Any] = plain(
        {
            "sample": {
                "rule": sampling.rule(int((~rows["is_fraud"]).sum()), analysis.MOST_HONEST),
                "frauds": int(sample.is_fraud.sum()),
                "honest": int((~sample.is_fraud).sum()),
            },
            "gain_of": _BOOSTED if gain is not None else None,
            "features": importance,
            "correlations": analysis.correlations(sample, [row["name"] for row in importance[:_CORRELATED]]),
            "differences": analysis.differences(sample),
            "anomalies": analysis.anomalies_and_fraud(beside),
            "moved": analysis.moved(importance, drift),
        }
    )
    return found


def _chosen(rows: pl.DataFrame) -> pl.DataFrame:
    """The sampled payments with their weight: all frauds up to as many as honest ones, and honest ones by number."""
    parts = []
    for is_fraud in (True, False):
        part = rows.filter(pl.col("is_fraud") == is_fraud).select("transaction_id", "is_fraud", "fraud_type")
        kept = part.filter(sampling.some_rows(part.height, analysis.MOST_HONEST))
        parts.append(kept.with_columns(weight=pl.lit(part.height / max(1, kept.height))))
    return pl.concat(parts)


def _gain(boosted: Mapping[str, Any] | None) -> dict[str, float] | None:
    """Feature -> total gain in the trees of a boosted candidate's document."""
    if boosted is None:
        return None
    model = TrainedModel.load(boosted)
    found = model.model.trees.booster().get_score(importance_type="total_gain")  # type: ignore[attr-defined]
    return {model.encoder.features[int(key[1:])]: float(np.mean(value)) for key, value in found.items()}


def _beside(
    rows: pl.DataFrame, anomaly_scores: pl.LazyFrame, transactions: pl.LazyFrame, severity: pl.LazyFrame
) -> pl.DataFrame:
    """The judged payments with anomaly score and flag, severity and place; no rows without detectors."""
    key = "transaction_id"
    return (
        anomaly_scores.select(key, "anomaly_score", "is_anomaly")
        .join(rows.lazy().select(key, "customer_id", "event_time", "is_fraud"), on=key, how="inner")
        .join(severity, on=key, how="left")
        .join(transactions.select(key, *_PLACES), on=key, how="left")
        .collect(engine="streaming")
    )

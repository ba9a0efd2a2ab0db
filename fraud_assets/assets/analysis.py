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
from fraud_assets.features.registry import REGISTRY

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
        The judged payments: transaction_id, customer_id, event_time, score, is_fraud (never null), fraud_type.
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
    wide = analysis.Sample(
        names,
        champion.encoder.codes(drawn),
        frozenset(name for name in names if is_text(drawn.schema[name])),
        drawn["is_fraud"].to_numpy(),
        drawn["fraud_type"].fill_null("").to_numpy().astype(np.str_),
        drawn["wide_weight"].to_numpy(),
    )
    sample = wide.part(drawn["weight"].is_not_null().to_numpy(), drawn["weight"].fill_null(0.0).to_numpy())
    gain = _gain(boosted)
    importance = analysis.importance(sample, champion.raw_scores, gain, wide=wide)
    ranked = importance["features"]
    beside = _beside(rows, anomaly_scores, transactions, severity)
    found: dict[str, Any] = plain(
        {
            "sample": {
                "rule": sampling.rule(int((~rows["is_fraud"]).sum()), analysis.MOST_HONEST),
                "frauds": int(sample.is_fraud.sum()),
                "honest": int((~sample.is_fraud).sum()),
                "permuted": importance["permuted"],
            },
            "gain_of": _BOOSTED if gain is not None else None,
            "features": [row | {"meaning": _meaning(row["name"])} for row in ranked],
            "correlations": analysis.correlations(sample, [row["name"] for row in ranked[:_CORRELATED]]),
            "differences": analysis.differences(sample),
            "anomalies": analysis.anomalies_and_fraud(beside),
            "moved": analysis.moved(ranked, drift),
        }
    )
    return found


def _meaning(name: str) -> str | None:
    feature = REGISTRY.get(name)
    return feature.meaning if feature else None


def _chosen(rows: pl.DataFrame) -> pl.DataFrame:
    """The payments that are looked at, with how many of the month each stands for.

    All frauds up to as many as honest ones; honest ones by number. ``weight``: of the rows that do for nearly
    everything; null for the others. ``wide_weight``: of the rows on which features are permuted: more of them, and
    all honest ones with the highest scores.
    """
    parts = []
    place = pl.struct(-pl.col("score"), "transaction_id").rank("ordinal")
    for is_fraud, suspected, most in (
        (True, 0, analysis.MOST_HONEST),
        (False, analysis.SUSPECTED, analysis.MOST_PERMUTED),
    ):
        part = rows.filter(pl.col("is_fraud") == is_fraud)
        highest, few = place <= suspected, sampling.some_rows(part.height, analysis.MOST_HONEST)
        part = part.select("transaction_id", "is_fraud", "fraud_type", highest=highest, few=few)
        others = max(0, part.height - suspected)
        kept = part.filter(pl.col("highest") | sampling.some_rows(others, most) | pl.col("few"))
        drawn = kept.height - int(kept["highest"].sum())
        parts.append(
            kept.select(
                "transaction_id",
                "is_fraud",
                "fraud_type",
                wide_weight=pl.when("highest").then(1.0).otherwise(others / max(1, drawn)),
                weight=pl.when("few").then(part.height / max(1, int(kept["few"].sum()))),
            )
        )
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

"""Anomaly scores of a month's payments, streamed, and of its customers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import polars as pl

from fraud_assets.detection.anomaly.detectors import DETECTORS, DetectorSet
from fraud_assets.detection.anomaly.tails import rank_of
from fraud_assets.detection.arrays import Vector
from fraud_assets.detection.encoding import require
from fraud_assets.detection.stream import streamed
from fraud_assets.detection.trained import BATCH

#: Aspects that a reason names at most.
MOST_REASONS = 4
#: An aspect is named from this surprise on: one payment in twenty.
WORTH_NAMING = float(np.log(20))

_INSTANT = pl.Datetime("us", "UTC")
#: Columns of a scored payment: type and meaning.
SCORES: dict[str, tuple[pl.DataType, str]] = {
    "transaction_id": (pl.Int64(), "The ledger row"),
    "customer_id": (pl.Int64(), "Whose account"),
    "event_time": (_INSTANT, "The ledger row's time"),
    "isolation_forest": (pl.Float64(), "Share of earlier payments that the isolation forest finds less unusual"),
    "one_class_svm": (pl.Float64(), "Share of earlier payments that the one-class SVM finds less unusual"),
    "ecdf": (pl.Float64(), "Share of earlier payments whose tail probabilities together are less unusual"),
    "anomaly_score": (pl.Float64(), "Share of earlier payments that the three together find less unusual"),
    "is_anomaly": (pl.Boolean(), "Whether the score is among the share of earlier payments that the bank can look at"),
    "reasons": (pl.String(), "Up to four aspects with the rarity of each (one in so many), JSON; null if no anomaly"),
}
#: Columns of a customer's month.
CUSTOMER_SCORES: dict[str, tuple[pl.DataType, str]] = {
    "customer_id": (pl.Int64(), "Whose account"),
    "payments": (pl.Int64(), "Scored payments of the month"),
    "anomalies": (pl.Int64(), "Anomalies among them"),
    "most_unusual": (pl.Int64(), "Transaction id of the most unusual of them"),
    "anomaly_score": (pl.Float64(), "The anomaly score of that payment"),
    "chance": (pl.Float64(), "Chance that the most unusual of as many ordinary payments is as unusual"),
    "is_anomaly": (pl.Boolean(), "Whether that chance is at most one in twenty"),
}
#: A customer's month is an anomaly where an ordinary one would be as unusual at most this often.
CUSTOMER_LEVEL = 0.05


def score_anomalies(features: pl.LazyFrame, detectors: DetectorSet) -> pl.LazyFrame:
    """The payments with the detectors' scores, in their order.

    Parameters
    ----------
    features
        Feature rows of a month.
    detectors
        Fitted on earlier months.

    Returns
    -------
    Columns of :data:`SCORES`; no rows where there are no detectors. Memory holds a batch of rows.

    Raises
    ------
    ValueError
        If the table lacks one of the detectors' features.
    """
    schema = {name: dtype for name, (dtype, _) in SCORES.items()}
    if detectors.reason is not None:
        return pl.LazyFrame(schema=schema)
    require(features.collect_schema().names(), detectors.surprises.features)
    wanted = dict.fromkeys(("transaction_id", "customer_id", "event_time", *detectors.surprises.features))

    def chunks() -> Iterator[pl.DataFrame]:
        for batch in features.select(*wanted).collect_batches(chunk_size=BATCH, maintain_order=True, lazy=True):
            yield scored(batch, detectors)

    return streamed(chunks, schema)


def scored(frame: pl.DataFrame, detectors: DetectorSet) -> pl.DataFrame:
    """The rows of one batch with the columns of :data:`SCORES`."""
    surprises = detectors.surprises.at(frame)
    found = detectors.detected(surprises)
    is_anomaly = found["anomaly_score"] >= -np.log(detectors.rate)
    why = pl.Series("reasons", np.full(frame.height, None), dtype=pl.String)
    unusual = np.flatnonzero(is_anomaly)
    if len(unusual):
        why = why.scatter(unusual, _reasons(frame[unusual], surprises[unusual], detectors))
    ranks = {name: pl.Series(rank_of(found[name])) for name in (*DETECTORS, "anomaly_score")}
    keys = frame.select("transaction_id", "customer_id", "event_time")
    made = keys.with_columns(**ranks, is_anomaly=pl.Series(is_anomaly), reasons=why)
    return made.select(pl.col(name).cast(dtype) for name, (dtype, _) in SCORES.items())


def _reasons(frame: pl.DataFrame, surprises: Vector, detectors: DetectorSet) -> pl.Series:
    """For each row a list of ``{"code": aspect, "feature": ..., "one_in": ...}``, the rarest first; few rows."""
    aspects, causes = detectors.surprises.aspects, detectors.surprises.causes(frame)
    texts = []
    for row, order in enumerate(np.argsort(-surprises, axis=1, kind="stable")[:, :MOST_REASONS].tolist()):
        named = [j for j in order if surprises[row, j] >= WORTH_NAMING] or order[:1]
        texts.append(
            json.dumps(
                [
                    {"code": aspects[j], "feature": causes[j][row], "one_in": round(float(np.exp(surprises[row, j])))}
                    for j in named
                ]
            )
        )
    return pl.Series(texts, dtype=pl.String)


def customer_scores(scores: pl.LazyFrame) -> pl.DataFrame:
    """Each customer's month, from the scores of the payments.

    A customer is as unusual as the most unusual payment; but who pays a hundred times has an outlier for having paid so
    often, so whether the month is an anomaly takes their number into account: chance = 1 - score^n (Sidak 1967).

    Parameters
    ----------
    scores
        Columns of :data:`SCORES`.

    Returns
    -------
    Columns of :data:`CUSTOMER_SCORES`, sorted by customer.
    """
    return (
        scores.select("customer_id", "transaction_id", "anomaly_score", "is_anomaly")
        .group_by("customer_id")
        .agg(
            payments=pl.len(),
            anomalies=pl.col("is_anomaly").sum(),
            most_unusual=pl.col("transaction_id").sort_by("anomaly_score", "transaction_id").last(),
            anomaly_score=pl.col("anomaly_score").max(),
            chance=1 - (pl.len() * pl.col("anomaly_score").max().log()).exp(),
        )
        .with_columns(is_anomaly=pl.col("chance") <= CUSTOMER_LEVEL)
        .sort("customer_id")
        .select(pl.col(name).cast(dtype) for name, (dtype, _) in CUSTOMER_SCORES.items())
        .collect(engine="streaming")
    )

"""The candidates of several months side by side, from what is in the lake.

What lives here: scoring the months with every candidate and deciding as if each were the champion, with the month's
budget filled exactly. What does not: the figures (``evaluation.comparison``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.assets.trial import with_amounts
from fraud_assets.detection.policy import decide, gain_threshold, review_gain
from fraud_assets.detection.trained import TrainedModel, scored_batches
from fraud_assets.evaluation.comparison import CHAMPION, compare_candidates
from fraud_assets.evaluation.settings import Settings
from fraud_assets.knowledge import known_at
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.scenario import Bank
from fraud_assets.tables import DECISIONS

_TABLES = ("transaction_features", "transactions", "labeled_anomalies")


def compare_months(lake: Lake, bank: Bank, months: Sequence[str]) -> dict[str, Any]:
    """The document of :func:`~fraud_assets.evaluation.comparison.compare_candidates` over the months.

    Months without a champion are left out. Judged against the truth, or, for a user's own transactions, against the
    reports that are in the lake.

    Raises
    ------
    LakeError
        If a table or document of a month is missing, or none of the months has a champion.
    """
    for month in months:
        places = [Place(bank.name, name, month) for name in (*_TABLES, "incident_reports")]
        documents = [Place(bank.name, name, month) for name in ("candidate_models", "champion")]
        missing = [p.asset for p in places if not lake.exists(p.parquet)]
        missing += [p.asset for p in documents if not lake.exists(p.value)]
        if missing:
            raise LakeError(
                f"{bank.name}/{missing[0]} of {month} is not in the lake {lake.url}; run the job {bank.name}_monthly"
                " for it first"
            )
    frames = [frame for month in months for frame in _month(lake, bank, month, months)]
    if not frames:
        raise LakeError(f"{bank.name} has no champion in {', '.join(months)}; name later months")
    return compare_candidates(pl.concat(frames), Settings.of(bank))


def _month(lake: Lake, bank: Bank, month: str, months: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The month's rows, scored and decided by every candidate; nothing where there is no champion."""

    def value(asset: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(lake.read_bytes(Place(bank.name, asset, month).value))
        return found

    decision = value("champion")
    if decision["model"] is None:
        return
    documents = {**value("candidate_models")["models"], CHAMPION: decision["model"]}
    models = {name: TrainedModel.load(document) for name, document in documents.items()}
    features, ledger, anomalies = (lake.scan_parquet([Place(bank.name, name, month).parquet]) for name in _TABLES)
    kept, scores = [], []
    keys = ("transaction_id", "customer_id", "event_time", "amount", "status")
    for frame, raw, _ in scored_batches(with_amounts(features, ledger), models):
        kept.append(frame.select(*keys))
        scores.append(
            pl.DataFrame({f"score_{name}": models[name].calibration.apply(found) for name, found in raw.items()})
        )
    rows = pl.concat([pl.concat(kept), pl.concat(scores)], how="horizontal")
    amount, learning = rows["amount"].cast(pl.Float64).to_numpy(), bank.learning
    decisions = {}
    for name in models:
        probability = rows[f"score_{name}"].to_numpy()
        gain = review_gain(probability, amount, learning.costs)
        threshold = gain_threshold(gain, learning.alerts_per_10000)
        taken = decide(probability, amount, learning.costs, threshold)
        decisions[f"decision_{name}"] = pl.Series(np.asarray(DECISIONS)[taken])
    yield rows.join(
        _labels(lake, bank, anomalies, months), on="transaction_id", how="left", maintain_order="left"
    ).with_columns(pl.col("is_fraud").fill_null(value=False), month=pl.lit(month), **decisions)


def _labels(lake: Lake, bank: Bank, anomalies: pl.LazyFrame, months: Sequence[str]) -> pl.DataFrame:
    """transaction_id, is_fraud and campaign_id of what is fraud, in truth or, where there is none, as reported."""
    truth = anomalies.filter("is_fraud").select("transaction_id", "is_fraud", "campaign_id").collect()
    if not truth.is_empty():
        return truth
    reports = lake.scan_parquet([Place(bank.name, "incident_reports", month).parquet for month in months])
    known = known_at(reports, bank.month(months[-1]).end).collect()
    return known.select(
        "transaction_id", is_fraud=pl.lit(True), campaign_id=pl.lit(None, dtype=truth.schema["campaign_id"])
    )

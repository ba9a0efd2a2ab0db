"""Scoring a month: probability, decision and reasons of every row, streamed.

What lives here: the champion of a decision document at work, and the scores of all candidates for the evaluation. A
row's score and decision depend on the row and the document alone, never on the rows that happen to be in the same
chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from fraud_assets import tables
from fraud_assets.codes import DECISIONS
from fraud_assets.detection.candidates import CANDIDATES
from fraud_assets.detection.policy import APPROVED, decide
from fraud_assets.detection.reasons import reasons
from fraud_assets.detection.stream import streamed
from fraud_assets.detection.trained import CandidateSet, TrainedModel, scored_batches
from fraud_assets.scenario import Costs

_KEYS = ("transaction_id", "customer_id", "event_time", "amount")


def score_month(
    features: pl.LazyFrame, decision: Mapping[str, Any], families: Mapping[str, str] | None = None
) -> pl.LazyFrame:
    """The rows with the champion's score and decision, in their order.

    Parameters
    ----------
    features
        transaction_id, customer_id, event_time, amount (major units) and the champion's features.
    decision
        The document of :func:`~fraud_assets.detection.decide.decide_champion`.
    families
        Feature name -> family, for reasons that speak of families; without it each feature is its own.

    Returns
    -------
    Columns of :class:`fraud_assets.tables.ScoredTransactions`; no rows where the document names no
    champion. A row is FLAGGED where a review is expected to gain more than the document's fixed threshold, else
    REJECTED where approving is expected to cost more than rejecting.

    Raises
    ------
    ValueError
        While it is read, if the table lacks one of the champion's features.
    """
    schema = tables.polars_schema(tables.ScoredTransactions)
    if decision["model"] is None:
        return pl.LazyFrame(schema=schema)
    model = TrainedModel.load(decision["model"])
    costs = Costs.model_validate(decision["costs"])
    threshold = float(decision["thresholds"]["fixed"]["review_gain"])

    def chunks() -> Iterator[pl.DataFrame]:
        for frame, raw, codes in scored_batches(features, {"champion": model}):
            probability = model.calibration.apply(raw["champion"])
            decisions = decide(probability, frame["amount"].cast(pl.Float64).to_numpy(), costs, threshold)
            flagged = np.flatnonzero(decisions != APPROVED)
            why = pl.Series(np.full(frame.height, None), dtype=pl.String)
            if len(flagged):
                texts = reasons(model, codes[flagged], families or {})
                why = why.scatter(flagged, texts)
            scored = frame.select(
                *_KEYS,
                score=pl.Series(probability),
                raw_score=pl.Series(raw["champion"]),
                decision=pl.Series(np.asarray(DECISIONS)[decisions]),
                reasons=why,
            )
            yield tables.conform(scored, tables.ScoredTransactions)

    return streamed(chunks, schema)


def score_candidates(features: pl.LazyFrame, candidates: CandidateSet) -> pl.LazyFrame:
    """The rows with ``score_<candidate>`` (calibrated) and ``raw_<candidate>`` of every candidate, for the evaluation.

    Returns
    -------
    transaction_id, customer_id, event_time, amount and, for each candidate of the registry, the two scores (Float64);
    no rows where the set is empty.
    """
    keys = {name: dtype for name, dtype in tables.polars_schema(tables.ScoredTransactions).items() if name in _KEYS}
    schema = keys | {f"{kind}_{name}": pl.Float64() for name in CANDIDATES for kind in ("score", "raw")}
    if not candidates.models:
        return pl.LazyFrame(schema=schema)

    def chunks() -> Iterator[pl.DataFrame]:
        for frame, raw, _ in scored_batches(features, candidates.models):
            scores = {f"raw_{name}": pl.Series(score) for name, score in raw.items()}
            for name, score in raw.items():
                scores[f"score_{name}"] = pl.Series(candidates.models[name].calibration.apply(score))
            yield frame.select(*_KEYS, **scores).select(pl.col(name).cast(dtype) for name, dtype in schema.items())

    return streamed(chunks, schema)

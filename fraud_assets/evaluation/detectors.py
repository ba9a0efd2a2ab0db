"""How good detectors without labels are, judged against a truth that they never saw.

What lives here: their average precision beside the best single feature's and the supervised champion's, on the same
rows and with intervals from the same replicates; what their anomalies are; whether anomalies come in clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.codes import SEVERITIES
from fraud_assets.evaluation.intervals import Resampler, clusters, interval
from fraud_assets.evaluation.ranking import Bools, Floats, Steps
from fraud_assets.evaluation.report import plain

#: What detectors that a bank lives by have to reach: so many times the best single feature's average precision ...
TIMES_SINGLE = 1.5
#: ... and this share of the champion's.
SHARE_OF_CHAMPION = 0.25
#: The one that counts; the others stand beside it.
COMBINED = "anomaly_score"


def best_single(read: Callable[[str], pl.Series], features: Iterable[str], is_fraud: Bools) -> dict[str, Any] | None:
    """The feature that alone ranks fraud highest, in its better direction: chosen with the truth in hand.

    Parameters
    ----------
    read
        From a feature's name to its values, in the order of ``is_fraud``; missing values rank last either way.
    features
        Names of numeric features.

    Returns
    -------
    ``feature``, ``direction`` (high or low), ``average_precision`` and ``score`` (the ranking itself); None without
    fraud or features.
    """
    best: dict[str, Any] | None = None
    for name in features if is_fraud.any() else ():
        values = read(name).cast(pl.Float64).fill_nan(None)
        for direction, sign in (("high", 1.0), ("low", -1.0)):
            score: Floats = (sign * values).fill_null(-np.inf).to_numpy()
            found = float(Steps.of(score, is_fraud).average_precision()[0])
            if best is None or found > best["average_precision"]:
                best = {"feature": name, "direction": direction, "average_precision": found, "score": score}
    return best


def judge_detectors(
    rows: pl.DataFrame,
    detectors: Iterable[str],
    single: Mapping[str, Any] | None,
    *,
    are_asked: bool = True,
    replicates: int = 200,
    seed: int = 1,
) -> dict[str, Any]:
    """The verdict on a month's detectors.

    Parameters
    ----------
    rows
        A scored payment each: the detectors' columns, ``is_anomaly``, ``champion`` (its raw score, null where there is
        none), customer_id, event_time, city, and the truth: is_fraud, campaign_id, fraud_type, fraud_severity,
        anomaly_type, lookalike_of.
    detectors
        Names of the score columns, :data:`COMBINED` among them.
    single
        What :func:`best_single` found on the same rows.
    are_asked
        Whether something is asked of them: of wallets, where nobody reports and detectors have to find fraud alone. A
        bank with reports has a supervised model, and its detectors stand beside it.
    replicates, seed
        Of the bootstrap over campaigns and customers.

    Returns
    -------
    A JSON document; ``status`` is ``empty`` where there is nothing to judge. ``reached`` says of each thing that is
    asked whether it holds, None where it is not asked or cannot be had.
    """
    is_fraud = rows["is_fraud"].to_numpy()
    if not rows.height or not is_fraud.any():
        return {"status": "empty", "reason": "no payment was scored" if not rows.height else "no fraud in the month"}
    campaign = rows["campaign_id"].fill_null(-1).to_numpy()
    resampler = Resampler(clusters(rows["customer_id"].to_numpy(), campaign, is_fraud), replicates, seed)
    scores: dict[str, Floats] = {name: rows[name].to_numpy() for name in detectors}
    if single is not None:
        scores["best_single_feature"] = single["score"]
    if not rows["champion"].null_count():
        scores["champion"] = rows["champion"].to_numpy()
    draws = {name: resampler.ranking(score, is_fraud, 0.005) for name, score in scores.items()}
    points = {name: float(Steps.of(score, is_fraud).average_precision()[0]) for name, score in scores.items()}

    def ratio(other: str) -> dict[str, float] | None:
        if other not in points:
            return None
        replicated = draws[COMBINED].average_precision / draws[other].average_precision
        return interval(points[COMBINED] / points[other], replicated).document()

    times, share = ratio("best_single_feature"), ratio("champion")
    document = {
        "status": "judged",
        "rows": rows.height,
        "frauds": int(is_fraud.sum()),
        "campaigns": int(np.unique(campaign[is_fraud]).size),
        "average_precision": {
            name: interval(points[name], draws[name].average_precision).document() for name in scores
        },
        "best_single_feature": {key: single[key] for key in ("feature", "direction")} if single else None,
        "times_the_best_single_feature": times,
        "share_of_the_champion": share,
        "asked": {"times_the_best_single_feature": TIMES_SINGLE, "share_of_the_champion": SHARE_OF_CHAMPION},
        "reached": {
            "times_the_best_single_feature": times["value"] >= TIMES_SINGLE if times and are_asked else None,
            "share_of_the_champion": share["value"] >= SHARE_OF_CHAMPION if share and are_asked else None,
        },
        "are_asked": are_asked,
        "anomalies": _anomalies(rows),
        "by_type": _shares(rows.filter("is_fraud"), "fraud_type"),
        "by_severity": sorted(_shares(rows.filter("is_fraud"), "fraud_severity"), key=_severity),
        "honest_by_kind": _shares(rows.filter(~pl.col("is_fraud")), "anomaly_type"),
        "honest_by_look_alike": _shares(rows.filter(~pl.col("is_fraud")), "lookalike_of"),
        "in_time": _in_time(rows),
        "by_city": _by_city(rows),
    }
    cleaned: dict[str, Any] = plain(document)
    return cleaned


def _anomalies(rows: pl.DataFrame) -> dict[str, Any]:
    flagged, fraud = rows["is_anomaly"].to_numpy(), rows["is_fraud"].to_numpy()
    both = int((flagged & fraud).sum())
    mixed = 0 < flagged.sum() < len(flagged)
    return {
        "count": int(flagged.sum()),
        "share_of_rows": float(flagged.mean()),
        "precision": both / int(flagged.sum()) if flagged.any() else None,
        "recall": both / int(fraud.sum()),
        # Pearson's correlation of the two flags.
        "correlation_with_fraud": float(np.corrcoef(flagged, fraud)[0, 1]) if mixed else None,
    }


def _shares(rows: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    """Rows and anomalies by a column of the truth, and the mean score: how much of each kind is seen."""
    named = rows.select(pl.col(column).cast(pl.String).fill_null("none"), "is_anomaly", COMBINED)
    kinds = named.partition_by(column, as_dict=True, maintain_order=True)
    found = [
        {
            "kind": str(kind),
            "rows": part.height,
            "anomalies": int(part["is_anomaly"].sum()),
            # Rows are added up in their order, so the last digit does not hang on how many threads there are.
            "mean_score": float(part[COMBINED].to_numpy().mean()),
            "share": float(part["is_anomaly"].to_numpy().mean()),
        }
        for (kind,), part in kinds.items()
    ]
    return sorted(found, key=lambda one: (-one["share"], one["kind"]))


def _severity(one: dict[str, Any]) -> int:
    return SEVERITIES.index(one["kind"]) if one["kind"] in SEVERITIES else -1


def _in_time(rows: pl.DataFrame) -> dict[str, Any]:
    """Anomalies a day, and whether they cluster: variance over mean of the hourly counts is 1 for a Poisson process."""
    flagged = rows.filter("is_anomaly").select("event_time", "is_fraud")
    if not flagged.height:
        return {"days": [], "dispersion_of_hours": None}
    days = (
        flagged.group_by(day=pl.col("event_time").dt.date().cast(pl.String))
        .agg(anomalies=pl.len(), frauds=pl.col("is_fraud").sum())
        .sort("day")
    )
    start, end = rows.select(pl.col("event_time").min(), last=pl.col("event_time").max()).row(0)
    hours = flagged["event_time"].dt.epoch("s").to_numpy() // 3600
    length = int(end.timestamp() // 3600 - start.timestamp() // 3600) + 1
    counts = np.bincount(hours - int(start.timestamp() // 3600), minlength=length)
    return {"days": days.to_dicts(), "dispersion_of_hours": float(counts.var() / counts.mean())}


def _by_city(rows: pl.DataFrame, most: int = 20) -> list[dict[str, Any]]:
    return (
        rows.group_by("city")
        .agg(rows=pl.len(), anomalies=pl.col("is_anomaly").sum(), frauds=pl.col("is_fraud").sum())
        .with_columns(share=pl.col("anomalies") / pl.col("rows"))
        .sort("anomalies", "city", descending=[True, False])
        .head(most)
        .to_dicts()
    )

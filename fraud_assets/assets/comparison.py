"""Several months looked back on, from what is in the lake: the candidates side by side, and what the champions did.

What lives here: scoring the months with every candidate and deciding as if each were the champion, with the month's
budget filled exactly, and beside that as the champion did decide. What does not: the figures
(``evaluation.comparison``, ``evaluation.pooled``), and what models of other features would do (``worth``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fraud_assets.assets.trial import months_of_reports, with_amounts
from fraud_assets.codes import DECISIONS
from fraud_assets.detection.policy import decide, gain_threshold, review_gain
from fraud_assets.detection.trained import TrainedModel, scored_batches
from fraud_assets.evaluation.comparison import CHAMPION, compare_candidates
from fraud_assets.evaluation.pooled import judge_champion
from fraud_assets.evaluation.settings import Settings
from fraud_assets.knowledge import known_at
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.scenario import Bank

_TABLES = ("transaction_features", "transactions", "labeled_anomalies")
#: What the champion did, beside what every candidate would have done.
_MADE = ("decision", "is_over_threshold", "alerts_a_day", "fraud_type", "lookalike_of")


class NothingYet(LakeError):
    """The months are there, and there is nothing to look back on in them, as in a bank's first."""


def compare_months(
    lake: Lake, bank: Bank, months: Sequence[str], yardsticks: Mapping[str, pl.DataFrame] | None = None
) -> dict[str, Any]:
    """The document of :func:`~fraud_assets.evaluation.comparison.compare_candidates` over the months.

    With ``labels`` (``truth`` or ``reports``), ``champion``, that of
    :func:`~fraud_assets.evaluation.pooled.judge_champion`, and ``champions``, who scored each month and why. Months
    without a champion, or without candidates beside it, are left out. Judged against the truth, or, for a user's own
    transactions, against the reports that are in the lake.

    Parameters
    ----------
    yardsticks
        By month, transaction_id and scores (``yardstick_<name>``) of models to measure beside the champion; left out
        unless there are some for each month.

    Raises
    ------
    LakeError
        If a table or document of a month is missing.
    NothingYet
        If none of the months has a champion with candidates.
    """
    require_months(lake, bank, months)
    frames = [frame for month in months for frame in _month(lake, bank, month)]
    if not frames:
        raise NothingYet(f"{bank.name} has no champion with candidates in {', '.join(months)}; name later months")
    rows, settings = pl.concat(frames), Settings.of(bank)
    del frames
    made = rows.rename({f"score_{CHAMPION}": "score"}).drop("^(score|decision)_.*$")
    if yardsticks:
        found = made["month"].unique(maintain_order=True)
        if set(found) <= set(yardsticks):
            measured = pl.concat([yardsticks[month] for month in found])
            made = made.join(measured, on="transaction_id", how="left", maintain_order="left")
    return compare_candidates(rows.drop(_MADE), settings) | {
        "labels": "truth" if bank.has_truth else "reports",
        "champion": judge_champion(made, settings),
        "champions": [_who(lake, bank, month) for month in rows["month"].unique(maintain_order=True)],
    }


def _who(lake: Lake, bank: Bank, month: str) -> dict[str, str]:
    """Who scored the month, which month's candidate that was, and why."""
    decision = json.loads(lake.read_bytes(Place(bank.name, "champion", month).value))
    winner = decision["champion"]
    return {"month": month, "name": winner["name"], "trained_for": winner["month"]} | {
        key: decision[key] for key in ("decision", "why")
    }


def require_months(lake: Lake, bank: Bank, months: Sequence[str]) -> None:
    """Nothing of the months may be missing.

    Raises
    ------
    LakeError
        Naming the first thing that is, and how it is made.
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


def _month(lake: Lake, bank: Bank, month: str) -> Iterator[pl.DataFrame]:
    """The month's rows, scored and decided by every candidate; nothing where there is no champion or no candidate."""

    def value(asset: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(lake.read_bytes(Place(bank.name, asset, month).value))
        return found

    decision, candidates = value("champion"), value("candidate_models")["models"]
    if decision["model"] is None or not candidates:
        return
    documents = {**candidates, CHAMPION: decision["model"]}
    models = {name: TrainedModel.load(document) for name, document in documents.items()}
    features, ledger = (lake.scan_parquet([Place(bank.name, name, month).parquet]) for name in _TABLES[:2])
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
        decisions[f"decision_{name}"] = _named(decide(probability, amount, learning.costs, threshold))
    fixed, probability = decision["thresholds"], rows[f"score_{CHAMPION}"].to_numpy()
    decisions["decision"] = _named(decide(probability, amount, learning.costs, fixed["fixed"]["review_gain"]))
    # The champion did decide, by a threshold fixed before the month: that is what it saved, here as in the report.
    decisions[f"decision_{CHAMPION}"] = decisions["decision"]
    decisions["is_over_threshold"] = pl.Series(probability > fixed["score"])
    queue = pl.lit(fixed["daily_queue"]["alerts_a_day"])
    yield rows.join(labels_of(lake, bank, month), on="transaction_id", how="left", maintain_order="left").with_columns(
        pl.col("is_fraud").fill_null(value=False), month=pl.lit(month), alerts_a_day=queue, **decisions
    )


def _named(decisions: NDArray[np.int8]) -> pl.Series:
    return pl.Series(DECISIONS, dtype=pl.Enum(DECISIONS))[decisions]


def labels_of(lake: Lake, bank: Bank, month: str) -> pl.DataFrame:
    """What is fraud in a month, and what only looks like it: in truth or, where there is none, as reported so far.

    Whichever months are looked at together: the reports are those of the month and of the months after it in the lake.
    """
    columns = ("transaction_id", "is_fraud", "fraud_type", "campaign_id", "lookalike_of")
    anomalies = lake.scan_parquet([Place(bank.name, "labeled_anomalies", month).parquet])
    truth = anomalies.filter(pl.col("is_fraud") | pl.col("lookalike_of").is_not_null()).select(*columns).collect()
    if bank.has_truth:
        return truth
    told = months_of_reports(lake, bank.name, bank.month(month))
    reports = lake.scan_parquet([Place(bank.name, "incident_reports", one.key).parquet for one in told])
    known = known_at(reports, told[-1].end).select(
        "transaction_id", is_fraud=pl.lit(value=True), fraud_type="reported_type"
    )
    return pl.concat([truth.clear(), known.cast({"fraud_type": truth.schema["fraud_type"]}).collect()], how="diagonal")

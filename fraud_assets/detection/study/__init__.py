"""What else could be tried: other models, ensembles, searches, selected features, resampling, each against the rest.

What lives here: running every option on the same rows and putting their effects side by side. What does not: the
options (``options``), and anything that scores a month: a study is read by people, and nothing of it is registered.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.encoding import Encoder
from fraud_assets.detection.judging import average_precision, bootstrap_average_precision, interval
from fraud_assets.detection.sample import Past, Sample, kept_share, thinned
from fraud_assets.detection.slices import split
from fraud_assets.detection.study.options import OPTIONS, REFERENCE, Bench
from fraud_assets.detection.train import LabelledRows
from fraud_assets.knowledge import known_at
from fraud_assets.months import Month

__all__ = ["OPTIONS", "REFERENCE", "run_study", "study_table"]

#: Honest rows that the options are fitted on, each counting for those left out; all of them are judged on every row of
#: the comparing slice.
MOST_ROWS = 60_000
#: Trials of each of the three searches.
TRIALS = 10


def run_study(
    features: pl.LazyFrame,
    reports: pl.LazyFrame,
    month: Month,
    first_month: Month,
    feature_names: Sequence[str],
    *,
    trials: int = TRIALS,
    most_rows: int = MOST_ROWS,
    only: Sequence[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Every option's average precision on the month's comparing slice, and its difference to the reference's.

    Parameters
    ----------
    features, reports, month, first_month, feature_names
        As for :func:`~fraud_assets.detection.train.train_candidates`.
    trials
        Trials of each search.
    most_rows
        Honest rows to fit on.
    only
        Names of options; the reference is always among them. All of them if empty.
    progress
        Is told what was done.

    Returns
    -------
    A JSON document: ``options``, a list in the order of ``OPTIONS``, each with ``average_precision`` and, to the
    reference's, ``difference`` (value, low, high: 95 %, paired bootstrap over customers), ``roc_auc``, ``seconds`` of
    processor time, and ``found``, what it chose; or ``reason``, why there is nothing to study.
    """
    from sklearn.metrics import roc_auc_score

    slices = split(month, first_month)
    document: dict[str, Any] = {"month": str(month), "reference": REFERENCE, "reason": None, "options": []}
    if slices is None:
        return document | {"reason": f"{month} is the first month: there is no earlier one to learn from"}
    rows = LabelledRows(features, known_at(reports, slices.cut).collect(), slices, tuple(feature_names))
    sizes = {name: rows.size(getattr(slices, name)) for name in ("train", "tune", "compare")}
    if empty := [name for name, size in sizes.items() if not size["frauds"]]:
        return document | {"reason": f"{month}: no fraud in the rows to {empty[0]} was reported before the cut"}
    frame = rows.read(slices.train, kept_share(**sizes["train"]))
    encoder = Encoder.fit(frame, feature_names)
    train, _ = rows.sample(frame, encoder, sizes["train"], hashlib.sha256())
    tune, _ = rows.sample(rows.read(slices.tune, kept_share(**sizes["tune"])), encoder, sizes["tune"], hashlib.sha256())
    compared = rows.read(slices.compare, 1.0, "customer_id")
    judged, _ = rows.sample(compared, encoder, sizes["compare"], hashlib.sha256())
    bench = Bench(Past(_fewer(train, most_rows), tune, encoder), trials)

    scores, spent, found = {}, {}, {}
    for name in [name for name in OPTIONS if not only or name in only or name == REFERENCE]:
        begun = time.process_time()
        fitted = OPTIONS[name].fit(bench)
        scores[name] = fitted.scores(judged.codes)
        spent[name], found[name] = time.process_time() - begun, fitted.found
        progress(f"{OPTIONS[name].title}: {average_precision(judged.labels, scores[name]):.3f}")
    drawn = bootstrap_average_precision(judged.labels, scores, compared["customer_id"].to_numpy())
    level = average_precision(judged.labels, scores[REFERENCE])
    both = 0 < judged.labels.sum() < len(judged.labels)
    for name, score in scores.items():
        value = average_precision(judged.labels, score)
        document["options"].append(
            {
                "name": name,
                "title": OPTIONS[name].title,
                "group": OPTIONS[name].group,
                "average_precision": _estimate(value, drawn[name]),
                "difference": _estimate(value - level, drawn[name] - drawn[REFERENCE]),
                "roc_auc": float(roc_auc_score(judged.labels, score)) if both else None,
                "seconds": round(spent[name], 1),
                "found": found[name],
            }
        )
    return document | {"slices": slices.document(), "sizes": sizes, "fitted_on": len(bench.past.train.labels)}


def study_table(document: dict[str, Any]) -> str:
    """The document as a Markdown table."""
    if document["reason"]:
        return str(document["reason"])
    lines = [
        "| group | option | average precision (95 %) | difference to the reference (95 %) | ROC area | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for option in document["options"]:
        ap, ahead = option["average_precision"], option["difference"]
        area = "" if option["roc_auc"] is None else f"{option['roc_auc']:.3f}"
        lines.append(
            f"| {option['group']} | {option['title']} | {ap['value']:.3f} ({ap['low']:.3f} to {ap['high']:.3f})"
            f" | {ahead['value']:+.3f} ({ahead['low']:+.3f} to {ahead['high']:+.3f}) | {area} | {option['seconds']} |"
        )
    return "\n".join(lines)


def _fewer(sample: Sample, most: int) -> Sample:
    used, weights = thinned(sample.labels, most)
    return Sample(sample.codes[used], sample.labels[used], weights * sample.weights[used], sample.ages[used])


def _estimate(value: float, draws: Any) -> dict[str, float]:
    low, high = interval(np.asarray(draws))
    return {"value": float(value), "low": low, "high": high}

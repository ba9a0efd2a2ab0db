"""Who scores the month: the decision document.

What lives here: the comparison of the month's best candidate with the champion of the month before, on the same rows,
and the document that says who won, why, and with which thresholds. It holds the winner whole, so that scoring needs
nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Vector
from fraud_assets.detection.judging import (
    average_precision,
    bootstrap_average_precision,
    calibration_interval,
    interval,
    metrics,
)
from fraud_assets.detection.policy import gain_threshold, review_gain
from fraud_assets.detection.train import Compared, compare
from fraud_assets.detection.trained import CandidateSet, TrainedModel
from fraud_assets.knowledge import known_at
from fraud_assets.scenario import Learning

#: The difference in average precision may not lie below this: the lower end of its 95 % interval where the slice holds
#: enough frauds for so narrow an interval, else the difference itself. With the two hundred frauds of a young bank the
#: interval is ten times as wide, and the first champion, which has seen least, would stay for ever.
AP_TOLERANCE, ENOUGH_FOR_INTERVAL = 0.005, 1000
#: Points of value detection, and of recall by reported type, that may be lost.
VALUE_TOLERANCE, RECALL_TOLERANCE = 0.02, 0.10
#: Reported frauds from which a recall by type, or the calibration, is judged at all.
ENOUGH = 50
#: Expected over observed frauds; only an interval wholly outside refuses: a few dozen frauds scatter more than this.
CALIBRATION_BAND = (0.8, 1.25)
_BEFORE = "champion of the month before"


@dataclass(frozen=True)
class Rule:
    """One condition of a promotion; ``passed`` is None where the data cannot tell."""

    rule: str
    passed: bool | None
    figure: str


def decide_champion(
    candidates: CandidateSet,
    features: pl.LazyFrame,
    reports: pl.LazyFrame,
    previous: Mapping[str, Any] | None,
    learning: Learning,
) -> dict[str, Any]:
    """The decision document of the candidates' month.

    Parameters
    ----------
    candidates
        The month's candidates, or the empty set.
    features, reports
        As for :func:`~fraud_assets.detection.train.train_candidates`; only the comparing slice is read.
    previous
        The decision document of the month before, if there is one.
    learning
        Alert budget and costs.

    Returns
    -------
    A JSON document: ``decision`` (``first``, ``promoted``, ``kept`` or ``none``), ``why``, ``rules``, ``candidates``
    with every figure, ``champion``, ``challenger`` and ``previous`` by name and identity, ``thresholds``, ``costs``,
    and ``model``, the champion whole; the last three are None where there is no champion. Intervals are 95 %, by a
    paired bootstrap over customers; campaigns are not known to the bank.
    """
    champion = _model_of(previous)
    document: dict[str, Any] = {"month": candidates.month, "previous": _who(champion), "challenger": None, "rules": []}
    if candidates.slices is None or not candidates.models:
        why = f"{candidates.reason or 'there are no candidates'}"
        if champion is None or previous is None:
            return document | _nobody(why)
        why += "; the champion of the month before stays, with its thresholds"
        return document | _verdict("kept", why, champion, previous["thresholds"], previous["costs"])

    models = dict(candidates.models)
    known = known_at(reports, candidates.slices.cut).collect()
    if champion is not None:
        missing = set(champion.encoder.features) - set(features.collect_schema().names())
        if missing:
            gone = f"the champion of the month before needs {', '.join(sorted(missing))}, which the features lack"
            document["rules"].append(vars(Rule("the champion can be compared", False, gone)))
            champion = None
        else:
            models[_BEFORE] = champion
    rows = compare(features, known, candidates.slices, models)
    spread = bootstrap_average_precision(rows.is_fraud, rows.raw, rows.customer)
    figures = _figures(candidates, models, rows, learning, spread)
    document |= {
        "slices": candidates.slices.document(),
        "compare": {"rows": len(rows.amount), "frauds": int(rows.is_fraud.sum())},
        "candidates": figures,
    }
    best = _best(candidates, figures)
    if best is not None:
        document["challenger"] = _who(candidates.models[best])
    if champion is None:
        if best is None:
            return document | _nobody("no candidate ranks above the floor on the comparing slice")
        why = f"there is no champion yet; {best} has the best average precision, and it is above the floor's"
        return document | _verdict(
            "first", why, models[best], _thresholds(models[best], rows, rows.raw[best], learning), _costs(learning)
        )
    keep = _thresholds(champion, rows, rows.raw[_BEFORE], learning)
    if best is None:
        return document | _verdict("kept", "no candidate ranks above the floor", champion, keep, _costs(learning))
    rules = _rules(rows, figures, best, spread[best] - spread[_BEFORE], learning)
    document["rules"] += [vars(rule) for rule in rules]
    if failed := [rule for rule in rules if rule.passed is False]:
        why = f"{best} is refused: " + "; ".join(f"{rule.rule} ({rule.figure})" for rule in failed)
        return document | _verdict("kept", why, champion, keep, _costs(learning))
    why = f"{best} meets every rule that the data can judge"
    return document | _verdict(
        "promoted", why, models[best], _thresholds(models[best], rows, rows.raw[best], learning), _costs(learning)
    )


def _figures(
    candidates: CandidateSet,
    models: Mapping[str, TrainedModel],
    rows: Compared,
    learning: Learning,
    spread: Mapping[str, Vector],
) -> dict[str, dict[str, Any]]:
    factors = candidates.delays.factor(rows.ages)
    result: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        probability = model.calibration.apply(rows.raw[name])
        found = metrics(rows.is_fraud, rows.raw[name], probability, rows.amount, factors, learning)
        result[name] = {
            "role": model.kind.role,
            "average_precision_interval": interval(spread[name]),
            "expected_over_observed_interval": calibration_interval(rows.is_fraud, probability, factors),
            **found,
        }
    return result


def _best(candidates: CandidateSet, figures: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The contender with the best average precision, if it is above that of every other role."""
    ap = {name: float(figures[name]["average_precision"]) for name in candidates.models}
    contenders = [name for name, model in candidates.models.items() if model.kind.role == "contender"]
    floor = max((ap[name] for name in ap if name not in contenders), default=0.0)
    best = max(contenders, key=lambda name: ap[name], default=None)
    return best if best is not None and ap[best] > floor else None


def _rules(
    rows: Compared,
    figures: Mapping[str, Mapping[str, Any]],
    best: str,
    difference: Vector,
    learning: Learning,
) -> list[Rule]:
    """Every rule of a promotion on the same rows."""
    new, old = figures[best], figures[_BEFORE]
    low, high = interval(difference)
    point = average_precision(rows.is_fraud, rows.raw[best]) - average_precision(rows.is_fraud, rows.raw[_BEFORE])
    judged = low if rows.is_fraud.sum() >= ENOUGH_FOR_INTERVAL else point
    rules = [
        Rule(
            f"average precision not worse by more than {AP_TOLERANCE}",
            judged >= -AP_TOLERANCE,
            f"difference {point:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}",
        ),
        Rule(
            "net savings better",
            bool(new["net_savings"] > old["net_savings"]),
            f"{new['net_savings']:.2f} against {old['net_savings']:.2f}",
        ),
        Rule(
            f"value detection not down by more than {VALUE_TOLERANCE * 100:.0f} points",
            bool(new["value_detection"] >= old["value_detection"] - VALUE_TOLERANCE),
            f"{new['value_detection']:.3f} against {old['value_detection']:.3f}",
        ),
    ]
    budget = max(1, int(len(rows.amount) * learning.alerts_per_10000 / 10_000))
    alerted = {}
    for name in (best, _BEFORE):
        alerted[name] = np.zeros(len(rows.amount), dtype=bool)
        alerted[name][np.argsort(-rows.raw[name], kind="stable")[:budget]] = True
    for kind in sorted(rows.reported_type.drop_nulls().unique().to_list()):
        of_kind = (rows.reported_type == kind).fill_null(False).to_numpy() & rows.is_fraud
        count = int(of_kind.sum())
        mine, theirs = (float(alerted[name][of_kind].mean()) for name in (best, _BEFORE))
        rules.append(
            Rule(
                f"recall of {kind} not down by more than {RECALL_TOLERANCE * 100:.0f} points",
                mine >= theirs - RECALL_TOLERANCE if count >= ENOUGH else None,
                f"{mine:.3f} against {theirs:.3f}, {count} frauds" + ("" if count >= ENOUGH else f", {ENOUGH} needed"),
            )
        )
    ratio, count = float(new["expected_over_observed"]), int(rows.is_fraud.sum())
    least, most = new["expected_over_observed_interval"]
    in_band = least <= CALIBRATION_BAND[1] and most >= CALIBRATION_BAND[0]
    rules.append(
        Rule(
            f"calibration within {CALIBRATION_BAND[0]} to {CALIBRATION_BAND[1]}",
            in_band if count >= ENOUGH else None,
            f"expected over observed {ratio:.3f}, 95 % interval {least:.3f} to {most:.3f}, {count} frauds"
            + ("" if count >= ENOUGH else f", {ENOUGH} needed"),
        )
    )
    return rules


def _thresholds(model: TrainedModel, rows: Compared, raw: Vector, learning: Learning) -> dict[str, Any]:
    """Both operating modes, from the comparing slice.

    ``fixed.review_gain``: a row is reviewed where a review gains more than this (major units). ``daily_queue``: so many
    rows a day are reviewed, those with the largest gains. ``score``: the probability exceeded by as many rows as the
    budget allows, for ranking by score alone.
    """
    probability = model.calibration.apply(raw)
    gain = review_gain(probability, rows.amount, learning.costs)
    days = max(1, len(np.unique(rows.days)))
    return {
        "alerts_per_10000": learning.alerts_per_10000,
        "fixed": {"review_gain": gain_threshold(gain, learning.alerts_per_10000)},
        "daily_queue": {"alerts_a_day": max(1, round(len(gain) / days * learning.alerts_per_10000 / 10_000))},
        "score": gain_threshold(probability, learning.alerts_per_10000),
    }


def _model_of(decision: Mapping[str, Any] | None) -> TrainedModel | None:
    return TrainedModel.load(decision["model"]) if decision and decision["model"] else None


def _who(model: TrainedModel | None) -> dict[str, str] | None:
    return None if model is None else {"name": model.name, "identity": model.identity, **model.origin}


def _costs(learning: Learning) -> dict[str, float]:
    return learning.costs.model_dump()


def _nobody(why: str) -> dict[str, Any]:
    return {"decision": "none", "why": why, "champion": None, "thresholds": None, "costs": None, "model": None}


def _verdict(
    decision: str, why: str, champion: TrainedModel, thresholds: Mapping[str, Any], costs: Mapping[str, float]
) -> dict[str, Any]:
    return {
        "decision": decision,
        "why": why,
        "champion": _who(champion),
        "thresholds": dict(thresholds),
        "costs": dict(costs),
        "model": champion.document(),
    }

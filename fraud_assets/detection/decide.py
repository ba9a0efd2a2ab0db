"""Who scores the month: the decision document.

What lives here: the comparison of the month's candidates, the best one first, with the champion of the month before, on
the same rows, and the document that says who won, why, and with which thresholds. It holds the winner whole, so that
scoring needs nothing else. What does not: the rules of a promotion (``promotion``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Vector
from fraud_assets.detection.judging import (
    bootstrap_average_precision,
    calibration_interval,
    interval,
)
from fraud_assets.detection.policy import APPROVED, decide, gain_threshold, review_gain, saved
from fraud_assets.detection.promotion import Rule, Trial
from fraud_assets.detection.train import Compared, compare
from fraud_assets.detection.trained import CandidateSet, TrainedModel
from fraud_assets.knowledge import known_at
from fraud_assets.scenario import Learning

_BEFORE = "champion of the month before"


def decide_champion(
    candidates: CandidateSet,
    features: pl.LazyFrame,
    reports: pl.LazyFrame,
    previous: Mapping[str, Any] | None,
    learning: Learning,
    groups: pl.DataFrame | None = None,
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
    groups
        customer_id and a column for each grouping of people (segment, age group) in which a challenger may not shift
        the false alarms; none is looked at without it.

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
            document["rules"].append({"candidate": None, **vars(Rule("the champion can be compared", False, gone))})
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
    ranked = _ranked(candidates, figures)
    if ranked:
        document["challenger"] = _who(candidates.models[ranked[0]])
    if champion is None:
        if not ranked:
            return document | _nobody("no candidate ranks above the floor on the comparing slice")
        best = ranked[0]
        why = f"there is no champion yet; {best} has the best average precision, and it is above the floor's"
        return document | _verdict(
            "first", why, models[best], _thresholds(models[best], rows, rows.raw[best], learning), _costs(learning)
        )
    keep = _thresholds(champion, rows, rows.raw[_BEFORE], learning)
    if not ranked:
        return document | _verdict("kept", "no candidate ranks above the floor", champion, keep, _costs(learning))
    refusals = []
    for name in ranked:
        is_refit = models[name].name == champion.name
        trial = Trial(rows, name, _BEFORE, figures[name], figures[_BEFORE], learning, is_refit)
        (saves, catches), (saved_before, caught_before) = (
            _worth(model, rows, of, learning) for model, of in ((models[name], name), (champion, _BEFORE))
        )
        rules = trial.rules(spread[name] - spread[_BEFORE], saves - saved_before, catches - caught_before, groups)
        document["rules"] += [{"candidate": name, **vars(rule)} for rule in rules]
        if failed := [rule for rule in rules if rule.passed is False]:
            refusals.append(f"{name} is refused: " + "; ".join(f"{rule.rule} ({rule.figure})" for rule in failed))
            continue
        document["challenger"] = _who(models[name])
        why = ". ".join([f"{name} meets every rule that the data can judge", *refusals])
        return document | _verdict(
            "promoted", why, models[name], _thresholds(models[name], rows, rows.raw[name], learning), _costs(learning)
        )
    return document | _verdict("kept", ". ".join(refusals), champion, keep, _costs(learning))


def _figures(
    candidates: CandidateSet,
    models: Mapping[str, TrainedModel],
    rows: Compared,
    learning: Learning,
    spread: Mapping[str, Vector],
) -> dict[str, dict[str, Any]]:
    factors = candidates.delays.factor(rows.ages, rows.reported_type)
    result: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        probability = model.calibration.apply(rows.raw[name])
        found = rows.metrics(name, probability, factors, learning)
        result[name] = {
            "role": model.kind.role,
            "average_precision_interval": interval(spread[name]),
            "expected_over_observed_interval": calibration_interval(rows.is_fraud, probability, factors),
            **found,
        }
    return result


def _ranked(candidates: CandidateSet, figures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The contenders above every other role, by falling average precision: each may try, the best one first."""
    ap = {name: float(figures[name]["average_precision"]) for name in candidates.models}
    contenders = [name for name, model in candidates.models.items() if model.kind.role == "contender"]
    floor = max((ap[name] for name in ap if name not in contenders), default=0.0)
    return sorted((name for name in contenders if ap[name] > floor), key=lambda name: -ap[name])


def _worth(model: TrainedModel, rows: Compared, name: str, learning: Learning) -> tuple[Vector, Vector]:
    """What the model's decisions at the fixed threshold save, and the fraud that they are against, row by row."""
    probability = model.calibration.apply(rows.raw[name])
    threshold = _thresholds(model, rows, rows.raw[name], learning)["fixed"]["review_gain"]
    decisions = decide(probability, rows.amount, learning.costs, threshold)
    caught = np.where(rows.is_fraud & (decisions != APPROVED), rows.amount, 0.0)
    return saved(decisions, rows.is_fraud, rows.is_live, rows.amount, learning.costs), caught


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

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from fraud_assets.detection.decide import decide_champion
from fraud_assets.detection.promotion import ENOUGH_FOR_INTERVAL, Rule, Trial
from fraud_assets.detection.train import Compared, compare
from fraud_assets.detection.trained import CandidateSet, TrainedModel
from fraud_assets.knowledge import known_at
from fraud_assets_tests.detection.synthetic import FEBRUARY, LEARNING, MARCH, bank, candidates


def decide(of: CandidateSet, previous: dict[str, Any] | None, groups: pl.DataFrame | None = None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        json.dumps(decide_champion(of, bank().features, bank().reports, previous, LEARNING, groups))
    )
    return document


def weaker(model: TrainedModel) -> TrainedModel:
    """The same model with a feature that decides much turned upside down."""
    logistic: Any = model.model
    coefficients = tuple(-0.3 * c if i % 2 else 0.3 * c for i, c in enumerate(logistic.coefficients))
    return replace(
        model, model=replace(logistic, coefficients=coefficients), origin={**model.origin, "code_version": "weak"}
    )


@pytest.fixture(scope="module")
def first() -> dict[str, Any]:
    return decide(candidates(FEBRUARY), None)


def test_without_a_champion_the_best_candidate_above_the_floor_wins(first: dict[str, Any]) -> None:
    ap = {name: figure["average_precision"] for name, figure in first["candidates"].items()}
    assert first["decision"] == "first"
    assert first["champion"]["name"] == max(ap, key=lambda name: ap[name])
    assert first["model"]["identity"] == first["champion"]["identity"]
    assert set(first["thresholds"]) == {"alerts_per_10000", "fixed", "daily_queue", "score"}


def test_no_candidate_above_the_floor_means_no_champion() -> None:
    months = candidates(FEBRUARY)
    flat = dict.fromkeys(("prevalence",), months.models["prevalence"])
    blind = {
        name: replace(model, model=replace(model.model, coefficients=(0.0,) * len(model.model.coefficients)))  # type: ignore[attr-defined, type-var]
        for name, model in months.models.items()
        if name == "logistic"
    }
    document = decide(replace(months, models=flat | blind), None)
    assert document["decision"] == "none"
    assert document["model"] is None
    assert document["why"] == "no candidate ranks above the floor on the comparing slice"


def test_a_worse_challenger_is_refused_with_its_reasons(first: dict[str, Any]) -> None:
    months = candidates(MARCH)
    bad = replace(
        months, models={**{k: months.models[k] for k in ("prevalence",)}, "logistic": weaker(months.models["logistic"])}
    )
    document = decide(bad, first)
    assert document["decision"] == "kept"
    assert document["champion"] == first["champion"]
    assert document["model"] == first["model"]
    assert "logistic is refused: average precision not worse" in document["why"]
    refused = [rule for rule in document["rules"] if rule["passed"] is False]
    assert refused
    assert all(rule["rule"] in document["why"] for rule in refused)


def test_a_better_challenger_is_promoted(first: dict[str, Any]) -> None:
    old = weaker(candidates(FEBRUARY).models["logistic"])
    before = {**first, "model": json.loads(json.dumps(old.document()))}
    document = decide(candidates(MARCH), before)
    assert document["decision"] == "promoted", document["why"]
    assert document["champion"] == document["challenger"]
    assert document["champion"]["month"] == "2024-03"
    assert document["previous"]["code_version"] == "weak"
    assert not [rule for rule in document["rules"] if rule["passed"] is False]


def test_the_second_best_may_take_the_place_that_the_best_is_refused(
    first: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    best = decide(candidates(MARCH), None)["champion"]["name"]

    def strict(trial: Trial, *arguments: Any) -> list[Rule]:
        return [Rule("not the best", False, "0")] if trial.new == best else [Rule("any other", True, "1")]

    monkeypatch.setattr(Trial, "rules", strict)
    document = decide(candidates(MARCH), first)
    assert document["decision"] == "promoted"
    assert document["champion"]["name"] not in (best, "prevalence", "small_tree")
    assert f"{best} is refused: not the best (0)" in document["why"]
    assert [rule["candidate"] for rule in document["rules"]] == [best, document["champion"]["name"]]


def test_how_the_average_precision_was_judged_is_in_the_document(first: dict[str, Any]) -> None:
    document = decide(candidates(MARCH), first)
    assert document["compare"]["frauds"] < ENOUGH_FOR_INTERVAL
    figures = [rule["figure"] for rule in document["rules"] if rule["rule"].startswith("average precision")]
    assert figures
    assert all(f"{document['compare']['frauds']} frauds, {ENOUGH_FOR_INTERVAL} needed" in f for f in figures)


def test_false_alarms_shifted_onto_a_group_refuse_a_challenger(first: dict[str, Any]) -> None:
    rows, alarms = 40_000, 400
    customer = np.arange(rows)
    is_fraud = np.zeros(rows, dtype=bool)
    is_fraud[-100:] = True
    even, shifted = np.zeros(rows), np.zeros(rows)
    even[: rows // 2 : 50] = even[rows // 2 : rows - 200 : 50] = 1.0  # alarms in both halves alike
    shifted[:alarms] = 1.0  # all in the first half, none in the second
    judged = Compared(
        is_fraud, customer, np.full(rows, 50.0), np.full(rows, 20.0), np.zeros(rows, dtype=np.int64),
        pl.Series([None] * rows, dtype=pl.String), np.full(rows, True), {"new": shifted, "same": even, "old": even},
    )  # fmt: skip
    groups = pl.DataFrame({"customer_id": customer, "segment": np.where(customer < rows // 2, "young", "old")})
    figures = {"net_savings": 1.0, "value_detection": 0.5, "expected_over_observed": 1.0}
    figures |= {"expected_over_observed_interval": [0.9, 1.1]}  # type: ignore[dict-item]
    learning = LEARNING.model_copy(update={"alerts_per_10000": 10_000 * even.sum() / rows})

    def fairness(name: str, champion: str = "old") -> list[Rule]:
        rules = Trial(judged, name, champion, figures, figures, learning, False).rules(
            np.zeros(50), np.zeros(rows), np.zeros(rows), groups
        )
        return [rule for rule in rules if rule.rule.startswith("false alarms of segment")]

    assert [rule.passed for rule in fairness("same")] == [True, True]
    assert [rule.passed for rule in fairness("new")] == [False, False]
    assert False not in [rule.passed for rule in fairness("old", "new")]  # towards even-handedness
    assert not [r for r in decide(candidates(MARCH), first)["rules"] if r["rule"].startswith("false alarms")]


@pytest.mark.parametrize(("challenger", "champion", "passes"), [(1.5, 1.1, False), (1.5, 1.7, True), (1.2, 1.1, True)])
def test_bad_calibration_refuses_whoever_is_worse_than_the_champion(
    challenger: float, champion: float, passes: bool
) -> None:
    document = candidates(MARCH)
    world = bank()
    assert document.slices is not None
    known = known_at(world.reports, document.slices.cut).collect()
    rows = compare(world.features, known, document.slices, document.models)
    figures: dict[str, Any] = {"net_savings": 1.0, "value_detection": 0.5}
    mine, theirs = (
        figures | {"expected_over_observed": at, "expected_over_observed_interval": [0.95 * at, 1.05 * at]}
        for at in (challenger, champion)
    )
    nothing = np.zeros(len(rows.amount))
    rules = Trial(rows, "xgboost", "logistic", mine, theirs, LEARNING, False).rules(np.zeros(50), nothing, nothing)
    (rule,) = [rule for rule in rules if rule.rule.startswith("calibration")]
    assert rule.passed is passes


@pytest.mark.parametrize(
    ("is_refit", "frauds", "shown_worse", "passes"),
    [(True, 200, False, True), (True, 200, True, False), (False, 200, False, False), (True, 2000, False, False)],
)
def test_within_the_noise_of_few_frauds_a_refit_passes_and_another_kind_does_not(
    is_refit: bool, frauds: int, shown_worse: bool, passes: bool
) -> None:
    rows = 10_000
    rng = np.random.default_rng(1)
    is_fraud = np.arange(rows) < frauds
    score = {"new": is_fraud + rng.normal(0, 2, rows), "old": is_fraud + rng.normal(0, 1, rows)}
    judged = Compared(
        is_fraud, np.arange(rows), np.full(rows, 50.0), np.full(rows, 20.0), np.zeros(rows, dtype=np.int64),
        pl.Series([None] * rows, dtype=pl.String), np.full(rows, True), score,
    )  # fmt: skip
    figures: dict[str, Any] = {"net_savings": 1.0, "value_detection": 0.5, "expected_over_observed": 1.0}
    figures["expected_over_observed_interval"] = [0.9, 1.1]
    difference = rng.normal(-0.1 if shown_worse else -0.02, 0.02, 200)
    noise = np.where(np.arange(rows) % 2, 1.0, -1.05)
    saved = np.where(is_fraud, -1.0 if shown_worse else noise, 0.0).astype(np.float64)
    rules = Trial(judged, "new", "old", figures, figures, LEARNING, is_refit).rules(difference, saved, 60 * saved)
    judged_by = [rule for rule in rules if rule.rule.startswith(("average", "net", "value"))]
    assert [rule.passed for rule in judged_by] == [passes] * 3


def test_few_frauds_of_a_type_judge_nobody(first: dict[str, Any]) -> None:
    document = decide(candidates(MARCH), first)
    for rule in document["rules"]:
        if rule["rule"].startswith("recall of"):
            frauds = int(rule["figure"].split(", ")[1].split()[0])
            assert (rule["passed"] is None) == (frauds < 50)


def test_a_month_without_candidates_keeps_the_champion_as_it_is(first: dict[str, Any]) -> None:
    empty = CandidateSet.empty("2024-03", "2024-03: no fraud was reported")
    document = decide(empty, first)
    assert document["decision"] == "kept"
    assert document["thresholds"] == first["thresholds"]
    assert document["why"].startswith("2024-03: no fraud was reported; the champion of the month before stays")
    nobody = decide(empty, None)
    assert nobody["decision"] == "none"
    assert nobody["why"] == "2024-03: no fraud was reported"


def test_a_champion_whose_features_are_gone_is_replaced(first: dict[str, Any]) -> None:
    older = json.loads(json.dumps(first))
    encoder = older["model"]["encoder"]
    encoder["features"][0] = "a_feature_of_old"
    document = decide(candidates(MARCH), older)
    assert document["decision"] == "first"
    assert "needs a_feature_of_old" in document["rules"][0]["figure"]


def test_thresholds_fill_the_budget_on_the_comparing_slice(first: dict[str, Any]) -> None:
    slices = candidates(FEBRUARY).slices
    assert slices is not None
    rows = bank().features.filter(slices.compare.contains()).collect()
    model = TrainedModel.load(first["model"])
    probability = model.calibration.apply(model.raw_scores(model.encoder.codes(rows)))
    above = int(np.sum(probability > first["thresholds"]["score"]))
    budget = rows.height * LEARNING.alerts_per_10000 / 10_000
    assert budget - 1 <= above <= budget
    assert first["compare"]["rows"] == rows.height
    assert first["thresholds"]["daily_queue"]["alerts_a_day"] == max(1, round(budget / 7))
    assert rows.select(pl.col("event_time").max()).item() < slices.embargo.start

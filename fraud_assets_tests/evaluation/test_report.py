"""The document says what happened, with and without truth, and refuses frames that it cannot judge."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from fraud_assets.evaluation import evaluate, no_model, render_html, to_json
from fraud_assets.evaluation.alerts import daily_queue
from fraud_assets.evaluation.limits import cannot_see
from fraud_assets.evaluation.score_sections import believed, calibration_section
from fraud_assets.evaluation.settings import TRUTH_COLUMNS
from fraud_assets.evaluation.words import best_and_worst, extremes, title
from fraud_assets.evaluation.work_sections import groups_section
from fraud_assets_tests.evaluation.sample import MONTH, SETTINGS, SUBJECT, scored_month

QUICK = dataclasses.replace(SETTINGS, replicates=60)


@pytest.fixture(scope="module")
def scored() -> pl.DataFrame:
    return scored_month(20_000, fraud_rate=0.01)


@pytest.fixture(scope="module")
def report(scored: pl.DataFrame) -> dict[str, Any]:
    return evaluate(scored, SUBJECT, QUICK)


def test_the_ladder_has_scikit_learns_figures_and_is_in_order(scored: pl.DataFrame, report: dict[str, Any]) -> None:
    y = scored["is_fraud"].to_numpy()
    values = []
    for rung in report["ladder"]:
        score = scored[f"score_{rung['name']}"].to_numpy()
        assert rung["average_precision"]["value"] == pytest.approx(average_precision_score(y, score), rel=1e-6)
        assert rung["roc_auc"]["value"] == pytest.approx(roc_auc_score(y, score), rel=1e-6)
        assert rung["average_precision"]["low"] <= rung["average_precision"]["high"]
        values.append(rung["average_precision"]["value"])
    assert values == sorted(values)
    assert [rung["name"] for rung in report["ladder"] if rung["is_champion"]] == ["xgboost"]
    top = report["ladder"][-1]
    assert top["gain_over_rung_below"]["value"] == pytest.approx(values[-1] - values[-2], rel=1e-6)
    assert top["gain_over_champion"] is None


def test_the_document_is_strict_json_and_the_same_each_time_and_in_any_row_order(
    scored: pl.DataFrame, report: dict[str, Any]
) -> None:
    text = to_json(report)
    assert json.loads(text) == report
    assert to_json(evaluate(scored, SUBJECT, QUICK)) == text
    shuffled = to_json(evaluate(scored.sample(fraction=1, shuffle=True, seed=1), SUBJECT, QUICK))
    for ours, theirs in zip(flat(json.loads(text)), flat(json.loads(shuffled)), strict=True):
        assert theirs == (pytest.approx(ours, rel=1e-6, abs=1e-9) if isinstance(ours, float) else ours)


def flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in flat(item)]
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


def test_the_parts_add_up_to_the_whole(scored: pl.DataFrame, report: dict[str, Any]) -> None:
    frauds = report["tested"]["frauds"]
    assert sum(row["frauds"] for row in report["fraud_types"]) == frauds
    assert sum(row["frauds"] for row in report["daily"]) == frauds
    assert sum(row["frauds"] for row in report["groups"]["channel"]) == frauds
    decisions = report["decisions"]
    assert decisions["true_positives"] + decisions["false_negatives"] == frauds
    assert decisions["alerts"] == decisions["flagged"] + decisions["rejected"]
    assert decisions["alerts"] == (scored["decision"] != "APPROVED").sum() == report["headline"]["alerts"]
    in_budget = sum(row["alerts"] for row in report["groups"]["channel"])
    assert in_budget == round(scored.height * 50 / 10_000)
    assert {row["queue"] for row in report["daily"]} <= {max(1, round(row["rows"] * 0.005)) for row in report["daily"]}


def test_on_a_day_with_few_rows_one_of_them_is_looked_at(scored: pl.DataFrame) -> None:
    few = scored.with_columns(is_alert=pl.lit(value=False), score="score_xgboost").head(80 * 31)
    days = daily_queue(few, per_10000=50)
    assert max(row["rows"] for row in days) * 0.005 < 1.5
    assert {row["queue"] for row in days} == {1}


def test_the_daily_list_of_customers_counts_victims_day_by_day(scored: pl.DataFrame, report: dict[str, Any]) -> None:
    found: list[float] = []
    best: list[float] = []
    for _, day in scored.with_columns(d=pl.col("event_time").dt.date()).group_by("d"):
        people = day.group_by("customer_id").agg(pl.col("score_xgboost").max(), pl.col("is_fraud").any())
        victims = people.sort("score_xgboost", descending=True)["is_fraud"].to_numpy()
        found.append(float(victims[:100].sum()) / 100)
        best.append(min(100, int(victims.sum())) / 100)
    rung = report["ladder"][-1]["daily_customer_precision"]
    assert rung["value"] == pytest.approx(np.mean(found))
    assert rung["best_possible"] == pytest.approx(np.mean(best))


def test_labels_as_known_later_approach_the_truth_and_the_future_is_not_invented(report: dict[str, Any]) -> None:
    end, month_later, quarter_later, truth = report["label_delay"]
    assert end["share_of_truth_known"] < month_later["share_of_truth_known"] < 1
    assert quarter_later == {"days": 90, "as_of": "2024-06-30T00:00:00+00:00", "is_known": False}
    assert truth["average_precision"] == report["headline"]["average_precision"]["value"]
    later = evaluate(
        scored_month(5_000, fraud_rate=0.01),
        dataclasses.replace(SUBJECT, known_until=datetime(2024, 7, 1, tzinfo=UTC)),
        QUICK,
    )
    assert later["label_delay"][2]["is_known"]


@pytest.mark.parametrize("absent", [True, False])
def test_without_truth_reports_are_the_labels_and_nothing_pretends_otherwise(
    scored: pl.DataFrame, absent: bool
) -> None:
    theirs = (
        scored.drop(TRUTH_COLUMNS)
        if absent
        else scored.with_columns(pl.lit(None).alias(name) for name in TRUTH_COLUMNS)
    )
    found = evaluate(theirs, SUBJECT, QUICK)
    assert found["labels"] == "reports"
    assert found["tested"]["frauds"] == (scored["reported_at"] < SUBJECT.known_until).sum()
    assert found["fraud_types"] == found["look_alikes"] == []
    assert found["campaigns"] is None
    assert any("nobody has reported" in text for text in found["cannot_see"])
    json.loads(to_json(found))
    page = render_html(found)
    assert "Whoever knew the reports" in page
    assert "knows the truth" not in page
    assert "These costs are not the bank’s own" not in page
    assert "These costs are not the bank’s own" in render_html(
        found | {"settings": found["settings"] | {"are_costs_own": False}}
    )


def test_a_month_without_any_fraud_is_reported_without_figures_that_do_not_exist(scored: pl.DataFrame) -> None:
    honest = scored.filter(~pl.col("is_fraud"))
    found = evaluate(honest, SUBJECT, QUICK)
    assert found["headline"]["average_precision"] == {"value": None, "low": None, "high": None}
    assert found["headline"]["savings"]["value"] <= 0
    json.loads(to_json(found))


def test_a_frame_that_cannot_be_judged_is_refused_with_the_column_and_the_way_out(scored: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"2024-03: no column segment; an evaluation needs transaction_id"):
        evaluate(scored.drop("segment"), SUBJECT, QUICK)
    with pytest.raises(ValueError, match=r"champion 'forest' has no column score_forest"):
        evaluate(scored, dataclasses.replace(SUBJECT, champion="forest"), QUICK)
    holes = scored.with_columns(score_xgboost=pl.when(pl.col("customer_id") > 5).then("score_xgboost"))
    with pytest.raises(ValueError, match=r"score_xgboost is null or not finite in [\d,]+ of 20,000 rows"):
        evaluate(holes, SUBJECT, QUICK)


def test_no_scored_row_and_no_model_are_explicit_results(scored: pl.DataFrame) -> None:
    assert evaluate(scored.head(0), SUBJECT, QUICK)["status"] == "empty"
    found = no_model("A bank", MONTH, "There is no earlier month to learn from.")
    assert (found["status"], found["month"], found["reason"]) == (
        "empty",
        "2024-03",
        "There is no earlier month to learn from.",
    )


def test_blind_spots_are_types_that_neither_the_list_nor_the_decisions_find(report: dict[str, Any]) -> None:
    def named(at_budget: float, by_decisions: float) -> bool:
        found = {"recall_at_budget": {"value": at_budget}, "recall_of_decisions": {"value": by_decisions}}
        rows = [row | found for row in report["fraud_types"]]
        return title(rows[0]["fraud_type"]) in " ".join(cannot_see(report | {"fraud_types": rows}))

    assert named(0.0, 0.1)
    assert not named(0.0, 0.56)  # a short list has no room for it, and yet it was stopped
    assert not named(0.56, 0.0)


def test_a_group_that_is_disturbed_more_than_others_is_marked_and_chance_is_not(scored: pl.DataFrame) -> None:
    harsher = pl.when(pl.col("segment") == "retired").then((pl.col("score") * 6).clip(0, 1)).otherwise("score")
    uneven = evaluate(scored.with_columns(score=harsher), SUBJECT, QUICK)["groups"]["segment"]
    assert [row["value"] for row in uneven if row["is_uneven"] and row["false_alarm_ratio"] > 1.25] == ["retired"]
    drawn = pl.col("transaction_id").mod(1_009) < 4
    by_lot = scored.with_columns(segment=pl.when(drawn).then(pl.lit("a few")).otherwise(pl.lit("others")))
    assert not any(row["is_uneven"] for row in evaluate(by_lot, SUBJECT, QUICK)["groups"]["segment"])


def test_only_a_group_that_is_disturbed_more_is_red(report: dict[str, Any]) -> None:
    row = report["groups"]["channel"][0] | {"is_uneven": True}
    more, less = (
        str(groups_section(report | {"groups": {"channel": [row | {"false_alarm_ratio": ratio}]}}))
        for ratio in (2.08, 0.48)
    )
    assert 'class="warn"' in more
    assert "× 0.48" in less
    assert 'class="warn"' not in less


def test_types_that_are_found_alike_are_all_named() -> None:
    assert extremes([("A", 0.9), ("B", 0.5), ("C c", 0.0), ("D", 0.0)]) == "A is found best (90%), c c and d worst (0%)"
    assert extremes([("A", 0.9), ("B", 0.9), ("C", 0.1)]) == "A and b are found best (90%), c worst (10%)"
    assert extremes([("A", 0.9)]) == "A is found best (90%)"
    assert extremes([("A", 0.0), ("B", 0.0)]) == "All 2 types are found alike (0%)"
    many = extremes([("A", 1.0), *((name, 0.0) for name in "BCDEF")])
    assert many == "A is found best (100%), b, c, d and 2 more worst (0%)"


def test_only_types_with_enough_behind_them_are_called_best_or_worst() -> None:
    def told(*types: tuple[str, float, int, int], off: float | None = 0.1) -> str:
        names = ("fraud_type", "recall_at_budget", "frauds", "campaigns")
        rows = []
        for name, share, *rest in types:
            low, high = (None, None) if off is None else (share - off, share + off)
            recall = {"value": share, "low": low, "high": high}
            rows.append(dict(zip(names, (name, recall, *rest), strict=True)))
        return best_and_worst(rows)

    few, one, firm, worse = ("few", 0.9, 9, 5), ("one", 0.0, 43, 1), ("firm", 0.8, 20, 3), ("worse", 0.1, 30, 4)
    enough = "at least 3 campaigns and 20 rows"
    of = f"Only the 2 of 4 types with {enough} are compared."
    assert told(few, firm, worse, one) == f"Firm is found best (80%), worse worst (10%). {of}"
    assert told(firm, worse) == f"Firm is found best (80%), worse worst (10%). Each type has {enough}."
    assert told(firm, worse, off=None) == told(firm, worse)
    chance = f"Firm is found best (80%), worse worst (10%), but their intervals overlap. Each type has {enough}."
    assert told(firm, worse, off=0.4) == chance
    none = f"No two types have {enough}, so none is called found best or worst."
    assert told(few, firm, one) == told(few, one) == told(firm) == none


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(0.65, "the scores are too low"), (1.0, "about right"), (1.4, "the scores are too high")]
)
def test_expected_over_observed_has_a_verdict(report: dict[str, Any], ratio: float, verdict: str) -> None:
    detail = report["calibration"]["top_percent_detail"] | {"value": ratio}
    found = report["calibration"] | {"top_percent_detail": detail, "slope": None}
    drawn = {"reliability": {"layout": {"height": 300}}}
    assert f"{verdict} (1 is ideal" in str(calibration_section(report | {"calibration": found}, drawn))


def test_a_single_campaign_is_written_as_one(report: dict[str, Any]) -> None:
    kind = report["fraud_types"][0]
    nothing = {"value": 0.0, "low": 0.0, "high": 0.0}
    missed = kind | {"campaigns": 1, "recall_at_budget": nothing, "recall_of_decisions": nothing}
    assert "in 1 campaign 0%" in cannot_see(report | {"fraud_types": [missed]})[0]


def test_what_the_bank_would_have_believed_is_said_from_the_figures() -> None:
    """Early labels make some figures look worse than in truth and may make others look better."""
    end = {"days": 0, "is_known": True, "frauds": 4, "average_precision": 0.2, "recall_at_budget": 0.6}
    truth = end | {"days": None, "average_precision": 0.3, "recall_at_budget": 0.5, "precision_at_budget": 0.4}
    said = believed([end | {"precision_at_budget": 0.1}, truth])
    worse, better = said.split("; ")
    assert "its average precision and the share of its alerts that are right look worse" in worse
    assert "the share of fraud that it finds looks better" in better
    assert believed([truth | {"days": 0}, truth]) == "Early on it looks as good as in truth."
    unknown = end | {"precision_at_budget": 0.1}
    assert "count as false" in believed([unknown, unknown | {"days": 30}])

"""The champions over several months: calibration, alerts, money, and the gates that need models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from fraud_assets.cli.compare import verdict
from fraud_assets.evaluation.gates.models import CEILING, ROW_ALONE, gates_table, model_gates
from fraud_assets.evaluation.gates.result import Result, untested
from fraud_assets.evaluation.pooled import YARDSTICK, champion_table, judge_champion
from fraud_assets.evaluation.settings import Settings
from fraud_assets.evaluation.worth import compare_variants, worth_section, worth_table
from fraud_assets_tests.evaluation.sample import COSTS

SETTINGS = Settings(costs=COSTS, replicates=60)


def world(seed: int = 0, count: int = 60_000) -> pl.DataFrame:
    """Two months of payments whose scores are true probabilities; eight of ten frauds are hectic, two are quiet."""
    rng = np.random.default_rng(seed)
    score = np.clip(rng.beta(0.02, 3, count), 0, 0.99)
    is_fraud = rng.random(count) < score
    kind = np.where(score > 0.3, "card_testing", "friendly_fraud")
    like = rng.random(count) < 0.02
    month = np.where(np.arange(count) < count // 2, "2024-02", "2024-03")
    threshold = np.quantile(score, 0.995)
    return pl.DataFrame(
        {
            "month": month,
            "transaction_id": np.arange(count),
            "customer_id": rng.integers(0, 600, count),
            "event_time": [datetime(2024, 2, 1, tzinfo=UTC) + timedelta(minutes=k) for k in range(count)],
            "amount": rng.exponential(100, count),
            "status": rng.choice(["approved", "declined"], count, p=[0.9, 0.1]),
            "is_fraud": is_fraud,
            "fraud_type": pl.Series(np.where(is_fraud, kind, "")).replace("", None),
            "campaign_id": pl.Series(np.where(is_fraud, rng.integers(0, 80, count), -1)).replace(-1, None),
            "lookalike_of": pl.Series(np.where(like & ~is_fraud, "card_testing", "")).replace("", None),
            "score": score,
            "decision": np.where(score > threshold, "FLAGGED", "APPROVED"),
            "is_over_threshold": score > threshold,
            "alerts_a_day": 5,
            YARDSTICK + ROW_ALONE: rng.random(count),
            YARDSTICK + CEILING: score,
        }
    )


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return world()


@pytest.fixture(scope="module")
def judged(rows: pl.DataFrame) -> dict[str, Any]:
    return judge_champion(rows, SETTINGS)


def test_true_probabilities_are_found_calibrated(judged: dict[str, Any]) -> None:
    top = judged["calibration"]["top_percent_detail"]
    assert top["low"] < 1 < top["high"]
    assert judged["calibration"]["slope"] == pytest.approx(1, abs=0.15)
    assert judged["calibration"]["brier_skill"]["low"] > 0


def test_probabilities_that_are_half_of_the_truth_are_found_out(rows: pl.DataFrame) -> None:
    halved = judge_champion(rows.with_columns(pl.col("score") / 2), SETTINGS)
    assert halved["calibration"]["top_percent_detail"]["high"] < 0.7


def test_alerts_are_counted_against_the_budget_of_each_month(rows: pl.DataFrame, judged: dict[str, Any]) -> None:
    assert [month["month"] for month in judged["threshold"]["months"]] == ["2024-02", "2024-03"]
    assert judged["threshold"]["pooled"]["rows_over_score"] == pytest.approx(1, abs=0.02)
    doubled = rows.with_columns(is_over_threshold=pl.col("is_over_threshold") | (pl.col("transaction_id") % 200 == 0))
    assert judge_champion(doubled, SETTINGS)["threshold"]["pooled"]["rows_over_score"] == pytest.approx(2, abs=0.1)
    days = rows.select(pl.struct("month", pl.col("event_time").dt.date()).n_unique()).item()
    assert judged["queue"] == {"days": days, "days_filled": days, "asked": 5 * days, "filled": 5 * days}


@pytest.mark.parametrize("seed", range(4))
def test_no_policy_saves_more_than_the_ideal(seed: int) -> None:
    found = {row["policy"]: row["savings"]["value"] for row in judge_champion(world(seed, 9_000), SETTINGS)["policies"]}
    assert all(saved <= found["ideal"] for saved in found.values())


def test_a_score_that_knows_the_truth_is_too_easy(rows: pl.DataFrame, judged: dict[str, Any]) -> None:
    easy = rows.with_columns(score=pl.col("is_fraud") * 0.9 + pl.col("score") * 0.05)
    tree = {"average_precision": {"value": 0.1, "low": 0.1, "high": 0.1}}
    difficulty, *_ = model_gates(judge_champion(easy, SETTINGS), tree)
    assert not difficulty.passed
    lines = {line.name: line for line in difficulty.lines}
    assert not lines["average precision"].holds
    assert lines["average precision, the row alone"].holds
    honest, *_ = model_gates(judged, tree)
    assert {line.name: line for line in honest.lines}["average precision"].realised < 0.7


def test_a_world_that_a_tree_of_two_questions_solves_is_too_easy(judged: dict[str, Any]) -> None:
    reached = judged["ranking"]["average_precision"]["value"]
    tree = {"average_precision": {"value": 0.5 * reached, "low": None, "high": None}}
    difficulty, *_ = model_gates(judged, tree)
    assert not {line.name: line for line in difficulty.lines}["two questions, of the full model"].holds


def test_look_alikes_that_resemble_nothing_are_found_out(judged: dict[str, Any], rows: pl.DataFrame) -> None:
    tree = {"average_precision": {"value": 0.0}}
    alike = next(result for result in model_gates(judged, tree) if result.name == "look_alikes")
    assert not alike.passed  # they score as everybody does
    near = rows.with_columns(
        score=pl.when(pl.col("lookalike_of").is_not_null() & (pl.col("transaction_id") % 9 == 0))
        .then(0.95)
        .otherwise(pl.col("score"))
    )
    alike = next(r for r in model_gates(judge_champion(near, SETTINGS), tree) if r.name == "look_alikes")
    assert alike.passed


def test_recall_that_is_the_same_for_every_type_is_found_out(judged: dict[str, Any], rows: pl.DataFrame) -> None:
    tree = {"average_precision": {"value": 0.0}}
    uniform = rows.with_columns(
        fraud_type=pl.when("is_fraud").then(pl.lit("a") + (pl.col("campaign_id") % 3).cast(str))
    )
    verdicts = [
        next(result for result in model_gates(judge_champion(of, SETTINGS), tree) if result.name == "recall_by_type")
        for of in (rows, uniform)
    ]
    assert verdicts[0].value > verdicts[1].value  # type: ignore[operator]
    assert not verdicts[1].passed


def test_the_tables_name_every_month_and_gate(judged: dict[str, Any]) -> None:
    text = champion_table(judged)
    assert "| 2024-03 |" in text
    assert "| card testing |" in text
    results = model_gates(judged, {"average_precision": {"value": 0.1}})
    assert all(f"| {result.name} |" in gates_table(results) for result in results)


def test_features_that_say_nothing_cost_nothing_and_those_that_say_all_cost_all(rows: pl.DataFrame) -> None:
    rng = np.random.default_rng(5)
    tried = rows.select(
        "month",
        "customer_id",
        "is_fraud",
        "campaign_id",
        score_all="score",
        score_same=pl.col("score") * 0.5,
        score_blind=pl.Series(rng.random(rows.height)),
    )
    document = compare_variants(tried, SETTINGS, "all")
    behind = {variant["name"]: variant["behind"] for variant in document["variants"]}
    assert behind["all"] is None
    assert behind["same"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert behind["blind"]["low"] > 0.2
    assert worth_section(None) == ""
    assert worth_section(document).index("Same") > worth_section(document).index("Blind")
    lines = worth_table(document).splitlines()
    assert lines.index(next(line for line in lines if line.startswith("| blind"))) < lines.index(
        next(line for line in lines if line.startswith("| same"))
    )


def test_a_gate_that_could_not_look_is_neither_held_nor_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    held, broken = (Result("difficulty", passed, 0.5, "some", "Why.", 400) for passed in (True, False))
    silent = untested("ceiling", "some", 3)
    assert "| no verdict |" in gates_table([silent])
    assert [verdict(found) for found in ([held], [held, silent], [broken, silent])] == [0, 2, 1]
    assert "no verdict on ceiling" in capsys.readouterr().err

"""Candidates side by side: the same figures as the report's, paired, and the better one first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score

from fraud_assets.evaluation.alerts import card_precision
from fraud_assets.evaluation.comparison import compare_candidates, comparison_table
from fraud_assets.evaluation.comparison_page import best_for, comparison_page
from fraud_assets.evaluation.pooled import judge_champion
from fraud_assets.evaluation.settings import Settings
from fraud_assets_tests.evaluation.sample import COSTS

SETTINGS = Settings(costs=COSTS, daily_customers=10, replicates=60)


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    rng, count = np.random.default_rng(0), 12_000
    is_fraud = rng.random(count) < 0.02
    good, poor = (np.clip(0.1 * rng.random(count) + push * is_fraud * rng.random(count), 0, 1) for push in (0.5, 0.1))
    return pl.DataFrame(
        {
            "month": np.where(np.arange(count) < 6_000, "2024-02", "2024-03"),
            "transaction_id": np.arange(count),
            "customer_id": rng.integers(0, 300, count),
            "event_time": [datetime(2024, 2, 1, tzinfo=UTC) + timedelta(minutes=7 * k) for k in range(count)],
            "amount": rng.exponential(100, count),
            "status": rng.choice(["approved", "declined"], count, p=[0.9, 0.1]),
            "is_fraud": is_fraud,
            "campaign_id": pl.Series(np.where(is_fraud, rng.integers(0, 40, count), -1)).replace(-1, None),
            "score_poor": poor,
            "decision_poor": np.where(poor > 0.12, "FLAGGED", "APPROVED"),
            "score_good": good,
            "decision_good": np.where(good > 0.12, "FLAGGED", "APPROVED"),
        }
    )


@pytest.fixture(scope="module")
def document(rows: pl.DataFrame) -> dict[str, Any]:
    return compare_candidates(rows, SETTINGS)


def test_figures_are_those_of_the_rows(rows: pl.DataFrame, document: dict[str, Any]) -> None:
    assert [month["month"] for month in document["months"]] == ["2024-02", "2024-03"]
    frauds = rows["is_fraud"].sum()
    assert sum(month["frauds"] for month in document["months"]) == document["pooled"]["frauds"] == frauds
    for part, of in [(document["pooled"], rows), (document["months"][1], rows.filter(month="2024-03"))]:
        for name in ("poor", "good"):
            found = part["candidates"][name]
            expected = average_precision_score(of["is_fraud"], of[f"score_{name}"])
            assert found["average_precision"]["value"] == pytest.approx(expected)
            listed = card_precision(of, f"score_{name}", 10)["value"]
            assert found["card_precision"]["value"] == pytest.approx(listed, rel=0.02)  # the last day is a short one
            for estimate in found.values():
                assert estimate["low"] <= estimate["value"] <= estimate["high"]


def test_the_better_one_is_ahead_by_more_than_chance(document: dict[str, Any]) -> None:
    (pair,) = document["paired"]
    assert (pair["better"], pair["worse"]) == ("good", "poor")
    assert 0 < pair["ahead_by"]["low"] < pair["ahead_by"]["value"]


def test_the_table_has_a_part_for_each_month_and_for_all(document: dict[str, Any]) -> None:
    table = comparison_table(document)
    for words in ("## 2024-02", "## 2024-03", "## All months together", "card-precision@10", "| good | poor | +"):
        assert words in table


def test_the_page_says_who_is_best_at_what_and_asks_nobody_for_anything(
    rows: pl.DataFrame, document: dict[str, Any]
) -> None:
    made = rows.rename({"score_good": "score", "decision_good": "decision"}).with_columns(
        is_over_threshold=pl.col("score") > 0.12,
        alerts_a_day=3,
        fraud_type=pl.when("is_fraud").then(pl.lit("card_testing")),
        lookalike_of=pl.lit(None, dtype=pl.String),
    )
    champions = [{"month": "2024-02", "name": "good", "trained_for": "2024-02", "decision": "first", "why": "<b>"}]
    whole = document | {"champion": judge_champion(made, SETTINGS), "champions": champions}
    text = comparison_page("A bank", whole | {"labels": "truth"})
    assert best_for(whole)["average_precision"] == "good"
    assert "Someone who knows the truth" in text
    assert "Whoever knew the reports" in comparison_page("A bank", whole | {"labels": "reports"})
    assert "Good leads in every figure" in text or "It depends on what counts" in text
    assert "&lt;b&gt;" in text  # what a decision says is text, never markup
    assert "src=" not in text.split("<script>")[0]
    assert all(f'id="chart-month-{key}"' in text for key in ("average_precision", "recall_at_budget", "savings"))


def test_a_figure_in_which_all_are_level_names_no_winner(document: dict[str, Any]) -> None:
    found = document["pooled"]["candidates"]
    level = {name: of | {"card_precision": found["good"]["card_precision"]} for name, of in found.items()}
    leaders = best_for(document | {"pooled": document["pooled"] | {"candidates": level}})
    assert leaders == best_for(document) | {"card_precision": None}
    yardstick = {"prevalence": found["good"] | {"savings": {"value": 1e9, "low": 1e9, "high": 1e9}}}
    beaten = document | {"pooled": document["pooled"] | {"candidates": {**found, **yardstick}}}
    assert best_for(beaten)["savings"] is None  # whoever would do better without a model


def test_a_lead_that_may_be_chance_is_called_so(rows: pl.DataFrame, document: dict[str, Any]) -> None:
    made = rows.rename({"score_good": "score", "decision_good": "decision"}).with_columns(
        is_over_threshold=pl.col("score") > 0.12,
        alerts_a_day=3,
        fraud_type=pl.when("is_fraud").then(pl.lit("card_testing")),
        lookalike_of=pl.lit(None, dtype=pl.String),
    )
    whole = document | {"champion": judge_champion(made, SETTINGS), "champions": [], "labels": "truth"}
    (pair,) = document["paired"]
    unsure = pair | {"ahead_by": pair["ahead_by"] | {"low": -0.01}}
    said = "In average precision the lead over Poor may be chance."
    assert said in comparison_page("A bank", whole | {"paired": [unsure]})
    assert said not in comparison_page("A bank", whole)

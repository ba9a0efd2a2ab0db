"""The page opens offline, draws every chart, escapes what it is given; the picture is small."""

from __future__ import annotations

import dataclasses
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fraud_assets.evaluation import evaluate, no_model, render_html, small_picture, summary_markdown
from fraud_assets.evaluation.figures import figures
from fraud_assets.evaluation.settings import TRUTH_COLUMNS
from fraud_assets_tests.evaluation.pages import CHROMIUM, Page, assert_drawn_without_complaint, assert_self_contained
from fraud_assets_tests.evaluation.sample import MONTH, SETTINGS, SUBJECT, scored_month

QUICK = dataclasses.replace(SETTINGS, replicates=40)
EMPTY = no_model("A bank", MONTH, "There is no earlier month to learn from.")


@pytest.fixture(scope="module")
def scored() -> pl.DataFrame:
    return scored_month(12_000, fraud_rate=0.01)


@pytest.fixture(scope="module")
def report(scored: pl.DataFrame) -> dict[str, Any]:
    return evaluate(scored, SUBJECT, QUICK)


def test_the_page_asks_for_nothing_from_outside_and_stays_below_10_mb(report: dict[str, Any]) -> None:
    assert_self_contained(render_html(report))


def test_every_chart_has_its_place_and_is_a_valid_plotly_figure(report: dict[str, Any]) -> None:
    from plotly.graph_objects import Figure

    drawn = figures(report)
    assert len(drawn) == 11
    page = Page(render_html(report))
    assert page.places() == {f"chart-{name}" for name in drawn}
    for name, figure in drawn.items():
        Figure(figure)  # raises on a property that Plotly does not know
        assert json.loads(page.data[f"data-chart-{name}"]) == json.loads(json.dumps(figure))


def test_days_are_written_alike_and_what_is_at_0_or_100_percent_is_whole(report: dict[str, Any]) -> None:
    days = [{"day": "2024-03-03", "anomalies": 3, "frauds": 1}, {"day": "2024-03-04", "anomalies": 2, "frauds": 0}]
    anomalies = {"reason": "", "days": days, "severities": [], "cities": []}
    nothing = {"features": [], "has_limits": False}
    analysis = {"features": [], "correlations": nothing, "differences": nothing, "moved": nothing}
    drawn = figures({**report, "analysis": {**analysis, "anomalies": anomalies}})
    axes = {name: figure["layout"].get("xaxis", {}) for name, figure in drawn.items()}
    dates = {name: axis["tickformat"] for name, axis in axes.items() if axis.get("type") == "date"}
    assert dates == {"daily": "%-d %b", "anomaly_days": "%-d %b"}
    low, high = axes["fraud_types"]["range"]
    assert low < 0 < 1 < high
    assert drawn["fraud_types"]["data"][1]["cliponaxis"] is False


@pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
@pytest.mark.parametrize("width", [1200, 500])
def test_a_browser_without_network_draws_every_chart_and_complains_of_nothing(
    report: dict[str, Any], tmp_path: Path, width: int
) -> None:
    assert_drawn_without_complaint(render_html(report), len(figures(report)), width, tmp_path)


def test_names_from_the_data_cannot_become_markup(scored: pl.DataFrame) -> None:
    evil = "</script><script>alert(1)</script>"
    marked = scored.with_columns(
        segment=pl.lit(evil), fraud_type=pl.when("is_fraud").then(pl.lit(evil)), lookalike_of=pl.lit(None, pl.String)
    )
    page = render_html(evaluate(marked, dataclasses.replace(SUBJECT, bank=f"Bank {evil}"), QUICK))
    assert "<script>alert(1)" not in page
    assert evil in Page(page).text


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        ((900.0, 100.0, 2_000.0), "$900 ($100 to $2,000) more than reviewing the largest amounts without a model."),
        ((900.0, -100.0, 2_000.0), "$900 (−$100 to $2,000) more than reviewing the largest amounts without a model, "),
        ((-900.0, -2_000.0, -100.0), "$900 ($100 to $2,000) less than reviewing the largest amounts without a model."),
        ((0.0, None, None), "$0 more than reviewing the largest amounts without a model, which may be chance."),
    ],
)
def test_money_saved_is_held_against_reviewing_the_largest_amounts(
    report: dict[str, Any], ahead: tuple[float | None, ...], said: str
) -> None:
    found = dict(zip(("value", "low", "high"), ahead, strict=True))
    rows = [
        row | ({"decisions_ahead_by": found} if row["policy"] == "review_largest_amounts" else {})
        for row in report["policies"]
    ]
    assert said in Page(render_html(report | {"policies": rows})).text


def test_a_list_with_fewer_places_than_frauds_is_held_against_the_best_that_it_could_be(report: dict[str, Any]) -> None:
    said = "A perfect list of that length would find"
    crowded = report["tested"] | {"rows": 10_000, "frauds": 400}
    assert f"{said} 12%" in Page(render_html(report | {"tested": crowded})).text  # 50 places
    assert said not in Page(render_html(report | {"tested": crowded | {"frauds": 50}})).text


@pytest.mark.parametrize(("ratio", "said"), [(0.61, "too low"), (1.6, "too high"), (1.05, None), (None, None)])
def test_scores_that_are_no_probabilities_are_said_so_at_the_top(
    report: dict[str, Any], ratio: float | None, said: str | None
) -> None:
    detail = report["calibration"]["top_percent_detail"] | {"value": ratio, "expected": 310.2, "observed": 506}
    found = report["calibration"] | {"top_percent_detail": detail}
    top = Page(render_html(report | {"calibration": found})).text.partition("Average precision")[0]
    assert ("as probabilities" in top) == (said is not None)
    if said:
        assert f"scores are {said}" in top
        assert "expected 310 frauds, and there were 506" in top


def test_reports_of_every_kind_render_without_gaps_in_their_sentences(scored: pl.DataFrame) -> None:
    without_truth = evaluate(scored.drop(TRUTH_COLUMNS), SUBJECT, QUICK)
    without_fraud = evaluate(scored.filter(~pl.col("is_fraud")), SUBJECT, QUICK)
    one_candidate = evaluate(
        scored.drop("score_prevalence", "score_tree_floor", "score_logistic_regression"), SUBJECT, QUICK
    )
    campaign = scored.filter("is_fraud")["campaign_id"].mode().first()
    one_campaign = evaluate(
        scored.filter(~pl.col("is_fraud") | (pl.col("campaign_id") == campaign)), SUBJECT, QUICK
    )  # too few to say how sure its figures are
    all_approved = evaluate(scored.with_columns(decision=pl.lit("APPROVED")), SUBJECT, QUICK)
    assert one_campaign["headline"]["average_precision"]["low"] is None
    for report in (without_truth, without_fraud, one_candidate, one_campaign, all_approved, EMPTY):
        text = Page(render_html(report)).text
        assert not re.search(r"\b(None|nan|inf)\b|\(\s*(to|\))", text)
        assert summary_markdown(report).startswith("### ")
        assert small_picture(report).startswith(b"\x89PNG")


def test_the_champions_figure_is_the_same_on_page_picture_text_and_document(report: dict[str, Any]) -> None:
    value = f"{report['headline']['average_precision']['value']:.2f}"
    assert value in Page(render_html(report)).text
    assert f"**{value} (" in summary_markdown(report)


def test_the_picture_is_small_enough_for_metadata_and_the_same_each_time(report: dict[str, Any]) -> None:
    from PIL import Image

    picture = small_picture(report)
    assert len(picture) < 60_000
    assert Image.open(BytesIO(picture)).size == (880, 340)
    assert small_picture(report) == picture


def test_a_month_without_model_says_so_and_why() -> None:
    text = Page(render_html(EMPTY)).text
    assert "There is no model to evaluate for this month." in text
    assert EMPTY["reason"] in text
    assert EMPTY["reason"] in summary_markdown(EMPTY)

"""Judging detectors: against the best single feature and the champion, on the same rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fraud_assets.evaluation.detectors import best_single, judge_detectors
from fraud_assets.evaluation.detectors_page import detectors_markdown, detectors_page
from fraud_assets_tests.evaluation.pages import Page, assert_self_contained


def rows(n: int = 4_000, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < 0.02
    score = np.where(fraud, rng.beta(8, 2, n), rng.random(n))
    return pl.DataFrame(
        {
            "customer_id": rng.integers(0, 300, n),
            "event_time": pl.Series(rng.integers(0, 20 * 86_400_000_000, n)).cast(pl.Datetime("us", "UTC")),
            "city": rng.choice(["Oslo", "<b>Rome"], n),
            "is_fraud": fraud,
            "campaign_id": np.where(fraud, rng.integers(0, 30, n), -1),
            "fraud_type": pl.Series(np.where(fraud, "card_testing", "")).replace("", None),
            "fraud_severity": pl.Series(np.where(fraud, "high", "")).replace("", None),
            "anomaly_type": pl.Series(["amount"] * n),
            "lookalike_of": pl.Series([None] * n, dtype=pl.String),
            "anomaly_score": score,
            "ecdf": score,
            "champion": np.where(fraud, rng.beta(9, 2, n), rng.random(n)),
            "is_anomaly": score > 0.95,
            "low_is_bad": np.where(fraud, rng.random(n) * 0.2, rng.random(n)),
            "noise": rng.random(n),
        }
    ).with_columns(campaign_id=pl.col("campaign_id").replace(-1, None))


def test_the_best_single_feature_is_found_in_its_direction() -> None:
    frame = rows()
    frame = frame.with_columns(pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise("noise").alias("noise"))
    found = best_single(lambda name: frame[name], ["noise", "low_is_bad"], frame["is_fraud"].to_numpy())
    assert found is not None
    assert (found["feature"], found["direction"]) == ("low_is_bad", "low")


def test_the_verdict_compares_on_the_same_rows_and_its_page_says_so() -> None:
    frame = rows()
    single = best_single(lambda name: frame[name], ["low_is_bad"], frame["is_fraud"].to_numpy())
    verdict = judge_detectors(frame, ["ecdf", "anomaly_score"], single)
    found = verdict["average_precision"]
    ratio = found["anomaly_score"]["value"] / found["best_single_feature"]["value"]
    times = verdict["times_the_best_single_feature"]
    assert times["value"] == pytest.approx(ratio)
    assert times["low"] < times["value"] < times["high"]
    assert verdict["reached"]["times_the_best_single_feature"] == (ratio >= 1.5)
    assert verdict["anomalies"]["count"] == frame["is_anomaly"].sum()
    assert verdict["by_type"][0]["kind"] == "card_testing"
    html = detectors_page("Bank", "2024-03", verdict)
    assert "low_is_bad" in html
    assert "<b>Rome" not in html
    assert_self_contained(html)
    assert "best single feature" in detectors_markdown(verdict)


def test_last_digits_do_not_hang_on_how_rows_lie_in_memory() -> None:
    frame = rows()
    pieces = pl.concat([frame.slice(k, 37) for k in range(0, frame.height, 37)], rechunk=False)
    one, other = (judge_detectors(f, ["anomaly_score"], None, replicates=20) for f in (frame, pieces))
    assert one == other
    assert all(kind["mean_score"] == float(f"{kind['mean_score']:.9g}") for kind in one["honest_by_kind"])


def test_a_missed_target_is_seen_and_where_none_is_asked_none_is_missed() -> None:
    frame = rows()
    single = {"feature": "all", "direction": "high", "score": frame["is_fraud"].to_numpy().astype(float)}
    asked = judge_detectors(frame, ["anomaly_score"], single, replicates=20)
    assert asked["reached"]["times_the_best_single_feature"] is False
    html = detectors_page("Bank", "2024-03", asked)
    assert "not held" in html
    assert "Not held: what was asked beside the best single feature" in html
    beside = judge_detectors(frame, ["anomaly_score"], single, are_asked=False, replicates=20)
    html = detectors_page("Bank", "2024-03", beside)
    assert "not held" not in html
    assert "not asked here" in html
    assert "not asked here" in detectors_markdown(beside)


def test_severities_come_in_their_order_and_names_in_words() -> None:
    severity = pl.Series(["critical", "low", "medium", "high"] * 1_000)
    frame = rows().with_columns(fraud_severity=pl.when("is_fraud").then(severity))
    verdict = judge_detectors(frame, ["anomaly_score"], None, replicates=20)
    assert [one["kind"] for one in verdict["by_severity"]] == ["low", "medium", "high", "critical"]
    seen = Page(detectors_page("Bank", "2024-03", verdict))
    assert "Bank, March 2024" in seen.text
    assert "card_testing" not in seen.text + "".join(seen.data.values())
    assert {f"data-{place}" for place in seen.places()} == set(seen.data)


@pytest.mark.parametrize("frame", [rows().head(0), rows().filter(~pl.col("is_fraud"))], ids=["no rows", "no fraud"])
def test_a_month_with_nothing_to_judge_says_so(frame: pl.DataFrame) -> None:
    single = best_single(lambda name: frame[name], ["noise"], frame["is_fraud"].to_numpy())
    verdict = judge_detectors(frame, ["ecdf", "anomaly_score"], single)
    assert verdict["status"] == "empty"
    assert verdict["reason"] in detectors_page("Bank", "2024-03", verdict)

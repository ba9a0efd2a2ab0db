"""Detectors without labels: fitted on the past, kept as JSON, streamed, and sensitive to what is suspicious."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.detection.anomaly import (
    DETECTORS,
    SCORES,
    DetectorSet,
    customer_scores,
    fit_detectors,
    score_anomalies,
)
from fraud_assets.detection.anomaly.aspects import ASPECTS, aspects_of
from fraud_assets.detection.anomaly.kinds import Forest
from fraud_assets.detection.anomaly.tails import Tail, packed, unpacked
from fraud_assets.features.registry import REGISTRY
from fraud_assets.months import Month

MARCH, APRIL = Month.parse("2024-03"), Month.parse("2024-04")
ALL = [*DETECTORS, "anomaly_score"]


def table(month: Month, rows: int, seed: int) -> pl.DataFrame:
    """Payments of a month; one in a hundred has a young device, a long way and a full hour at once."""
    rng = np.random.default_rng(seed)
    odd = rng.random(rows) < 0.01
    push = np.where(odd, 2.0, 0.0)
    return pl.DataFrame(
        {
            "transaction_id": rng.permutation(rows * 8)[:rows].astype(np.int64) + seed * rows * 8,
            "customer_id": rng.integers(0, rows // 20, rows),
            "event_time": pl.Series(rng.integers(0, 28 * 86_400_000_000, rows)).cast(pl.Duration("us")) + month.start,
            "history_days": np.full(rows, 60, dtype=np.int16),
            "device_age_days_c": (np.exp(rng.normal(4 - push, 1))).astype(np.float32),
            "km_from_home": np.exp(rng.normal(1 + push, 1)).astype(np.float32),
            "c_count_1h": rng.poisson(0.5 + push).astype(np.int16),
            "amount_z_c": rng.normal(size=rows).astype(np.float32),
            "payee_age_days_c": pl.Series(rng.exponential(50, rows)).scatter(
                np.flatnonzero(rng.random(rows) < 0.7), None
            ),
            "channel": rng.choice(["online", "app"], rows),
            "days_since_payday": rng.integers(0, 31, rows).astype(np.int8),  # in no aspect
        }
    ).sort("customer_id", "event_time", "transaction_id")


@cache
def past() -> pl.DataFrame:
    return table(MARCH, 20_000, 1)


@cache
def fitted() -> DetectorSet:
    return fit_detectors(past().lazy(), APRIL, 0.005, code_version="1")


def april(rows: int = 5_000) -> pl.DataFrame:
    return table(APRIL, rows, 2)


def test_what_is_unusual_in_several_ways_ranks_before_what_is_unusual_in_one() -> None:
    frame = april(1_000).with_columns(device_age_days_c=pl.lit(60.0), km_from_home=pl.lit(3.0), c_count_1h=pl.lit(0))
    several = frame.head(1).with_columns(device_age_days_c=pl.lit(1.0), km_from_home=pl.lit(60.0), c_count_1h=pl.lit(4))
    one = frame[1:2].with_columns(km_from_home=pl.lit(90.0))
    scores = score_anomalies(pl.concat([several, one, frame[2:]], how="vertical_relaxed").lazy(), fitted()).collect()
    for name in ALL:
        assert scores[name][0] > scores[name][1] > scores[name][2:].median(), name
        assert scores[name][0] > 0.99, name


def test_the_other_direction_is_not_suspicious() -> None:
    frame = april(1_000)
    calm = frame.with_columns(device_age_days_c=pl.lit(1e6), km_from_home=pl.lit(0.0), amount_z_c=pl.lit(-9.0))
    calm = calm.with_columns(c_count_1h=pl.lit(0), payee_age_days_c=pl.lit(1e6))
    assert (score_anomalies(calm.lazy(), fitted()).collect()["anomaly_score"] < 0.5).all()


def test_no_more_ordinary_payments_are_anomalies_than_the_scenario_says() -> None:
    again = score_anomalies(past().lazy(), fitted()).collect()
    assert again["is_anomaly"].mean() == pytest.approx(0.005, abs=0.001)
    assert again.filter("is_anomaly")["reasons"].null_count() == 0
    assert again.filter(~pl.col("is_anomaly"))["reasons"].null_count() == again.filter(~pl.col("is_anomaly")).height
    reasons = json.loads(again.filter("is_anomaly")["reasons"][0])
    assert {"code", "feature", "one_in"} == set(reasons[0])


def test_detectors_travel_as_json_and_score_the_same() -> None:
    text = json.dumps(fitted().document(), allow_nan=False)
    again = DetectorSet.load(json.loads(text))
    frame = april().lazy()
    assert score_anomalies(frame, again).collect().equals(score_anomalies(frame, fitted()).collect())
    assert len(text) < 1_000_000


def test_the_order_of_rows_and_months_changes_no_detector() -> None:
    shuffled = fit_detectors(past().sample(fraction=1, shuffle=True, seed=3).lazy(), APRIL, 0.005, code_version="1")
    assert shuffled.document() == fitted().document()


def test_nothing_of_the_month_itself_is_fitted_on() -> None:
    both = pl.concat([past(), april()])
    assert fit_detectors(both.lazy(), APRIL, 0.005, code_version="1").document() == fitted().document()


def test_a_row_scores_the_same_whatever_stands_beside_it() -> None:
    frame = april()
    whole = score_anomalies(frame.lazy(), fitted()).collect()
    part = score_anomalies(frame[100:200].lazy(), fitted()).collect()
    assert part.equals(whole[100:200])


def test_a_first_month_has_no_detectors_and_says_so() -> None:
    empty = fit_detectors(past().head(0).lazy(), APRIL, 0.005, code_version="1")
    assert empty.reason is not None
    assert "2024-04" in empty.reason
    again = DetectorSet.load(json.loads(json.dumps(empty.document())))
    scores = score_anomalies(april().lazy(), again).collect()
    assert (scores.height, scores.columns) == (0, list(SCORES))
    assert fit_detectors(pl.LazyFrame(), APRIL, 0.005, code_version="1").reason is not None


def test_payments_that_are_all_alike_have_no_detectors_and_the_set_says_so() -> None:
    numbers = [name for name, dtype in past().schema.items() if name in REGISTRY and dtype.is_numeric()]
    alike = past().with_columns(pl.lit(1).cast(past().schema[name]).alias(name) for name in numbers)
    empty = fit_detectors(alike.lazy(), APRIL, 0.005, code_version="1")
    assert empty.reason is not None
    assert "2024-04: 20000 payments before it are the same in every feature" in empty.reason
    again = DetectorSet.load(json.loads(json.dumps(empty.document())))
    assert score_anomalies(april().lazy(), again).collect().height == 0


def test_a_document_with_an_unknown_detector_or_object_is_refused() -> None:
    document = fitted().document()
    with pytest.raises(ValueError, match="oracle"):
        DetectorSet.load({**document, "detectors": {"oracle": {}}})
    with pytest.raises(ValueError, match="numbers"):
        unpacked({"dtype": "|O", "shape": [1], "base64": "gASVBQAAAAAAAAA="})


def test_a_missing_feature_is_named() -> None:
    with pytest.raises(ValueError, match="km_from_home"):
        score_anomalies(april().drop("km_from_home").lazy(), fitted())


def test_the_forest_of_arrays_scores_as_scikit_learn_does() -> None:
    from sklearn.ensemble import IsolationForest

    rng = np.random.default_rng(5)
    surprises = rng.exponential(1, (3_000, 6))
    theirs = IsolationForest(
        n_estimators=Forest.TREES, max_samples=Forest.SAMPLE, max_features=Forest.ASPECTS, random_state=20240101
    ).fit(surprises)
    ours = Forest.fit(surprises).scores(surprises[:500])
    np.testing.assert_allclose(ours, -theirs.score_samples(surprises[:500]), rtol=1e-5)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=200),
    st.lists(st.floats(-100, 100), min_size=2, max_size=20),
)
def test_surprise_grows_with_the_value_and_is_exact_at_what_was_seen(sample: list[int], asked: list[float]) -> None:
    values = np.array(sample, dtype=np.float64)
    tail = Tail.of(values, extended=True)
    surprise = tail.at(np.sort(np.array(asked)))
    assert (np.diff(surprise) >= -1e-12).all()
    for value in values:
        expected = -np.log((1 + (values >= value).sum()) / (1 + len(values)))
        assert tail.at(np.array([value]))[0] == pytest.approx(expected)
    assert (unpacked(packed(tail.values)) == tail.values).all()


def test_who_pays_often_is_not_an_anomaly_for_one_outlier() -> None:
    def month(customer: int, scores: list[float]) -> pl.DataFrame:
        rows = len(scores)
        return pl.DataFrame(
            {
                "transaction_id": np.arange(rows) + 1000 * customer,
                "customer_id": [customer] * rows,
                "anomaly_score": scores,
                "is_anomaly": [score > 0.995 for score in scores],
            }
        )

    often, seldom = month(1, [0.998, *np.linspace(0, 0.99, 199)]), month(2, [0.5, 0.998])
    found = customer_scores(pl.concat([seldom, often]).lazy())
    assert found["customer_id"].to_list() == [1, 2]
    assert found["payments"].to_list() == [200, 2]
    assert found["anomalies"].to_list() == [1, 1]
    assert found["is_anomaly"].to_list() == [False, True]
    assert found["most_unusual"].to_list() == [1000, 2001]
    assert found["chance"][1] == pytest.approx(1 - 0.998**2)


def test_aspects_are_those_that_the_table_tells_of() -> None:
    assert aspects_of({"km_from_home", "something_else"}) == {"place": {"km_from_home": 1}}


def test_a_renamed_feature_does_not_leave_its_aspect_unnoticed() -> None:
    assert {name for of in ASPECTS.values() for name in of} <= REGISTRY.keys()

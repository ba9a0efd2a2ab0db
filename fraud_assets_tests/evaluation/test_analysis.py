"""What goes with fraud: against scipy and scikit-learn, and on cases whose answer is known."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from fraud_assets.evaluation import evaluate, render_html
from fraud_assets.evaluation.analysis import (
    Sample,
    anomalies_and_fraud,
    correlations,
    differences,
    importance,
    moved,
)
from fraud_assets.evaluation.analysis.charts import analysis_charts
from fraud_assets.evaluation.analysis.importance import mutual_information
from fraud_assets_tests.evaluation.pages import Page, assert_self_contained
from fraud_assets_tests.evaluation.sample import SETTINGS, SUBJECT, scored_month

NAMES = ("label", "noise", "shifted", "twin", "channel", "flag", "nothing")


def sample(rows: int = 3_000, seed: int = 1, weight: float = 1.0) -> Sample:
    rng = np.random.default_rng(seed)
    fraud = rng.random(rows) < 0.1
    kind = np.where(fraud, rng.choice(["card_testing", "mule_account"], rows), "")
    shifted = rng.normal(size=rows) + 0.8 * fraud + 0.7 * (kind == "mule_account")
    columns = [
        fraud.astype(float),
        rng.normal(size=rows),
        np.where(rng.random(rows) < 0.1, np.nan, shifted),
        np.exp(shifted),
        rng.integers(0, 4, rows),
        rng.random(rows) < np.where(fraud, 0.5, 0.2),
        np.full(rows, np.nan),
    ]
    codes = np.column_stack(columns).astype(np.float32)
    return Sample(NAMES, codes, frozenset({"channel"}), fraud, kind, np.where(fraud, 1.0, weight))


def test_a_feature_equal_to_the_label_tops_importance_and_holds_all_information() -> None:
    one = sample()
    rows = importance(one, lambda codes: codes[:, 0].astype(np.float64), {"label": 9.0, "noise": 1.0})["features"]
    assert rows[0]["name"] == "label"
    assert rows[0]["gain"] == pytest.approx(0.9)
    assert rows[0]["information"] == pytest.approx(1, abs=0.02)
    assert rows[0]["permutation"] > 0.7
    others = {row["name"]: row for row in rows[1:]}
    assert all(row["permutation"] == 0 for row in others.values())
    assert others["noise"]["information"] < 0.01
    assert others["nothing"]["information"] == 0
    assert others["shifted"]["information"] > 0.05
    assert importance(one, lambda codes: codes[:, 0].astype(np.float64), None)["features"][0]["gain"] is None


def test_information_is_scikit_learns_and_weights_are_rows() -> None:
    one = sample(weight=3.0)
    many = dataclasses.replace(one, weight=np.ones(3_000))
    repeated = np.repeat(np.arange(3_000), one.weight.astype(int))
    expected = mutual_info_score(one.codes[repeated, 4], one.is_fraud[repeated])
    shares = np.array([one.weight[one.is_fraud].sum(), one.weight[~one.is_fraud].sum()]) / one.weight.sum()
    entropy = -(shares * np.log(shares)).sum()
    assert mutual_information(one)[4] == pytest.approx(expected / entropy, abs=0.003)
    assert mutual_information(one)[5] != mutual_information(many)[5]


def test_correlations_are_scipys() -> None:
    one = sample()
    found = correlations(one, ["shifted", "twin", "noise", "nothing"])
    x, y = one.codes[:, 2], one.codes[:, 3]
    known = ~np.isnan(x)
    assert found["rows"] == 3_000
    assert found["pearson"][0][1] == pytest.approx(stats.pearsonr(x[known], y[known]).statistic, abs=1e-6)
    assert found["spearman"][0][1] == pytest.approx(stats.spearmanr(x[known], y[known]).statistic, abs=1e-6)
    assert found["spearman"][1][0] == found["spearman"][0][1]
    assert found["pearson"][3] == [None] * 4


def test_tests_and_corrections_are_scipys() -> None:
    one = sample()
    found = differences(one)
    rows = {row["name"]: row for row in found["features"]}
    assert "nothing" not in rows
    values, known = one.codes[:, 2].astype(float), ~np.isnan(one.codes[:, 2])
    fraud, honest = values[known & one.is_fraud], values[known & ~one.is_fraud]
    welch = stats.ttest_ind(fraud, honest, equal_var=False)
    assert (rows["shifted"]["statistic"], rows["shifted"]["p"]) == pytest.approx((welch.statistic, welch.pvalue))
    assert rows["shifted"]["effect"] == pytest.approx(1.05, abs=0.15)
    groups = [honest, *(values[known & (one.kind == kind)] for kind in ("card_testing", "mule_account"))]
    assert rows["shifted"]["anova_p"] == pytest.approx(stats.f_oneway(*groups).pvalue)
    counts = [[((one.codes[:, 4] == k) & (one.is_fraud == side)).sum() for k in range(4)] for side in (True, False)]
    chi = stats.chi2_contingency(counts, correction=False)
    assert rows["channel"]["p"] == pytest.approx(chi.pvalue)
    assert rows["channel"]["effect"] == pytest.approx(stats.contingency.association(np.array(counts), "cramer"))
    assert rows["flag"]["test"] == "chi-square"
    p = [row["p"] for row in found["features"]]
    assert [row["p_bh"] for row in found["features"]] == pytest.approx(stats.false_discovery_control(p))
    assert rows["noise"]["p_holm"] >= rows["noise"]["p_bh"] >= rows["noise"]["p"]
    assert min(row["p_holm"] for row in found["features"]) <= min(p) * len(p)
    alone = Sample(NAMES, one.codes, one.texts, np.zeros(3_000, bool), one.kind, one.weight)
    assert differences(alone)["features"] == []


def anomalies(rows: int = 4_000) -> pl.DataFrame:
    """Payments evenly over 20 days; forty anomalies, all fraud, in a single hour, and eighty anywhere."""
    rng = np.random.default_rng(3)
    hour = np.arange(rows) % 480
    burst = (hour == 100) | ((hour == 101) & (np.arange(rows) < 480 * 4))
    fraud = burst & (rng.random(rows) < 0.9)
    unusual = fraud | (rng.random(rows) < 0.02)
    severity = np.where(fraud, np.where(rng.random(rows) < 0.5, "low", "critical"), "")
    score = np.where(severity == "critical", 0.99, np.where(unusual, 0.9, rng.random(rows) * 0.8))
    return pl.DataFrame(
        {
            "customer_id": rng.integers(0, 50, rows),
            "event_time": pl.Series(hour * 3_600_000_000).cast(pl.Datetime("us", "UTC")),
            "anomaly_score": score,
            "is_anomaly": unusual,
            "is_fraud": fraud,
            "fraud_severity": pl.Series(severity).replace("", None),
            "city": pl.Series(rng.choice(["Oslo", "Rome", ""], rows)).replace("", None),
            "latitude": rng.choice([59.9, 41.9], rows),
            "longitude": rng.choice([10.7, 12.5], rows),
        }
    )


def test_anomalies_come_with_severity_and_their_burst_is_found() -> None:
    frame = anomalies()
    found = anomalies_and_fraud(frame)
    assert found["all_bursts"] == 1
    assert found["bursts"][0]["begins"] == "1970-01-05 04:00"
    assert found["bursts"][0]["frauds"] == found["frauds_in_bursts"] > 5
    assert found["correlation_with_severity"] == pytest.approx(1)
    expected = stats.spearmanr(frame["anomaly_score"], frame["is_fraud"]).statistic
    assert found["correlation_with_fraud"] == pytest.approx(expected)
    assert sum(day["anomalies"] for day in found["days"]) == frame["is_anomaly"].sum()
    assert {city["city"] for city in found["cities"]} == {"Oslo", "Rome"}
    nobody = anomalies_and_fraud(frame.with_columns(is_fraud=False, fraud_severity=pl.lit(None, dtype=pl.String)))
    assert (nobody["area"], nobody["correlation_with_severity"], nobody["severities"]) == (None, None, [])
    assert "no anomaly scores" in anomalies_and_fraud(frame.clear())["reason"]


def analysis_of(one: Sample, frame: pl.DataFrame) -> dict[str, Any]:
    found = importance(one, lambda codes: codes[:, 3].astype(np.float64), None)
    features = found["features"]
    return {
        "sample": {"rule": "all payments", "frauds": 300, "honest": 2_700, "permuted": found["permuted"]},
        "gain_of": None,
        "features": features,
        "correlations": correlations(one, [row["name"] for row in features]),
        "differences": differences(one),
        "anomalies": anomalies_and_fraud(frame),
        "moved": moved(features, None),
    }


def test_a_feature_whose_history_still_fills_has_no_bar_and_is_named() -> None:
    limit = {"psi_limit": None, "used": None, "is_alarm": False}
    drift: dict[str, Any] = {
        "status": "measured",
        "limits": {"there_are": False},
        "alarms": {"features": []},
        "adversary": None,
        "score": None,
        "features": [
            {"name": "amount", "psi": 0.2, "is_filling": False, **limit},
            {"name": "age_days", "psi": None, "is_filling": True, **limit},
        ],
    }
    report = evaluate(scored_month(6_000, fraud_rate=0.01), SUBJECT, SETTINGS)
    found = analysis_of(sample(), anomalies()) | {"moved": moved([{"name": "amount"}, {"name": "age_days"}], drift)}
    drawn = analysis_charts(found)["moved"]
    assert drawn is not None
    assert dict(zip(drawn["data"][0]["y"], drawn["data"][0]["x"], strict=True)) == {"amount": 0.2, "age_days": None}
    assert [(note["y"], note["text"]) for note in drawn["layout"]["annotations"]] == [
        ("age_days", "history still filling")
    ]
    assert "1 of these 2 has no verdict" in Page(render_html({**report, "analysis": found})).text
    for filling, heading in ((1, "What the champion needs has not moved"), (2, "is mostly not known yet")):
        limited = {**drift, "limits": {"there_are": True}, "features": drift["features"][:1] * (3 - filling)}
        limited["features"] = limited["features"] + drift["features"][1:] * filling
        names = [{"name": row["name"]} for row in limited["features"]]
        found = found | {"moved": moved(names, limited)}
        assert heading in Page(render_html({**report, "analysis": found})).text


def test_the_report_shows_the_sections_where_there_are_any_and_says_why_where_not() -> None:
    report = evaluate(scored_month(6_000, fraud_rate=0.01), SUBJECT, SETTINGS)
    without = Page(render_html(report))
    assert "chart-importance" not in without.places()
    found = analysis_of(sample(), anomalies())
    json.dumps(found, allow_nan=False)
    page = render_html({**report, "analysis": found})
    assert_self_contained(page)
    seen = Page(page)
    assert {f"data-{place}" for place in seen.places()} == set(seen.data)
    assert {"chart-importance", "chart-correlations", "chart-effects", "chart-anomaly_map"} <= seen.places()
    assert "there is no drift report" in seen.text
    empty = sample(200)
    honest = Sample(NAMES, empty.codes, empty.texts, np.zeros(200, bool), empty.kind, empty.weight)
    assert "too few frauds" in Page(render_html({**report, "analysis": analysis_of(honest, anomalies().clear())})).text


def test_the_map_has_land_and_names_that_do_not_lie_on_the_bubble_of_a_larger_city() -> None:
    report = evaluate(scored_month(6_000, fraud_rate=0.01), SUBJECT, SETTINGS)
    found = analysis_of(sample(), anomalies())
    places = [("Philadelphia", 40.0, -75.2, 240), ("New York", 40.7, -74.0, 780), ("San Diego", 32.7, -117.2, 190)]
    places += [("Los Angeles", 34.1, -118.2, 290), ("Houston", 29.8, -95.4, 100)]
    places += [("Seattle", 47.6, -122.3, 90), ("Miami", 25.8, -80.2, 0)]
    cities = [
        {"city": name, "latitude": north, "longitude": east, "rows": 10 * size + 5, "anomalies": size, "frauds": 1}
        for name, north, east, size in places
    ]
    shown = {**report, "analysis": {**found, "anomalies": {**found["anomalies"], "cities": cities}}}
    drawn = json.loads(Page(render_html(shown)).data["data-chart-anomaly_map"])
    land, bubbles = drawn["data"]
    assert (land["fill"], land["mode"]) == ("toself", "lines")
    assert len(land["x"]) > 50
    assert set(bubbles["text"]) == {"New York", "Los Angeles", "Houston", "Seattle", "Miami", ""}
    west, east = drawn["layout"]["xaxis"]["range"]
    assert west < -122.3 < -74.0 < east
    sizes = dict(zip((name for name, *_ in places), bubbles["marker"]["size"], strict=True))
    assert (sizes["New York"] / sizes["Los Angeles"]) ** 2 == pytest.approx(780 / 290)
    nobody = [{**city, "anomalies": 0, "frauds": 0} for city in cities]
    calm = {**report, "analysis": {**found, "anomalies": {**found["anomalies"], "cities": nobody}}}
    assert "data-chart-anomaly_map" in Page(render_html(calm)).data


def test_a_headline_is_of_a_feature_that_most_frauds_have_and_says_what_is_left_without_it() -> None:
    report = evaluate(scored_month(6_000, fraud_rate=0.01), SUBJECT, SETTINGS)
    found = analysis_of(sample(), anomalies())
    rare, usual = (
        {**row, "known_frauds": n} for row, n in zip(found["differences"]["features"], (30, 290), strict=False)
    )
    told = {**found["differences"], "frauds": 300, "features": [rare, usual]}
    text = Page(render_html({**report, "analysis": {**found, "differences": told}})).text
    assert f"Frauds differ most in {usual['name']}" in text
    assert f"{rare['name']} has the largest effect" in text
    assert "but only 30 of 300 frauds have a value" in text
    assert (
        "Frauds differ most"
        not in Page(render_html({**report, "analysis": {**found, "differences": {**told, "features": [rare]}}})).text
    )
    whole, lost = found["sample"]["permuted"]["average_precision"], found["features"][0]["permutation"]
    assert 0 < lost < whole
    assert f"Average precision falls from {whole:.2f} to {whole - lost:.2f} when the values of twin" in text
    meant = [row | {"meaning": "Days since the first visit"} for row in found["features"]]
    text = Page(render_html({**report, "analysis": {**found, "features": meant}})).text
    assert f"the values of {meant[0]['name']} (days since the first visit) are dealt anew" in text

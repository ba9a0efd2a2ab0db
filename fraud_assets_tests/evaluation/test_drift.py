"""Drift: what moved is named, what holds still raises no alarm, and short histories say so."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import ks_2samp

from fraud_assets.evaluation.drift import MonthSample, drift_figures, drift_markdown, drift_page, measure_drift
from fraud_assets.evaluation.drift.shift import Bins, kolmogorov_smirnov, psi
from fraud_assets.evaluation.drift.usual import limits
from fraud_assets_tests.evaluation.drifting import KEYS
from fraud_assets_tests.evaluation.pages import Page, assert_self_contained


def month(key: str, rng: np.random.Generator, rows: int = 1_500, **spoiled: Any) -> MonthSample:
    """A month of 100 customers with habits of their own, so that rows are not independent."""
    customer = rng.integers(0, 100, rows)
    habit = np.random.default_rng(0).normal(size=(2, 100))
    columns = {
        "amount": np.exp(habit[0, customer] + rng.normal(size=rows)),
        "share": np.where(rng.random(rows) < 0.1, np.nan, habit[1, customer] + rng.normal(size=rows)),
        "is_night": rng.random(rows) < 0.2,
        "channel": rng.choice(["app", "online", "bank"], rows, p=[0.6, 0.3, 0.1]),
        "nothing": np.full(rows, np.nan),
        "risk": rng.beta(1, 50, rows),
    }
    columns["score"] = columns["risk"]
    frame = pl.DataFrame({"customer_id": customer, **columns, **{k: v(columns[k]) for k, v in spoiled.items()}})
    return MonthSample(key, rows, frame.with_columns(pl.col("share", "nothing").fill_nan(None)))


def measured(seed: int, months: int = 6, **spoiled: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    keys = KEYS[:months]
    samples = [month(key, rng, **(spoiled if key == keys[-1] else {})) for key in keys]
    rates = [{"month": key, "rows": 1_500, "alerts": int(rng.binomial(1_500, 0.02))} for key in keys]
    return measure_drift("A bank", samples, keys[:-1], champion="xgboost", alerts=rates)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("amount", lambda x: x * 2),
        ("share", lambda x: np.where(np.arange(len(x)) % 3 == 0, np.nan, x)),
        ("channel", lambda x: np.where(np.arange(len(x)) % 4 == 0, "phone", x)),
        ("is_night", lambda x: x | (np.arange(len(x)) % 5 == 0)),
    ],
)
def test_the_feature_that_moved_is_named_and_no_other(name: str, spoil: Any) -> None:
    found = measured(3, **{name: spoil})
    assert found["alarms"]["features"] == [name]
    assert found["features"][0]["name"] == name
    assert not found["alarms"]["score"]
    assert name in drift_markdown(found)


def test_stable_months_raise_no_alarm() -> None:
    for seed in range(8):
        found = measured(seed)
        assert found["limits"]["there_are"]
        assert found["alarms"] == {"features": [], "score": False, "adversary": False, "alert_rate": False}, seed


def test_the_adversary_finds_what_no_single_feature_shows() -> None:
    rng = np.random.default_rng(5)

    def pair(key: str, sign: int) -> MonthSample:
        x = rng.normal(size=2_000)
        y = sign * x + rng.normal(scale=0.3, size=2_000)
        frame = pl.DataFrame({"customer_id": rng.integers(0, 200, 2_000), "x": x, "y": y, "still": rng.random(2_000)})
        # What all payments of a month share gives any month away, and what never changes gives none.
        frame = frame.with_columns(
            *(pl.Series(f"of_the_month_{k}", rng.random() + rng.random(2_000) / 99) for k in range(3)),
            constant=pl.lit(1.0),
        )
        return MonthSample(key, 2_000, frame)

    samples = [pair(key, -1 if key == KEYS[-1] else 1) for key in KEYS]
    found = measure_drift("A bank", samples, KEYS[:-1], champion="xgboost")
    assert found["alarms"]["features"] == []
    assert found["alarms"]["adversary"]
    assert {row["name"] for row in found["adversary"]["features"][:2]} == {"x", "y"}
    assert found["score"] is None


def test_a_jump_of_the_alert_rate_is_out_of_control() -> None:
    rng = np.random.default_rng(1)
    samples = [month(key, rng) for key in KEYS]
    rates = [{"month": key, "rows": 20_000, "alerts": 100 + k} for k, key in enumerate(KEYS[:-1])]
    found = measure_drift(
        "A bank", samples, KEYS[:-1], alerts=[*rates, {"month": KEYS[-1], "rows": 20_000, "alerts": 300}]
    )
    assert found["alarms"]["alert_rate"]
    assert found["alert_rate"]["low"] < 0.005 < found["alert_rate"]["high"] < 0.015
    assert found["champion"] is None
    assert not found["reference"]["is_training"]


def test_distances_are_those_of_the_books() -> None:
    rng = np.random.default_rng(2)
    for ties in (False, True):
        a, b = rng.normal(size=700), rng.normal(0.2, 1.1, size=400)
        if ties:
            a, b = a.round(), b.round()
        ours = kolmogorov_smirnov(np.sort(a.astype(np.float32)), np.sort(b.astype(np.float32)))
        assert ours == pytest.approx(ks_2samp(a.astype(np.float32), b.astype(np.float32)).statistic)
    p, q = np.array([500.0, 300, 200]), np.array([400.0, 400, 200])
    expected = ((q - p) / 1000 * np.log(q / p)).sum()
    assert psi(p, q) == pytest.approx(expected, rel=0.01)
    assert psi(p, 2 * p) < 1e-5
    tenths = Bins.of(np.sort(rng.random(10_000).astype(np.float32)))
    flags = Bins.of(np.array([0, 0, 1, 1], dtype=np.float32))
    assert psi(flags.counts(np.zeros(50, np.float32)), flags.counts(np.full(50, 7, np.float32))) > 1
    assert tenths.counts(np.linspace(0, 1, 1_000, dtype=np.float32))[:-1] == pytest.approx(np.full(10, 100), abs=15)


def test_limits_keep_their_promise_on_figures_that_vary_by_chance() -> None:
    rng = np.random.default_rng(9)
    months, figures, reports = 5, 40, 1_500
    out = sum(
        bool((rng.normal(size=figures) > limits(rng.normal(size=(months, figures)))[1]).any()) for _ in range(reports)
    )
    assert out / reports < 0.03
    assert np.isnan(limits(rng.normal(size=(1, 3)))[1]).all()


def test_without_enough_months_figures_stand_without_limits_and_the_report_says_so() -> None:
    rng = np.random.default_rng(4)
    alone = measure_drift("A bank", [month(KEYS[0], rng)], [])
    assert alone["status"] == "empty"
    assert "first month" in drift_page(alone)
    assert drift_figures(alone) == {}
    samples = [month(KEYS[0], rng), month(KEYS[1], rng, amount=lambda x: x * 9)]
    second = measure_drift("A bank", samples, KEYS[:1], champion="xgboost")
    assert second["alarms"]["features"] == []
    assert second["features"][0]["name"] == "amount"
    assert second["features"][0]["psi_limit"] is None
    assert second["absent"] == ["nothing"]
    assert "not known yet" in drift_markdown(second)
    assert "features beyond limits" not in drift_figures(second)
    empty = MonthSample(KEYS[2], 0, samples[0].frame.clear())
    assert measure_drift("A bank", [*samples, empty], KEYS[:2])["status"] == "empty"
    assert measure_drift("A bank", [samples[0], empty, samples[1]], KEYS[:1])["status"] == "measured"


def test_the_page_is_self_contained_and_shows_every_chart() -> None:
    found = measured(1, amount=lambda x: x * 3)
    json.dumps(found, allow_nan=False)
    page = drift_page(found)
    assert_self_contained(page)
    seen = Page(page)
    assert {f"data-{place}" for place in seen.places()} == set(seen.data)
    assert {"chart-shift", "chart-months", "chart-adversary", "chart-alert_rate", "chart-score"} <= seen.places()
    assert "amount moved most" in seen.text

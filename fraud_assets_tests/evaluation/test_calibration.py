"""Calibration figures tell honest probabilities from boasting and from timid ones."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from fraud_assets.evaluation.calibration import brier_skill, calibration, slope
from fraud_assets.evaluation.intervals import Resampler


def drawn(n: int = 60_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-(rng.normal(-5, 2, n))))
    return p, rng.random(n) < p


def overstated(p: np.ndarray, by: float) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-by * np.log(p / (1 - p)))))


def test_probabilities_that_were_drawn_from_are_found_calibrated() -> None:
    p, y = drawn()
    found = calibration(p, y, np.arange(len(p)), Resampler(np.arange(len(p)), 50, 1))
    assert found["top_percent"] == pytest.approx(1, abs=0.1)
    assert found["slope"] == pytest.approx(1, abs=0.06)
    assert found["brier_skill"] > 0.1
    assert sum(b["rows"] for b in found["bins"]) == len(p)
    assert sum(b["frauds"] for b in found["bins"]) == y.sum()
    inside = [b["observed"]["low"] <= b["expected"] <= b["observed"]["high"] for b in found["bins"]]
    assert sum(inside) >= len(inside) - 2


def test_slope_is_the_coefficient_of_a_logistic_regression_on_the_log_odds() -> None:
    p, y = drawn(20_000)
    boasted = overstated(p, 1.7)
    log_odds = np.log(boasted / (1 - boasted))[:, None]
    expected = LogisticRegression(C=1e9, tol=1e-8, max_iter=500).fit(log_odds, y).coef_[0, 0]
    assert slope(boasted, y) == pytest.approx(expected, rel=1e-3)
    assert slope(boasted, y) < 0.7
    assert slope(overstated(p, 0.5), y) > 1.6


def test_brier_skill_compares_with_always_saying_the_average() -> None:
    p, y = drawn(5_000)
    reference = brier_score_loss(y, np.full(len(y), y.mean()))
    assert brier_skill(p, y) == pytest.approx(1 - brier_score_loss(y, p) / reference)
    assert brier_skill(np.full(len(y), 0.5), y) < 0


@pytest.mark.parametrize(
    ("score", "y"),
    [
        ([0.1, 0.1, 0.1], [True, False, True]),
        ([0.1, 0.2, 0.3], [False] * 3),
        ([0.1, 0.2, 0.8, 0.9], [False, False, True, True]),
    ],
)
def test_a_slope_that_cannot_be_had_is_not_a_number(score: list[float], y: list[bool]) -> None:
    assert np.isnan(slope(np.array(score), np.array(y)))

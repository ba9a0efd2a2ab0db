from __future__ import annotations

import json

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from fraud_assets.detection.arrays import Vector, logit, sigmoid
from fraud_assets.detection.calibration import ISOTONIC_FROM, Calibration


def world(rows: int, seed: int = 0) -> tuple[Vector, Vector]:
    """Raw scores that are too bold by a known amount, and the true probabilities."""
    z = np.random.default_rng(seed).normal(-4, 1.5, rows)
    return sigmoid(1.6 * z + 0.7), sigmoid(z)


@given(
    hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(1e-6, 1 - 1e-6)),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_a_higher_score_never_means_a_lower_probability(raw: Vector, data: st.DataObject) -> None:
    factor = st.sampled_from([0.0, 0.0, 1.0, 2.5])
    targets = np.array(data.draw(st.lists(factor, min_size=len(raw), max_size=len(raw))))
    targets[0] = 1.0
    calibration = Calibration.fit(raw, targets, np.ones(len(raw)))
    probability = calibration.apply(np.sort(raw))
    assert ((probability >= 0) & (probability < 1)).all()
    assert (np.diff(probability) >= -1e-12).all()


@pytest.mark.parametrize(("rows", "method"), [(20_000, "platt"), (80_000, "isotonic")])
def test_probabilities_are_those_of_the_world(rows: int, method: str) -> None:
    raw, true = world(rows)
    frauds = np.random.default_rng(1).random(rows) < true
    assert (frauds.sum() >= ISOTONIC_FROM) == (method == "isotonic")
    calibration = Calibration.fit(raw, frauds.astype(np.float64), np.ones(rows))
    assert calibration.method == method
    fresh, probability = world(200_000, seed=5)
    found = calibration.apply(fresh)
    assert found.mean() == pytest.approx(probability.mean(), rel=0.08)
    top = np.argsort(-fresh)[:4_000]
    assert found[top].mean() == pytest.approx(probability[top].mean(), rel=0.12)


@pytest.mark.parametrize("rows", [20_000, 120_000])
def test_frauds_not_yet_reported_are_counted(rows: int) -> None:
    raw, true = world(rows)
    rng = np.random.default_rng(2)
    reported = (rng.random(rows) < true) & (rng.random(rows) < 0.5)  # the other half will come
    calibration = Calibration.fit(raw, np.where(reported, 2.0, 0.0), np.ones(rows))
    assert calibration.apply(raw).mean() == pytest.approx(true.mean(), rel=0.12)


def test_rows_left_out_are_counted_by_their_weights() -> None:
    raw, true = world(40_000)
    rng = np.random.default_rng(3)
    frauds = rng.random(40_000) < true
    kept = frauds | (rng.random(40_000) < 0.25)
    weights = np.where(frauds, 1.0, 4.0)[kept]
    thinned = Calibration.fit(raw[kept], frauds[kept].astype(np.float64), weights)
    assert thinned.apply(raw).mean() == pytest.approx(true.mean(), rel=0.1)


def test_a_constant_score_becomes_the_share_of_fraud() -> None:
    targets = np.zeros(1_000)
    targets[:20] = 1.0
    calibration = Calibration.fit(np.full(1_000, 0.4), targets, np.ones(1_000))
    assert calibration.apply(np.array([0.4]))[0] == pytest.approx(0.02, rel=1e-3)


def test_it_survives_json() -> None:
    raw, true = world(60_000)
    frauds = (np.random.default_rng(1).random(60_000) < true).astype(np.float64)
    calibration = Calibration.fit(raw, frauds, np.ones(60_000))
    assert Calibration.load(json.loads(json.dumps(calibration.document()))) == calibration
    assert np.isfinite(logit(calibration.apply(raw))).all()

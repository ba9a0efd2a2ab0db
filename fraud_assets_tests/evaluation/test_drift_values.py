"""Drift of columns with few values: these move a little every month, and other shares of them are drift."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from fraud_assets.evaluation.drift import MonthSample, measure_drift
from fraud_assets.evaluation.drift.shift import Bins
from fraud_assets_tests.evaluation.drifting import KEYS, rarity


def with_atoms(key: str, rng: np.random.Generator, rows: int = 3_000, **more: Any) -> MonthSample:
    """Of few values; of two; of one; and of one with many rows amid others."""
    factor = more.pop("factor", 1.0)
    moved = factor * rng.uniform(0.98, 1.02)
    columns = {
        "amount": rng.normal(size=rows),
        "rarity": rarity(rng, rows, factor=factor, **more),
        "level": np.where(rng.random(rows) < 0.3, 2.0, 5.0) * moved,
        "constant": np.full(rows, 7.0) * moved,
        "mixed": np.where(rng.random(rows) < 0.4, 0.5 * moved, rng.random(rows)),
    }
    frame = pl.DataFrame({"customer_id": rng.integers(0, 300, rows), **columns})
    return MonthSample(key, rows, frame.with_columns(pl.col("rarity").fill_nan(None)))


def test_a_column_whose_few_values_move_a_little_is_stable() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        found = measure_drift("A bank", [with_atoms(key, rng) for key in KEYS], KEYS[:-1], champion="xgboost")
        rows = {row["name"]: row for row in found["features"]}
        assert found["alarms"]["features"] == []
        for name in ("rarity", "level", "constant", "mixed"):
            assert max(rows[name]["psi"], rows[name]["usual"]) < 0.03, (seed, name)
            assert rows[name]["psi_limit"] < 0.15, (seed, name)
            assert rows[name]["ks"] < 0.08, (seed, name)
            assert rows[name]["ks_limit"] < 0.3, (seed, name)


def test_the_adversary_does_not_know_a_month_by_values_that_moved_a_little() -> None:
    rng = np.random.default_rng(2)
    found = measure_drift("A bank", [with_atoms(KEYS[0], rng), with_atoms(KEYS[1], rng, factor=1.01)], KEYS[:1])
    assert found["adversary"]["seen"] == 4  # all but what never changes
    assert 0.45 < found["adversary"]["area"] < 0.55
    far = measure_drift("A bank", [with_atoms(KEYS[0], rng), with_atoms(KEYS[1], rng, factor=2)], KEYS[:1])
    assert far["adversary"]["area"] > 0.9


def test_a_column_whose_few_values_have_other_shares_is_named() -> None:
    rng = np.random.default_rng(5)
    others = np.array([0.40, 0.25, 0.17, 0.10, 0.08])
    samples = [*(with_atoms(key, rng) for key in KEYS[:-1]), with_atoms(KEYS[-1], rng, shares=others)]
    found = measure_drift("A bank", samples, KEYS[:-1], champion="xgboost")
    assert found["alarms"]["features"] == ["rarity"]
    assert len(found["features"][0]["bins"]) == 5  # of the rarest two values one, and one of those missing
    # Values that are elsewhere altogether are other values.
    gone = measure_drift("A bank", [*samples[:-1], with_atoms(KEYS[-1], rng, factor=1.5)], KEYS[:-1])
    assert {"rarity", "level", "mixed"} <= set(gone["alarms"]["features"])


def test_borders_lie_between_values_and_of_many_values_they_are_the_tenths() -> None:
    def borders(values: Any) -> Any:
        return Bins.of(np.sort(np.asarray(values, dtype=np.float32))).edges

    rng = np.random.default_rng(3)
    assert borders(np.repeat([1, 2, 3, 7], [50, 30, 15, 5])).tolist() == [1.5, 2.5, 5.0]
    assert borders(np.repeat([0, 1, 2], [97, 2, 1])).tolist() == [0.5]  # however few there are beyond
    assert borders(np.repeat([0, 1, 2], [1, 2, 97])).tolist() == [1.5]
    assert borders([1, 2, 4]).tolist() == [1.5, 3.0]
    skewed = np.exp(3 * rng.normal(size=10_000))
    assert borders(skewed) == pytest.approx(np.quantile(skewed, np.arange(1, 10) / 10), rel=0.02)
    mixed = np.where(rng.random(10_000) < 0.3, 0.5, rng.random(10_000))
    assert np.abs(borders(mixed) - 0.5).min() > 0.02
    fine = Bins.of(np.sort(np.where(rng.random(10_000) < 0.98, 0, rng.random(10_000)).astype(np.float32)), parts=100)
    assert fine.edges.tolist() == pytest.approx([0], abs=0.02)
    assert fine.edges[0] > 0
    counted = rng.poisson(3, 10_000).astype(np.float32)
    assert np.array_equal(borders(counted) % 1, np.full(len(borders(counted)), 0.5))

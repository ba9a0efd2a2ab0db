"""Shapley values of trees: XGBoost's own, and each row's its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fraud_assets.detection.arrays import Matrix
from fraud_assets.detection.trees import COMMON, Trees, library


def rows(count: int, seed: int) -> Matrix:
    """Few features, so that deep trees ask the same one again, with gaps and many equal values."""
    rng = np.random.default_rng(seed)
    codes = rng.normal(size=(count, 5)).astype(np.float32)
    codes[:, 1] = rng.integers(0, 4, count)
    codes[rng.random(codes.shape) < 0.1] = np.nan
    return codes


def grown(changes: dict[str, Any], rounds: int, count: int = 3_000) -> Trees:
    codes = rows(count, 1)
    x = np.nan_to_num(codes, nan=-0.5)
    labels = (x[:, 0] * x[:, 2] + x[:, 1] + np.abs(x[:, 3]) > 2).astype(np.float32)
    data = library().QuantileDMatrix(codes, labels, max_bin=64, nthread=1)
    return Trees(bytes(library().train(COMMON | changes, data, rounds).save_raw("ubj")))


@pytest.fixture(scope="module")
def boosted() -> Trees:
    return grown({"objective": "binary:logistic", "max_depth": 6, "subsample": 0.8, "max_delta_step": 1.0}, 20)


@pytest.fixture(scope="module")
def deep() -> Trees:
    return grown({"objective": "reg:squarederror", "num_parallel_tree": 6, "max_depth": 12, "subsample": 0.6}, 1)


@pytest.mark.parametrize("name", ["boosted", "deep"])
def test_values_are_those_of_xgboost(name: str, request: pytest.FixtureRequest) -> None:
    trees, codes = request.getfixturevalue(name), rows(400, 2)
    expected = trees.booster().predict(library().DMatrix(codes), pred_contribs=True)
    np.testing.assert_allclose(trees.contributions(codes), expected[:, :-1], atol=3e-6)
    # They and the bias, which is the same for all rows, make up the margin.
    rest = trees.margins(codes) - trees.contributions(codes).sum(axis=1)
    np.testing.assert_allclose(rest, expected[0, -1], atol=2e-5)


def test_a_rows_values_do_not_depend_on_the_rows_beside_it(boosted: Trees, deep: Trees) -> None:
    codes = rows(1_500, 3)
    for trees in (boosted, deep):
        together = trees.contributions(codes)
        for part in (slice(0, 1), slice(749, 752), slice(1_490, 1_500)):
            np.testing.assert_array_equal(trees.contributions(codes[part]), together[part])


def test_no_rows_and_trees_without_a_split_have_values_too(boosted: Trees) -> None:
    assert boosted.contributions(rows(0, 4)).shape == (0, 5)
    bare = grown({"objective": "binary:logistic", "min_child_weight": 1e9}, 2)
    assert not bare.contributions(rows(10, 4)).any()

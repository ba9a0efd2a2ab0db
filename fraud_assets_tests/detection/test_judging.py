from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from sklearn.metrics import average_precision_score

from fraud_assets.detection.judging import Ranking, average_precision, bootstrap_average_precision, interval

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=60)


@given(ROWS)
@settings(max_examples=150)
def test_average_precision_is_scikit_learns_with_ties_and_weights(rows: list[tuple[bool, int, int]]) -> None:
    is_fraud = np.array([r[0] for r in rows])
    score = np.array([r[1] for r in rows], dtype=np.float64)
    weights = np.array([r[2] for r in rows], dtype=np.float64)
    if is_fraud.any():
        assert np.isclose(average_precision(is_fraud, score), average_precision_score(is_fraud, score))
    if (weights * is_fraud).any():
        expected = average_precision_score(is_fraud, score, sample_weight=weights)
        assert np.isclose(Ranking(is_fraud, score).average_precision(weights), expected)
    else:
        assert Ranking(is_fraud, score).average_precision(weights) == 0


def test_the_bootstrap_is_paired_and_keeps_a_customers_rows_together() -> None:
    rng = np.random.default_rng(0)
    is_fraud = rng.random(4_000) < 0.05
    score = rng.random(4_000) + is_fraud * 0.5
    customer = rng.integers(0, 400, 4_000)
    found = bootstrap_average_precision(is_fraud, {"a": score, "same": 2 * score, "b": rng.random(4_000)}, customer)
    assert np.array_equal(found["a"], found["same"])
    low, high = interval(found["a"])
    assert low < average_precision(is_fraud, score) < high
    assert interval(found["a"] - found["b"])[0] > 0
    one = bootstrap_average_precision(is_fraud, {"a": score}, np.zeros(4_000, dtype=np.int64))["a"]
    assert set(np.round(one, 9)) <= {0.0, round(average_precision(is_fraud, score), 9)}  # all rows or none

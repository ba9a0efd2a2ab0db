from __future__ import annotations

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from fraud_assets.codes import DECISIONS
from fraud_assets.costs import automatic_costs
from fraud_assets.detection.arrays import Vector
from fraud_assets.detection.policy import (
    FLAGGED,
    decide,
    gain_threshold,
    review_gain,
    savings,
)
from fraud_assets.evaluation.money import net_savings
from fraud_assets_tests.detection.synthetic import LEARNING

COSTS = LEARNING.costs
ROWS = st.integers(1, 200).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.float64, n, elements=st.floats(0, 0.999)),
        hnp.arrays(np.float64, n, elements=st.floats(0.01, 10_000)),
    )
)


@given(ROWS)
@settings(max_examples=60)
def test_every_decision_is_the_cheapest_that_the_budget_allows(rows: tuple[Vector, Vector]) -> None:
    probability, amount = rows
    approve, reject = automatic_costs(probability, amount, COSTS)
    unlimited = decide(probability, amount, COSTS, 0.0)
    expected = np.select([unlimited == 0, unlimited == 1], [approve, np.full(len(amount), COSTS.review)], reject)
    assert np.allclose(expected, np.minimum(np.minimum(approve, reject), COSTS.review))


@given(ROWS, st.floats(1, 9_000))
@settings(max_examples=60)
def test_no_more_reviews_than_the_budget_and_the_most_useful_ones(rows: tuple[Vector, Vector], budget: float) -> None:
    probability, amount = rows
    gain = review_gain(probability, amount, COSTS)
    flagged = decide(probability, amount, COSTS, gain_threshold(gain, budget)) == FLAGGED
    assert flagged.sum() <= len(gain) * budget / 10_000
    if flagged.any() and not flagged.all():
        assert gain[flagged].min() >= gain[~flagged].max()


@given(ROWS, st.data())
@settings(max_examples=60)
def test_knowing_everything_is_never_beaten(rows: tuple[Vector, Vector], data: st.DataObject) -> None:
    _, amount = rows
    is_fraud, is_live = (data.draw(hnp.arrays(np.bool_, len(amount))) for _ in range(2))
    other = data.draw(hnp.arrays(np.int8, len(amount), elements=st.integers(0, 2)))
    ideal = np.where(is_fraud & is_live, 2, 0).astype(np.int8)
    best, found = (savings(taken, is_fraud, is_live, amount, COSTS) for taken in (ideal, other))
    assert found["net_savings"] <= best["net_savings"] + 1e-6
    assert found["net_savings_share"] <= 1


def test_those_who_decide_and_those_who_judge_count_the_same_money() -> None:
    rng = np.random.default_rng(0)
    amount, is_fraud, is_live = rng.exponential(200, 500), rng.random(500) < 0.3, rng.random(500) < 0.7
    decisions = rng.integers(0, 3, 500).astype(np.int8)
    words = np.asarray(DECISIONS)[decisions]
    judged = net_savings(words, amount, is_fraud, is_live, COSTS).sum()
    assert savings(decisions, is_fraud, is_live, amount, COSTS)["net_savings"] == pytest.approx(judged)
    assert savings(decisions, is_fraud, ~is_live, amount, COSTS)["net_savings"] != pytest.approx(judged)

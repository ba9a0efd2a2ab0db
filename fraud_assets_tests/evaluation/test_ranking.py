"""Metrics of a ranking agree with scikit-learn and with counting, ties and weights included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from fraud_assets.evaluation.ranking import Steps, top_share

# Scores on a coarse grid, so that ties between and within classes are the rule.
ROWS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=4, max_size=80).filter(
    lambda rows: 0 < sum(y for _, y in rows) < len(rows)
)


def arrays(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([s / 12 for s, _ in rows]), np.array([y for _, y in rows])


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_average_precision_and_roc_area_are_those_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    score, y = arrays(rows)
    steps = Steps.of(score, y)
    assert steps.average_precision()[0] == pytest.approx(average_precision_score(y, score))
    assert steps.roc_auc()[0] == pytest.approx(roc_auc_score(y, score))


@settings(max_examples=100, deadline=None)
@given(ROWS, st.sampled_from([0.0005, 0.01, 0.3]))
def test_average_precision_at_another_prevalence_is_the_weighted_one(
    rows: list[tuple[int, bool]], share: float
) -> None:
    score, y = arrays(rows)
    odds = share / (1 - share)
    weight = np.where(y, 1.0, y.sum() / (~y).sum() / odds)
    ours = Steps.of(score, y).at_prevalence(share).average_precision()[0]
    assert ours == pytest.approx(average_precision_score(y, score, sample_weight=weight))


@settings(max_examples=100, deadline=None)
@given(ROWS, st.sampled_from([0.01, 0.1, 0.5]))
def test_partial_roc_area_is_that_of_scikit_learn(rows: list[tuple[int, bool]], limit: float) -> None:
    score, y = arrays(rows)
    assert Steps.of(score, y).partial_auc(limit) == pytest.approx(roc_auc_score(y, score, max_fpr=limit))


def test_recall_at_a_budget_counts_the_top_rows_and_shares_ties_out() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1])
    y = np.array([True, False, True, True, False, True, False, False, False, True])
    steps = Steps.of(score, y)
    recall, precision = steps.caught_at_budget(0.3)
    assert (recall[0], precision[0]) == pytest.approx((2 / 5, 2 / 3))
    # Five rows: the top three, and half of a tie of four with two frauds in it.
    recall, precision = steps.caught_at_budget(0.5)
    assert (recall[0], precision[0]) == pytest.approx((3 / 5, 3 / 5))
    assert steps.recall_at_fpr(0.2)[0] == pytest.approx(2 / 5)
    assert steps.recall_at_fpr(1.0)[0] == 1.0


def test_curves_end_where_everything_is_alarmed() -> None:
    rng = np.random.default_rng(0)
    score, y = rng.random(500).round(2), rng.random(500) < 0.1
    steps = Steps.of(score, y)
    recall, precision = steps.precision_recall_curve()
    fpr, tpr = steps.roc_curve()
    assert recall[-1] == fpr[-1] == tpr[-1] == 1
    assert precision.min() > 0
    assert (np.diff(recall) > 0).all()
    assert (np.diff(fpr) >= 0).all()


def test_without_fraud_every_metric_is_not_a_number_rather_than_an_error() -> None:
    steps = Steps.of(np.array([0.1, 0.2, 0.3]), np.array([False, False, False]))
    assert np.isnan(steps.average_precision()[0])
    assert np.isnan(steps.roc_auc()[0])
    assert np.isnan(steps.partial_auc(0.01))
    assert np.isnan(steps.caught_at_budget(0.5)[0][0])


def test_the_top_share_is_filled_exactly_and_does_not_depend_on_row_order() -> None:
    rng = np.random.default_rng(1)
    score, ids = rng.integers(0, 5, 1000) / 5, rng.permutation(1000)
    chosen = top_share(score, ids, 0.0437)
    assert chosen.sum() == 44
    shuffle = rng.permutation(1000)
    assert set(ids[chosen]) == set(ids[shuffle][top_share(score[shuffle], ids[shuffle], 0.0437)])

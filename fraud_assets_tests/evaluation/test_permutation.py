"""What is lost without a feature, against a month that is dealt anew as a whole."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score

from fraud_assets.assets.analysis import _chosen
from fraud_assets.evaluation.analysis import MOST_HONEST, MOST_PERMUTED, SUSPECTED, Sample
from fraud_assets.evaluation.analysis.permutation import _dealt, _scored_again, permuted
from fraud_assets.evaluation.analysis.sample import Floats, Matrix


def rare_month(rows: int = 150_000, seed: int = 4) -> tuple[Sample, Sample]:
    """A month with 3 frauds in 1,000, and a sample of all of them and every fifth honest row.

    One fraud in five is told by the first feature, most others by the second, and the third says nothing.
    """
    rng = np.random.default_rng(seed)
    fraud = rng.random(rows) < 0.003
    first = fraud & (rng.random(rows) < 0.2)
    second = fraud & ~first & (rng.random(rows) < 0.9)
    codes = np.column_stack([first, second, rng.random(rows)]).astype(np.float32)
    month = Sample(("first", "second", "nothing"), codes, frozenset(), fraud, np.full(rows, ""), np.ones(rows))
    return month, month.part(fraud | (rng.random(rows) < 0.2), np.where(fraud, 1.0, 5.0))


def two_features(codes: Matrix) -> Floats:
    found: Floats = 2.0 * codes[:, 0].astype(np.float64) + codes[:, 1]
    return found


def lost(sample: Sample, column: int, seed: int = 5) -> float:
    """What is lost where the values of all rows are dealt anew, each as often as it is among these rows."""
    codes, rng = sample.codes.copy(), np.random.default_rng(seed)
    codes[:, column] = rng.permutation(codes[:, column])
    before, after = (
        average_precision_score(sample.is_fraud, two_features(each), sample_weight=sample.weight)
        for each in (sample.codes, codes)
    )
    return float(before - after)


def test_what_is_lost_without_a_feature_is_what_the_whole_month_loses() -> None:
    month, one = rare_month()
    found, about = permuted(one, two_features, [0, 1, 2])
    assert about is not None
    whole = average_precision_score(month.is_fraud, two_features(month.codes))
    assert about["average_precision"] == pytest.approx(whole, abs=0.01)
    assert (about["frauds"], about["drawn"]) == (month.is_fraud.sum(), (~one.is_fraud).sum())
    assert about["honest"] == 20_000 < about["drawn"]
    for column in (0, 1):
        assert found[column] == pytest.approx(lost(month, column), abs=0.06)
        assert found[column] <= about["average_precision"]
    assert found[2] == 0
    # Dealt without weights, a fraud's value comes to far too many honest rows: nearly everything seems lost.
    few = one.part(one.is_fraud | (np.arange(len(one.is_fraud)) % 30 == 0), np.where(one.is_fraud, 1.0, 150.0))
    assert lost(few, 0) > lost(month, 0) + 0.3
    assert permuted(month.part(~month.is_fraud, month.weight), two_features, [0]) == ({}, None)


def test_values_are_dealt_as_often_as_they_are_in_the_month() -> None:
    # One row in two is a fraud here, and one payment in a thousand of the month.
    weight = np.where(np.arange(4_000) % 2 == 0, 1.0, 999.0)
    rows = _dealt(weight, 50_000, np.random.default_rng(1))
    assert np.mean(rows % 2 == 0) == pytest.approx(0.001, abs=0.0002)
    assert np.unique(rows[rows % 2 == 1]).size == 2_000


def test_rows_of_both_samples_stand_for_the_month_and_all_suspected_ones_are_permuted() -> None:
    rows, rng = 120_000, np.random.default_rng(6)
    fraud = rng.random(rows) < 0.003
    month = pl.DataFrame(
        {
            "transaction_id": rng.permutation(10 * rows)[:rows],
            "is_fraud": fraud,
            "fraud_type": np.where(fraud, "mule_account", ""),
            "score": rng.random(rows),
        }
    )
    found = _chosen(month)
    assert found["is_fraud"].sum() == fraud.sum()
    wide, usual = found.filter(~pl.col("is_fraud")), found.filter(~pl.col("is_fraud") & pl.col("weight").is_not_null())
    assert wide["wide_weight"].sum() == pytest.approx((~fraud).sum())
    assert usual["weight"].sum() == pytest.approx((~fraud).sum())
    assert usual.height == pytest.approx(MOST_HONEST, rel=0.05)
    assert wide.height == pytest.approx(SUSPECTED + MOST_PERMUTED * (1 - SUSPECTED / rows), rel=0.06)
    highest = month.filter(~pl.col("is_fraud")).top_k(SUSPECTED, by="score")["transaction_id"]
    assert set(highest) == set(wide.filter(pl.col("wide_weight") == 1)["transaction_id"])
    # A bank with few payments: all of them, each standing for itself.
    few = _chosen(month.head(8_000))
    assert few.height == 8_000
    assert few.select(pl.col("weight", "wide_weight").unique()).row(0) == (1.0, 1.0)


def test_a_month_is_told_of_by_rows_that_stand_for_as_many_as_there_are() -> None:
    _, one = rare_month()
    rows, weight = _scored_again(one, two_features(one.codes))
    assert len(rows) == len(np.unique(rows)) == len(weight)
    assert weight[one.is_fraud[rows]].sum() == one.weight[one.is_fraud].sum()
    assert weight.sum() == pytest.approx(one.weight.sum())

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from fraud_assets.detection.arrays import Matrix, logit
from fraud_assets.detection.boosting import Boosting, levelled_loss
from fraud_assets.detection.candidates import CANDIDATES
from fraud_assets.detection.floor import SmallTree
from fraud_assets.detection.sample import Past, Sample, corrected, is_kept, kept_share
from fraud_assets.detection.trained import TrainedModel
from fraud_assets_tests.detection.synthetic import MARCH, bank, candidates


@pytest.fixture(scope="module")
def codes() -> Matrix:
    frame = bank().features.filter(pl.col("event_time") >= MARCH.start).collect()
    return candidates(MARCH).models["xgboost"].encoder.codes(frame)


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_model_read_back_from_json_scores_the_same_to_the_bit(name: str, codes: Matrix) -> None:
    model = candidates(MARCH).models[name]
    again = TrainedModel.load(json.loads(json.dumps(model.document())))
    assert np.array_equal(again.raw_scores(codes), model.raw_scores(codes))
    assert again.identity == model.identity


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_score_does_not_depend_on_the_rows_beside_it(name: str, codes: Matrix) -> None:
    model = candidates(MARCH).models[name]
    whole = model.raw_scores(codes)
    cuts = [0, 1, 2, 40, 1_001, len(codes)]
    parts = np.concatenate([model.raw_scores(codes[a:b]) for a, b in pairwise(cuts)])
    assert np.array_equal(parts, whole)
    assert ((whole >= 0) & (whole <= 1)).all()


@pytest.mark.parametrize("name", ["logistic", "xgboost"])
def test_contributions_and_a_constant_make_up_the_log_odds(name: str, codes: Matrix) -> None:
    model = candidates(MARCH).models[name].model
    rest = logit(model.raw_scores(codes)) - model.contributions(codes).sum(axis=1)
    assert np.ptp(rest) < 1e-3


def test_reasons_of_the_forest_do_not_speak_for_the_whole_of_it(codes: Matrix) -> None:
    forest = candidates(MARCH).models["random_forest"].model
    codes = codes[::8]
    told = forest.contributions(codes)
    whole = np.mean([grove.contributions(codes) for grove in forest.groves], axis=0)  # type: ignore[attr-defined]
    assert np.corrcoef(told.ravel(), whole.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("level", [-90.0, -3.0, 0.0, 6.0])
def test_what_stops_the_boosting_is_the_log_loss_at_the_level_of_the_tuning_slice(level: float) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(0)
    truth = rng.normal(-5.0, 2.0, 20_000)
    labels, weights = rng.random(len(truth)) < 1 / (1 + np.exp(-truth)), np.where(truth < -5, 3.0, 1.0)
    tune = Sample(np.empty((0, 0), np.float32), labels, weights, np.empty(0))
    fitted = LogisticRegression(C=np.inf).fit(truth[:, None], labels, sample_weight=weights)
    at_best = log_loss(labels, fitted.predict_proba(truth[:, None]), sample_weight=weights, normalize=False)
    right = levelled_loss(truth + level, tune)
    assert right == pytest.approx(levelled_loss(truth, tune), rel=1e-6)
    assert right == pytest.approx(at_best / weights[labels].sum(), rel=0.01)
    # The same ranks, so the same average precision; but twice as sure as there is reason to be, or half.
    assert min(levelled_loss(2 * truth + level, tune), levelled_loss(truth / 2 + level, tune)) > 1.05 * right


@pytest.mark.parametrize("share", [0.7, 0.99])
def test_boosting_learns_of_rows_most_of_which_are_fraud(share: float) -> None:
    rng = np.random.default_rng(0)
    labels = rng.random(4_000) < share
    codes = (rng.normal(size=(4_000, 3)) + 2 * labels[:, None]).astype(np.float32)
    sample = Sample(codes, labels, np.ones(4_000), np.ones(4_000))
    scores = Boosting.fit(Past(sample, sample, candidates(MARCH).models["xgboost"].encoder)).raw_scores(codes)
    assert scores.mean() == pytest.approx(labels.mean(), rel=0.02)
    assert scores[labels].mean() > scores[~labels].mean() + 0.2


@pytest.mark.parametrize(
    ("margins", "loss"),
    [
        ([-50.0, 50.0, 50.0, 50.0], 101.9),  # the one fraud is far below all others, which must share its place
        ([60.0, 60.0, 60.0, 60.0], 2.249),  # 4 log 4 - 3 log 3: nothing is told apart
        ([-800.0, -800.0, -800.0, -800.0], 2.249),
        ([800.0, -800.0, -800.0, -800.0], 0.0),
    ],
)
def test_the_loss_of_log_odds_beyond_all_measure_is_a_number(margins: list[float], loss: float) -> None:
    labels = np.array([True, False, False, False])
    tune = Sample(np.empty((0, 0), np.float32), labels, np.ones(4), np.empty(0))
    assert levelled_loss(np.array(margins), tune) == pytest.approx(loss, rel=1e-3, abs=1e-3)


def test_the_small_tree_is_the_one_that_was_fitted() -> None:
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(0)
    codes = rng.normal(size=(3_000, 4)).astype(np.float32)
    codes[rng.random(codes.shape) < 0.1] = np.nan
    labels = np.nan_to_num(codes[:, 1]) + 0.5 * np.nan_to_num(codes[:, 2]) + rng.normal(size=3_000) > 1.5
    sample = Sample(codes, labels, np.ones(3_000), np.ones(3_000))
    ours = SmallTree.fit(Past(sample, sample, candidates(MARCH).models["xgboost"].encoder))
    theirs = DecisionTreeClassifier(max_depth=2, min_samples_leaf=50, random_state=0).fit(codes, labels)
    assert np.allclose(ours.raw_scores(codes), theirs.predict_proba(codes)[:, 1])
    assert len(set(ours.raw_scores(codes))) > 2


def test_scores_rank_the_ladder() -> None:
    figures = candidates(MARCH).metrics
    ap = {name: figures[name]["average_precision"] for name in figures}
    assert ap["prevalence"] < ap["small_tree"] < min(ap["logistic"], ap["xgboost"])


def test_leaving_honest_rows_out_is_corrected_exactly() -> None:
    share, honest, frauds = 0.1, 90_000.0, 300.0
    in_the_sample = frauds / (frauds + share * honest)
    assert corrected(np.array([in_the_sample]), share)[0] == pytest.approx(frauds / (frauds + honest))


def test_sampling_keeps_every_fraud_and_about_the_share_of_honest_rows() -> None:
    rows = 50_000
    for ids in (np.arange(rows), np.random.default_rng(0).integers(0, 2**62, rows)):  # a user's own numbers, and hashes
        frame = pl.DataFrame({"transaction_id": ids, "is_fraud": np.arange(rows) % 100 == 0})
        share = kept_share(rows, rows // 100, most=10_000)
        kept = frame.filter(is_kept(share))
        assert kept["is_fraud"].sum() == rows // 100
        assert kept.height == pytest.approx(10_000, rel=0.05)
        assert kept.equals(pl.concat([frame.head(777).filter(is_kept(share)), frame[777:].filter(is_kept(share))]))

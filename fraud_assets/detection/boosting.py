"""Gradient-boosted trees (XGBoost), kept as UBJ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from fraud_assets.detection.arrays import Matrix, Vector, logit, sigmoid
from fraud_assets.detection.sample import Past, Sample
from fraud_assets.detection.trees import BINS, COMMON, THREADS, Trees, library

ROUNDS = 300
#: The tuning slice is looked at after so many rounds; XGBoost's own look, after every round, took as long as the
#: training itself.
STEP = 20
#: Looks without a better one after which training stops.
PATIENCE = 2
#: No class weights and no resampling: they lift the ROC curve and lower the average precision
#: (Fraud-Detection-Handbook, chapter 6), and they would bend the probabilities. Steps are bounded instead, which
#: steadies rare positives. A leaf's weight is the sum of p(1-p) over its rows, which counts the evidence in it rather
#: than rows: five of it keep trees shallow where there are a few hundred frauds, and let them grow deep with thousands.
PARAMETERS: dict[str, Any] = COMMON | {
    "objective": "binary:logistic",
    "max_depth": 6,
    "learning_rate": 0.08,
    "min_child_weight": 5.0,
    "max_delta_step": 1.0,
    "subsample": 0.8,
    "colsample_bytree": 0.3,
    "reg_lambda": 2.0,
}


def levelled_loss(margins: Vector, tune: Sample) -> float:
    """The log-loss of log-odds on the tuning slice, per fraud, once a constant has put their mean right.

    This is what stops the training. The average precision of a few dozen frauds hangs on a handful of ranks: it can be
    at its best after the first 20 rounds by chance. Here every row counts, and the loss falls and rises smoothly.
    The level is left out since it tells nothing of the rounds: honest rows are sampled, late frauds are not yet
    reported, and the calibration that follows sets it anyway.
    """
    frauds = float(tune.weights[tune.labels].sum())
    mean = float(logit(frauds / tune.weights.sum()))
    # With these two levels no row, or every row, is likelier to be a fraud than the mean: the wanted one lies between.
    low, high = mean - float(margins.max()), mean - float(margins.min())
    level = min(max(0.0, low), high)
    # Newton's method on the logarithm of the expected frauds; where that is flat, its step would lead anywhere.
    for _ in range(60):
        share = sigmoid(margins + level)
        expected, slope = float(tune.weights @ share), float(tune.weights @ (share * (1 - share)))
        low, high = (level, high) if expected < frauds else (low, level)
        found = level + log(frauds / expected) * expected / slope if slope > 1e-9 * expected else low - 1
        found = found if low <= found <= high else (low + high) / 2
        step, level = found - level, found
        if abs(step) < 1e-6:
            break
    margins = margins + level
    return float(tune.weights @ (np.logaddexp(0, margins) - margins * tune.labels)) / frauds


@dataclass(frozen=True)
class Boosting:
    """Trees that add up to the log-odds."""

    trees: Trees
    rounds: int

    @classmethod
    def fit(cls, past: Past) -> Boosting:
        return cls.grow(past, {})

    @classmethod
    def grow(cls, past: Past, changes: Mapping[str, Any], weights: Vector | None = None) -> Boosting:
        """Boosting with other parameters, or with weights of the training rows, as a study tries them."""
        xgboost, train, tune = library(), past.train, past.tune
        rows = xgboost.QuantileDMatrix(train.codes, train.labels, weight=weights, nthread=THREADS, max_bin=BINS)
        booster = xgboost.Booster({**PARAMETERS, **changes}, [rows])
        margins, best, rounds = np.zeros(len(tune.codes)), np.inf, 0
        for start in range(0, ROUNDS, STEP):
            for number in range(start, start + STEP):
                booster.update(rows, number)
            # Each part brings the base score once more, which the level takes away.
            margins += booster.inplace_predict(tune.codes, predict_type="margin", iteration_range=(start, start + STEP))
            if (found := levelled_loss(margins, tune)) < best:
                best, rounds = found, start + STEP
            elif start + STEP - rounds >= PATIENCE * STEP:
                break
        return cls(Trees(bytes(booster[:rounds].save_raw("ubj"))), rounds)

    @property
    def parameters(self) -> dict[str, Any]:
        return {**PARAMETERS, "rounds": self.rounds}

    def raw_scores(self, codes: Matrix) -> Vector:
        return sigmoid(self.trees.margins(codes))

    def contributions(self, codes: Matrix) -> Matrix:
        """Shapley values in log-odds."""
        return self.trees.contributions(codes)

    def document(self) -> dict[str, Any]:
        return {**self.trees.document(), "rounds": self.rounds}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Boosting:
        return cls(Trees.load(document), document["rounds"])

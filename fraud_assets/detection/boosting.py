"""Gradient-boosted trees (XGBoost), kept as UBJ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fraud_assets.detection.arrays import Matrix, Vector, sigmoid
from fraud_assets.detection.judging import average_precision
from fraud_assets.detection.sample import Past
from fraud_assets.detection.trees import BINS, COMMON, THREADS, Trees, library

ROUNDS = 300
#: The average precision on the tuning slice is looked at after so many rounds; XGBoost's own look, after every round,
#: took as long as the training itself, and followed the noise of a few hundred frauds.
STEP = 20
#: Looks without a better one after which training stops.
PATIENCE = 2
#: No class weights and no resampling: they lift the ROC curve and lower the average precision
#: (Fraud-Detection-Handbook, chapter 6), and they would bend the probabilities. Steps are bounded instead, which
#: steadies rare positives.
PARAMETERS: dict[str, Any] = COMMON | {
    "objective": "binary:logistic",
    "max_depth": 6,
    "learning_rate": 0.08,
    "min_child_weight": 2.0,
    "max_delta_step": 1.0,
    "subsample": 0.8,
    "colsample_bytree": 0.3,
    "reg_lambda": 2.0,
}


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
        margins, best, rounds = np.zeros(len(tune.codes)), -1.0, 0
        for start in range(0, ROUNDS, STEP):
            for number in range(start, start + STEP):
                booster.update(rows, number)
            margins += booster.inplace_predict(tune.codes, predict_type="margin", iteration_range=(start, start + STEP))
            if (found := average_precision(tune.labels, margins, tune.weights)) > best:
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

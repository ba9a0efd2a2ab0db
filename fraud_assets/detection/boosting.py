"""Gradient-boosted trees (XGBoost), kept as UBJ."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fraud_assets.detection.arrays import Matrix, Vector, sigmoid
from fraud_assets.detection.sample import Past

if TYPE_CHECKING:
    import xgboost

#: Fixed rather than the machine's: with another number of threads the histograms' sums differ in their last bits.
THREADS = 2
ROUNDS = 400
#: Rounds without a better average precision on the tuning slice after which training stops.
PATIENCE = 25
#: No class weights and no resampling: they lift the ROC curve and lower the average precision
#: (Fraud-Detection-Handbook, chapter 6), and they would bend the probabilities. Steps are bounded instead, which
#: steadies rare positives.
PARAMETERS: dict[str, Any] = {
    "objective": "binary:logistic",
    "eval_metric": "aucpr",
    "tree_method": "hist",
    "max_depth": 6,
    "learning_rate": 0.1,
    "min_child_weight": 0.5,
    "max_delta_step": 1.0,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "reg_lambda": 2.0,
    "seed": 20240101,
    "nthread": THREADS,
    "verbosity": 0,
}


@dataclass(frozen=True)
class Boosting:
    """A booster; ``ubj`` is the whole of it."""

    ubj: bytes = field(repr=False)
    rounds: int

    @classmethod
    def fit(cls, past: Past) -> Boosting:
        import xgboost

        train, tune = past.train, past.tune
        learn = xgboost.QuantileDMatrix(train.codes, train.labels, nthread=THREADS)
        watch = xgboost.QuantileDMatrix(tune.codes, tune.labels, weight=tune.weights, ref=learn, nthread=THREADS)
        booster = xgboost.train(
            PARAMETERS,
            learn,
            num_boost_round=ROUNDS,
            evals=[(watch, "tune")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        rounds = booster.best_iteration + 1
        return cls(bytes(booster[:rounds].save_raw("ubj")), rounds)

    @property
    def parameters(self) -> dict[str, Any]:
        return {**PARAMETERS, "rounds": self.rounds}

    def booster(self) -> xgboost.Booster:
        """The booster itself, read from the UBJ at the first use."""
        cached: xgboost.Booster | None = self.__dict__.get("_booster")
        if cached is None:
            import xgboost

            cached = xgboost.Booster({"nthread": THREADS}, model_file=bytearray(self.ubj))
            self.__dict__["_booster"] = cached
        return cached

    def raw_scores(self, codes: Matrix) -> Vector:
        if not len(codes):
            return np.empty(0)
        return sigmoid(self.booster().inplace_predict(codes, predict_type="margin").astype(np.float64))

    def contributions(self, codes: Matrix) -> Matrix:
        """Shapley values in log-odds (TreeSHAP), without the bias; they add up to the margin exactly."""
        import xgboost

        if not len(codes):
            return np.empty_like(codes)
        values: Matrix = self.booster().predict(xgboost.DMatrix(codes, nthread=THREADS), pred_contribs=True)
        return values[:, :-1]

    def document(self) -> dict[str, Any]:
        return {"ubj": b64encode(self.ubj).decode("ascii"), "rounds": self.rounds}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Boosting:
        return cls(b64decode(document["ubj"]), document["rounds"])

"""A random forest (Breiman 2001), grown by XGBoost and kept as UBJ.

What lives here: growing it. Each tree sees a bootstrap-like share of the rows and each split a share of the features;
the score is the mean share of fraud in the leaves that a row reaches, so squared error is the right loss: for a label
of 0 or 1 it is half of Gini's impurity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fraud_assets.detection.arrays import Matrix, Vector
from fraud_assets.detection.sample import Past, thinned
from fraud_assets.detection.trees import BINS, COMMON, THREADS, Trees, library

#: Honest rows that the trees are grown on, besides every fraud; each counts for those left out. Deep trees over
#: millions of rows would take many times as long as boosting, for the same few thousand frauds.
MOST_ROWS = 100_000
PARAMETERS: dict[str, Any] = COMMON | {
    "objective": "reg:squarederror",
    "base_score": 0.0,
    "learning_rate": 1.0,
    "num_parallel_tree": 64,
    "subsample": 0.63,  # as many different rows as a bootstrap has
    "colsample_bynode": 0.15,
    "max_depth": 12,
    "min_child_weight": 3.0,
    "reg_lambda": 1e-3,
}
#: Where no tree has seen fraud the mean is exactly 0, which has no log-odds: so much of a score is the prevalence.
_PRIOR = 0.01


@dataclass(frozen=True)
class RandomForest:
    """The forest and the share of fraud among the rows it was grown on."""

    trees: Trees
    share: float

    @classmethod
    def fit(cls, past: Past) -> RandomForest:
        used, weights = thinned(past.train.labels, MOST_ROWS)
        labels = past.train.labels[used]
        rows = library().QuantileDMatrix(
            past.train.codes[used], labels.astype(np.float32), weight=weights, nthread=THREADS, max_bin=BINS
        )
        booster = library().train(PARAMETERS, rows, num_boost_round=1)
        return cls(Trees(bytes(booster.save_raw("ubj"))), float(np.average(labels, weights=weights)))

    @property
    def parameters(self) -> dict[str, Any]:
        return {**PARAMETERS, "most_honest_rows": MOST_ROWS}

    def raw_scores(self, codes: Matrix) -> Vector:
        mean: Vector = np.clip(self.trees.margins(codes), 0.0, 1.0)
        return (1 - _PRIOR) * mean + _PRIOR * self.share

    def contributions(self, codes: Matrix) -> Matrix:
        """Shapley values in points of probability."""
        return self.trees.contributions(codes)

    def document(self) -> dict[str, Any]:
        return {**self.trees.document(), "share": self.share}

    @classmethod
    def load(cls, document: dict[str, Any]) -> RandomForest:
        return cls(Trees.load(document), document["share"])

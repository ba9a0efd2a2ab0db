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
#: The forest stands in so many groves. Shapley values of trees this deep take milliseconds a row, so the first grove
#: speaks for all of them when a row's reasons are asked for.
GROVES = 4
PARAMETERS: dict[str, Any] = COMMON | {
    "objective": "reg:squarederror",
    "base_score": 0.0,
    "learning_rate": 1.0,
    "num_parallel_tree": 16,
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
    """The forest, grove by grove, and the share of fraud among the rows it was grown on."""

    groves: tuple[Trees, ...]
    share: float

    @classmethod
    def fit(cls, past: Past) -> RandomForest:
        used, weights = thinned(past.train.labels, MOST_ROWS)
        labels = past.train.labels[used]
        rows = library().QuantileDMatrix(
            past.train.codes[used], labels.astype(np.float32), weight=weights, nthread=THREADS, max_bin=BINS
        )
        grown = (
            library().train(PARAMETERS | {"seed": PARAMETERS["seed"] + grove}, rows, num_boost_round=1)
            for grove in range(GROVES)
        )
        groves = tuple(Trees(bytes(booster.save_raw("ubj"))) for booster in grown)
        return cls(groves, float(np.average(labels, weights=weights)))

    @property
    def parameters(self) -> dict[str, Any]:
        return {**PARAMETERS, "groves": GROVES, "most_honest_rows": MOST_ROWS}

    def raw_scores(self, codes: Matrix) -> Vector:
        total: Vector = np.sum([grove.margins(codes) for grove in self.groves], axis=0)
        return (1 - _PRIOR) * np.clip(total / len(self.groves), 0.0, 1.0) + _PRIOR * self.share

    def contributions(self, codes: Matrix) -> Matrix:
        """Shapley values of the first grove, in points of probability."""
        return self.groves[0].contributions(codes)

    def document(self) -> dict[str, Any]:
        return {"groves": [grove.document() for grove in self.groves], "share": self.share}

    @classmethod
    def load(cls, document: dict[str, Any]) -> RandomForest:
        return cls(tuple(Trees.load(grove) for grove in document["groves"]), document["share"])

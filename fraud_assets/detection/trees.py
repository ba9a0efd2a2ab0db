"""An ensemble of trees as XGBoost keeps it: one UBJ document, its scores and its Shapley values.

What lives here: what boosting and the random forest share. What does not: how they are grown.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from fraud_assets.detection.arrays import Matrix, Vector
from fraud_assets.detection.shapley import Tree

if TYPE_CHECKING:
    import xgboost

#: Fixed rather than the machine's: with another number of threads the histograms' sums differ in their last bits.
THREADS = 2
#: Columns are cut into this many quantile bins. More of them find no better splits among a few thousand frauds, and
#: the time of a tree grows with them.
BINS = 64
#: What every ensemble of this room is grown with.
COMMON: dict[str, Any] = {
    "tree_method": "hist",
    "max_bin": BINS,
    "seed": 20240101,
    "nthread": THREADS,
    "verbosity": 0,
}


def library() -> ModuleType:
    """XGBoost itself; it takes seconds to load, so only who grows or reads trees does."""
    import xgboost

    return xgboost


@dataclass(frozen=True)
class Trees:
    """A booster; ``ubj`` is the whole of it."""

    ubj: bytes = field(repr=False)

    def booster(self) -> xgboost.Booster:
        """The booster itself, read from the UBJ at the first use."""
        cached: xgboost.Booster | None = self.__dict__.get("_booster")
        if cached is None:
            cached = library().Booster({"nthread": THREADS}, model_file=bytearray(self.ubj))
            self.__dict__["_booster"] = cached
        return cached

    def margins(self, codes: Matrix) -> Vector:
        """What the trees add up to, float64, shape (rows,)."""
        if not len(codes):
            return np.empty(0)
        added: Vector = self.booster().inplace_predict(codes, predict_type="margin").astype(np.float64)
        return added

    def contributions(self, codes: Matrix) -> Matrix:
        """Shapley values on the margin's scale (TreeSHAP), without the bias, with which they add up to it exactly."""
        columns, result = np.ascontiguousarray(codes.T), np.zeros(codes.T.shape)
        parts = [slice(k * len(codes) // THREADS, (k + 1) * len(codes) // THREADS) for k in range(THREADS)]
        trees = self._paths()

        def add(part: slice) -> None:
            for tree in trees:
                tree.add(columns[:, part], result[:, part])

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(add, parts))
        return result.T.astype(np.float32)

    def _paths(self) -> list[Tree]:
        """The trees for Shapley values, read from the booster at the first use."""
        cached: list[Tree] | None = self.__dict__.get("_trees")
        if cached is None:
            document = json.loads(self.booster().save_raw("json"))
            cached = [Tree(nodes) for nodes in document["learner"]["gradient_booster"]["model"]["trees"]]
            self.__dict__["_trees"] = cached
        return cached

    def document(self) -> dict[str, Any]:
        return {"ubj": b64encode(self.ubj).decode("ascii")}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Trees:
        return cls(b64decode(document["ubj"]))

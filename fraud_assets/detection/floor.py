"""The two models that any other must beat: the prevalence (the zero) and a tree of depth two (the floor)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fraud_assets.detection.arrays import Matrix, Vector
from fraud_assets.detection.sample import Past, thinned


@dataclass(frozen=True)
class Prevalence:
    """Says the share of fraud in the training rows, whatever the row."""

    share: float

    @classmethod
    def fit(cls, past: Past) -> Prevalence:
        return cls(float(past.train.labels.mean()))

    @property
    def parameters(self) -> dict[str, Any]:
        return {}

    def raw_scores(self, codes: Matrix) -> Vector:
        return np.full(len(codes), self.share)

    def contributions(self, codes: Matrix) -> Matrix:
        return np.zeros_like(codes)

    def document(self) -> dict[str, Any]:
        return {"share": self.share}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Prevalence:
        return cls(document["share"])


@dataclass(frozen=True)
class SmallTree:
    """A decision tree of depth two, as flat arrays; node 0 is the root and a leaf has ``left`` -1."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    missing_left: tuple[bool, ...]
    share: tuple[float, ...]  # fraud among the training rows that reach the node

    DEPTH = 2
    SMALLEST_LEAF = 50
    MOST_ROWS = 50_000

    @classmethod
    def fit(cls, past: Past) -> SmallTree:
        from sklearn.tree import DecisionTreeClassifier

        train = past.train
        # Sorting every feature of millions of rows would make the floor slower than boosting, for the same two
        # questions: every fraud and each step-th honest row, counted step times, find them as well.
        used, weights = thinned(train.labels, cls.MOST_ROWS)
        codes, labels = train.codes[used], train.labels[used]
        leaf = min(cls.SMALLEST_LEAF, max(1, len(used) // 4))
        tree = (
            DecisionTreeClassifier(max_depth=cls.DEPTH, min_samples_leaf=leaf, random_state=0)
            .fit(codes, labels, sample_weight=weights)
            .tree_
        )
        return cls(
            tuple(tree.feature.tolist()),
            # A split on missing values alone has an infinite threshold, which JSON cannot say.
            tuple(np.nan_to_num(tree.threshold, posinf=np.finfo(np.float64).max).tolist()),
            tuple(tree.children_left.tolist()),
            tuple(tree.children_right.tolist()),
            tuple(bool(m) for m in tree.missing_go_to_left),
            tuple(tree.value[:, 0, -1].tolist()),
        )

    @property
    def parameters(self) -> dict[str, Any]:
        return {"max_depth": self.DEPTH, "min_samples_leaf": self.SMALLEST_LEAF}

    def raw_scores(self, codes: Matrix) -> Vector:
        share = np.asarray(self.share, dtype=np.float64)
        reached: Vector = share[self._leaves(codes)[:, -1]]
        return reached

    def contributions(self, codes: Matrix) -> Matrix:
        """Each split adds the change in the share of fraud to its feature (Saabas' decomposition)."""
        path = self._leaves(codes)
        share = np.asarray(self.share)
        rows = np.arange(len(codes))
        result = np.zeros_like(codes)
        for level in range(self.DEPTH):
            feature = np.asarray(self.feature)[path[:, level]]
            change = share[path[:, level + 1]] - share[path[:, level]]
            result[rows, np.maximum(feature, 0)] += change.astype(np.float32)
        return result

    def _leaves(self, codes: Matrix) -> Any:
        """The nodes on each row's way, shape (rows, depth + 1); a leaf repeats itself."""
        left, right = np.asarray(self.left), np.asarray(self.right)
        rows = np.arange(len(codes))
        path = np.zeros((len(codes), self.DEPTH + 1), dtype=np.int64)
        for level in range(self.DEPTH):
            node = path[:, level]
            value = codes[rows, np.maximum(np.asarray(self.feature)[node], 0)]
            is_missing = np.isnan(value)
            goes_left = np.where(
                is_missing, np.asarray(self.missing_left)[node], value <= np.asarray(self.threshold)[node]
            )
            path[:, level + 1] = np.where(left[node] < 0, node, np.where(goes_left, left[node], right[node]))
        return path

    def document(self) -> dict[str, Any]:
        names = ("feature", "threshold", "left", "right", "missing_left", "share")
        return {name: list(getattr(self, name)) for name in names}

    @classmethod
    def load(cls, document: dict[str, Any]) -> SmallTree:
        return cls(**{name: tuple(values) for name, values in document.items()})

"""The three detectors over surprises. Each gives a number that grows with suspicion; none has seen a label.

What lives here: fitting, scoring and the JSON of each. They read surprises (nats, shape (rows, aspects)): ordinary
payments are near 0 in every aspect, suspicious ones high in several.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from fraud_assets.detection.anomaly.tails import packed, unpacked
from fraud_assets.detection.arrays import Vector

SEED = 20240101


class Detector(Protocol):
    """A fitted detector."""

    @classmethod
    def fit(cls, surprises: Vector) -> Self: ...

    def scores(self, surprises: Vector) -> Vector:
        """Suspicion of each row, shape (rows,); its unit is the detector's own."""
        ...

    def document(self) -> dict[str, Any]: ...

    @classmethod
    def load(cls, document: dict[str, Any]) -> Self: ...


@dataclass(frozen=True)
class TailSum:
    """The sum of the surprises: Fisher's combination of independent tail probabilities.

    As ECOD and COPOD (Li et al., 2020 and 2022), but over aspects with a direction instead of single features.
    """

    @classmethod
    def fit(cls, surprises: Vector) -> TailSum:
        del surprises  # the tails themselves are all there is to learn
        return cls()

    def scores(self, surprises: Vector) -> Vector:
        total: Vector = surprises.sum(axis=1)
        return total

    def document(self) -> dict[str, Any]:
        return {}

    @classmethod
    def load(cls, document: dict[str, Any]) -> TailSum:
        del document
        return cls()


@dataclass(frozen=True)
class Forest:
    """An isolation forest (Liu, Ting and Zhou, 2008) as flat arrays.

    Attributes
    ----------
    feature, threshold, left, right
        Of every node of every tree, the trees one after the other; a leaf has left -1.
    depth
        Of a leaf: splits to it, and those that its own rows would still have needed.
    roots
        First node of each tree.
    usual
        Expected depth of a row in a tree of the sample's size.
    """

    feature: NDArray[np.int32]
    threshold: Vector
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    depth: NDArray[np.float32]
    roots: NDArray[np.int32]
    usual: float

    _ARRAYS: ClassVar = ("feature", "threshold", "left", "right", "depth", "roots")
    TREES = 100
    SAMPLE = 256  # rows a tree, the paper's
    ASPECTS = 0.5  # share of them a tree looks at
    MOST_ROWS = 20_000
    BLOCK = 8_192  # rows scored at a time

    @classmethod
    def fit(cls, surprises: Vector) -> Forest:
        from sklearn.ensemble import IsolationForest

        forest = IsolationForest(
            n_estimators=cls.TREES,
            max_samples=min(cls.SAMPLE, len(surprises)),
            max_features=cls.ASPECTS,
            random_state=SEED,
        ).fit(surprises[: cls.MOST_ROWS])
        parts: list[tuple[NDArray[Any], ...]] = []
        roots, offset = [], 0
        for estimator, columns in zip(forest.estimators_, forest.estimators_features_, strict=True):
            tree = estimator.tree_
            is_leaf = tree.children_left < 0
            feature = np.where(is_leaf, 0, columns[np.maximum(tree.feature, 0)])
            left, right = (np.where(is_leaf, -1, child + offset) for child in (tree.children_left, tree.children_right))
            depth = _depths(tree.children_left, tree.children_right) + _unsplit(tree.n_node_samples)
            parts.append((feature, tree.threshold, left, right, depth))
            roots.append(offset)
            offset += tree.node_count
        feature, threshold, left, right, depth = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(
            feature.astype(np.int32),
            threshold,
            left.astype(np.int32),
            right.astype(np.int32),
            depth.astype(np.float32),
            np.array(roots, dtype=np.int32),
            float(_unsplit(np.array([forest.max_samples_]))[0]),
        )

    def scores(self, surprises: Vector) -> Vector:
        """2 ** (-mean depth / usual depth), 0 to 1: the paper's score."""
        total = np.zeros(len(surprises))
        for start in range(0, len(surprises), self.BLOCK):
            # As the trees were grown, an aspect after the other.
            block = np.ascontiguousarray(surprises[start : start + self.BLOCK].T, dtype=np.float32)
            self._add_depths(block, total[start : start + self.BLOCK])
        return np.exp2(-total / (len(self.roots) * self.usual))

    def _add_depths(self, block: NDArray[np.float32], total: Vector) -> None:
        """Each row's depth in every tree; all of them go down level by level, in arrays that the cache holds."""
        rows = block.shape[1]
        values, row = block.ravel(), np.arange(rows)
        node, place = np.empty(rows, np.int64), np.empty(rows, np.int64)
        value, threshold, goes_right = np.empty(rows, np.float32), np.empty(rows), np.empty(rows, bool)
        levels, depths = self._complete
        for tree in range(len(self.roots)):
            node[:] = 0
            for features, thresholds in levels:
                (features[tree] * rows).take(node, out=place, mode="clip")
                place += row
                values.take(place, out=value, mode="clip")
                thresholds[tree].take(node, out=threshold, mode="clip")
                np.greater(value, threshold, out=goes_right)
                node *= 2
                node += goes_right
            total += depths[tree].take(node)

    @cached_property
    def _complete(self) -> tuple[list[tuple[NDArray[np.int64], Vector]], NDArray[np.float32]]:
        """The trees with every leaf at the bottom: the children of a level's node k are 2k and 2k + 1 of the next.

        For each level feature and threshold, shape (trees, nodes of the level); and the depth of each place at the
        bottom. Below a leaf everything goes left.
        """
        node = self.roots[:, None]
        levels: list[tuple[NDArray[np.int64], Vector]] = []
        while (goes_on := self.left[node] >= 0).any():
            levels.append((self.feature[node].astype(np.int64), np.where(goes_on, self.threshold[node], np.inf)))
            children = (np.where(goes_on, side[node], node) for side in (self.left, self.right))
            node = np.stack(list(children), axis=2).reshape(len(self.roots), -1)
        return levels, self.depth[node]

    def document(self) -> dict[str, Any]:
        return {name: packed(getattr(self, name)) for name in self._ARRAYS} | {"usual": self.usual}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Forest:
        feature, threshold, left, right, depth, roots = (unpacked(document[name]) for name in cls._ARRAYS)
        return cls(feature, threshold, left, right, depth, roots, document["usual"])


def _depths(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Splits on the way to each node of a tree whose parents come before their children."""
    depth = np.zeros(len(left))
    for node in np.flatnonzero(left >= 0):
        depth[left[node]] = depth[right[node]] = depth[node] + 1
    return depth


def _unsplit(rows: NDArray[Any]) -> Vector:
    """Mean depth of an unsuccessful search among so many rows: 2 (ln(n - 1) + Euler's constant) - 2 (n - 1) / n."""
    n = rows.astype(np.float64)
    many = np.maximum(n, 3)
    return np.where(n <= 1, 0.0, np.where(n == 2, 1.0, 2 * (np.log(many - 1) + np.euler_gamma) - 2 * (many - 1) / many))


@dataclass(frozen=True)
class OneClass:
    """A one-class support vector machine (Schoelkopf et al., 2001), its kernel approximated by Nystroem, fitted by SGD.

    It parts the payments from the origin, and so the origin has to be where the suspicious lies: it reads tail
    probabilities, as roots so that one in ten thousand still differs from one in a thousand; ordinary is near 1 in
    every aspect. The kernel is (x.y / aspects)^2, whose directions stay: with a radial one, whatever is far away is
    equally far, and what is more ordinary than most is suspicious, too.

    Attributes
    ----------
    landmarks
        Shape (landmarks, aspects).
    weights
        Of the kernel with each landmark, shape (landmarks,).
    offset
        What the weighted sum of an ordinary payment exceeds.
    """

    landmarks: Vector
    weights: Vector
    offset: float

    ROOT = 5.0
    LANDMARKS = 128
    OUTSIDE = 0.1  # share of the sample that may lie on the origin's side; there is fraud among it
    EPOCHS = 20
    MOST_ROWS = 20_000

    @classmethod
    def fit(cls, surprises: Vector) -> OneClass:
        from sklearn.kernel_approximation import Nystroem
        from sklearn.linear_model import SGDOneClassSVM

        inputs = cls._inputs(surprises[: cls.MOST_ROWS])
        kernel = Nystroem(
            kernel="poly",
            gamma=1 / inputs.shape[1],
            degree=2,
            coef0=0.0,
            n_components=min(cls.LANDMARKS, len(inputs)),
            random_state=SEED,
        ).fit(inputs)
        machine = SGDOneClassSVM(nu=cls.OUTSIDE, max_iter=cls.EPOCHS, tol=None, random_state=SEED)
        machine.fit(kernel.transform(inputs))
        weights = kernel.normalization_.T @ machine.coef_.ravel()
        return cls(kernel.components_, weights, float(machine.offset_[0]))

    def scores(self, surprises: Vector) -> Vector:
        """How far on the origin's side of the border."""
        inner = self._inputs(surprises) @ self.landmarks.T / self.landmarks.shape[1]
        return self.offset - inner**2 @ self.weights

    @classmethod
    def _inputs(cls, surprises: Vector) -> Vector:
        return np.exp(-surprises / cls.ROOT)

    def document(self) -> dict[str, Any]:
        return {"landmarks": packed(self.landmarks), "weights": packed(self.weights), "offset": self.offset}

    @classmethod
    def load(cls, document: dict[str, Any]) -> OneClass:
        return cls(unpacked(document["landmarks"]), unpacked(document["weights"]), document["offset"])

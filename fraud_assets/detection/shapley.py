"""Exact Shapley values of a tree, many rows at a time.

What lives here: :class:`Tree`, its edges level by level, and the values that it finds. What does not: growing and
scoring, which are XGBoost's. Its own Shapley values are the same and take many times as long.

What feature i adds to a row's score is, over the leaves, the sum of v * (o_i - r_i) * integral from 0 to 1 of the
product over the other features j of the leaf's path of ((1 - t) r_j + t o_j) dt. There v is the leaf's value, o_j is 1
where the row meets all that the path asks of j, else 0, and r_j is the share of the training rows that do.
(Path-dependent TreeSHAP: Lundberg et al., Nature Machine Intelligence 2, 2020. The integral in place of the sum over
subsets: Owen, Management Science 18, 1972.) The integrand is a polynomial in t, so a few points of Gauss and Legendre
give it exactly, and the products go down the tree edge by edge, for a block of rows at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_assets.detection.arrays import Matrix, Vector

#: Values of a level that are worked on at a time, so that they stay in the processor's cache.
_BLOCK = 1 << 17
#: Rows at a time, at least.
_FEWEST = 64

Places = NDArray[np.int64]


@dataclass(frozen=True)
class _Level:
    """The edges from the nodes of one depth to their children: a pair (left, right) a node, sorted by feature.

    ``above`` is each edge's last edge above it with the same feature, counted over all levels; 0 is an edge before the
    root that every row meets. ``ratio`` is what an edge makes of the product of the factors: for rows that do not meet
    the edge above, how much more for those that do, and how much more again for those that meet the edge as well; of
    shape (points, edges, 1). ``part`` is what the leaves below it count for its feature, in the last two steps, of
    shape (points, edges): those who do not meet the edge above have been counted there.
    """

    feature: Places  # of each pair
    threshold: Matrix  # shape (pairs, 1)
    missing_left: NDArray[np.bool_]  # shape (pairs, 1)
    parent: Places  # of each pair: the edge to its node, counted in the level above
    above: Places
    edges: slice  # among the edges of all levels
    ratio: tuple[Matrix, Matrix, Matrix]
    part: tuple[Matrix, Matrix]
    leaves: Places  # edges that end in a leaf
    values: Matrix  # of the leaves, shape (leaves, 1)
    features: Places  # those asked for, rising
    first: Places  # the first pair of each


class Tree:
    """A tree as its Shapley values need it.

    Parameters
    ----------
    nodes
        A tree of XGBoost's JSON: for each node its children, feature, threshold, the way of missing values, and the
        weight of the training rows that came by.
    """

    def __init__(self, nodes: Mapping[str, Any]) -> None:
        children = np.array([nodes["left_children"], nodes["right_children"]], dtype=np.int64)
        asked = np.asarray(nodes["split_indices"], dtype=np.int64)
        border = np.asarray(nodes["split_conditions"], dtype=np.float32)  # of a leaf: its value
        missing_left = np.asarray(nodes["default_left"], dtype=bool)
        weight = np.asarray(nodes["sum_hessian"], dtype=np.float64)
        depth = _depth(children)
        points, weights = np.polynomial.legendre.leggauss(max(1, -(-depth // 2)))
        t, self._weights = ((points + 1) / 2)[:, None], (weights / 2)[:, None]
        self._levels: list[_Level] = []
        share = np.ones(1)  # of the training rows, by edge
        here, last = np.zeros(1, dtype=np.int64), [dict[int, int]()]  # nodes; feature -> last edge above each
        while len(parent := np.flatnonzero(children[0][here] >= 0)):
            parent = parent[np.argsort(asked[here[parent]], kind="stable")]
            split = here[parent]
            feature, below = asked[split], children[:, split].T.ravel()
            edges = slice(len(share), len(share) + len(below))
            # Both children of a pair have the same edge above.
            paths = [(last[at], f) for at, f in zip(np.repeat(parent, 2), np.repeat(feature, 2).tolist(), strict=True)]
            above = np.array([path.get(f, 0) for path, f in paths], dtype=np.int64)
            last = [path | {f: edge} for (path, f), edge in zip(paths, range(edges.start, edges.stop), strict=True)]
            before = share[above]
            share = np.concatenate([share, before * weight[below] / np.repeat(weight[split], 2)])
            leaves = np.flatnonzero(children[0][below] < 0)
            features, first = np.unique(feature, return_index=True)
            self._levels.append(
                _Level(
                    feature,
                    border[split][:, None],
                    missing_left[split][:, None],
                    parent,
                    above,
                    edges,
                    _ratio(t, share[edges], before),
                    _part(t, self._weights, share[edges], before),
                    leaves,
                    border[below[leaves]][:, None],
                    features,
                    first,
                )
            )
            here = below
        self._edges = len(share)
        self._widest = max((len(level.above) for level in self._levels), default=1) * len(t)

    def add(self, columns: Matrix, result: Vector) -> None:
        """Add the values of the rows, ``columns`` and ``result`` of shape (features, rows); each row for itself."""
        step = max(_FEWEST, _BLOCK // self._widest)
        for start in range(0, columns.shape[1], step):
            part = slice(start, start + step)
            self._add(columns[:, part], result[:, part])

    def _add(self, columns: Matrix, result: Vector) -> None:
        rows = columns.shape[1]
        met = np.ones((self._edges, rows), dtype=np.float32)
        product = np.ones((len(self._weights), 1, rows), dtype=np.float32)
        products = []
        for level in self._levels:
            column = columns[level.feature]
            goes_left = (column < level.threshold) | (np.isnan(column) & level.missing_left)
            before, mine = met[level.above], met[level.edges]
            mine[0::2] = goes_left
            np.subtract(1, mine[0::2], out=mine[1::2])
            mine *= before
            neither, above, both = level.ratio
            grown = above * before
            grown += both * mine
            grown += neither
            pairs = grown.reshape(len(grown), -1, 2, rows)
            pairs *= product[:, level.parent, None]
            products.append(product := grown)
        # Back up: what the leaves below each edge add up to.
        parent, below = np.empty(0, dtype=np.int64), product[:, :0]
        for level, total in zip(reversed(self._levels), reversed(products), strict=True):
            total[:, level.leaves] *= level.values
            total[:, parent] = below
            above_part, both_part = level.part
            values = np.einsum("qer,qe->er", total, above_part) * met[level.above]
            values += np.einsum("qer,qe->er", total, both_part) * met[level.edges]
            result[level.features] += np.add.reduceat(values[0::2] + values[1::2], level.first, axis=0)
            parent, below = level.parent, total[:, 0::2] + total[:, 1::2]


def _ratio(t: Vector, share: Vector, before: Vector) -> tuple[Matrix, Matrix, Matrix]:
    """What each edge makes of the product, in three steps."""
    was = (1 - t) * before + t
    neither = np.broadcast_to(share / before, was.shape)
    above, both = (1 - t) * share / was, ((1 - t) * share + t) / was
    return _small(neither), _small(above - neither), _small(both - above)


def _part(t: Vector, weights: Vector, share: Vector, before: Vector) -> tuple[Matrix, Matrix]:
    """What each edge counts for its feature, in two steps, without what the edge above it has counted already.

    A feature counts (o - r) times the product without its own factor, so that factor is divided out again; for o = 0
    that is -1 / (1 - t), whatever r is, and nothing changes at an edge below one that is not met.
    """
    unmet, met = -1 / (1 - t), (1 - share) / ((1 - t) * share + t)
    was_met = (1 - before) / ((1 - t) * before + t)
    return _small(weights * (unmet - was_met))[..., 0], _small(weights * (met - unmet))[..., 0]


def _small(values: Vector) -> Matrix:
    return values.astype(np.float32)[..., None]


def _depth(children: Places) -> int:
    here, depth = np.zeros(1, dtype=np.int64), 0
    while len(here := here[children[0][here] >= 0]):
        here, depth = children[:, here].ravel(), depth + 1
    return depth

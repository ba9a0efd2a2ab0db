"""Searches for better parameters of boosting: grid, random, and a tree-structured Parzen estimator.

What lives here: which points of the space are tried, in a fixed order from a fixed seed. The estimator is Bergstra et
al., Algorithms for Hyper-Parameter Optimization, 2011, over the few values that each parameter can take: the next trial
is the one of many draws that is likeliest among the better quarter of the trials so far, against the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

#: Parameter -> values that are tried.
SPACE: dict[str, tuple[float, ...]] = {
    "max_depth": (3, 4, 5, 6, 8),
    "learning_rate": (0.05, 0.08, 0.12, 0.2),
    "min_child_weight": (0.5, 2.0, 5.0, 10.0),
    "colsample_bytree": (0.2, 0.3, 0.5, 0.8),
    "reg_lambda": (0.5, 2.0, 10.0),
}
#: The grid has these alone; all of the space would be a thousand trials.
GRID: dict[str, tuple[float, ...]] = {
    "max_depth": (4, 6, 8),
    "learning_rate": (0.05, 0.08, 0.12),
    "min_child_weight": (0.5, 2.0, 5.0),
}
SEED = 0
#: Trials that the Parzen estimator draws blindly, draws it chooses from, and the share of trials that count as good.
_BLIND, _DRAWS, _GOOD = 4, 24, 0.25

Point = dict[str, Any]
Objective = Callable[[Point], float]


def grid_points(objective: Objective, trials: int) -> Point:
    """The best of a regular grid, thinned evenly to the number of trials."""
    points = [_point(GRID, values) for values in product(*GRID.values())]
    chosen = np.unique(np.linspace(0, len(points) - 1, min(trials, len(points))).round().astype(int))
    return max((points[k] for k in chosen), key=objective)


def random_points(objective: Objective, trials: int) -> Point:
    """The best of so many points at random."""
    rng = np.random.default_rng(SEED)
    return max((_point(SPACE, _blind(rng)) for _ in range(trials)), key=objective)


def tpe_points(objective: Objective, trials: int) -> Point:
    """The best of so many points, each chosen after those before it."""
    rng = np.random.default_rng(SEED + 1)
    tried: list[tuple[float, Point]] = []
    for trial in range(trials):
        if trial < _BLIND:
            point = _point(SPACE, _blind(rng))
        else:
            ranked = sorted(tried, key=lambda one: -one[0])
            good = max(1, round(_GOOD * len(ranked)))
            better, worse = ([p for _, p in part] for part in (ranked[:good], ranked[good:]))
            drawn = [
                _point(SPACE, [rng.choice(v, p=_shares(n, better)) for n, v in SPACE.items()]) for _ in range(_DRAWS)
            ]
            point = max(drawn, key=lambda one: _likeness(one, better) - _likeness(one, worse))
        tried.append((objective(point), point))
    return max(tried, key=lambda one: one[0])[1]


def _blind(rng: np.random.Generator) -> list[float]:
    return [float(rng.choice(values)) for values in SPACE.values()]


def _point(space: dict[str, tuple[float, ...]], values: Any) -> Point:
    return {name: int(v) if name == "max_depth" else float(v) for name, v in zip(space, values, strict=True)}


def _shares(name: str, points: list[Point]) -> Any:
    """How often each value occurs in the points; one more for each, so that none is ever impossible."""
    counts = np.array([1 + sum(point[name] == value for point in points) for value in SPACE[name]], dtype=np.float64)
    return counts / counts.sum()


def _likeness(point: Point, points: list[Point]) -> float:
    """Log-probability of the point among the points, parameter by parameter."""
    return float(sum(np.log(_shares(name, points)[SPACE[name].index(point[name])]) for name in SPACE))

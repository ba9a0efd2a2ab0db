"""The array types of this room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: float64, one entry a row.
Vector = NDArray[np.float64]
#: float32, one row a transaction, one column a feature; NaN where a value is missing.
Matrix = NDArray[np.float32]
#: bool, one entry a row.
Mask = NDArray[np.bool_]


def sigmoid(log_odds: Vector) -> Vector:
    """1 / (1 + exp(-x)), without overflow."""
    positive = log_odds >= 0
    small = np.exp(np.where(positive, -log_odds, log_odds))
    return np.where(positive, 1 / (1 + small), small / (1 + small))


def logit(probability: Vector) -> Vector:
    """log(p / (1 - p)), with p kept within [1e-12, 1 - 1e-12]."""
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.log(p) - np.log1p(-p)

"""From a model's raw score to the probability of fraud.

What lives here: isotonic and Platt calibration on the tuning slice, both corrected for frauds not yet reported, kept
as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fraud_assets.detection.arrays import Vector, logit, sigmoid

#: Isotonic regression needs this many reported frauds; with fewer its steps are noise, and Platt's two numbers do
#: better.
ISOTONIC_FROM = 1_000
#: Precision of the prior that holds Platt's slope near 1 where a handful of frauds says little.
_SLOPE_PRIOR = 2.0


@dataclass(frozen=True)
class Calibration:
    """A non-decreasing map from raw score to probability.

    ``isotonic``: ``x`` are raw scores, ``y`` the probabilities, linear in between. ``platt``: ``x`` holds slope and
    intercept on the log-odds of the raw score, ``y`` is empty. No probability exceeds ``ceiling``.
    """

    method: Literal["isotonic", "platt"]
    x: tuple[float, ...]
    y: tuple[float, ...]
    ceiling: float

    @classmethod
    def fit(cls, raw: Vector, targets: Vector, weights: Vector) -> Calibration:
        """The calibration of raw scores.

        Parameters
        ----------
        raw
            Raw scores in (0, 1), float64, shape (rows,).
        targets
            Frauds that each row stands for: 0 for a row that nobody reported, the factor of
            :class:`~fraud_assets.detection.labels.DelayCurve` for a reported one. The mean of the targets at a score is
            then the share of fraud, the unreported included (inverse-probability weighting).
        weights
            How many rows of the slice each row stands for.
        """
        frauds = int((targets > 0).sum())
        ceiling = 1 - 1 / (frauds + 2)  # certainty is beyond what so many frauds can show
        if frauds >= ISOTONIC_FROM:
            from sklearn.isotonic import IsotonicRegression

            steps = IsotonicRegression(y_min=0.0, out_of_bounds="clip").fit(raw, targets, sample_weight=weights)
            return cls("isotonic", tuple(steps.X_thresholds_.tolist()), tuple(steps.y_thresholds_.tolist()), ceiling)
        return cls("platt", _platt(logit(raw), targets, weights), (), ceiling)

    def apply(self, raw: Vector) -> Vector:
        """Probabilities of fraud, float64, of the raw scores' shape."""
        if self.method == "isotonic":
            probability = np.interp(raw, self.x, self.y)
        else:
            slope, intercept = self.x
            probability = sigmoid(slope * logit(raw) + intercept)
        result: Vector = np.minimum(probability, self.ceiling)
        return result

    def document(self) -> dict[str, Any]:
        return {"method": self.method, "x": self.x, "y": self.y, "ceiling": self.ceiling}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Calibration:
        return cls(document["method"], tuple(document["x"]), tuple(document["y"]), document["ceiling"])


def _platt(x: Vector, targets: Vector, weights: Vector) -> tuple[float, float]:
    """Slope (never negative) and intercept by damped Newton steps.

    The loss, sum of weight * (softplus(z) - target * z), is convex whatever the targets, so that one above 1 does no
    harm.
    """
    share = float(np.average(targets, weights=weights))
    prior = min(max(share, 1e-9), 0.5)
    found = np.array([1.0, 0.0])
    found[1] = np.log(prior / (1 - prior)) - float(np.average(x, weights=weights)) if np.ptp(x) == 0 else 0.0

    def loss(parameters: Vector) -> float:
        z = parameters[0] * x + parameters[1]
        return float(np.sum(weights * (np.logaddexp(0, z) - targets * z)) + _SLOPE_PRIOR / 2 * (parameters[0] - 1) ** 2)

    current = loss(found)
    for _ in range(100):
        p = sigmoid(found[0] * x + found[1])
        error = weights * (p - targets)
        curve = weights * p * (1 - p)
        gradient = np.array([np.sum(error * x) + _SLOPE_PRIOR * (found[0] - 1), np.sum(error)])
        cross = np.sum(curve * x)
        hessian = np.array([[np.sum(curve * x * x) + _SLOPE_PRIOR, cross], [cross, np.sum(curve) + 1e-9]])
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while loss(found - size * step) > current and size > 1e-6:
            size /= 2
        found = found - size * step
        found[0] = max(found[0], 0.0)
        previous, current = current, loss(found)
        if abs(previous - current) <= 1e-10 * (1 + abs(current)):
            break
    return float(found[0]), float(found[1])

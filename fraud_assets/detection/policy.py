"""What to do with a scored transaction, by what it is expected to cost.

What lives here: the gain of a review, the review budget as a fixed threshold, the decision on each row, and what the
decisions turn out to save. What does not: what a decision costs (``fraud_assets.costs``). Whether the bank declines a
payment for other reasons is not known when it is scored, so no decision depends on it; the savings do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fraud_assets.costs import automatic_costs, losses, realised_costs
from fraud_assets.detection.arrays import Mask, Vector
from fraud_assets.scenario import Costs

#: Positions in ``codes.DECISIONS``.
APPROVED, FLAGGED, REJECTED = 0, 1, 2


def review_gain(probability: Vector, amount: Vector, costs: Costs) -> Vector:
    """What a review is expected to save over the cheaper of the two automatic decisions, its own cost deducted."""
    approve, reject = automatic_costs(probability, amount, costs)
    gain: Vector = np.minimum(approve, reject) - costs.review
    return gain


def gain_threshold(gain: Vector, alerts_per_10000: float) -> float:
    """The smallest gain, at least 0, above which no more rows lie than the budget allows."""
    budget = int(len(gain) * alerts_per_10000 / 10_000)
    if budget >= len(gain):
        return 0.0
    return max(0.0, float(np.partition(gain, len(gain) - budget - 1)[len(gain) - budget - 1]))


def decide(probability: Vector, amount: Vector, costs: Costs, threshold: float) -> NDArray[np.int8]:
    """The decision on each row, as a position in ``codes.DECISIONS``.

    FLAGGED where a review gains more than ``threshold``; elsewhere REJECTED where approving is expected to cost more
    than rejecting; otherwise APPROVED. Each row stands alone: the rows beside it change nothing.
    """
    approve, reject = automatic_costs(probability, amount, costs)
    automatic = np.where(approve > reject, REJECTED, APPROVED)
    return np.where(np.minimum(approve, reject) - costs.review > threshold, FLAGGED, automatic).astype(np.int8)


def saved(decisions: NDArray[np.int8], is_fraud: Mask, is_live: Mask, amount: Vector, costs: Costs) -> Vector:
    """What each decision saved over approving the row, shape (rows,); negative where it cost more."""
    cost = realised_costs(decisions == FLAGGED, decisions == REJECTED, amount, is_fraud, is_live, costs)
    return losses(amount, is_fraud, is_live, costs) - cost


def savings(
    decisions: NDArray[np.int8], is_fraud: Mask, is_live: Mask, amount: Vector, costs: Costs
) -> dict[str, float]:
    """Net savings over approving everything, and their share of what approving everything loses."""
    nothing = float(losses(amount, is_fraud, is_live, costs).sum())
    net = float(saved(decisions, is_fraud, is_live, amount, costs).sum())
    return {"net_savings": net, "net_savings_share": net / nothing if nothing else 0.0}

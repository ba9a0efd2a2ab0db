"""What to do with a scored transaction, by what it is expected to cost.

What lives here: the expected costs of the three decisions, the review budget as a fixed threshold, and what the
decisions turn out to cost. Money is in the ledger's major units; a review is taken to find the truth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_assets.detection.arrays import Mask, Vector
from fraud_assets.scenario import Costs

#: Positions in ``tables.DECISIONS``.
APPROVED, FLAGGED, REJECTED = 0, 1, 2


def expected_costs(probability: Vector, amount: Vector, costs: Costs) -> tuple[Vector, Vector]:
    """What approving and what rejecting is expected to cost.

    Approving a fraud loses ``amount * loss_share + chargeback_fee``; rejecting an honest payment loses
    ``amount * margin + friction``.
    """
    approve = probability * (amount * costs.loss_share + costs.chargeback_fee)
    reject = (1 - probability) * (amount * costs.margin + costs.friction)
    return approve, reject


def review_gain(probability: Vector, amount: Vector, costs: Costs) -> Vector:
    """What a review is expected to save over the cheaper of the two automatic decisions, its own cost deducted."""
    approve, reject = expected_costs(probability, amount, costs)
    gain: Vector = np.minimum(approve, reject) - costs.review
    return gain


def gain_threshold(gain: Vector, alerts_per_10000: float) -> float:
    """The smallest gain, at least 0, above which no more rows lie than the budget allows."""
    budget = int(len(gain) * alerts_per_10000 / 10_000)
    if budget >= len(gain):
        return 0.0
    return max(0.0, float(np.partition(gain, len(gain) - budget - 1)[len(gain) - budget - 1]))


def decide(probability: Vector, amount: Vector, costs: Costs, threshold: float) -> NDArray[np.int8]:
    """The decision on each row, as a position in ``tables.DECISIONS``.

    FLAGGED where a review gains more than ``threshold``; elsewhere REJECTED where approving is expected to cost more
    than rejecting; otherwise APPROVED. Each row stands alone: the rows beside it change nothing.
    """
    approve, reject = expected_costs(probability, amount, costs)
    automatic = np.where(approve > reject, REJECTED, APPROVED)
    return np.where(np.minimum(approve, reject) - costs.review > threshold, FLAGGED, automatic).astype(np.int8)


def realised_costs(decisions: NDArray[np.int8], is_fraud: Mask, amount: Vector, costs: Costs) -> Vector:
    """What each decision cost, given what the row was."""
    missed, refused = expected_costs(is_fraud.astype(np.float64), amount, costs)
    cost: Vector = np.select(
        [decisions == FLAGGED, decisions == REJECTED], [np.full(len(amount), costs.review), refused], missed
    )
    return cost


def savings(decisions: NDArray[np.int8], is_fraud: Mask, amount: Vector, costs: Costs) -> dict[str, Any]:
    """Net savings over approving everything, and their share of what an all-knowing policy would save."""
    nothing = float(realised_costs(np.zeros_like(decisions), is_fraud, amount, costs).sum())
    net = nothing - float(realised_costs(decisions, is_fraud, amount, costs).sum())
    return {"net_savings": net, "net_savings_share": net / nothing if nothing else 0.0}

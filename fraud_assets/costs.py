"""What a decision on a payment costs: the one definition, for those who decide and for those who judge.

What lives here: the costs below, expected (with a probability of fraud) and realised (with the truth, or with what is
known). What does not: how decisions are made from them, and how they are summed up.

=========  ====================================  ================================
decision   fraud                                 honest
=========  ====================================  ================================
APPROVED   loss_share * amount + chargeback_fee  0
FLAGGED    review                                review
REJECTED   0                                     margin * amount + friction
=========  ====================================  ================================

A review is taken to find the truth. A payment that the bank declined anyway (not live) can neither be lost nor spoilt:
only the time of whoever is asked to look at it is spent. Money is in the ledger's major units. After Bahnsen et al.,
Example-dependent cost-sensitive decision trees, 2016.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fraud_assets.scenario import Costs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def automatic_costs(probability: Floats | Bools, amount: Floats, costs: Costs) -> tuple[Floats, Floats]:
    """(n,) each: what approving and what rejecting a live payment costs, by its probability of fraud or its truth."""
    fraud = np.asarray(probability, dtype=np.float64)
    approve = fraud * (amount * costs.loss_share + costs.chargeback_fee)
    reject = (1 - fraud) * (amount * costs.margin + costs.friction)
    return approve, reject


def losses(amount: Floats, is_fraud: Bools, is_live: Bools, costs: Costs) -> Floats:
    """(n,) what approving each row costs."""
    return np.where(is_live, automatic_costs(is_fraud, amount, costs)[0], 0.0)


def realised_costs(
    is_flagged: Bools, is_rejected: Bools, amount: Floats, is_fraud: Bools, is_live: Bools, costs: Costs
) -> Floats:
    """(n,) what each decision cost; what is neither flagged nor rejected was approved."""
    refusal = np.where(is_live, automatic_costs(is_fraud, amount, costs)[1], 0.0)
    return np.where(is_flagged, costs.review, np.where(is_rejected, refusal, losses(amount, is_fraud, is_live, costs)))

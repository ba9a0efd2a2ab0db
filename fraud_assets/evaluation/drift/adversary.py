"""The adversary: a small model that has to tell a month's payments from the reference's.

Where it can, the months differ, in single features or only in how they go together; what it looks at says in what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fraud_assets.evaluation.statistics import roc_area

Matrix = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
#: Rows of either side.
MOST_ROWS = 3_000
#: Bins of a column, in which its trees look for borders.
GRAIN = 32
_ROUNDS = 30
_PARAMETERS: dict[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 3,
    "max_bin": GRAIN,
    "learning_rate": 0.3,
    "min_child_weight": 5.0,
    "reg_lambda": 5.0,
    "seed": 1,
    "nthread": 1,
    "verbosity": 0,
}


@dataclass(frozen=True)
class Adversary:
    """Its ROC area on customers it has not seen (0.5: the months are alike), the area's error, and its features' gain.

    ``gain`` has the columns of the matrices and adds up to 1, or is 0 throughout.
    """

    area: float
    error: float
    gain: npt.NDArray[np.float64]


def tell_apart(reference: Matrix, before: Ints, month: Matrix, now: Ints) -> Adversary | None:
    """Train on half of the customers, judge on the others, and the other way round.

    Parameters
    ----------
    reference, month
        Rows by features, NaN where missing.
    before, now
        The customer of each row. A customer's payments are all in one half: their habits do not give the month away.

    Returns
    -------
    None where a half lacks rows of either side.
    """
    import xgboost

    reference, before = _spread_out(reference, before)
    month, now = _spread_out(month, now)
    rows = np.concatenate([reference, month])
    is_now = np.concatenate([np.zeros(len(reference), bool), np.ones(len(month), bool)])
    customer = np.concatenate([before, now])
    half = np.unique(customer, return_inverse=True)[1] % 2
    score, gain = np.zeros(len(rows)), np.zeros(rows.shape[1])
    for learned in (0, 1):
        train, test = half == learned, half != learned
        if not (0 < is_now[train].sum() < train.sum() and 0 < is_now[test].sum() < test.sum()):
            return None
        data = xgboost.QuantileDMatrix(rows[train], is_now[train], nthread=1, max_bin=_PARAMETERS["max_bin"])
        booster = xgboost.train(_PARAMETERS, data, _ROUNDS)
        # Margins of two models are on one scale once each is in ranks.
        margins = booster.inplace_predict(rows[test], predict_type="margin")
        score[test] = np.argsort(np.argsort(margins, kind="stable"), kind="stable") / len(margins)
        for name, value in booster.get_score(importance_type="total_gain").items():
            gain[int(name[1:])] += float(np.mean(value))
    area = roc_area(score[is_now], score[~is_now], customer[is_now])
    return Adversary(area.value, area.error, gain / gain.sum() if gain.any() else gain)


def _spread_out(rows: Matrix, customer: Ints) -> tuple[Matrix, Ints]:
    """At most ``MOST_ROWS`` rows, evenly from first to last."""
    if len(rows) <= MOST_ROWS:
        return rows, customer
    kept = np.linspace(0, len(rows) - 1, MOST_ROWS).astype(np.int64)
    return rows[kept], customer[kept]

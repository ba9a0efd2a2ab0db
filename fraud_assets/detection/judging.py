"""How good scores are on the comparing slice, as far as the bank knows by the cut.

What lives here: the few figures by which candidates are compared and the bootstrap over customers. What does not: the
evaluation of a finished month against later reports and truth, which is the evaluation's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_assets.detection.arrays import Mask, Vector
from fraud_assets.detection.policy import APPROVED, decide, gain_threshold, review_gain, savings
from fraud_assets.scenario import Learning

REPLICATES = 200


class Ranking:
    """Rows ordered by falling score, so that the average precision for other weights of the rows costs two sums."""

    def __init__(self, is_fraud: Mask, score: Vector) -> None:
        order = np.argsort(-score, kind="stable")
        frauds = is_fraud[order]
        # Nothing below the last fraud counts, but rows of its own score do.
        last = int(np.flatnonzero(frauds)[-1]) if frauds.any() else -1
        ordered = score[order]
        end = int(np.searchsorted(-ordered, -ordered[last], side="right")) if last >= 0 else 0
        self._order = order[:end]
        # Precision counts where a fraud is: the rows are summed from one such score to the next.
        ends = np.flatnonzero(np.diff(ordered[:end], append=-np.inf) != 0)
        self._rows = np.flatnonzero(frauds[:end])
        self._step = np.searchsorted(ends, self._rows)
        used, self._step = np.unique(self._step, return_inverse=True)
        self._starts = np.concatenate([[0], ends[used][:-1] + 1]) if len(used) else used

    def average_precision(self, weights: Vector) -> float:
        """Average precision; rows of equal score count together. ``weights`` are in the order of the rows given."""
        if not len(self._rows):
            return 0.0
        w = weights[self._order]
        found = np.bincount(self._step, w[self._rows], len(self._starts))
        looked_at = np.cumsum(np.add.reduceat(w, self._starts))
        if found.sum() <= 0:
            return 0.0
        precision = np.divide(np.cumsum(found), looked_at, out=np.zeros_like(found), where=looked_at > 0)
        return float(np.sum(found * precision) / found.sum())


def average_precision(is_fraud: Mask, score: Vector, weights: Vector | None = None) -> float:
    """Average precision: the mean, over frauds, of the precision at their score; ties count together."""
    return Ranking(is_fraud, score).average_precision(np.ones(len(score)) if weights is None else weights)


def bootstrap_average_precision(
    is_fraud: Mask, scores: dict[str, Vector], customer: NDArray[np.int64], seed: int = 0
) -> dict[str, Vector]:
    """Average precision in ``REPLICATES`` resamples of the customers, each model on the same ones.

    A customer's rows come and go together; each customer's count in a resample is a Poisson(1) draw.
    """
    _, place = np.unique(customer, return_inverse=True)
    customers = int(place.max()) + 1 if len(place) else 0
    rankings = {name: Ranking(is_fraud, score) for name, score in scores.items()}
    rng = np.random.Generator(np.random.Philox(seed))
    result = {name: np.zeros(REPLICATES) for name in scores}
    for replicate in range(REPLICATES):
        weights = rng.poisson(1.0, customers).astype(np.float64)[place]
        for name, ranking in rankings.items():
            result[name][replicate] = ranking.average_precision(weights)
    return result


def interval(values: Vector) -> list[float]:
    """The central 95 %."""
    return [float(v) for v in np.quantile(values, (0.025, 0.975))]


def metrics(
    is_fraud: Mask,
    is_live: Mask,
    raw: Vector,
    probability: Vector,
    amount: Vector,
    factors: Vector,
    learning: Learning,
) -> dict[str, float]:
    """The figures of one model on the comparing slice; labels are the reports known at the cut.

    ``factors`` is what a reported fraud of each row's age stands for; it enters the calibration figures only. Rows that
    are not live were declined by the bank anyway: no money can be saved on them.
    """
    from sklearn.metrics import roc_auc_score

    score = probability
    threshold = gain_threshold(review_gain(score, amount, learning.costs), learning.alerts_per_10000)
    decisions = decide(score, amount, learning.costs, threshold)
    budget = max(1, int(len(raw) * learning.alerts_per_10000 / 10_000))
    alerts = np.argsort(-raw, kind="stable")[:budget]
    frauds = int(is_fraud.sum())
    known = is_fraud * factors
    lost = float(amount[is_fraud].sum())
    both = 0 < frauds < len(is_fraud)
    return {
        "average_precision": average_precision(is_fraud, raw),
        "roc_auc": float(roc_auc_score(is_fraud, raw)) if both else 0.5,
        "recall_at_budget": float(is_fraud[alerts].sum() / frauds) if frauds else 0.0,
        "precision_at_budget": float(is_fraud[alerts].mean()),
        "value_detection": float(amount[is_fraud & (decisions != APPROVED)].sum() / lost) if lost else 0.0,
        "rejected_share": float((decisions == 2).mean()),
        "flagged_share": float((decisions == 1).mean()),
        "brier": float(np.mean((score - np.minimum(known, 1.0)) ** 2)),
        "expected_over_observed": float(score.sum() / known.sum()) if frauds else 0.0,
        **savings(decisions, is_fraud, is_live, amount, learning.costs),
    }


def calibration_interval(is_fraud: Mask, probability: Vector, factors: Vector) -> list[float]:
    """95 % interval of expected over observed frauds; the reports are taken as Poisson counts, each with its factor."""
    observed = float(np.sum(is_fraud * factors))
    spread = 1.96 * float(np.sqrt(np.sum(is_fraud * factors**2)))
    expected = float(probability.sum())
    return [expected / (observed + spread), expected / max(observed - spread, 1e-9)] if observed else [0.0, 0.0]


def curves(is_fraud: Mask, raw: Vector, probability: Vector, factors: Vector, points: int = 100) -> dict[str, Any]:
    """Precision-recall, ROC and reliability as short lists of points, for the record."""
    frauds = max(int(is_fraud.sum()), 1)
    order = np.argsort(-raw, kind="stable")
    found, looked_at = np.cumsum(is_fraud[order]), np.arange(1, len(raw) + 1)
    honest = max(len(raw) - frauds, 1)
    places = np.unique(np.geomspace(1, len(raw), points).astype(np.int64)) - 1
    bins = np.array_split(order, min(20, len(raw)))
    return {
        "precision_recall": [[float(found[i] / frauds), float(found[i] / looked_at[i])] for i in places],
        "roc": [[float((looked_at[i] - found[i]) / honest), float(found[i] / frauds)] for i in places],
        "reliability": [[float(probability[b].mean()), float((is_fraud[b] * factors[b]).mean())] for b in bins],
    }

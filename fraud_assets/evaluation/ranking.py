"""Metrics of a ranking: average precision, ROC areas, recall at a false-positive rate or at an alert budget, curves.

What lives here: :class:`Steps`, the weights met while walking down a list of rows from the most to the least
suspicious, cut at the scores at which there is fraud. Nothing else is needed for any of these metrics,
ties included, so the same few lines give the exact value (one column of weights) and the replicates of a bootstrap (a
column a replicate).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Where each row stands in the walk: the number of fraud scores above it, and whether it ties with the next one.

    ``step`` is in 0..levels; a fraud row or an honest row of the same score ties (``tied``) with level ``step``; an
    untied honest row lies between level ``step - 1`` and level ``step``.
    """

    levels: int
    step: Ints
    tied: Bools


def places(score: Floats, is_fraud: Bools) -> Places:
    """Place every row in the walk down from the highest score (n rows each)."""
    scores = np.unique(score[is_fraud])  # ascending
    below = np.searchsorted(scores, score)
    tied = np.append(scores, np.nan)[below] == score
    return Places(len(scores), len(scores) - below - tied, tied)


@dataclass(frozen=True)
class Steps:
    """Weights met on the way down, L levels with fraud, R columns of weights.

    Attributes
    ----------
    fraud, tied
        (L, R): weight of the frauds at a level, and of the honest rows with exactly that score.
    between
        (L + 1, R): weight of the honest rows above the first level, between levels, and below the last.
    """

    fraud: Floats
    tied: Floats
    between: Floats

    @classmethod
    def of(cls, score: Floats, is_fraud: Bools) -> Steps:
        """Every row counts once: R = 1."""
        place = places(score, is_fraud)
        size = place.levels

        def count(rows: Bools, length: int) -> Floats:
            return np.bincount(place.step[rows], minlength=length)[:, None].astype(np.float64)

        honest = ~is_fraud
        return cls(count(is_fraud, size), count(honest & place.tied, size), count(honest & ~place.tied, size + 1))

    def at_prevalence(self, share: float) -> Steps:
        """The same walk with honest rows re-weighted so that ``share`` of all weight is fraud."""
        frauds = self.fraud.sum(axis=0)
        honest = self.tied.sum(axis=0) + self.between.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = frauds * (1 - share) / (share * honest)
        return Steps(self.fraud, self.tied * factor, self.between * factor)

    def average_precision(self) -> Floats:
        """(R,) sum over levels of the recall gained times the precision there; NaN without fraud.

        The step-wise area of scikit-learn's ``average_precision_score``: ties are one level, nothing is interpolated.
        """
        hits = self.fraud.cumsum(axis=0)
        false = (self.between[:-1] + self.tied).cumsum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = np.where(hits + false > 0, hits / (hits + false), 0.0)
            return np.asarray((self.fraud * precision).sum(axis=0) / self.fraud.sum(axis=0))

    def roc_auc(self) -> Floats:
        """(R,) chance that a fraud outranks an honest row, ties counting half; NaN without both kinds."""
        above = (self.between[:-1] + self.tied).cumsum(axis=0) - self.tied
        honest = self.tied.sum(axis=0) + self.between.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            outranked = (self.fraud * (honest - above - self.tied / 2)).sum(axis=0)
            return np.asarray(outranked / (honest * self.fraud.sum(axis=0)))

    def _path(self) -> tuple[Floats, Floats]:
        """Honest and fraud weight met so far, (2 L + 2, R) each: the corners of the (unscaled) ROC curve."""
        levels, columns = self.fraud.shape
        honest = np.zeros((2 * levels + 2, columns))
        fraud = np.zeros_like(honest)
        honest[1::2], honest[2::2] = self.between, self.tied
        fraud[2::2] = self.fraud
        return honest.cumsum(axis=0), fraud.cumsum(axis=0)

    def recall_at_fpr(self, rate: float) -> Floats:
        """(R,) share of fraud found while ``rate`` of the honest rows are disturbed; ties are shared out evenly."""
        honest, fraud = self._path()
        return _each(fraud, honest, rate * honest[-1]) / _or_nan(fraud[-1])

    def caught_at_budget(self, share: float) -> tuple[Floats, Floats]:
        """(R,) recall and precision among the ``share`` of all rows with the highest scores; ties are shared out."""
        honest, fraud = self._path()
        rows = share * (honest[-1] + fraud[-1])
        caught = _each(fraud, honest + fraud, rows)
        return caught / _or_nan(fraud[-1]), caught / _or_nan(rows)

    def partial_auc(self, limit: float) -> float:
        """Area under the ROC curve left of a false-positive rate, scaled to .5 = chance and 1 = perfect (first column).

        McClish (1989), Analyzing a portion of the ROC curve; as in scikit-learn's ``roc_auc_score(max_fpr=...)``.
        """
        fpr, tpr = self.roc_curve()
        if fpr.size == 0:
            return float("nan")
        x = np.append(fpr[fpr <= limit], limit)
        y = np.append(tpr[fpr <= limit], np.interp(limit, fpr, tpr))
        area = float(np.trapezoid(y, x))
        chance = limit**2 / 2
        return 0.5 * (1 + (area - chance) / (limit - chance))

    def roc_curve(self) -> tuple[Floats, Floats]:
        """False- and true-positive rates at every corner (first column); empty without both kinds."""
        honest, fraud = (side[:, 0] for side in self._path())
        if honest[-1] == 0 or fraud[-1] == 0:
            return np.empty(0), np.empty(0)
        return honest / honest[-1], fraud / fraud[-1]

    def precision_recall_curve(self) -> tuple[Floats, Floats]:
        """Recall and precision after every level with fraud (first column); empty without fraud."""
        hits = self.fraud[:, 0].cumsum()
        false = (self.between[:-1, 0] + self.tied[:, 0]).cumsum()
        return (hits / hits[-1], hits / (hits + false)) if hits.size else (np.empty(0), np.empty(0))


def _each(values: Floats, at: Floats, targets: Floats) -> Floats:
    """Interpolate every column of ``values`` over ``at`` (both (n, R)) at its own target (R,)."""
    return np.array([np.interp(targets[r], at[:, r], values[:, r]) for r in range(len(targets))])


def _or_nan(total: Floats) -> Floats:
    return np.where(total > 0, total, np.nan)


def top_share(score: Floats, transaction_id: Ints, share: float) -> Bools:
    """The ``share`` of rows with the highest scores (rounded); the transaction id breaks ties, each time alike."""
    count = min(len(score), round(share * len(score)))
    if not count:
        return np.zeros(len(score), dtype=np.bool_)
    last = np.partition(score, len(score) - count)[len(score) - count]
    chosen: Bools = score > last
    tied = np.flatnonzero(score == last)
    chosen[tied[np.argsort(transaction_id[tied], kind="stable")][: count - int(chosen.sum())]] = True
    return chosen

"""What a model loses without a feature: its values dealt anew among the payments, in the month's own mixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fraud_assets.evaluation.analysis.sample import SUSPECTED, Floats, Matrix, Sample

_DEALS = 2
#: Frauds that are scored again for every deal, and honest rows beside the :data:`SUSPECTED` with the highest scores.
_FRAUDS, _OTHERS = 4_000, 14_000


def permuted(
    sample: Sample, score: Callable[[Matrix], Floats], columns: Sequence[int], *, seed: int = 1
) -> tuple[dict[int, float], dict[str, Any] | None]:
    """What average precision loses when a feature's values are dealt anew among the rows (Breiman 2001), over 2 deals.

    A row gets the value of a row drawn in proportion to its weight, so that a fraud's value comes as rarely as it does
    among all payments of the month; dealt without weights, the values of a sample rich in frauds make honest rows look
    like fraud by the thousand, and every loss is too large.

    Returns
    -------
    Column -> loss, at most the average precision there is. And what it was measured on: ``average_precision`` before
    anything is dealt, ``frauds`` and ``honest`` rows that were scored again, the ``drawn`` honest rows that they stand
    for and whose values were dealt. Nothing, and None, without frauds or without honest rows.
    """
    from sklearn.metrics import average_precision_score

    if not sample.is_fraud.any() or sample.is_fraud.all():
        return {}, None
    scores = score(sample.codes)
    rows, weight = _scored_again(sample, scores)
    is_fraud = sample.is_fraud[rows]
    whole = float(average_precision_score(is_fraud, scores[rows], sample_weight=weight))
    codes, lost = sample.codes[rows], {}
    for j in columns:
        rng = np.random.default_rng([seed, j])
        kept, without = codes[:, j].copy(), []
        for _ in range(_DEALS):
            codes[:, j] = sample.codes[_dealt(sample.weight, len(rows), rng), j]
            without.append(float(average_precision_score(is_fraud, score(codes), sample_weight=weight)))
        codes[:, j] = kept
        lost[j] = whole - float(np.mean(without))
    return lost, {
        "average_precision": whole,
        "frauds": int(is_fraud.sum()),
        "honest": int((~is_fraud).sum()),
        "drawn": int((~sample.is_fraud).sum()),
    }


def _dealt(weight: Floats, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """(size,) rows in proportion to their weight, one from each of as many equal parts of it, in any order."""
    ends = np.cumsum(weight)
    points = (np.arange(size) + rng.random(size)) / size * ends[-1]
    found: npt.NDArray[np.int64] = rng.permutation(
        np.minimum(np.searchsorted(ends, points, side="right"), len(ends) - 1)
    )
    return found


def _scored_again(sample: Sample, scores: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """The rows that are scored for every deal, and how many rows of the month each of them stands for."""
    order = np.argsort(-scores, kind="stable")
    honest = order[~sample.is_fraud[order]]
    chosen, weights = [], []
    for part, most in (
        (order[sample.is_fraud[order]], _FRAUDS),
        (honest[:SUSPECTED], SUSPECTED),
        (honest[SUSPECTED:], _OTHERS),
    ):
        # In the order of the scores, evenly: each stands for its neighbours.
        kept = part[np.linspace(0, len(part), min(most, len(part)), endpoint=False).astype(np.int64)]
        weight = sample.weight[kept]
        chosen.append(kept)
        weights.append(weight * (sample.weight[part].sum() / weight.sum()) if len(kept) else weight)
    return np.concatenate(chosen), np.concatenate(weights)

"""Whether the champion's score is spread as before, on payments that it has not been fitted on.

A model is surer of what it has learned by heart: held against its training months any later month looks different, and
a limit from those months would be that of a figure which is always small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fraud_assets.evaluation.drift.shift import Bins, Column, kolmogorov_smirnov, psi, shares
from fraud_assets.evaluation.drift.table import ENOUGH, MonthSample
from fraud_assets.evaluation.drift.usual import limits

#: Months after the training that limits take: they are all that is known of how much a score varies.
NEEDED = 3


def score_drift(
    samples: Sequence[MonthSample],
    trained_on: Sequence[str],
    look_back: float,
    features: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
) -> dict[str, Any] | None:
    """The score of the last month against the champion's held-out days, or its first month after them.

    Parameters
    ----------
    samples
        Months in their order; a null ``score`` is one of a payment that the champion has been fitted on.
    trained_on
        Keys of the months before the champion's cut.
    look_back
        Days that the features reach back: a score of shorter memories moves as they fill.
    features
        Roots of PSI, and of KS, of the features in stable months (comparisons, features): how much such figures vary.

    Returns
    -------
    None without a score now, or without one before. Every month after the reference has been held against the same
    reference; the limits are from those, at least :data:`NEEDED` of them. ``no_limit`` says why there are none.
    """
    learned = set(trained_on)
    before = [sample for sample in samples[:-1] if sample.key in learned]
    after = [[sample] for sample in samples[:-1] if sample.key not in learned and sample.key > max(learned, default="")]
    groups = [group for group in [before, *after] if any(len(_scores(sample)) for sample in group)]
    current = np.sort(_scores(samples[-1]))
    if not groups or not len(current):
        return None
    filled = [k for k, group in enumerate(groups) if _is_filled(group, look_back)]
    reference, *past = groups[filled[0] :] if filled else groups
    base = np.sort(np.concatenate([_scores(sample) for sample in reference]))
    bins = Bins.of(base)
    expected = bins.counts(base)

    def distances(values: Column) -> tuple[float, float]:
        return psi(expected, bins.counts(values)), kolmogorov_smirnov(base, values)

    stable = [distances(np.sort(_scores(group[0]))) for group in past]
    now_psi, now_ks = distances(current)
    no_limit = None
    if not filled:
        no_limit = "its features were still filling"
    elif len(stable) < NEEDED:
        no_limit = f"limits take {NEEDED} months after the reference, and there {_are(len(stable))} before this one"
    psi_limit = ks_limit = float("nan")
    if no_limit is None:
        roots = np.sqrt([[figures[0]] for figures in stable])
        far = np.sqrt([[figures[1]] for figures in stable])
        psi_limit = float(limits(roots, _variance(features[0]), distances=2)[1][0]) ** 2
        ks_limit = float(limits(far, _variance(features[1]), most=1.0, distances=2)[1][0]) ** 2
    return {
        "reference": {
            "months": [sample.key for sample in reference if len(_scores(sample))],
            "is_held_out": reference is before,
            "rows": len(base),
        },
        "psi": now_psi,
        "psi_limit": psi_limit,
        "ks": now_ks,
        "ks_limit": ks_limit,
        "no_limit": no_limit,
        "is_alarm": bool(now_psi > psi_limit or now_ks > ks_limit),
        "past": [{"month": group[0].key, "psi": figures[0]} for group, figures in zip(past, stable, strict=True)],
        "bins": shares(bins, base, current, None),
    }


def _are(months: int) -> str:
    return "is none" if not months else "is 1" if months == 1 else f"are {months}"


def _scores(sample: MonthSample) -> Column:
    if "score" not in sample.frame.columns:
        return np.empty(0, np.float32)
    scores: Column = sample.frame["score"].drop_nulls().to_numpy().astype(np.float32)
    return scores


def _is_filled(group: Sequence[MonthSample], look_back: float) -> bool:
    """Whether the scored payments, but for a few, have the full look-back."""
    frames = [sample.frame for sample in group if "score" in sample.frame.columns]
    days = [frame.filter(frame["score"].is_not_null())["memory_days"] for frame in frames if "memory_days" in frame]
    return not days or float(np.mean(np.concatenate([d.to_numpy() for d in days]) >= look_back)) >= ENOUGH


def _variance(figures: npt.NDArray[np.float64]) -> float | None:
    """How much a figure of a feature varies over stable months, the median one."""
    several = figures[:, np.isfinite(figures).sum(axis=0) > 1]
    return float(np.median(np.nanvar(several, axis=0, ddof=1))) if several.size else None

"""How far the values of a column are from those of a reference: PSI and the statistic of Kolmogorov and Smirnov.

What lives here: the two distances and the bins of the first. What does not: how far is too far (``usual``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
_BINS = 10
#: Fewer known values on either side say nothing of a distribution.
_ENOUGH = 50


@dataclass(frozen=True)
class Bins:
    """Tenths of a reference, or the codes of a text column; missing values have the last bin to themselves.

    ``edges`` are the inner borders: bin ``k`` holds values above ``edges[k - 1]`` and up to ``edges[k]``.
    """

    edges: Floats

    @classmethod
    def of(cls, reference: Column, levels: int | None = None) -> Bins:
        """The bins of sorted values, missing ones (NaN) last; of codes below ``levels``, and of one for all others."""
        if levels is not None:
            return cls(np.arange(levels, dtype=np.float64) + 0.5)
        known = reference[: len(reference) - _missing(reference)]
        if not known.size:
            return cls(np.empty(0))
        if _is_flag(known):  # each value has a bin, and so have those below, between and above
            values = np.unique(known[[0, -1]]).astype(np.float64)
            return cls(np.unique(np.concatenate([np.nextafter(values, -np.inf), values])))
        # Values that occur, so that one with many rows is never cut in two.
        tenths = known[np.ceil(np.arange(1, _BINS) / _BINS * len(known)).astype(int) - 1].astype(np.float64)
        # Without the highest value, above which there is nothing.
        return cls(np.unique(tenths[tenths < known[-1]]))

    def counts(self, values: Column) -> Floats:
        """(bins + 1,) values in each bin, the missing ones last."""
        known = values[~np.isnan(values)].astype(np.float64)
        place = np.searchsorted(self.edges, known, side="left")
        counts = np.bincount(place, minlength=len(self.edges) + 1).astype(np.float64)
        return np.append(counts, len(values) - len(known))


def psi(reference: Floats, month: Floats) -> float:
    """The population stability index of two sets of counts, the sum of (p - q) ln(p / q) over bins.

    Half a row is added to each bin, so that an empty one is not infinitely far. It is the symmetric divergence of
    Kullback and Leibler (Jeffreys 1946); bins that both lack do not count.
    """
    there = (reference + month) > 0
    p, q = reference[there] + 0.5, month[there] + 0.5
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def kolmogorov_smirnov(reference: Column, month: Column) -> float:
    """The largest distance of the two cumulative distributions; NaN with fewer than 50 known values on either side.

    Parameters
    ----------
    reference, month
        Sorted, missing values (NaN) last, as ``np.sort`` does.
    """
    a, b = reference[: len(reference) - _missing(reference)], month[: len(month) - _missing(month)]
    if min(len(a), len(b)) < _ENOUGH:
        return float("nan")
    # Between two values of the month only the reference's distribution grows: the largest distance is at such a value,
    # or just before it.
    values, times = np.unique(b, return_counts=True)
    upto = np.cumsum(times) / len(b)
    after = np.abs(upto - np.searchsorted(a, values, side="right") / len(a))
    ahead = np.abs(upto - times / len(b) - np.searchsorted(a, values, side="left") / len(a))
    return float(max(after.max(), ahead.max()))


def shares(bins: Bins, reference: Column, month: Column, levels: list[str] | None) -> list[dict[str, Any]]:
    """Share of each bin that is not empty before and now, with its name."""
    before, now = bins.counts(reference), bins.counts(month)
    names = [*_names(bins.edges, levels, reference), "missing"]
    return [
        {"bin": name, "before": p / max(1.0, before.sum()), "now": q / max(1.0, now.sum())}
        for name, p, q in zip(names, before, now, strict=True)
        if p + q > 0
    ]


def _names(edges: Floats, levels: list[str] | None, values: Column) -> list[str]:
    if levels is not None:
        return [*levels, "other"]
    if not edges.size:
        return ["any"]
    known = values[: len(values) - _missing(values)]
    if _is_flag(known):
        low, high = f"{known[0]:.4g}", f"{known[-1]:.4g}"
        return ["below", low, *(["between", high] if low != high else []), "above"]
    for digits in range(2, 10):  # as few as keep the borders apart
        written = [f"{edge:.{digits}g}" if abs(edge) < 100 or digits > 3 else f"{edge:,.0f}" for edge in edges]
        if len(set(written)) == len(written):
            break
    between = [f"{low}–{high}" for low, high in pairwise(written)]
    return [f"≤ {written[0]}", *between, f"> {written[-1]}"]


def _is_flag(ordered: Column) -> bool:
    """Whether there are two different values at most."""
    return bool(((ordered == ordered[0]) | (ordered == ordered[-1])).all())


def _missing(values: Column) -> int:
    return int(np.isnan(values).sum())

"""How far the values of a column are from those of a reference: PSI and the statistic of Kolmogorov and Smirnov.

What lives here: the two distances and the bins of the first. What does not: how far is too far (``usual``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
#: Bins that a PSI is of.
TENTHS = 10
#: Finer bins, in which cumulative distributions are compared.
FINE = 100
#: Share of the rows that make one value a lump: half a tenth.
_LUMP = 0.05
#: How far a column's only value may move, as a share of itself, and be the same.
_SAME = 0.05
#: Fewer known values on either side say nothing of a distribution.
_ENOUGH = 50


@dataclass(frozen=True)
class Bins:
    """Tenths of a reference, or the codes of a text column; missing values have the last bin to themselves.

    ``edges`` are the inner borders: bin ``k`` holds values above ``edges[k - 1]`` and up to ``edges[k]``. They lie
    between values that occur, never at one: where few values have many rows each, such a value may move a little from
    month to month (a share of all devices, a rate of the whole bank) and still is the same one.
    """

    edges: Floats
    #: The values that have a bin each, where there are two at most; else empty.
    own: Floats = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(
        cls, reference: Column, levels: int | None = None, *, month: Column | None = None, parts: int = TENTHS
    ) -> Bins:
        """The bins of sorted values, missing ones (NaN) last; of codes below ``levels``, and of one for all others.

        Parameters
        ----------
        month
            Those of one of the reference's months, where it has several. Where it has lumps, borders are drawn in it: a
            value that moves is another in each month, and all of them together would have borders among them. Two
            values of the whole reference (a flag) have their bins even if the month has but one.
        parts
            Bins at most, of as many rows each as far as values can be told apart.
        """
        if levels is not None:
            return cls(np.arange(levels, dtype=np.float64) + 0.5)
        known = reference[: len(reference) - _missing(reference)]
        if not known.size:
            return cls(np.empty(0))
        drawn = known if month is None or not has_lumps(month) else month[: len(month) - _missing(month)]
        if _is_flag(drawn):
            # In a month without the one value of a flag the other stands alone.
            ends = (known if _is_flag(known) and not _is_same(known) else drawn)[[0, -1]]
            return cls._around(np.unique(ends).astype(np.float64))
        return cls(_borders(drawn.astype(np.float64), parts))

    @classmethod
    def _around(cls, values: Floats) -> Bins:
        """A bin for each of two values at most, within a quarter of what lies between, and for what is elsewhere."""
        width = float(values[1] - values[0]) / 4 if len(values) > 1 else abs(float(values[0])) * _SAME
        return cls(np.unique(np.concatenate([np.nextafter(values - width, -np.inf), values + width])), values)

    def places(self, values: Column) -> Column:
        """The number of each value's bin, NaN where it is missing; ascending where the values are."""
        found = np.searchsorted(self.edges, values.astype(np.float64), side="left").astype(np.float32)
        found[np.isnan(values)] = np.nan
        return found

    def counts(self, values: Column) -> Floats:
        """(bins + 1,) values in each bin, the missing ones last."""
        place = self.places(values)
        known = place[~np.isnan(place)].astype(np.int64)
        counts = np.bincount(known, minlength=len(self.edges) + 1).astype(np.float64)
        return np.append(counts, len(values) - len(known))


def _borders(values: Floats, parts: int) -> Floats:
    """Borders of bins that lie around the middles of so many parts of sorted values, three different ones at least.

    Of a continuous column that is where the parts end; of one of few values midway between those with many rows; and
    where there is both, a value with many rows is well inside a bin, and not at its border.
    """
    middles = values[np.ceil((np.arange(parts) + 0.5) / parts * len(values)).astype(int) - 1]
    centres = _apart(values, np.unique(middles))
    first, last = np.searchsorted(values, centres), np.searchsorted(values, centres, side="right")
    # Half of the rows between two centres on either side, and equal values on one: the first place after the border.
    after = list(np.searchsorted(values, values[(last[:-1] + first[1:]) // 2]))
    # A value at an end that fills a part is not one with those beyond it, however few.
    fills = last - first >= len(values) / parts
    if fills[0] and first[0] > 0:
        after.append(first[0])
    if fills[-1] and last[-1] < len(values):
        after.append(last[-1])
    places = np.array(after, dtype=np.int64)
    borders: Floats = np.unique((values[places - 1] + values[places]) / 2)
    return borders


def _apart(values: Floats, centres: Floats) -> Floats:
    """The centres without those that are hardly there themselves and lie too near to a lump.

    A border between the two would be so near to the lump that it crosses it by moving a little.
    """
    lump = _LUMP * len(values)
    first, last = np.searchsorted(values, centres), np.searchsorted(values, centres, side="right")
    is_large = last - first >= lump
    is_small = ~is_large & (last - first <= max(1.0, lump / 50))
    rows = np.maximum(first[:, None] - last[is_large], first[is_large] - last[:, None])  # between the two
    return centres[~(is_small & (rows < lump).any(axis=1))]


def has_lumps(ordered: Column) -> bool:
    """Whether one of some sorted values, missing ones (NaN) last, has a twentieth of the known rows."""
    known = ordered[: len(ordered) - _missing(ordered)]
    rows = max(2, int(np.ceil(_LUMP * len(known))))
    return bool((known[rows - 1 :] == known[: len(known) - rows + 1]).any())


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
    names = [*_names(bins, levels, reference), "missing"]
    return [
        {"bin": name, "before": p / max(1.0, before.sum()), "now": q / max(1.0, now.sum())}
        for name, p, q in zip(names, before, now, strict=True)
        if p + q > 0
    ]


def _names(bins: Bins, levels: list[str] | None, values: Column) -> list[str]:
    edges = bins.edges
    if levels is not None:
        return [*levels, "other"]
    if not edges.size:
        return ["any"]
    if bins.own.size:
        low, high = f"{bins.own[0]:.4g}", f"{bins.own[-1]:.4g}"
        return ["below", low, *(["between", high] if len(bins.own) > 1 else []), "above"]
    known = values[: len(values) - _missing(values)]
    if (known == np.floor(known)).all():
        return _names_of_counts(np.floor(edges).astype(np.int64))
    for digits in range(2, 10):  # as few as keep the borders apart
        written = [f"{edge:.{digits}g}" if abs(edge) < 100 or digits > 3 else f"{edge:,.0f}" for edge in edges]
        if len(set(written)) == len(written):
            break
    between = [f"{low}–{high}" for low, high in pairwise(written)]
    return [f"≤ {written[0]}", *between, f"> {written[-1]}"]


def _names_of_counts(last: npt.NDArray[np.int64]) -> list[str]:
    """Names of bins of whole numbers, by the last in each but the highest."""
    between = [f"{high:,}" if high == low + 1 else f"{low + 1:,}–{high:,}" for low, high in pairwise(last)]
    return [f"≤ {last[0]:,}", *between, f"> {last[-1]:,}"]


def _is_flag(ordered: Column) -> bool:
    """Whether there are two different values at most."""
    return bool(((ordered == ordered[0]) | (ordered == ordered[-1])).all())


def _is_same(ordered: Column) -> bool:
    """Whether two values differ by no more than one value may move."""
    low, high = float(ordered[0]), float(ordered[-1])
    return high - low <= _SAME * max(abs(low), abs(high))


def _missing(values: Column) -> int:
    return int(np.isnan(values).sum())

"""What is usual: limits of a figure from months that were stable, in place of constants from folklore.

A limit is a prediction bound: a stable month more exceeds it by chance in a hundredth of all reports, however many
figures a report has (Bonferroni). It knows nothing but the figures of the stable months.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: Share of reports on stable months in which any figure of a kind exceeds its limit.
FALSE_ALARMS = 0.01
#: With fewer stable comparisons nothing is known of how much a figure varies.
FEWEST = 2
#: A few months say little of a figure's own spread; that of all figures counts as much as so many months more.
_PRIOR_MONTHS = 4


def limits(
    stable: Floats, prior_variance: float | None = None, *, most: float = float("inf"), distances: int = 1
) -> tuple[Floats, Floats]:
    """The limits (F,), lower and upper, of F figures from k stable months.

    Parameters
    ----------
    stable
        (k, F) figures; NaN where one could not be had.
    prior_variance
        What is known of the variance of a figure beforehand; the median over the figures if None.
    most
        The largest value that such a figure can have.
    distances
        How many such tables of figures raise one alarm together.

    Returns
    -------
    NaN for figures with fewer than ``FEWEST`` months. Mean -+ t s sqrt(1 + 1/k), the variance drawn towards the prior
    one (moderated t statistic: Smyth 2004); never within what stable months have shown.
    """
    from scipy.stats import t

    known = np.isfinite(stable)
    k = known.sum(axis=0)
    enough = k >= FEWEST
    low, high = np.full(stable.shape[1], np.nan), np.full(stable.shape[1], np.nan)
    if not enough.any():
        return low, high
    figures, k = np.where(known, stable, np.nan)[:, enough], k[enough]
    mean, own = np.nanmean(figures, axis=0), np.nanvar(figures, axis=0, ddof=1)
    prior = float(np.median(own)) if prior_variance is None else prior_variance
    spread = np.sqrt((_PRIOR_MONTHS * prior + (k - 1) * own) / (_PRIOR_MONTHS + k - 1))
    reach = t.ppf(1 - FALSE_ALARMS / (distances * enough.sum()), _PRIOR_MONTHS + k - 1) * spread * np.sqrt(1 + 1 / k)
    low[enough] = np.minimum(mean - reach, np.nanmin(figures, axis=0))
    high[enough] = np.minimum(np.maximum(mean + reach, np.nanmax(figures, axis=0)), most)
    return low, high

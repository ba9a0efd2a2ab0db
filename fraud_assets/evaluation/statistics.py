"""Small statistics that gates and pictures share: figures with an error that knows of campaigns, and local time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """A figure and its standard error."""

    value: float
    error: float

    @property
    def either_way(self) -> Spread:
        """Of a ROC area: that of the better direction."""
        return Spread(max(self.value, 1 - self.value), self.error)


def clustered_mean(values: Floats, cluster: npt.NDArray[np.int64]) -> Spread:
    """Mean of the rows, with the error that whole clusters of rows (campaigns, actors) come and go together.

    The error is the linearised one of a ratio of cluster totals (Cochran 1977, section 9A.2), with the small-sample
    factor k / (k - 1); infinite with a single cluster.
    """
    mean = float(values.mean())
    _, place = np.unique(cluster, return_inverse=True)
    total = np.bincount(place, weights=values - mean)
    k = len(total)
    return Spread(mean, float(np.sqrt((total**2).sum() * k / (k - 1)) / len(values)) if k > 1 else float("inf"))


def roc_area(fraud: Floats, honest: Floats, cluster: npt.NDArray[np.int64]) -> Spread:
    """Chance that a fraud's value exceeds an honest one, ties counting half (Mann and Whitney 1947).

    It is the mean of the frauds' places among the honest rows, which gives the error (DeLong et al. 1988) by cluster;
    honest rows are so many that theirs does not matter.
    """
    ordered = np.sort(honest)
    below, upto = (np.searchsorted(ordered, fraud, side=side) for side in ("left", "right"))
    return clustered_mean((below + upto) / 2 / len(ordered), cluster)


def known_by(delay: Floats, age: Floats, days: Floats, weight: Floats | None = None) -> list[float | None]:
    """Share of frauds that are known so many days after them, by the product-limit estimate (Kaplan and Meier 1958).

    A fraud of yesterday that is not reported is not taken for one that never will be, and the share never falls.

    Parameters
    ----------
    delay
        Days from the fraud to its report; infinite without one.
    age
        Days from the fraud to the day of which one speaks; later reports do not count.
    days
        When to say it.
    weight
        Of each fraud, for example its amount.

    Returns
    -------
    A share for each of ``days``; None beyond the oldest fraud.
    """
    weights = np.ones(delay.size) if weight is None else weight
    seen, is_report = np.minimum(delay, age), delay <= age
    order = np.lexsort((~is_report, seen))
    times, events, weights = seen[order], is_report[order], weights[order]
    at_risk = weights[::-1].cumsum()[::-1]
    left = np.cumprod(1 - np.where(events, weights / at_risk, 0.0))
    # Rows of one instant share their risk set; the last of them carries all.
    place = np.searchsorted(times, days, side="right") - 1
    known = np.where(place >= 0, 1 - left[place.clip(0)], 0.0)
    oldest = age.max()
    return [float(value) if day <= oldest else None for day, value in zip(days, known, strict=True)]


def local_time() -> pl.Expr:
    """The ledger's ``event_time`` on the clock of the place, from its offset."""
    return pl.col("event_time").dt.replace_time_zone(None) + pl.duration(minutes=pl.col("utc_offset_minutes"))

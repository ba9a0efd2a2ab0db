"""Labels: what the bank knew about each row at the cut, and how much it will still learn.

What lives here: joining reports to rows, and the report-delay curve. What does not: truth, which no model may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Vector
from fraud_assets.knowledge import known_at

#: A fraud stands for at most this many: beyond it the estimate rests on a handful of reports.
LARGEST_FACTOR = 4.0


def label(features: pl.LazyFrame, known: pl.DataFrame) -> pl.LazyFrame:
    """The rows with ``is_fraud`` (Boolean) and ``reported_type`` (String), in their order.

    Parameters
    ----------
    features
        Rows with transaction_id.
    known
        What :func:`fraud_assets.knowledge.known_at` says at the cut.
    """
    reported = known.lazy().select("transaction_id", "reported_type", is_fraud=pl.lit(True))
    return features.join(reported, on="transaction_id", how="left", maintain_order="left").with_columns(
        pl.col("is_fraud").fill_null(False)
    )


@dataclass(frozen=True)
class DelayCurve:
    """What share of the frauds that get reported has been reported by a given age.

    ``shares[k]`` is the share reported less than ``k`` days after the event; it grows from 0 to 1, and is linear
    between whole days. Frauds that nobody ever reports are outside it, since no report can tell how many there are:
    ``never_reported``, their share in all frauds, is what the bank says it is.
    """

    shares: tuple[float, ...]
    reports: int
    never_reported: float = 0.0

    @classmethod
    def estimate(cls, reports: pl.LazyFrame, since: datetime, cut: datetime, never_reported: float = 0.0) -> DelayCurve:
        """The curve from the reports known at the cut, about rows at or after ``since``.

        A young fraud can only have been seen if its report was quick, so the plain distribution of the delays is too
        fast. The reverse-time product-limit estimator for right-truncated delays corrects that: going down from the
        longest delay, F(k-1) = F(k) * (1 - n_k / (R_k + 1)), with n_k delays of k days, and R_k those of at most k
        days whose event was at least k days before the cut (Lagakos, Barraj & De Gruttola, Biometrika 75, 1988). The 1
        keeps a single long delay from claiming everything. It is relative to the longest delay that was observable.
        """
        events = reports.filter(pl.col("event_time") >= since)
        delays = (
            known_at(events, cut)
            .join(events.select("transaction_id", "event_time").unique("transaction_id"), on="transaction_id")
            .select(
                delay=(pl.col("reported_at") - pl.col("event_time")).dt.total_seconds() // 86_400,
                age=(pl.lit(cut) - pl.col("event_time")).dt.total_seconds() // 86_400,
            )
            .collect()
        )
        if delays.is_empty():
            return cls((), 0, never_reported)
        delay = np.maximum(delays["delay"].to_numpy(), 0)
        age = np.maximum(delays["age"].to_numpy(), delay)
        longest = int(delay.max())
        exactly = np.bincount(delay, minlength=longest + 1)
        # Delays of at most k days among events that are at least k days old.
        at_risk = np.cumsum(exactly) - np.cumsum(np.bincount(np.minimum(age, longest), minlength=longest + 1))
        at_risk += np.bincount(np.minimum(age, longest), minlength=longest + 1)
        steps = 1 - exactly / (at_risk + 1)
        shares = np.ones(longest + 2)
        shares[1:-1] = np.cumprod(steps[:0:-1])[::-1]
        shares[0] = 0.0
        return cls(tuple(float(s) for s in shares), delays.height, never_reported)

    def factor(self, age_days: Vector) -> Vector:
        """How many frauds a reported one of that age stands for; never growing with age.

        At least 1 and at most 4 for those reported later, and as many more as are never reported.
        """
        if not self.shares:
            return np.full_like(age_days, 1 / (1 - self.never_reported), dtype=np.float64)
        share = np.interp(age_days, np.arange(len(self.shares)), self.shares)
        return 1 / (np.clip(share, 1 / LARGEST_FACTOR, 1.0) * (1 - self.never_reported))

"""Labels: what the bank knew about each row at the cut, and how much it will still learn.

What lives here: joining reports to rows, and the report-delay curve. What does not: truth, which no model may see.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Vector
from fraud_assets.knowledge import known_at

#: A fraud stands for at most this many: beyond it the estimate rests on a handful of reports.
LARGEST_FACTOR = 4.0
#: A type of fraud has a curve of its own from so many reports on; the others share that of all.
ENOUGH_REPORTS = 40


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

    ``by_type`` holds such shares of each type, as the reports call it, that has enough of them. A lost card is missed
    at once, a merchant's fraud is found by an audit after months, and those that a model finds are mostly of the quick
    types: with one curve for all, each of them would stand for slow ones that have quite other scores, and the highest
    probabilities would be too high by a half.
    """

    shares: tuple[float, ...]
    reports: int
    never_reported: float = 0.0
    by_type: dict[str, tuple[float, ...]] = field(default_factory=dict)

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
                "reported_type",
                delay=(pl.col("reported_at") - pl.col("event_time")).dt.total_seconds() // 86_400,
                age=(pl.lit(cut) - pl.col("event_time")).dt.total_seconds() // 86_400,
            )
            .collect()
        )
        if delays.is_empty():
            return cls((), 0, never_reported)
        kinds = delays.drop_nulls("reported_type").partition_by("reported_type", as_dict=True)
        by_type = {str(name): _curve(own) for (name,), own in kinds.items() if own.height >= ENOUGH_REPORTS}
        return cls(_curve(delays), delays.height, never_reported, dict(sorted(by_type.items())))

    def factor(self, age_days: Vector, reported_type: pl.Series | None = None) -> Vector:
        """How many frauds a reported one of that age stands for; never growing with age.

        At least 1 and at most 4 for those reported later, and as many more as are never reported.

        Parameters
        ----------
        reported_type
            As what each row was reported; null and types with few reports, as without it, are corrected by all reports.
        """
        share = self._reported(self.shares, age_days)
        if reported_type is not None:
            kinds = reported_type.cast(pl.String).fill_null("").to_numpy()
            for name, shares in self.by_type.items():
                mine = np.flatnonzero(kinds == name)
                share[mine] = self._reported(shares, age_days[mine])
        return 1 / (np.clip(share, 1 / LARGEST_FACTOR, 1.0) * (1 - self.never_reported))

    @classmethod
    def load(cls, document: dict[str, Any]) -> DelayCurve:
        """The curve from its fields as JSON has them."""
        by_type = {name: tuple(shares) for name, shares in document.get("by_type", {}).items()}
        return cls(**document | {"shares": tuple(document["shares"]), "by_type": by_type})

    @staticmethod
    def _reported(shares: tuple[float, ...], age_days: Vector) -> Vector:
        """The share reported by each age; 1 where nothing is known."""
        if not shares:
            return np.ones_like(age_days, dtype=np.float64)
        return np.interp(age_days, np.arange(len(shares)), shares)


def _curve(delays: pl.DataFrame) -> tuple[float, ...]:
    """The product-limit estimate from ``delay`` and ``age``, whole days."""
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
    return tuple(float(share) for share in shares)

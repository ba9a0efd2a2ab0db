"""What all gates share: the result, the truth of a month in small, and a bounded reading of the ledger beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

MOST_HONEST_ROWS = 2_000_000
_COLUMNS_AT_ONCE = 6


@dataclass(frozen=True)
class Result:
    """What a gate found.

    Attributes
    ----------
    name
        Of the gate, stable.
    passed
        False if the limit is broken. True also where nothing could be tested (``value`` is then None).
    value, limit
        The figure, and in words what it may be.
    explanation
        One or two sentences with the figures behind it.
    n
        Number of fraud rows behind the figure.
    details
        More figures, JSON-able.
    """

    name: str
    passed: bool
    value: float | None
    limit: str
    explanation: str
    n: int
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Labels:
    """The month's fraud rows (transaction_id, fraud_type, campaign_id, half) and how the ledger is sampled."""

    fraud: pl.DataFrame
    rows: int
    honest_share: float

    @property
    def frauds(self) -> int:
        return self.fraud.height

    @classmethod
    def of(cls, transactions: pl.LazyFrame, labeled_anomalies: pl.LazyFrame) -> Labels:
        """Collect the frauds, which are few; campaigns are dealt in turn into two halves, type by type."""
        fraud = (
            labeled_anomalies.filter("is_fraud")
            .select("transaction_id", pl.col("fraud_type").cast(pl.String), "campaign_id")
            .sort("fraud_type", "campaign_id", "transaction_id")
            .with_columns(half=pl.struct("fraud_type", "campaign_id").rle_id() % 2 == 1)
            .collect()
        )
        rows = int(transactions.select(pl.len()).collect().item())
        return cls(fraud, rows, min(1.0, MOST_HONEST_ROWS / max(1, rows)))


def read(transactions: pl.LazyFrame, labels: Labels, columns: list[pl.Expr]) -> pl.DataFrame:
    """The columns of all frauds and of the sampled honest rows, with is_fraud, half, fraud_type and campaign_id.

    An honest row is taken, and dealt into a half, by a hash of its id, so a month is always sampled alike.
    """
    lot = (pl.col("_id") % 2_147_483_647 * 2_654_435_761) % 2**32
    is_fraud = pl.col("half").is_not_null()
    frame = transactions.select(pl.col("transaction_id").alias("_id"), *columns).join(
        labels.fraud.lazy(), left_on="_id", right_on="transaction_id", how="left"
    )
    if labels.honest_share < 1:
        frame = frame.filter(is_fraud | (lot < int(labels.honest_share * 2**32)))
    return (
        frame.with_columns(is_fraud=is_fraud, half=pl.col("half").fill_null((lot // 65_536) % 2 == 1))
        .drop("_id")
        .collect(engine="streaming")
    )


def batches(columns: dict[str, pl.Expr]) -> Iterator[dict[str, pl.Expr]]:
    """A few columns at a time, which bounds the memory of a pass over the ledger."""
    names = list(columns)
    for start in range(0, len(names), _COLUMNS_AT_ONCE):
        yield {name: columns[name] for name in names[start : start + _COLUMNS_AT_ONCE]}

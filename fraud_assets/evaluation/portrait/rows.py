"""What all measurements share: the ledger with the truth beside it, on the clock of the place, and bounded samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.codes import CHANNELS
from fraud_assets.evaluation.portrait.subject import Tables
from fraud_assets.evaluation.statistics import local_time

#: Kinds of ledger rows whose moment somebody chooses; bills, salaries, refunds and reversals come by themselves.
CHOSEN = ("purchase", "transfer")
#: Kinds of ledger rows with which something is paid.
PAID = (*CHOSEN, "bill")
#: Where sequences of payments matter, so many customers stand for all: memory does not grow with the bank.
MOST_CUSTOMERS = 2_000
_FINEST = 2.0**-24
_TEXTS = ("method", "channel", "kind", "direction", "category", "currency", "status", "decline_reason")
_TRUTH = ("fraud_type", "campaign_id", "anomaly_type")


def ledger(transactions: pl.LazyFrame, labeled_anomalies: pl.LazyFrame) -> pl.LazyFrame:
    """The ledger's rows, in no particular order, with what is true of them.

    Returns
    -------
    The ledger's columns, enumerations as texts; ``is_fraud``, false for an ordinary row; fraud_type, campaign_id and
    anomaly_type, null for one; and of the local clock ``local`` (instant), ``day``, ``hour`` and ``weekday``
    (1 = Monday).
    """
    truth = labeled_anomalies.select("transaction_id", "is_fraud", *(pl.col(name) for name in _TRUTH))
    return (
        transactions.join(truth, on="transaction_id", how="left")
        .with_columns(
            pl.col(*_TEXTS, "fraud_type", "anomaly_type").cast(pl.String),
            pl.col("is_fraud").fill_null(value=False),
            local=local_time(),
        )
        .with_columns(
            day=pl.col("local").dt.date(),
            hour=pl.col("local").dt.hour().cast(pl.Int32),
            weekday=pl.col("local").dt.weekday().cast(pl.Int32),
        )
    )


def month_ledger(tables: Tables) -> pl.LazyFrame:
    """:func:`ledger` of the month."""
    return ledger(tables.transactions, tables.labeled_anomalies)


def is_kind(*kinds: str) -> pl.Expr:
    return pl.col("kind").is_in(list(kinds))


def collect(frame: pl.LazyFrame) -> pl.DataFrame:
    """The frame's rows, by the engine that does not hold the ledger in memory."""
    return frame.collect(engine="streaming")


def some_customers(tables: Tables) -> pl.LazyFrame:
    """``customer_id`` of every k-th customer, at most ``MOST_CUSTOMERS`` of them; always the same ones."""
    everyone = collect(tables.customers.select("customer_id")).sort("customer_id")
    return everyone.gather_every(max(1, -(-everyone.height // MOST_CUSTOMERS))).lazy()


def cents() -> pl.Expr:
    """The amount as an exact integer."""
    return (pl.col("amount") * 100).round().cast(pl.Int64)


def summable(value: pl.Expr) -> pl.Expr:
    """The value to seven digits behind the point, as a binary fraction: sums of it are the same in any order of rows.

    Groups are summed in parts, in whatever order the parts are finished, and the sum of other floats differs by that in
    its last digits. Exact up to sums of 500 million.
    """
    return (value / _FINEST).round() * _FINEST


def quantile(prices: pl.DataFrame, q: float) -> float:
    """The lowest ``amount`` that a share ``q`` of the ``rows`` does not exceed; ``prices`` are sorted by amount."""
    below = prices["rows"].cum_sum().to_numpy()
    return float(prices["amount"][int(np.searchsorted(below, q * below[-1]))])


def in_order(found: list[str], order: list[str] = CHANNELS) -> list[str]:
    """Values in an order of their own, unknown ones behind it by name."""
    return sorted(set(found), key=lambda value: (order.index(value) if value in order else len(order), value))


def counted(frame: pl.DataFrame, column: str, size: int, rows: str = "rows") -> npt.NDArray[np.float64]:
    """``rows`` summed into ``size`` places by an integer column from 0."""
    return np.bincount(frame[column].to_numpy(), weights=frame[rows].to_numpy(), minlength=size).astype(np.float64)


def log_bin(value: pl.Expr, per_decade: int) -> pl.Expr:
    """Number of the bin of equal ratio, ``per_decade`` of them to a factor of ten; bin 0 begins at 1."""
    # A hair above: 100 lies in the bin that begins at 100, whatever its logarithm is rounded to.
    return (value.log(10) * per_decade + 1e-9).floor().cast(pl.Int32)


def filled(bins: pl.DataFrame, column: str, low: int, high: int, rows: str = "rows") -> npt.NDArray[np.float64]:
    """Counts of the bins ``low`` to ``high``, zeros included."""
    values = np.zeros(high - low + 1)
    values[bins[column].to_numpy() - low] = bins[rows].to_numpy()
    return values


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def records(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.to_dicts()

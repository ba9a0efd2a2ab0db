"""What a month's rows come to: figures beside a materialization, kept while the rows are written.

What lives here: :class:`Figures`, for the tables that people watch month by month. What does not: anything that reads
a table again, which on S3 would be sent once more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import dagster as dg
import polars as pl

#: Table -> the columns by whose values its rows are counted. One that is not written like that has no figures.
_COUNTED_BY = {
    "transactions": ("direction", "status", "channel", "currency"),
    "logins": ("event", "is_success"),
}
_CUSTOMER, _TIME, _AMOUNT = "customer_id", "event_time", "amount"


class Figures:
    """Figures of a table whose rows pass by in batches, in any order and from any thread.

    Of a batch its counts are kept and whose rows it has: memory grows with customers, not with rows.
    """

    def __init__(self, asset: str, columns: Iterable[str]) -> None:
        """For the asset's table as it is written, with these columns."""
        by = _COUNTED_BY.get(asset, ())
        self._money = [_AMOUNT] if asset == "transactions" else []
        self._by = by if {*by, _CUSTOMER, _TIME, *self._money} <= {*columns} else ()
        self._counts: list[pl.DataFrame] = []
        self._customers: list[pl.Series] = []
        self._lock = threading.Lock()

    def add(self, batch: pl.DataFrame) -> None:
        """Take a batch into account."""
        if not self._by:
            return
        counts = batch.group_by(self._by).agg(
            pl.len().alias("rows"),
            pl.col(_TIME).min().alias("first"),
            pl.col(_TIME).max().alias("last"),
            # Whole cents: their sum does not depend on the order.
            *((pl.col(name) * 100).round().cast(pl.Int64).sum().alias("cents") for name in self._money),
        )
        customers = batch[_CUSTOMER].unique()
        with self._lock:
            self._counts.append(counts)
            self._customers.append(customers)

    def metadata(self) -> dict[str, Any]:
        """The figures as the UI shows and plots them; none of a table without rows, or that nobody watches."""
        counts = pl.concat(self._counts) if self._counts else pl.DataFrame()
        if counts.is_empty():
            return {}
        first, last = counts.select(pl.col("first").min(), pl.col("last").max()).row(0)
        return {
            "customers active": pl.concat(self._customers).n_unique(),
            **(_paid_and_declined(counts) if self._money else _failed(counts)),
            "first event": dg.MetadataValue.timestamp(first),
            "last event": dg.MetadataValue.timestamp(last),
        }


def _paid_and_declined(counts: pl.DataFrame) -> dict[str, Any]:
    """What left accounts, by currency, and of all payments the shares that were declined and made online."""
    payments = counts.filter(pl.col("direction") == "debit").cast({"currency": pl.String})
    paid = payments.filter(pl.col("status") == "approved").group_by("currency").agg(pl.col("cents").sum())
    return {
        **{f"paid, {currency}": cents / 100 for currency, cents in paid.sort("currency").iter_rows()},
        **_share("declined, of debits", payments, pl.col("status") == "declined"),
        **_share("online, of debits", payments, pl.col("channel") == "online"),
    }


def _failed(counts: pl.DataFrame) -> dict[str, Any]:
    """The share of logins that failed; changes of credentials are none."""
    return _share("failed, of attempts", counts.filter(pl.col("event") == "login"), ~pl.col("is_success"))


def _share(name: str, counts: pl.DataFrame, of_them: pl.Expr) -> dict[str, float]:
    """A share of the rows of which it is known; nothing if it is known of none."""
    some, known = counts.select(
        pl.col("rows").filter(of_them).sum(), pl.col("rows").filter(of_them.is_not_null()).sum().alias("known")
    ).row(0)
    return {f"share {name}": round(some / known, 5)} if known else {}

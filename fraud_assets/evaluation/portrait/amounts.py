"""How much people pay: amounts by method with their price points, and what fraud takes by the same method."""

from __future__ import annotations

from typing import Any

import polars as pl

from fraud_assets.evaluation.portrait.rows import (
    PAID,
    cents,
    collect,
    filled,
    is_kind,
    log_bin,
    month_ledger,
    quantile,
)
from fraud_assets.evaluation.portrait.subject import Tables

#: Bins to a factor of ten: narrow enough to see a price point, and wide enough for a few hundred frauds.
FINE, COARSE = 80, 8
_MOST_METHODS = 8
#: With fewer frauds of a method, a curve would be a drawing of chance.
_ENOUGH_FRAUD = 20


def amounts(tables: Tables) -> list[dict[str, Any]]:
    """A dictionary a method, the most used first: what is paid with it, honestly and in fraud.

    Where a method moves several currencies or tokens, each is a method of its own: their amounts do not compare.
    Everything follows from how often each amount was paid, so memory grows with the number of different prices.
    """
    prices = collect(
        month_ledger(tables)
        .filter(is_kind(*PAID))
        .group_by("method", "currency", "is_fraud", cents=cents())
        .agg(rows=pl.len())
    )
    several = prices.select("method", "currency").unique()["method"].is_duplicated().any()
    money = pl.concat_str("method", pl.lit(", "), "currency") if several else pl.col("method")
    prices = prices.with_columns(money=money, amount=pl.col("cents") / 100).sort("money", "is_fraud", "cents")
    sizes = prices.group_by("money").agg(
        rows=pl.col("rows").sum(), fraud=pl.col("rows").filter("is_fraud").sum(), currency=pl.col("currency").first()
    )
    found = []
    for name, _, fraud, currency in (
        sizes.sort("rows", "money", descending=[True, False]).head(_MOST_METHODS).iter_rows()
    ):
        own = prices.filter(money=name)
        honest = own.filter(~pl.col("is_fraud"))
        favourites = honest.sort("rows", "cents", descending=[True, False]).head(8)
        found.append(
            {
                "method": name,
                "currency": currency,
                "honest": _side(honest),
                "fraud": _side(own.filter("is_fraud")),
                "favourites": favourites.select("amount", "rows").to_dicts(),
                "enough_fraud": fraud >= _ENOUGH_FRAUD,
            }
        )
    return found


def _side(prices: pl.DataFrame) -> dict[str, Any]:
    """Figures and the two histograms (first bin and counts) of the honest or of the fraudulent rows of a method."""
    if prices.is_empty():
        return {"rows": 0}
    rows, amount = prices["rows"].to_numpy(), prices["amount"].to_numpy()
    total = int(rows.sum())
    side: dict[str, Any] = {"rows": total, "mean": float(rows @ amount / total), "largest": float(amount[-1])}
    side |= {f"p{q}": quantile(prices, q / 100) for q in (5, 50, 90, 95, 99)}
    shares = {"whole": _whole(), "tens": pl.col("cents") % 1000 == 0, "nines": _ends_in_nine()}
    side |= {name: int(prices.filter(mask)["rows"].sum()) / total for name, mask in shares.items()}
    for width, label in ((FINE, "fine"), (COARSE, "coarse")):
        bins = prices.group_by(bin=log_bin(pl.col("amount"), width)).agg(pl.col("rows").sum()).sort("bin")
        first, last = int(bins["bin"][0]), int(bins["bin"][-1])
        side[label] = {"first": first, "rows": filled(bins, "bin", first, last)}
    return side


def _whole() -> pl.Expr:
    return pl.col("cents") % 100 == 0


def _ends_in_nine() -> pl.Expr:
    """19.99, 24.95, 199, 4,999."""
    return (pl.col("cents") % 100).is_in([99, 95, 49]) | (_whole() & (pl.col("cents") // 100 % 10 == 9))

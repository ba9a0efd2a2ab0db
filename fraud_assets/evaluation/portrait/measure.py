"""The portrait of a month in figures: one strict-JSON document, from which page and picture are drawn."""

from __future__ import annotations

from typing import Any

import polars as pl

from fraud_assets.evaluation.portrait.amounts import amounts
from fraud_assets.evaluation.portrait.campaigns import campaigns
from fraud_assets.evaluation.portrait.declines import declines
from fraud_assets.evaluation.portrait.frauds import frauds
from fraud_assets.evaluation.portrait.habits import habits
from fraud_assets.evaluation.portrait.knowledge import knowledge
from fraud_assets.evaluation.portrait.places import places
from fraud_assets.evaluation.portrait.profiles import profiles
from fraud_assets.evaluation.portrait.rhythm import rhythm
from fraud_assets.evaluation.portrait.rows import PAID, cents, collect, is_kind, month_ledger, quantile
from fraud_assets.evaluation.portrait.subject import Sitter, Tables
from fraud_assets.evaluation.report import plain

#: Grows when a reader of older documents would misread a newer one.
SCHEMA = 1


def measure(sitter: Sitter, tables: Tables) -> dict[str, Any]:
    """Everything that the page shows.

    Memory is that of aggregates: the ledger is streamed, and sequences of payments are read of a bounded number of
    customers, always the same ones.

    Parameters
    ----------
    sitter
        The bank, the month, its calendar, and which months are at hand.
    tables
        The lake's tables; fraud is what ``labeled_anomalies`` says. Each may be without rows.

    Returns
    -------
    A document of plain dictionaries, lists, strings, numbers and None (never NaN). What cannot be measured (no fraud,
    no place, no campaign) is None, empty or 0, never left out.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "bank": sitter.bank,
        "month": sitter.month.key,
        "earlier": [month.key for month in sitter.earlier],
        "known_until": sitter.known_until.date().isoformat(),
        "ledger": _ledger(tables),
        "rhythm": rhythm(sitter, tables),
        "amounts": amounts(tables),
        "habits": habits(sitter, tables),
        "places": places(tables),
        "declines": declines(tables),
        "frauds": frauds(sitter, tables),
        "campaigns": campaigns(sitter, tables),
        "knowledge": knowledge(sitter, tables),
        "profiles": profiles(tables),
    }
    cleaned: dict[str, Any] = plain(document)
    return cleaned


def _ledger(tables: Tables) -> dict[str, Any]:
    """How much there is: rows, people, honest payments, and the amounts of those in the currency most used."""
    rows = month_ledger(tables)
    paid = is_kind(*PAID) & ~pl.col("is_fraud")
    sizes = collect(
        rows.select(
            rows=pl.len(),
            customers=pl.col("customer_id").n_unique(),
            merchants=pl.col("merchant_id").drop_nulls().n_unique(),
            fraud=pl.col("is_fraud").sum(),
            campaigns=pl.col("campaign_id").drop_nulls().n_unique(),
        )
    )
    prices = collect(rows.filter(paid).group_by("currency", cents=cents()).agg(rows=pl.len())).sort("currency", "cents")
    kinds = collect(rows.group_by("kind").agg(rows=pl.len())).sort("rows", "kind", descending=[True, False])
    return {
        **sizes.row(0, named=True),
        "currencies": _typical(prices.with_columns(amount=pl.col("cents") / 100)),
        "kinds": dict(kinds.iter_rows()),
    }


def _typical(prices: pl.DataFrame) -> list[dict[str, Any]]:
    """Median and mean amount of each currency, the most used first."""
    found = []
    for currency in prices["currency"].unique().to_list():
        own = prices.filter(currency=currency)
        rows = int(own["rows"].sum())
        mean = float((own["rows"] * own["amount"]).sum() / rows)
        found.append({"currency": currency, "honest_payments": rows, "median": quantile(own, 0.5), "mean": mean})
    return sorted(found, key=lambda one: (-one["honest_payments"], one["currency"]))

"""The ledger beside its truth, for tests of what fraud and accidents look like."""

from __future__ import annotations

import polars as pl

from fraud_assets.tables import LabeledAnomalies, Transactions


def beside_truth(ledger: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Ledger rows in their order, with the columns that only the labels have; null for an ordinary row."""
    told = [name for name in LabeledAnomalies.columns() if name not in Transactions.columns()]
    return ledger.join(labels.select("transaction_id", *told), on="transaction_id", how="left", maintain_order="left")

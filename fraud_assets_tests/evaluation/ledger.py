"""A month of the ledger with its truth, drawn column by column, in which fraud looks like everything else."""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.months import Month

MONTH = Month(2024, 3)


def ledger_month(rows: int = 40_000, frauds: int = 400, seed: int = 3) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The columns of ``transactions`` that gates look at, and their truth: two types, campaigns of ten rows."""
    rng = np.random.default_rng(seed)
    wide = 2**63 - 1
    start = int(MONTH.start.timestamp()) * 1_000_000
    online = rng.random(rows) < 0.4
    fraud = rng.permutation(rows)[:frauds]
    # Frauds are somewhat larger and somewhat later in the night, as in life.
    day, hour = rng.integers(0, MONTH.days, rows), rng.normal(14, 5, rows).clip(0, 23).astype(np.int64)
    hour[fraud[: frauds // 40]] = rng.integers(0, 5, frauds // 40)
    amount = np.exp(rng.normal(3.2, 1.2, rows))
    amount[fraud] *= np.exp(rng.normal(0.5, 1.0, frauds))
    time = start + ((day * 24 + hour) * 3600 + rng.integers(0, 3600, rows)) * 1_000_000 + rng.integers(0, 10**6, rows)
    ledger = pl.DataFrame(
        {
            "transaction_id": rng.integers(0, wide, rows),
            "customer_id": rng.integers(0, 900, rows),
            "event_time": time,
            "utc_offset_minutes": np.zeros(rows, dtype=np.int16),
            "posted_at": time + np.where(rng.random(rows) < 0.03, rng.integers(0, 48, rows) * 3_600_000_000, 0),
            "method": np.where(online, "Online Purchase", "Credit Card"),
            "channel": np.where(online, "online", "card_present"),
            "kind": np.full(rows, "purchase"),
            "direction": np.where(rng.random(rows) < 0.95, "debit", "credit"),
            "category": rng.choice(["Grocery", "Restaurant", "Electronics", "Fuel"], rows),
            "amount": np.maximum(amount, 0.01).round(2),
            "currency": np.full(rows, "USD"),
            "recipient_entity": rng.choice(["Walmart", "Amazon", "Shell", "user_0123456789"], rows),
            "merchant_id": rng.integers(0, wide, 500)[rng.integers(0, 500, rows)],
            "entry_mode": np.where(online, "ecommerce", "chip"),
            "device_id": np.where(online, rng.integers(0, wide, 1500)[rng.integers(0, 1500, rows)], -1),
            "ip_address": [f"{a}.{b}.7.9" for a, b in rng.integers(1, 60, (rows, 2)).tolist()],
            "latitude": rng.normal(40, 4, rows).round(4),
            "longitude": rng.normal(-90, 10, rows).round(4),
            "status": np.where(rng.random(rows) < 0.05, "declined", "approved"),
        }
    ).with_columns(
        pl.col("event_time", "posted_at").cast(pl.Datetime("us", "UTC")),
        pl.when(pl.col("device_id") >= 0).then("device_id").alias("device_id"),
        direction=pl.when(pl.int_range(pl.len()).is_in(fraud)).then(pl.lit("debit")).otherwise("direction"),
    )
    kinds = np.where(np.arange(frauds) < frauds // 2, "card_testing", "account_takeover")
    labeled = pl.DataFrame(
        {
            "transaction_id": ledger["transaction_id"].gather(fraud),
            "is_fraud": np.full(frauds, True),
            "fraud_type": kinds,
            "campaign_id": np.arange(frauds) // 10,
        }
    )
    return ledger, labeled


def on_frauds(ledger: pl.DataFrame, labeled: pl.DataFrame, fraud_type: str, **values: pl.Expr) -> pl.DataFrame:
    """The ledger with other values in the rows of a type of fraud."""
    ids = labeled.filter(pl.col("fraud_type") == fraud_type)["transaction_id"].implode()
    chosen = pl.col("transaction_id").is_in(ids)
    return ledger.with_columns(
        pl.when(chosen).then(value).otherwise(pl.col(name)).alias(name) for name, value in values.items()
    )

"""A small bank as a feature frame: fraud that is learnable but not easy, and reports that come late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import numpy as np
import polars as pl

from fraud_assets import tables
from fraud_assets.detection.train import train_candidates
from fraud_assets.detection.trained import CandidateSet
from fraud_assets.months import Month
from fraud_assets.scenario import Costs, Learning

FEATURES = (
    "amount_log",
    "c_count_24h",
    "c_amount_24h",
    "days_dormant",
    "km_from_home",
    "is_night",
    "noise",
    "channel",
    "category",
)
FAMILIES = {
    "amount_log": "transaction", "is_night": "transaction", "channel": "transaction", "category": "transaction",
    "c_count_24h": "velocity", "c_amount_24h": "velocity", "days_dormant": "behaviour", "km_from_home": "geography",
}  # fmt: skip
LEARNING = Learning(
    alerts_per_10000=50,
    true_prevalence=0.003,
    costs=Costs(loss_share=0.9, chargeback_fee=20, margin=0.015, friction=8, review=4),
)
START = datetime(2024, 1, 1, tzinfo=UTC)
JANUARY, FEBRUARY, MARCH = Month.parse("2024-01"), Month.parse("2024-02"), Month.parse("2024-03")


@dataclass(frozen=True)
class Bank:
    features: pl.LazyFrame
    reports: pl.LazyFrame
    is_fraud: np.ndarray[tuple[int], np.dtype[np.bool_]]


@cache
def bank(
    rows: int = 40_000, days: int = 91, rate: float = 0.02, signal: float = 1.0, seed: int = 1, customers: int = 2_000
) -> Bank:
    """Rows spread evenly over ``days`` from 2024-01-01, sorted by customer and time, a share ``rate`` of them fraud."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(rows) < rate
    loud = fraud & (rng.random(rows) < 0.6)  # the others look like anyone
    push = loud * signal
    amount = np.round(np.exp(rng.normal(3.4 + 0.9 * push, 1.0)), 2) + 0.01
    count = rng.poisson(1.5 + 3 * push).astype(np.int16)
    distance = np.exp(rng.normal(1.0 + 1.5 * push, 1.5))
    frame = pl.DataFrame(
        {
            "transaction_id": rng.permutation(rows).astype(np.int64) * 97 + 5,
            "customer_id": rng.integers(0, customers, rows) + 1_000_000,
            "event_time": pl.Series(rng.integers(0, days * 86_400_000_000, rows)).cast(pl.Duration("us")) + START,
            "amount": amount,
            "status": np.where(np.arange(rows) % 20 == 0, "declined", "approved"),
            "amount_log": np.log(amount).astype(np.float32),
            "c_count_24h": count,
            "c_amount_24h": (count * amount).astype(np.float32),
            "days_dormant": pl.Series(rng.exponential(3 + 4 * push).astype(np.float32)).scatter(
                np.flatnonzero(rng.random(rows) < 0.05), None
            ),
            "km_from_home": distance.astype(np.float32),
            "is_night": (rng.random(rows) < 0.1 + 0.3 * push).astype(np.int8),
            "noise": rng.normal(size=rows).astype(np.float32),
            "channel": np.where(rng.random(rows) < 0.3 + 0.5 * push, "online", "card_present"),
            "category": rng.choice(["Grocery", "Fuel", "Travel", 'Say "Cheese"'], rows),
            "is_fraud": fraud,
            "delay": np.exp(rng.normal(np.log(5), 1.0, rows)),
            "seen": rng.random(rows) < 0.9,
            "type": rng.choice(["card_testing", "account_takeover"], rows),
        }
    ).sort("customer_id", "event_time", "transaction_id")
    reports = frame.filter(pl.col("is_fraud") & pl.col("seen")).select(
        "transaction_id",
        "event_time",
        "customer_id",
        merchant_id=None,
        payee_id=None,
        device_id=None,
        reported_at=pl.col("event_time") + pl.duration(seconds=(pl.col("delay") * 86_400).cast(pl.Int64)),
        kind=pl.lit("fraud"),
        reported_type="type",
        source=pl.lit("customer"),
    )
    return Bank(
        frame.drop("is_fraud", "delay", "seen", "type").lazy(),
        tables.conform(reports, tables.IncidentReports).lazy(),
        frame["is_fraud"].to_numpy(),
    )


@cache
def candidates(month: Month) -> CandidateSet:
    """The candidates of a month of the default bank; trained once for all tests."""
    return train(bank(), month)


def train(of: Bank, month: Month, code_version: str = "1") -> CandidateSet:
    return train_candidates(of.features, of.reports, month, JANUARY, LEARNING, FEATURES, code_version=code_version)

"""A bank with much fraud with cards and points: three months of it, made once for all files of this folder."""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl
import pytest

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets_tests.simulation.truths import beside_truth

MONTHS = ["2024-02", "2024-03", "2024-04"]
TYPES = {
    "card_testing": 0.10,
    "card_cloning": 0.20,
    "stolen_card": 0.15,
    "velocity_abuse": 0.15,
    "transaction_replay": 0.10,
    "shipping_fraud": 0.10,
    "friendly_fraud": 0.10,
    "loyalty_abuse": 0.10,
}


def changed(base: Scenario, section: str, **changes: object) -> Scenario:
    return base.model_copy(update={section: getattr(base, section).model_copy(update=changes)})


@pytest.fixture(scope="session")
def bank() -> Scenario:
    """us_bank with more fraud of these types on fewer payments: mechanisms show in seconds."""
    base = Scenario.load("us_bank")
    types = {name: base.fraud.types[name].model_copy(update={"share": share}) for name, share in TYPES.items()}
    fewer = changed(changed(base, "population", customers=512), "activity", daily_mean=(3.0, 5.0))
    return changed(fewer, "fraud", rate=0.03, types=types)


@pytest.fixture(scope="session")
def ledger(bank: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(bank).generate_transactions(*MONTHS)


@pytest.fixture(scope="session")
def labels(bank: Scenario, ledger: pl.DataFrame) -> pl.DataFrame:
    """After the ledger, which leaves most of the work done."""
    return SyntheticDataGenerator(bank).generate_labels(*MONTHS)


@pytest.fixture(scope="session")
def rows(ledger: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Ledger rows of three months beside their truth, with the local hour."""
    found = beside_truth(ledger, labels)
    local = pl.col("event_time") + pl.duration(minutes="utc_offset_minutes")
    return found.with_columns(pl.col("is_fraud").fill_null(value=False), hour=local.dt.hour())


@pytest.fixture(scope="session")
def customers(bank: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(bank).generate_customers("2024-04")


@pytest.fixture(scope="session")
def fraud(rows: pl.DataFrame) -> Callable[[str], pl.DataFrame]:
    """The rows of one type, with what the investigator wrote as columns of their own."""

    def of(name: str) -> pl.DataFrame:
        found = rows.filter(pl.col("fraud_type") == name)
        evidence = pl.DataFrame([json.loads(text) for text in found["fraud_evidence"]])
        return found.hstack(evidence.rename({column: f"evidence.{column}" for column in evidence.columns}))

    return of


def hours_between(rows: pl.DataFrame) -> pl.Series:
    """Hours from the first row of each campaign and account to the last."""
    span = rows.group_by("campaign_id", "customer_id").agg(pl.col("event_time").max() - pl.col("event_time").min())
    return span["event_time"].dt.total_seconds() / 3600


def median(values: pl.Series) -> float:
    return float(values.median())  # type: ignore[arg-type]

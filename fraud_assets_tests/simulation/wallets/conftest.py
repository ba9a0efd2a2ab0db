"""Wallets with much fraud: three months of them, made once for all files of this folder."""

from __future__ import annotations

import json

import polars as pl
import pytest

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator, login_chunks
from fraud_assets_tests.simulation.truths import beside_truth

SHIPPED = Scenario.load("crypto_wallet")
MONTHS = ["2024-03", "2024-04", "2024-05"]


@pytest.fixture(scope="session")
def wallets() -> Scenario:
    """A third of the shipped wallets, with ten times the fraud: mechanisms show in seconds."""
    return SHIPPED.model_copy(
        update={
            "population": SHIPPED.population.model_copy(update={"customers": 1024}),
            "fraud": SHIPPED.fraud.model_copy(update={"rate": 10 * SHIPPED.fraud.rate}),
        }
    )


@pytest.fixture(scope="session")
def customers(wallets: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(wallets).generate_customers(MONTHS[-1])


@pytest.fixture(scope="session")
def rows(wallets: Scenario, customers: pl.DataFrame) -> pl.DataFrame:
    """Ledger rows of three months beside their truth and the wallet's level of identification."""
    made = SyntheticDataGenerator(wallets)
    ledger = pl.concat([made.generate_transactions(month) for month in MONTHS])
    labels = pl.concat([made.generate_labels(month) for month in MONTHS])
    found = beside_truth(ledger, labels).join(
        customers.select("customer_id", "kyc_level", "time_zone"), on="customer_id"
    )
    return found.with_columns(pl.col("is_fraud").fill_null(value=False))


@pytest.fixture(scope="session")
def honest(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(~pl.col("is_fraud"))


@pytest.fixture(scope="session")
def logins(wallets: Scenario) -> pl.DataFrame:
    return pl.concat([chunk() for month in MONTHS for chunk in login_chunks(wallets, Month.parse(month))])


def of_type(rows: pl.DataFrame, fraud_type: str) -> pl.DataFrame:
    """Rows of the type, with the evidence as columns."""
    found = rows.filter(pl.col("fraud_type") == fraud_type)
    assert len(found) > 80, fraud_type
    evidence = pl.DataFrame([json.loads(text) for text in found["fraud_evidence"]], infer_schema_length=None)
    return found.hstack(evidence)

"""What would give an Indian month away: sums that only thieves pay, recharges twice a day, nothing ever sent back."""

from __future__ import annotations

import polars as pl
import pytest

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator

INDIA = Scenario.load("india_bank")
MONTHS = ("2024-03", "2024-10", "2024-11")


@pytest.fixture(scope="module")
def made() -> SyntheticDataGenerator:
    return SyntheticDataGenerator(INDIA)


@pytest.fixture(scope="module")
def rows(made: SyntheticDataGenerator) -> pl.DataFrame:
    """Payments of a quiet month, of Diwali's, and of the one after it, with their labels and local days."""
    told = made.generate_labels(*MONTHS).select("transaction_id", "is_fraud")
    minutes = pl.duration(minutes=pl.col("utc_offset_minutes"))
    rows = made.generate_transactions(*MONTHS).join(told, on="transaction_id", how="left")
    return rows.with_columns(pl.col("is_fraud").fill_null(value=False), day=(pl.col("event_time") + minutes).dt.date())


def test_no_sum_of_a_few_rupees_by_card_online_is_paid_by_thieves_alone(rows: pl.DataFrame) -> None:
    small = rows.filter((pl.col("method") == "Online Card") & (pl.col("direction") == "debit"))
    of = small.group_by(rupees=pl.col("amount").round()).agg(
        honest=(~pl.col("is_fraud")).sum(), fraud=pl.col("is_fraud").sum()
    )
    of = of.filter(pl.col("rupees").is_between(1, 10))
    assert len(of) == 10
    assert of.select((pl.col("honest") > 3 * pl.col("fraud")).all()).item(), of
    assert of["honest"].to_numpy().min() > 50, of

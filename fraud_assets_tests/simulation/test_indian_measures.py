"""What would give an Indian month away: sums that only thieves pay, recharges twice a day, nothing ever sent back."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.calendar import day_number
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.weeks import weekday_kept

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


#: On how many days of a month somebody does it at most, as a reader would still believe it.
BELIEVED = {
    "Recharge": 12, "Fuel": 15, "Salon and Services": 10, "Doctor and Diagnostics": 10, "Medical Store": 16,
    "Mobile and Electronics": 8, "Fashion Store": 12, "Education": 8, "Electronics Store": 8, "Hotel": 8,
    "Hospital": 8, "Home and Furniture": 8,
}  # fmt: skip


def test_nobody_recharges_refuels_or_sees_a_doctor_day_after_day(rows: pl.DataFrame) -> None:
    bought = rows.filter((pl.col("kind") == "purchase") & pl.col("category").is_in(list(BELIEVED)))
    month = pl.col("day").dt.truncate("1mo").alias("month")
    days = bought.group_by("category", "customer_id", month).agg(pl.col("day").n_unique())
    most = dict(days.group_by("category").agg(pl.col("day").max()).iter_rows())
    assert {name: n for name, n in most.items() if n > BELIEVED[name]} == {}
    fuel = bought.filter(pl.col("category") == "Fuel").group_by("customer_id", "day").len()
    assert (fuel["len"] == 1).to_numpy().mean() > 0.97


def test_what_has_a_measure_is_not_given_up_for_what_has_none(rows: pl.DataFrame) -> None:
    shops = rows.filter((pl.col("kind") == "purchase") & (pl.col("method") == "UPI"))
    share = dict(shops["category"].value_counts(normalize=True).iter_rows())
    assert share["Fuel"] > 0.03
    assert share["Medical Store"] > 0.025
    assert share["Recharge"] > 0.02


ORDERED = ["Online Shopping", "Food Delivery", "Quick Commerce", "Wallet Shopping", "Wallet Food Order"]


def test_orders_by_upi_and_wallet_come_back_now_and_then_to_the_account_that_paid(rows: pl.DataFrame) -> None:
    orders = rows.filter(pl.col("category").is_in(ORDERED))
    bought = orders.filter((pl.col("kind") == "purchase") & (pl.col("status") == "approved"))
    back = orders.filter(pl.col("kind") == "refund")
    share = {name: back.filter(pl.col("category") == name).height / n
             for name, n in bought["category"].value_counts().iter_rows()}  # fmt: skip
    assert set(share) == set(ORDERED)
    assert min(share.values()) > 0.01
    assert max(share.values()) < 0.05, share
    assert (back["direction"] == "credit").all()
    paid = back.join(
        bought, left_on=["original_transaction_id", "customer_id"], right_on=["transaction_id", "customer_id"]
    )
    assert (paid["amount"] <= paid["amount_right"]).all()
    assert (paid["method"] == paid["method_right"]).all()
    assert len(paid) > 0.8 * len(back)  # the others were paid the month before, or come without a reference


def test_a_category_from_which_nothing_came_back_has_the_same_payments_when_something_does(
    made: SyntheticDataGenerator,
) -> None:
    plain = [c.model_copy(update={"tags": tuple(t for t in c.tags if t != "returned")}) for c in INDIA.categories]
    without = SyntheticDataGenerator(INDIA.model_copy(update={"name": "no_returns", "categories": tuple(plain)}))
    less, more = (bank.generate_transactions("2024-03") for bank in (without, made))
    assert more.join(less, on="transaction_id", how="semi").equals(less)
    new = more.join(less, on="transaction_id", how="anti")
    assert new["kind"].unique().to_list() == ["refund"]
    assert set(new["category"]) == set(ORDERED)


@pytest.mark.parametrize("day", [date(2024, 1, 26), date(2024, 8, 15), date(2024, 10, 2), date(2024, 10, 31)], ids=str)
def test_on_a_gazetted_holiday_people_do_not_commute_to_offices_schools_and_surgeries(
    made: SyntheticDataGenerator, day: date
) -> None:
    work = [c.category for c in INDIA.categories if c.week in ("commute", "office", "care") and c.recipient != "person"]
    minutes = pl.duration(minutes=pl.col("utc_offset_minutes"))
    rows = made.generate_transactions(f"{day:%Y-%m}").filter(pl.col("kind") == "purchase")
    rows = rows.with_columns(day=(pl.col("event_time") + minutes).dt.date(), is_work=pl.col("category").is_in(work))
    alike = rows.filter(
        (pl.col("day").dt.weekday() == day.isoweekday()) & (pl.col("day").dt.month() == day.month)
    )  # fmt: skip
    share = dict(alike.group_by("day").agg(pl.col("is_work").mean()).iter_rows())
    others = np.mean([share[other] for other in share if other != day])
    assert share[day] < 0.75 * others, share


def test_a_holiday_is_a_sunday_only_where_it_is_kept_and_only_if_it_says_so() -> None:
    cities = [c.city for c in INDIA.cities]
    holi = np.full(len(cities), day_number(date(2024, 3, 25)))
    kept = weekday_kept(INDIA, np.arange(len(cities)), holi)
    assert {cities[k]: int(kept[k]) for k in range(len(cities)) if cities[k] in ("Delhi", "Chennai", "Kochi")} == {
        "Delhi": 6, "Chennai": 0, "Kochi": 0,
    }  # fmt: skip
    days = np.arange(day_number(date(2024, 1, 1)), day_number(date(2025, 1, 1)))
    us = Scenario.load("us_bank")
    assert (weekday_kept(us, np.zeros(len(days), dtype=np.int64), days) == (days + 3) % 7).all()

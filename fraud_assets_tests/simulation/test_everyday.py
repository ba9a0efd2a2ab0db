"""Everyday life as an analyst knows it: prices that belong to the shop, days of the week, bills, declines, cards."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.merchants import directory

MONTHS = ("2024-04", "2024-05")


@pytest.fixture(scope="module")
def bank() -> Scenario:
    us = Scenario.load("us_bank")
    people = us.population.model_copy(update={"customers": 300})
    clumsy = us.accidents.model_copy(update={"mistyped": (16.0, 80.0)})
    return us.model_copy(update={"population": people, "accidents": clumsy})


@pytest.fixture(scope="module")
def rows(bank: Scenario) -> pl.DataFrame:
    """Honest rows with their local time and what the truth says of them."""
    ledger = SyntheticDataGenerator(bank).generate_transactions(*MONTHS)
    labels = SyntheticDataGenerator(bank).generate_labels(*MONTHS)  # after the ledger, which leaves the work done
    local = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))
    truth = labels.select("transaction_id", pl.col("^is_.*$"), "lookalike_of", "original_recipient_entity")
    return (
        ledger.join(truth, on="transaction_id", how="left")
        .filter(~pl.col("is_fraud").fill_null(False))
        .with_columns(hour=local.dt.hour(), weekday=local.dt.weekday(), day=local.dt.day())
    )


def test_nothing_is_bought_where_it_is_not_sold(bank: Scenario, rows: pl.DataFrame) -> None:
    shops = directory(bank)
    sold = pl.DataFrame(
        {"merchant_id": shops.merchant_id, "low": shops.lowest_cents / 100, "high": shops.highest_cents / 100}
    )
    bought = rows.filter((pl.col("kind") == "purchase") & (pl.col("amount") > 2)).join(sold, on="merchant_id")
    priced = bought.filter((pl.col("low") > 0) | (pl.col("high") < 1e6))
    wrong = priced.filter((pl.col("amount") < pl.col("low")) | (pl.col("amount") > pl.col("high")))
    assert len(priced) > 30_000
    assert len(wrong) / len(priced) < 0.01  # slips of the finger, the next level of a game
    trains = bought.filter(pl.col("recipient_entity") == "Amtrak")["amount"]
    assert trains.quantile(0.02) >= 9  # type: ignore[operator]
    assert rows.filter(pl.col("category") == "Rent")["amount"].min() > 300  # type: ignore[operator]


def test_a_subscription_costs_what_the_list_says_every_month(bank: Scenario, rows: pl.DataFrame) -> None:
    listed = {b.name: b.prices.listed for b in bank.brands if b.category == "Subscriptions" and b.prices.listed}
    bills = rows.filter((pl.col("kind") == "bill") & pl.col("recipient_entity").is_in(list(listed)))
    assert len(bills) > 100
    for name, amounts in bills.group_by("recipient_entity").agg(pl.col("amount").unique()).iter_rows():
        assert set(amounts) <= set(listed[name])


def test_every_kind_of_payment_has_its_days(rows: pl.DataFrame) -> None:
    days = (
        rows.filter(pl.col("kind").is_in(["purchase", "transfer"]))
        .group_by("category", "weekday")
        .len()
        .with_columns(share=pl.col("len") / pl.col("len").sum().over("category") * 7)
    )
    share = {(c, d): s for c, d, s in days.select("category", "weekday", "share").iter_rows()}

    def weekend(category: str) -> float:
        return (share[category, 6] + share[category, 7]) / 2

    assert weekend("Transit") < 0.65 < 1.1 < weekend("Grocery")
    assert weekend("Small Business") < 0.65
    assert (share["Restaurant", 5] + share["Restaurant", 6]) / 2 > 1.3 * share["Restaurant", 1]
    assert share["Personal Care", 6] > 1.6 * share["Personal Care", 1]
    assert share["Marketplace", 1] > share["Marketplace", 6]


def test_standing_orders_rest_at_the_weekend_and_bills_do_not_all_run_at_night(rows: pl.DataFrame) -> None:
    bills = rows.filter(pl.col("kind") == "bill")
    assert bills.filter((pl.col("channel") == "bank") & (pl.col("weekday") >= 6)).is_empty()
    assert bills.select((pl.col("hour") < 5).mean()).item() < 0.25
    assert bills.group_by("hour").len()["len"].max() < 0.2 * len(bills)  # type: ignore[operator]


def test_a_payment_fails_for_what_can_fail_there(rows: pl.DataFrame) -> None:
    failed = rows.filter(pl.col("status") == "declined")
    where = {
        "wrong_pin": {"card_present"},
        "cvv_mismatch": {"online"},
        "expired_card": {"online"},
        "wrong_credentials": {"app", "bank"},
    }
    for reason, channels in where.items():
        assert set(failed.filter(pl.col("decline_reason") == reason)["channel"]) == channels
    share = dict(
        failed.filter(pl.col("channel") == "online")
        .select((pl.col("decline_reason") == "insufficient_funds").mean().alias("money"))
        .to_dict(as_series=False)
    )
    assert 0.4 < share["money"][0] < 0.6


def test_money_is_short_before_payday(bank: Scenario, rows: pl.DataFrame) -> None:
    people = SyntheticDataGenerator(bank).generate_customers(MONTHS[-1])
    paid = rows.join(people.select("customer_id", "payday"), on="customer_id").with_columns(
        since=(pl.col("day") - pl.col("payday")) % 30
    )
    short = paid.with_columns(short=(pl.col("decline_reason") == "insufficient_funds").fill_null(False))
    after = short.filter(pl.col("since") < 7)["short"].mean()
    before = short.filter(pl.col("since").is_between(9, 13) | (pl.col("since") > 23))["short"].mean()
    assert before > 1.3 * after  # type: ignore[operator]


def test_between_the_purchases_of_an_outing_no_minute_is_the_last(rows: pl.DataFrame) -> None:
    gaps = rows.sort("customer_id", "event_time").select(
        gap=pl.col("event_time").diff().over("customer_id").dt.total_seconds() / 60
    )["gap"]
    five = [int(gaps.is_between(m, m + 5).sum()) for m in range(10, 80, 5)]
    assert all(0.6 < later / sooner < 1.1 for sooner, later in pairwise(five))


def test_who_mistyped_a_recipient_looks_again_or_errs_again_and_both_are_told(rows: pl.DataFrame) -> None:
    bounced = rows.filter(pl.col("decline_reason") == "invalid_account")
    assert len(bounced) > 10
    assert bounced["is_mistyped_entity_accident"].all()
    assert bounced["original_recipient_entity"].is_not_null().all()
    meant = rows.filter(
        (pl.col("status") == "approved") & pl.col("is_mistyped_entity_accident").fill_null(False).not_()
    )
    mended = bounced.join(
        meant,
        left_on=["customer_id", "original_recipient_entity", "amount"],
        right_on=["customer_id", "recipient_entity", "amount"],
    ).filter((pl.col("event_time_right") - pl.col("event_time")).dt.total_seconds().is_between(1, 1000))
    assert len(mended) > 0.1 * len(bounced)


def test_each_friend_gets_a_sum_of_their_own_time_and_again(rows: pl.DataFrame) -> None:
    sent = rows.filter(pl.col("payee_id").is_not_null() & (pl.col("direction") == "debit"))
    between = ["customer_id", "category", "payee_id"]
    sums = sent.group_by(*between, "amount").len().sort("len", descending=True)
    friends = sums.group_by(between, maintain_order=True).agg(
        pl.first("amount").alias("usual"), times=pl.sum("len"), again=pl.first("len")
    )
    often = friends.filter(pl.col("times") >= 8)
    assert len(often) > 100
    assert often.select((pl.col("again") / pl.col("times")).mean()).item() > 0.3
    several = (
        often.group_by("customer_id", "category").agg(pl.col("usual").n_unique(), pl.len()).filter(pl.col("len") > 1)
    )
    assert several.select((pl.col("usual") == pl.col("len")).mean()).item() > 0.6


def test_a_card_is_of_one_kind_and_the_second_one_of_another(rows: pl.DataFrame) -> None:
    cards = rows.filter(pl.col("card_id").is_not_null())
    assert cards["card_type"].is_not_null().all()
    assert rows.filter(pl.col("card_id").is_null())["card_type"].is_null().all()
    assert cards.group_by("card_id").agg(pl.col("card_type").n_unique())["card_type"].max() == 1
    kinds = cards.group_by("customer_id").agg(pl.col("card_type").n_unique())["card_type"]
    assert 0.2 < (kinds == 2).mean() < 0.45  # type: ignore[operator]
    assert kinds.max() == 2

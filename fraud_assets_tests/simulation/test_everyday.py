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


def test_a_regional_chain_is_met_in_its_region_alone_and_every_city_has_a_power_company(bank: Scenario) -> None:
    metro = pl.DataFrame([{"city": c.city, "state": c.state, "metro": c.metro} for c in bank.cities])
    served = {(b.name, b.category): b.served for b in bank.brands}
    placed = SyntheticDataGenerator(bank).generate("merchants").drop_nulls("city").join(metro, on=["city", "state"])
    for name, category, where in placed.select("name", "category", "metro").unique().iter_rows():
        regions = served.get((name, category))
        assert not regions or where in regions, (name, where)
    assert {"Publix", "H-E-B", "ComEd", "PG&E"} <= set(placed["name"])
    power = placed.filter(pl.col("category") == "Electricity")
    assert power.select("city", "state").n_unique() == len(bank.cities)
    assert power["is_chain"].all()
    near = placed.filter(pl.col("category").is_in(["Grocery", "Transit", "Gas"]) & pl.col("is_chain"))
    assert near.group_by("category").agg(pl.col("metro").n_unique())["metro"].to_list() == [25, 25, 25]


def test_nobody_has_two_contracts_for_one_thing_and_a_rent_is_the_same_every_month(
    bank: Scenario, rows: pl.DataFrame
) -> None:
    bills = rows.filter(pl.col("kind") == "bill")
    most = {c.category: c.contracts for c in bank.categories if c.recipient == "biller"}
    whose = bills.group_by("customer_id", "category").agg(
        billers=pl.col("recipient_entity").n_unique(), sums=pl.col("amount").n_unique(), times=pl.len()
    )
    for category, billers in whose.group_by("category").agg(pl.col("billers").max()).iter_rows():
        assert billers <= most[category], category
    assert whose.filter(pl.col("category") == "Subscriptions")["billers"].mean() > 1.5  # type: ignore[operator]
    for category, steady in (("Rent", True), ("Phone", True), ("Electricity", False)):
        twice = whose.filter((pl.col("category") == category) & (pl.col("times") == len(MONTHS)))
        assert len(twice) > 50
        assert (twice["sums"] == 1).mean() == (1.0 if steady else pytest.approx(0, abs=0.05))
    gap = (
        bills.filter(pl.col("category") == "Rent")
        .group_by("customer_id")
        .agg(pl.col("day").max() - pl.col("day").min())
    )
    assert (gap["day"] <= 2).mean() > 0.9  # type: ignore[operator]


def test_a_car_is_filled_up_as_often_as_it_can_be(rows: pl.DataFrame) -> None:
    bought = rows.filter((pl.col("kind") == "purchase") & (pl.col("status") == "approved"))
    for category, a_day, a_month in (("Gas", 1, 14), ("Coffee", 3, 93), ("Parking", 2, 40)):
        theirs = bought.filter(pl.col("category") == category)
        days = theirs.group_by("customer_id", pl.col("event_time").dt.date(), "day").len()
        assert (days["len"] > a_day).mean() < 0.02, category  # type: ignore[operator]  # what is sent twice
        months = theirs.group_by("customer_id", pl.col("event_time").dt.month()).len()
        assert len(months) > 300
        assert (months["len"] > a_month).mean() < 0.01, category  # type: ignore[operator]
    fills = bought.filter(pl.col("category") == "Gas").group_by("customer_id").len()["len"] / len(MONTHS)
    assert 2 <= fills.median() <= 8  # type: ignore[operator]


def test_a_closed_counter_sells_nothing(rows: pl.DataFrame) -> None:
    night = (
        rows.filter((pl.col("channel") == "card_present") & (pl.col("kind") == "purchase"))
        .group_by("category")
        .agg((pl.col("hour") < 6).mean())
    )
    share = dict(night.iter_rows())
    for category in ("Clothing", "Retail", "Healthcare", "Home Improvement", "Electronics", "Personal Care"):
        assert share[category] == 0, category
    assert share["Convenience"] > 0.04


def test_no_slip_of_the_finger_is_more_than_a_till_takes(bank: Scenario, rows: pl.DataFrame) -> None:
    slips = rows.filter(pl.col("is_high_amount_accident") & (pl.col("kind") != "refund"))
    small = {c.category for c in bank.categories if c.highest is not None}
    assert {"Coffee", "Gas", "Transit", "Streaming"} <= small
    assert slips["category"].n_unique() > 8
    assert not small & set(slips["category"])


def test_points_are_not_refused_for_want_of_money(rows: pl.DataFrame) -> None:
    refused = rows.filter((pl.col("category") == "Points Redemption") & (pl.col("status") == "declined"))
    assert len(refused) > 15
    assert not {"insufficient_funds", "expired_card"} & set(refused["decline_reason"])

"""Fraud with goods and points, and what holds of all fraud with cards: honest rows look alike, it is as asked."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from fraud_assets.months import Month
from fraud_assets.scenario import Category, Scenario, ScenarioError
from fraud_assets.scenario.sections import Deliveries, Repeat, Section
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.reports import incident_reports
from fraud_assets.simulation.generator import SyntheticDataGenerator, login_chunks, transaction_chunks
from fraud_assets_tests.simulation.card_fraud.conftest import MONTHS, TYPES, changed, hours_between, median


def test_goods_go_to_an_address_that_several_cards_share(
    rows: pl.DataFrame, customers: pl.DataFrame, fraud: Callable[[str], pl.DataFrame]
) -> None:
    shipped = fraud("shipping_fraud")
    assert shipped["delivery_address_id"].null_count() == 0
    homes = customers.select("customer_id", "address_id")
    at_home = shipped.join(homes, on="customer_id").with_columns(
        home=pl.col("delivery_address_id") == pl.col("address_id")
    )
    assert at_home.filter("evidence.rerouted")["home"].mean() > 0.6  # type: ignore[operator]
    assert not at_home.filter(~pl.col("evidence.rerouted"))["home"].any()
    drops = at_home.filter(~pl.col("evidence.rerouted")).group_by("delivery_address_id")
    assert drops.agg(pl.col("customer_id").n_unique())["customer_id"].max() >= 3  # type: ignore[operator]
    honest = rows.filter(~pl.col("is_fraud") & pl.col("is_express_delivery").is_not_null())
    assert 0.45 < shipped["is_express_delivery"].mean() < 0.75  # type: ignore[operator]
    assert 0.15 < honest["is_express_delivery"].mean() < 0.30  # type: ignore[operator]


def test_honest_goods_go_home_to_friends_to_offices_and_to_lockers(rows: pl.DataFrame, customers: pl.DataFrame) -> None:
    honest = rows.filter(~pl.col("is_fraud") & pl.col("delivery_address_id").is_not_null())
    assert set(honest["kind"]) == {"purchase"}
    assert set(honest["category"]) == {"Marketplace", "Fashion Online", "Online Electronics"}
    there = honest.join(customers.select("customer_id", "address_id"), on="customer_id")
    elsewhere = there.filter(pl.col("delivery_address_id") != pl.col("address_id"))
    assert 0.12 < len(elsewhere) / len(there) < 0.18
    shared = elsewhere.group_by("delivery_address_id").agg(pl.col("customer_id").n_unique())
    assert shared["customer_id"].max() >= 3  # type: ignore[operator]
    alike = rows.filter(pl.col("lookalike_of") == "shipping_fraud")
    assert len(alike) > 20
    assert len(alike.join(elsewhere, on="transaction_id", how="semi")) / len(alike) > 0.97  # or to one's own family


def test_another_try_at_an_order_goes_to_the_same_address(rows: pl.DataFrame) -> None:
    orders = rows.filter(~pl.col("is_fraud") & pl.col("delivery_address_id").is_not_null())
    key = ["customer_id", "merchant_id", "amount", "category", pl.col("event_time").dt.date()]
    tries = orders.group_by(key).agg(pl.len(), pl.col("delivery_address_id").n_unique()).filter(pl.col("len") > 1)
    assert len(tries) > 20
    assert tries["delivery_address_id"].max() == 1


def test_friendly_fraud_is_like_any_purchase_and_disputed_weeks_later(
    bank: Scenario, rows: pl.DataFrame, labels: pl.DataFrame, fraud: Callable[[str], pl.DataFrame]
) -> None:
    friendly = fraud("friendly_fraud")
    honest = rows.filter(~pl.col("is_fraud"))
    used = honest.select("customer_id", "device_id").unique()
    seen = friendly.filter(pl.col("device_id").is_not_null())
    own = seen.join(used, on=["customer_id", "device_id"], how="semi")
    assert len(own) / len(seen) > 0.9
    assert median(friendly["evidence.km_from_home"]) < 60
    assert (friendly["hour"] < 6).mean() < 0.2  # type: ignore[operator]
    mine = labels.filter(pl.col("fraud_type") == "friendly_fraud").lazy()
    months = [Month.parse("2024-02") + k for k in range(9)]
    filed = pl.concat([incident_reports(bank, month, mine).collect() for month in months])
    assert set(filed["source"]) == {"chargeback"}
    days = (filed["reported_at"] - filed["event_time"]).dt.total_hours() / 24
    assert 35 < median(days) < 65
    assert (days >= 15).mean() > 0.99  # type: ignore[operator]


def test_some_customers_dispute_again_and_again(bank: Scenario) -> None:
    kind = bank.fraud.types["friendly_fraud"].model_copy(update={"share": 1.0})
    world = changed(bank, "fraud", types={"friendly_fraud": kind})
    months = ["2024-02", "2024-03", "2024-04", "2024-05"]
    frauds = pl.concat([SyntheticDataGenerator(world).generate_labels(month) for month in months]).filter("is_fraud")
    disputes = frauds.group_by("customer_id").agg(pl.col("campaign_id").n_unique()).sort("campaign_id", descending=True)
    total = int(disputes["campaign_id"].sum())
    habitual = int(disputes["campaign_id"].head(bank.population.customers // 20).sum())
    assert 0.15 < habitual / total < 0.45


def test_real_purchases_are_disputed_too(bank: Scenario, rows: pl.DataFrame) -> None:
    many = changed(bank, "fraud", false_report=0.005)
    honest = SyntheticDataGenerator(many).generate_labels("2024-02").filter("is_false_report").lazy()
    filed = pl.concat([incident_reports(many, Month.parse("2024-02") + k, honest).collect() for k in range(6)])
    disputes = filed.filter(pl.col("source") == "chargeback")
    assert 0.05 < len(disputes) / len(filed) < 0.4
    assert 35 < median((disputes["reported_at"] - disputes["event_time"]).dt.total_hours() / 24) < 65
    alike = rows.filter(pl.col("lookalike_of") == "friendly_fraud")
    assert len(alike) > 20
    assert set(alike["channel"]) == {"online"}


def test_points_are_redeemed_soon_after_a_login_from_a_new_device(
    bank: Scenario, fraud: Callable[[str], pl.DataFrame]
) -> None:
    points = fraud("loyalty_abuse")
    assert set(points["category"]) == {"Points Redemption"}
    logins = pl.concat([part() for month in MONTHS for part in login_chunks(bank, Month.parse(month))])
    logins = logins.filter("is_success").select("customer_id", "device_id", login=pl.col("event_time"))
    first = points.group_by("campaign_id", "customer_id", "device_id").agg(pl.col("event_time").min())
    before = first.join(logins, on=["customer_id", "device_id"]).filter(pl.col("login") <= pl.col("event_time"))
    assert before.unique(["campaign_id", "customer_id"]).height / len(first) > 0.9
    assert hours_between(points).max() <= 24  # type: ignore[operator]
    farms = points.filter("evidence.one_device_for_all").group_by("campaign_id")
    assert farms.agg(pl.col("device_id").n_unique())["device_id"].max() == 1
    assert points.group_by("device_id").agg(pl.col("customer_id").n_unique())["customer_id"].max() >= 3  # type: ignore[operator]


def test_who_only_has_a_card_cannot_redeem_its_points(rows: pl.DataFrame) -> None:
    points = rows.filter(pl.col("is_fraud") & (pl.col("category") == "Points Redemption"))
    assert set(points["fraud_type"]) <= {"loyalty_abuse", "account_takeover"}
    assert "loyalty_abuse" in set(points["fraud_type"])


def test_honest_points_are_redeemed_in_one_go_before_they_expire(bank: Scenario) -> None:
    generator = SyntheticDataGenerator(bank)

    def redeemed(month: str) -> pl.DataFrame:
        ledger, labels = generator.generate_transactions(month), generator.generate_labels(month)
        frauds = labels.filter("is_fraud")
        honest = ledger.filter(pl.col("category") == "Points Redemption").join(frauds, on="transaction_id", how="anti")
        return honest.join(labels.select("transaction_id", "lookalike_of"), on="transaction_id", how="left")

    november, december = redeemed("2024-11"), redeemed("2024-12")
    assert len(december) > 1.5 * len(november)
    assert (december["lookalike_of"] == "loyalty_abuse").sum() > 20


@pytest.mark.parametrize("name", sorted(set(TYPES) - {"card_testing"}))
def test_honest_rows_resemble_each_type_more_often_than_there_is_fraud(
    bank: Scenario, rows: pl.DataFrame, name: str
) -> None:
    shipped = Scenario.load("us_bank").fraud
    as_shipped = shipped.rate * shipped.types[name].share / (bank.fraud.rate * TYPES[name])
    alike = rows.filter(pl.col("lookalike_of") == name)
    assert len(alike) > as_shipped * len(rows.filter(pl.col("fraud_type") == name))
    assert not alike["is_fraud"].any()


@pytest.mark.parametrize("name", sorted(set(TYPES) - {"card_testing"}))
def test_rows_come_as_often_as_the_scenario_asks(bank: Scenario, rows: pl.DataFrame, name: str) -> None:
    share = len(rows.filter(pl.col("fraud_type") == name)) / len(rows.filter("is_fraud"))
    assert 0.5 * TYPES[name] < share < 1.8 * TYPES[name]


def test_fraud_is_paid_with_the_card_that_the_customer_has_that_day(rows: pl.DataFrame) -> None:
    """A card that was replaced long ago must not come back with a fraud."""
    carded = rows.filter(pl.col("card_id").is_not_null())
    honest = carded.filter(~pl.col("is_fraud")).select("customer_id", "card_id").unique()
    known = carded.filter("is_fraud").join(honest, on=["customer_id", "card_id"], how="semi")
    assert len(known) / carded["is_fraud"].sum() > 0.93


@pytest.mark.parametrize(("family", "tag"), [("shipping_fraud", "goods"), ("loyalty_abuse", "points")])
def test_a_bank_that_sells_nothing_of_the_kind_is_refused(bank: Scenario, family: str, tag: str) -> None:
    plain = tuple(c.model_copy(update={"tags": ()}) for c in bank.categories)
    with pytest.raises(ScenarioError, match=f"none has the tag '{tag}', which fraud type {family} needs"):
        FAMILIES[family].check(family, bank.model_copy(update={"categories": plain}))


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        (Category, {"tags": "goods;gold"}, "goods"),
        (Repeat, {"share": 0.1, "more": [1, 200], "minutes": [1, 60], "same_amount": 1}, "take 12000 minutes"),
        (Repeat, {"share": 0.1, "more": [1, 2], "minutes": [1, 6], "same_amount": 1, "months": [13]}, "months"),
        (Deliveries, {"gift": 0.7, "office": 0.3, "locker": 0.2, "express": 0}, "sum to 1.2; they must not exceed 1"),
    ],
)
def test_contradictory_habits_are_refused(
    bank: Scenario, section: type[Section], values: dict[str, object], words: str
) -> None:
    rest = bank.categories[0].model_dump() if section is Category else {}
    with pytest.raises(ValueError, match=words):
        section.model_validate(rest | values)


def test_a_chunk_alone_gives_the_fraud_it_has_among_all(bank: Scenario) -> None:
    wide = changed(changed(bank, "population", customers=3 * 256), "activity", daily_mean=(25.0, 26.0))
    parts = transaction_chunks(wide, Month.parse("2024-03"))
    assert len(parts) >= 3
    together = pl.concat([part() for part in parts])
    last = parts[-1]()
    assert last.equals(together.tail(len(last)))

"""Fraud with cards: what the rows of each mechanism look like, and that honest rows look alike."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator, campaign_chunks
from fraud_assets_tests.simulation.card_fraud.conftest import MONTHS, changed, hours_between, median


def test_a_copied_card_is_used_far_away_days_after_an_honest_visit(
    rows: pl.DataFrame, fraud: Callable[[str], pl.DataFrame]
) -> None:
    cloned = fraud("card_cloning")
    assert len(cloned) > 100
    assert set(cloned["channel"]) == {"card_present"}
    assert cloned["device_id"].null_count() == len(cloned)
    far = cloned.filter(pl.col("evidence.skill") != "high")["evidence.km_from_home"]
    assert far.min() > 100  # type: ignore[operator]
    assert 250 < median(far) < 2000
    assert cloned["evidence.days_since_copied"].is_between(1, 40).mean() > 0.98  # type: ignore[operator]
    # All cards of a campaign were at one counter before, in a payment that nobody calls fraud.
    visits = rows.filter(~pl.col("is_fraud") & (pl.col("channel") == "card_present"))
    begun = cloned.group_by("campaign_id", "customer_id").agg(used=pl.col("event_time").min())
    before = begun.join(visits, on="customer_id").filter(
        (pl.col("used") - pl.col("event_time")).dt.total_days().is_between(2, 35)
    )
    shops = before.group_by("campaign_id", "merchant_id").agg(cards=pl.col("customer_id").n_unique())
    most = shops.group_by("campaign_id").agg(pl.col("cards").max())
    whole = begun.filter(pl.col("used").dt.month() >= 4).group_by("campaign_id").len("cards_used")
    together = whole.join(most, on="campaign_id").filter(pl.col("cards_used") >= 3)
    assert len(together) >= 2
    assert (together["cards"] >= together["cards_used"]).all()


def test_a_copied_card_is_not_told_by_its_speed(rows: pl.DataFrame, fraud: Callable[[str], pl.DataFrame]) -> None:
    honest = rows.filter(~pl.col("is_fraud")).sort("event_time")
    where = honest.select("customer_id", "event_time", "latitude", "longitude", last=pl.col("event_time"))
    cloned = fraud("card_cloning").sort("event_time")
    near = cloned.join_asof(where, on="event_time", by="customer_id", suffix="_last", check_sortedness=False)
    hours = (near["event_time"] - near["last"]).dt.total_seconds() / 3600
    speed = near.select(
        km=111.2
        * (
            (pl.col("latitude") - pl.col("latitude_last")) ** 2
            + ((pl.col("longitude") - pl.col("longitude_last")) * pl.col("latitude").radians().cos()) ** 2
        ).sqrt()
    )["km"]
    assert 0.05 < (speed / hours > 800).mean() < 0.5  # type: ignore[operator]


def test_two_may_use_one_account_in_two_places(bank: Scenario) -> None:
    both = changed(bank, "population", travellers_a_month=0.5, shared_trips=1.0)
    alone = changed(bank, "population", travellers_a_month=0.5, shared_trips=0.0)

    def switches(scenario: Scenario) -> int:
        ledger = SyntheticDataGenerator(scenario).generate_transactions("2024-02")
        counter = ledger.filter((pl.col("channel") == "card_present") & (pl.col("kind") == "purchase"))
        jump = (pl.col("latitude") - pl.col("latitude").shift()).abs() > 3
        soon = (pl.col("event_time") - pl.col("event_time").shift()).dt.total_hours() < 6
        return counter.filter((jump & soon).over("customer_id")).height

    assert switches(both) > 2 * switches(alone)


def test_a_stolen_card_is_tapped_below_the_limit_and_then_used_online(
    bank: Scenario, fraud: Callable[[str], pl.DataFrame]
) -> None:
    stolen = fraud("stolen_card")
    taps = stolen.filter("evidence.tapped")
    assert set(taps["channel"]) == {"card_present"}
    assert taps["amount"].max() <= 100  # type: ignore[operator]
    online = stolen.filter(~pl.col("evidence.tapped"))
    assert set(online["channel"]) == {"online"}
    assert online["amount"].max() > 100  # type: ignore[operator]
    assert hours_between(stolen).max() <= 24 + 7  # type: ignore[operator]
    order = stolen.group_by("campaign_id", "customer_id").agg(
        tapped=pl.col("event_time").filter("evidence.tapped").mean(),
        bought=pl.col("event_time").filter(~pl.col("evidence.tapped")).mean(),
    )
    assert (order["tapped"] < order["bought"]).mean() > 0.9  # type: ignore[operator]


def test_numbers_that_were_tested_are_used_online_by_campaigns_that_follow(
    bank: Scenario, rows: pl.DataFrame, fraud: Callable[[str], pl.DataFrame]
) -> None:
    every = ["2024-01", *MONTHS]
    plans = pl.concat([chunk() for month in every for chunk in campaign_chunks(bank, Month.parse(month))])
    children = plans.unique("campaign_id").filter(pl.col("parent_campaign_id").is_not_null())
    assert set(children["fraud_type"]) <= {"stolen_card", "shipping_fraud"}
    bought = fraud("stolen_card").filter("evidence.number_was_tested")
    assert len(bought) > 20
    assert set(bought["channel"]) == {"online"}
    tested = pl.concat(
        [
            SyntheticDataGenerator(bank).generate_labels("2024-01"),
            SyntheticDataGenerator(bank).generate_labels("2024-02"),
        ]
    )
    tested = tested.filter(pl.col("fraud_type") == "card_testing").select(
        "customer_id", parent_campaign_id="campaign_id"
    )
    early = children.filter(pl.col("starts_at") < Month.parse("2024-03").start)
    used = rows.filter(pl.col("fraud_type").is_in(["stolen_card", "shipping_fraud"])).join(early, on="campaign_id")
    assert len(used) > 10
    # Others were on the list without having been tried yet.
    known = used.join(tested.unique(), on=["customer_id", "parent_campaign_id"], how="semi")
    assert len(known) / len(used) > 0.7


def test_some_wallets_are_taken_from_people_who_hardly_pay(bank: Scenario) -> None:
    kind = bank.fraud.types["stolen_card"]
    uneven = changed(bank, "activity", daily_mean=(0.5, 8.0))
    shifts = {}
    for share in (0.0, 1.0):
        chosen = kind.model_copy(
            update={"share": 1.0, "follows": None, "parameters": kind.parameters | {"quiet_share": share}}
        )
        world = changed(uneven, "fraud", types={"stolen_card": chosen})
        ledger = SyntheticDataGenerator(world).generate_transactions("2024-03")
        labels = SyntheticDataGenerator(world).generate_labels("2024-03").filter("is_fraud")
        activity = ledger.group_by("customer_id").len()
        victims = activity.join(labels.unique("customer_id"), on="customer_id", how="semi")
        shifts[share] = victims["len"].median()
    assert shifts[1.0] < 0.6 * shifts[0.0]  # type: ignore[operator]


def test_a_second_card_lies_in_the_drawer_and_comes_out_now_and_then(rows: pl.DataFrame) -> None:
    honest = rows.filter(~pl.col("is_fraud") & pl.col("card_id").is_not_null())
    use = honest.group_by("customer_id", "card_id").len()
    rare = use.with_columns(share=pl.col("len") / pl.col("len").sum().over("customer_id")).filter(pl.col("share") < 0.2)
    assert rare["customer_id"].n_unique() > 0.15 * honest["customer_id"].n_unique()


def test_a_script_pays_many_times_an_hour_at_few_shops(fraud: Callable[[str], pl.DataFrame]) -> None:
    script = fraud("velocity_abuse")
    runs = script.group_by("campaign_id", "customer_id").agg(
        pl.len(),
        hours=(pl.col("event_time").max() - pl.col("event_time").min()).dt.total_seconds() / 3600,
        skill=pl.col("evidence.skill").first(),
    )
    quick = runs.filter((pl.col("skill") != "high") & (pl.col("len") >= 5))
    assert 4 < median(quick["len"] / quick["hours"]) < 40
    assert script.group_by("campaign_id").agg(pl.col("merchant_id").n_unique())["merchant_id"].max() <= 9  # type: ignore[operator]
    assert 0.15 < (script["status"] == "declined").mean() < 0.55  # type: ignore[operator]


def test_the_script_changes_its_method_in_august(bank: Scenario) -> None:
    def pace(month: str) -> float:
        labels = SyntheticDataGenerator(bank).generate_labels(month).filter(pl.col("fraud_type") == "velocity_abuse")
        runs = labels.group_by("campaign_id", "customer_id").agg(
            pl.len(), hours=(pl.col("event_time").max() - pl.col("event_time").min()).dt.total_seconds() / 3600
        )
        runs = runs.filter(pl.col("len") >= 4)
        return median(runs["len"] / runs["hours"])

    assert pace("2024-09") < 0.6 * pace("2024-03")


def test_honest_people_also_pay_one_shop_again_and_again(rows: pl.DataFrame) -> None:
    honest = rows.filter(~pl.col("is_fraud") & (pl.col("kind") == "purchase"))
    hourly = honest.group_by("customer_id", "merchant_id", pl.col("event_time").dt.truncate("1h")).len()
    assert len(hourly.filter(pl.col("len") >= 6)) > 5
    series = honest.filter(pl.col("lookalike_of") == "velocity_abuse")
    assert set(series["category"]) & {"Gaming", "Transit", "Convenience"}


def test_a_replay_repeats_an_honest_payment_to_the_cent(
    rows: pl.DataFrame, fraud: Callable[[str], pl.DataFrame]
) -> None:
    copies = fraud("transaction_replay")
    key = ["customer_id", "merchant_id", "amount", "category"]
    original = rows.filter(~pl.col("is_fraud")).select(
        *key, "card_id", first=pl.col("event_time"), number=pl.col("transaction_id")
    )
    found = copies.join(original, left_on=[*key, "evidence.copy_of"], right_on=[*key, "number"])
    assert len(found) > 0.9 * len(copies)  # others were recorded in the month before
    waited = (found["event_time"] - found["first"]).dt.total_seconds()
    assert waited.min() >= 30  # type: ignore[operator]
    assert waited.max() <= 48 * 3600  # type: ignore[operator]
    assert (found["card_id"] == found["card_id_right"]).mean() > 0.95  # type: ignore[operator]
    assert copies["evidence.copy"].max() <= 8  # type: ignore[operator]
    at_shop = copies.filter(pl.col("channel") == "card_present")
    assert not at_shop["evidence.device_changed"].any()  # a terminal has its own, and the bank's doors know theirs
    online = copies.filter(pl.col("channel") == "online").group_by("campaign_id", "customer_id").first()
    assert 0.2 < online["evidence.device_changed"].mean() < 0.6  # type: ignore[operator]


def test_honest_people_pay_the_same_sum_twice_too(rows: pl.DataFrame, fraud: Callable[[str], pl.DataFrame]) -> None:
    honest = rows.filter(~pl.col("is_fraud") & (pl.col("kind") == "purchase") & (pl.col("status") == "approved"))
    key = ["customer_id", "merchant_id", "amount"]
    again = honest.sort("event_time").with_columns(
        since=(pl.col("event_time") - pl.col("event_time").shift().over(key)).dt.total_seconds()
    )
    alike = again.filter(pl.col("since").is_between(30, 48 * 3600))
    assert len(alike) > 50
    assert "Coffee" in set(alike["category"])  # the daily one
    assert len(rows.filter(pl.col("lookalike_of") == "transaction_replay")) > 20

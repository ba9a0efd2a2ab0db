"""Fraud with cards and points: what the rows of each mechanism look like, and that honest rows look alike."""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl
import pytest

from fraud_assets.months import Month
from fraud_assets.scenario import Category, Scenario, ScenarioError
from fraud_assets.scenario.sections import Deliveries, Repeat, Section
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.reports import incident_reports
from fraud_assets.simulation.generator import SyntheticDataGenerator, campaign_chunks, login_chunks, transaction_chunks

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


def _with(base: Scenario, section: str, **changes: object) -> Scenario:
    return base.model_copy(update={section: getattr(base, section).model_copy(update=changes)})


@pytest.fixture(scope="module")
def bank() -> Scenario:
    """us_bank with more fraud of these types on fewer payments: mechanisms show in seconds."""
    base = Scenario.load("us_bank")
    types = {name: base.fraud.types[name].model_copy(update={"share": share}) for name, share in TYPES.items()}
    fewer = _with(_with(base, "population", customers=512), "activity", daily_mean=(3.0, 5.0))
    return _with(fewer, "fraud", rate=0.03, types=types)


@pytest.fixture(scope="module")
def ledger(bank: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(bank).generate_transactions(*MONTHS)


@pytest.fixture(scope="module")
def labels(bank: Scenario, ledger: pl.DataFrame) -> pl.DataFrame:
    """After the ledger, which leaves most of the work done."""
    return SyntheticDataGenerator(bank).generate_labels(*MONTHS)


@pytest.fixture(scope="module")
def rows(ledger: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Ledger rows of three months beside their truth, with the local hour."""
    known = ["customer_id", "event_time", "amount", "status", "merchant_id", "payee_id", "device_id"]
    found = ledger.join(labels.drop(known), on="transaction_id", how="left", maintain_order="left")
    local = pl.col("event_time") + pl.duration(minutes="utc_offset_minutes")
    return found.with_columns(pl.col("is_fraud").fill_null(value=False), hour=local.dt.hour())


@pytest.fixture(scope="module")
def customers(bank: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(bank).generate_customers("2024-04")


@pytest.fixture(scope="module")
def fraud(rows: pl.DataFrame) -> Callable[[str], pl.DataFrame]:
    """The rows of one type, with what the investigator wrote as columns of their own."""

    def of(name: str) -> pl.DataFrame:
        found = rows.filter(pl.col("fraud_type") == name)
        evidence = pl.DataFrame([json.loads(text) for text in found["fraud_evidence"]])
        return found.hstack(evidence.rename({column: f"evidence.{column}" for column in evidence.columns}))

    return of


def _hours_between(rows: pl.DataFrame) -> pl.Series:
    """Hours from the first row of each campaign and account to the last."""
    span = rows.group_by("campaign_id", "customer_id").agg(pl.col("event_time").max() - pl.col("event_time").min())
    return span["event_time"].dt.total_seconds() / 3600


def _median(values: pl.Series) -> float:
    return float(values.median())  # type: ignore[arg-type]


def test_a_copied_card_is_used_far_away_days_after_an_honest_visit(
    rows: pl.DataFrame, fraud: Callable[[str], pl.DataFrame]
) -> None:
    cloned = fraud("card_cloning")
    assert len(cloned) > 100
    assert set(cloned["channel"]) == {"card_present"}
    assert cloned["device_id"].null_count() == len(cloned)
    far = cloned.filter(pl.col("evidence.skill") != "high")["evidence.km_from_home"]
    assert far.min() > 100  # type: ignore[operator]
    assert 250 < _median(far) < 2000
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
    both = _with(bank, "population", travellers_a_month=0.5, shared_trips=1.0)
    alone = _with(bank, "population", travellers_a_month=0.5, shared_trips=0.0)

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
    assert _hours_between(stolen).max() <= 24 + 7  # type: ignore[operator]
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
    uneven = _with(bank, "activity", daily_mean=(0.5, 8.0))
    shifts = {}
    for share in (0.0, 1.0):
        chosen = kind.model_copy(
            update={"share": 1.0, "follows": None, "parameters": kind.parameters | {"quiet_share": share}}
        )
        world = _with(uneven, "fraud", types={"stolen_card": chosen})
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
    assert 4 < _median(quick["len"] / quick["hours"]) < 40
    assert script.group_by("campaign_id").agg(pl.col("merchant_id").n_unique())["merchant_id"].max() <= 9  # type: ignore[operator]
    assert 0.15 < (script["status"] == "declined").mean() < 0.55  # type: ignore[operator]


def test_the_script_changes_its_method_in_august(bank: Scenario) -> None:
    def pace(month: str) -> float:
        labels = SyntheticDataGenerator(bank).generate_labels(month).filter(pl.col("fraud_type") == "velocity_abuse")
        runs = labels.group_by("campaign_id", "customer_id").agg(
            pl.len(), hours=(pl.col("event_time").max() - pl.col("event_time").min()).dt.total_seconds() / 3600
        )
        runs = runs.filter(pl.col("len") >= 4)
        return _median(runs["len"] / runs["hours"])

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
    assert 0.15 < copies["evidence.device_changed"].mean() < 0.65  # type: ignore[operator]


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
    assert _median(friendly["evidence.km_from_home"]) < 60
    assert (friendly["hour"] < 6).mean() < 0.2  # type: ignore[operator]
    mine = labels.filter(pl.col("fraud_type") == "friendly_fraud").lazy()
    months = [Month.parse("2024-02") + k for k in range(9)]
    filed = pl.concat([incident_reports(bank, month, mine).collect() for month in months])
    assert set(filed["source"]) == {"chargeback"}
    days = (filed["reported_at"] - filed["event_time"]).dt.total_hours() / 24
    assert 35 < _median(days) < 65
    assert (days >= 15).mean() > 0.99  # type: ignore[operator]


def test_some_customers_dispute_again_and_again(bank: Scenario) -> None:
    kind = bank.fraud.types["friendly_fraud"].model_copy(update={"share": 1.0})
    world = _with(bank, "fraud", types={"friendly_fraud": kind})
    months = ["2024-02", "2024-03", "2024-04", "2024-05"]
    frauds = pl.concat([SyntheticDataGenerator(world).generate_labels(month) for month in months]).filter("is_fraud")
    disputes = frauds.group_by("customer_id").agg(pl.col("campaign_id").n_unique()).sort("campaign_id", descending=True)
    total = int(disputes["campaign_id"].sum())
    habitual = int(disputes["campaign_id"].head(bank.population.customers // 20).sum())
    assert 0.15 < habitual / total < 0.45


def test_real_purchases_are_disputed_too(bank: Scenario, rows: pl.DataFrame) -> None:
    many = _with(bank, "fraud", false_report=0.005)
    honest = SyntheticDataGenerator(many).generate_labels("2024-02").filter("is_false_report").lazy()
    filed = pl.concat([incident_reports(many, Month.parse("2024-02") + k, honest).collect() for k in range(6)])
    disputes = filed.filter(pl.col("source") == "chargeback")
    assert 0.05 < len(disputes) / len(filed) < 0.4
    assert 35 < _median((disputes["reported_at"] - disputes["event_time"]).dt.total_hours() / 24) < 65
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
    assert _hours_between(points).max() <= 24  # type: ignore[operator]
    farms = points.filter("evidence.one_device_for_all").group_by("campaign_id")
    assert farms.agg(pl.col("device_id").n_unique())["device_id"].max() == 1
    assert points.group_by("device_id").agg(pl.col("customer_id").n_unique())["customer_id"].max() >= 3  # type: ignore[operator]


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
    wide = _with(_with(bank, "population", customers=3 * 256), "activity", daily_mean=(25.0, 26.0))
    parts = transaction_chunks(wide, Month.parse("2024-03"))
    assert len(parts) >= 3
    together = pl.concat([part() for part in parts])
    last = parts[-1]()
    assert last.equals(together.tail(len(last)))

"""Campaigns and accidents: what their rows look like, and that honest rows look alike."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.simulation.fraud.accidents import mistype
from fraud_assets.simulation.fraud.reports import incident_reports
from fraud_assets.simulation.generator import SyntheticDataGenerator, campaign_chunks, login_chunks
from fraud_assets.tables import IncidentReports, LabeledAnomalies
from fraud_assets_tests.simulation.truths import beside_truth

MONTHS = ["2024-01", "2024-02", "2024-03"]


@pytest.fixture(scope="module")
def bank() -> Scenario:
    """us_bank with more fraud and more accidents on fewer payments: mechanisms show in seconds."""
    base = Scenario.load("us_bank")
    return base.model_copy(
        update={
            "population": base.population.model_copy(update={"customers": 512}),
            "activity": base.activity.model_copy(update={"daily_mean": (2.0, 4.0)}),
            "fraud": base.fraud.model_copy(update={"rate": 0.02, "false_report": 0.002}),
            "accidents": base.accidents.model_copy(update={"mistyped": (2.0, 10.0)}),
        }
    )


@pytest.fixture(scope="module")
def ledger(bank: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(bank).generate_transactions(*MONTHS)


@pytest.fixture(scope="module")
def labels(bank: Scenario, ledger: pl.DataFrame) -> pl.DataFrame:
    """After the ledger, which leaves most of the work done."""
    return SyntheticDataGenerator(bank).generate_labels(*MONTHS)


@pytest.fixture(scope="module")
def rows(ledger: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Ledger rows of the quarter beside their truth."""
    return beside_truth(ledger, labels)


def _fraud(rows: pl.DataFrame, fraud_type: str) -> pl.DataFrame:
    return rows.filter(pl.col("fraud_type") == fraud_type)


def test_the_truth_breaks_no_rule_of_its_table(labels: pl.DataFrame) -> None:
    LabeledAnomalies.validate(labels)
    for evidence in labels.filter("is_fraud")["fraud_evidence"].head(200):
        assert "km_from_home" in json.loads(evidence)


def test_the_evidence_of_a_fraud_says_the_distance_that_the_ledger_shows(bank: Scenario, rows: pl.DataFrame) -> None:
    homes = SyntheticDataGenerator(bank).generate_customers(MONTHS[-1])
    fraud = rows.filter("is_fraud").join(homes.select("customer_id", "^home_.*itude$"), on="customer_id")
    degrees = ("latitude", "longitude", "home_latitude", "home_longitude")
    north, east, home_north, home_east = (np.radians(fraud[name].to_numpy()) for name in degrees)
    cosine = np.sin(north) * np.sin(home_north) + np.cos(north) * np.cos(home_north) * np.cos(east - home_east)
    said = fraud["fraud_evidence"].str.json_path_match("$.km_from_home").cast(pl.Float64).to_numpy()
    assert len(said) > 1000
    assert np.abs(said - 6371 * np.arccos(np.clip(cosine, -1, 1))).max() < 1


def test_nobody_pays_at_a_closed_counter(bank: Scenario, rows: pl.DataFrame) -> None:
    closed = pl.DataFrame(
        [
            (c.category, hour)
            for c in bank.categories
            if c.instrument == "terminal"
            for hour, weight in enumerate(bank.hours[c.hours])
            if not weight
        ],
        schema={"category": pl.String, "hour": pl.Int8},
        orient="row",
    )
    local = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))
    bought = rows.filter(pl.col("kind") == "purchase").with_columns(
        pl.col("category").cast(pl.String), hour=local.dt.hour()
    )
    some = bought.filter(pl.col("category").is_in(closed["category"].unique().to_list()))
    assert some["is_fraud"].sum() > 50
    assert some.join(closed, on=["category", "hour"], how="semi").is_empty()


def test_no_till_takes_more_than_its_category_allows(bank: Scenario, rows: pl.DataFrame) -> None:
    highest = {c.category: c.highest for c in bank.categories if c.highest is not None}
    known = rows.filter((pl.col("kind") == "purchase") & pl.col("category").is_in(list(highest)))
    most = pl.col("category").cast(pl.String).replace_strict(highest, return_dtype=pl.Float64)
    assert known["is_fraud"].sum() > 50
    assert known.select((pl.col("amount") > most).mean()).item() < 0.001  # the next level of a game


def test_card_testing_is_small_mostly_declined_and_at_few_shops(rows: pl.DataFrame) -> None:
    tests = _fraud(rows, "card_testing").filter(pl.col("fraud_evidence").str.contains('"role":"test"'))
    assert set(tests["channel"]) == {"online"}
    assert 0.55 < (tests["status"] == "declined").mean() < 0.95  # type: ignore[operator]
    assert tests["amount"].median() < 15  # type: ignore[operator]
    shops = tests.group_by("campaign_id").agg(pl.col("merchant_id").n_unique(), pl.col("customer_id").n_unique())
    assert shops["merchant_id"].max() <= 3  # type: ignore[operator]
    assert shops["customer_id"].mean() >= 8  # type: ignore[operator]


def test_a_card_that_worked_is_used_for_more_days_later(rows: pl.DataFrame) -> None:
    testing = _fraud(rows, "card_testing").with_columns(use=pl.col("fraud_evidence").str.contains('"role":"use"'))
    use, test = testing.filter("use"), testing.filter(~pl.col("use"))
    assert len(use) > 10
    assert use["amount"].median() > 3 * test["amount"].median()  # type: ignore[operator]
    first = test.group_by("campaign_id", "customer_id").agg(pl.col("event_time").min().alias("tested"))
    waited = use.join(first, on=["campaign_id", "customer_id"])
    assert ((waited["event_time"] - waited["tested"]).dt.total_hours() >= 20).all()


def test_a_takeover_comes_after_a_login_on_the_same_device(bank: Scenario, rows: pl.DataFrame) -> None:
    logins = pl.concat([part() for m in MONTHS for part in login_chunks(bank, Month.parse(m))])
    takeover = _fraud(rows, "account_takeover").filter(pl.col("device_id").is_not_null())
    before = takeover.join(logins, on=["customer_id", "device_id"], suffix="_login").filter(
        (pl.col("event_time_login") <= pl.col("event_time")) & pl.col("is_success")
    )
    assert before["transaction_id"].n_unique() / len(takeover) > 0.95


def test_many_takers_look_around_for_hours_or_days_before_they_pay(bank: Scenario, rows: pl.DataFrame) -> None:
    """Else a device of a few minutes would give the takeover away, and one of a day would not."""
    logins = pl.concat([part() for m in MONTHS for part in login_chunks(bank, Month.parse(m))])
    campaigns = pl.concat([part() for m in MONTHS for part in campaign_chunks(bank, Month.parse(m))])
    takeover = _fraud(rows, "account_takeover")
    evidence = pl.col("fraud_evidence").str
    since, new = evidence.json_path_match("$.minutes_since_takeover"), evidence.json_path_match("$.new_device")
    entered = takeover.with_columns(entered=pl.col("event_time") - pl.duration(minutes=since.cast(pl.Int64))).filter(
        new == "true"
    )
    account = entered.group_by("campaign_id", "customer_id", "device_id").agg(
        pl.col("entered").min(), paid=pl.col("event_time").min()
    )
    start = campaigns.select("campaign_id", "starts_at").unique()
    account = account.join(start, on="campaign_id").filter(
        pl.col("starts_at") >= pl.datetime(2024, 1, 1, time_zone="UTC")
    )
    assert account.filter(pl.col("entered") < pl.col("starts_at").dt.offset_by("-1m")).is_empty()
    hours = pl.col("paid") - pl.col("entered")
    assert 0.3 < account.filter(hours > pl.duration(hours=1)).height / len(account) < 0.55
    assert account.filter(hours > pl.duration(hours=24)).height / len(account) > 0.1
    seen = account.join(logins.filter("is_success"), on=["customer_id", "device_id"])
    gap = (seen["entered"] - seen["event_time"]).dt.total_minutes()
    assert seen.filter(gap.is_between(0, 25))["campaign_id"].n_unique() > 0.9 * account["campaign_id"].n_unique()


def test_a_takeover_moves_more_than_its_victims_usually_do(rows: pl.DataFrame) -> None:
    takeover = _fraud(rows, "account_takeover")
    honest = rows.filter(pl.col("is_fraud").is_null() & (pl.col("channel") != "card_present"))
    usual = honest.group_by("category").agg(pl.col("amount").median().alias("usual"))
    ratio = takeover.join(usual, on="category").select((pl.col("amount") / pl.col("usual")).median()).item()
    assert 2 < ratio < 30


def test_no_payment_app_is_used_for_a_customer_who_never_pays_by_app(bank: Scenario, rows: pl.DataFrame) -> None:
    customers = SyntheticDataGenerator(bank).generate_customers("2024-03")
    low = customers.filter(pl.col("digital_savviness") == "low")["customer_id"]
    assert rows.filter(pl.col("customer_id").is_in(low.implode()) & (pl.col("channel") == "app")).is_empty()


@pytest.mark.parametrize("fraud_type", ["card_testing", "account_takeover"])
def test_honest_rows_resemble_each_fraud_type_more_often_than_there_is_fraud(
    bank: Scenario, rows: pl.DataFrame, fraud_type: str
) -> None:
    alike = rows.filter(pl.col("lookalike_of") == fraud_type)
    as_shipped = Scenario.load("us_bank").fraud.rate / bank.fraud.rate  # this bank has more fraud than us_bank has
    assert len(alike) > 0.5 * as_shipped * len(_fraud(rows, fraud_type))
    assert alike["is_fraud"].sum() == 0


def test_another_persons_device_alone_proves_nothing(bank: Scenario, rows: pl.DataFrame) -> None:
    devices = SyntheticDataGenerator(bank).generate_device_data("2024-03")
    owner = devices.select("device_id", pl.col("customer_id").alias("owner"), "is_shared")
    foreign = rows.join(owner, on="device_id").filter((pl.col("owner") != pl.col("customer_id")) & ~pl.col("is_shared"))
    honest = foreign.filter(pl.col("is_fraud").is_null() | ~pl.col("is_fraud"))
    as_shipped = Scenario.load("us_bank").fraud.rate / bank.fraud.rate
    assert len(honest) > as_shipped * (len(foreign) - len(honest))


def test_customers_are_no_victims_before_they_joined() -> None:
    base = Scenario.load("tiny_bank")
    people = base.population.model_copy(update={"customers": 300, "joined_before_start": 0.4, "joining_months": 6})
    growing = base.model_copy(update={"population": people, "fraud": base.fraud.model_copy(update={"rate": 0.05})})
    generator = SyntheticDataGenerator(growing)
    customers = generator.generate_customers("2024-01")
    ledger = generator.generate_transactions("2024-01")
    assert 100 < len(customers) < 200
    assert ledger.join(customers, on="customer_id", how="anti").is_empty()
    labels = generator.generate_labels("2024-01").filter("is_fraud")
    early = labels.join(customers, on="customer_id").filter(pl.col("event_time").dt.date() < pl.col("registered_at"))
    assert len(labels) > 20
    assert early.is_empty()
    devices = generator.generate_device_data("2024-01")
    used = ledger.filter(pl.col("device_id").is_not_null())
    assert used.join(devices, on="device_id", how="anti").is_empty()


def test_actors_use_their_devices_on_several_victims(rows: pl.DataFrame) -> None:
    shared = rows.filter("is_fraud").group_by("device_id").agg(pl.col("customer_id").n_unique())
    assert shared["customer_id"].max() > 5  # type: ignore[operator]


def test_a_burst_follows_its_payment_within_twenty_seconds(rows: pl.DataFrame) -> None:
    burst = rows.filter("is_accident_burst")
    base = rows.filter(pl.col("is_accident_burst").fill_null(False).not_() & (pl.col("direction") == "debit"))
    near = burst.join(base, on=["customer_id", "recipient_entity"], suffix="_base").filter(
        (pl.col("event_time") - pl.col("event_time_base")).dt.total_milliseconds().is_between(1, 60_000)
    )
    assert near["transaction_id"].n_unique() == len(burst)
    seconds = near.group_by("transaction_id").agg(
        ((pl.col("event_time") - pl.col("event_time_base")).dt.total_milliseconds() / 1000).min().alias("s")
    )
    assert seconds["s"].max() <= 21  # type: ignore[operator]


def test_a_high_amount_accident_exceeds_what_the_method_normally_sees(bank: Scenario, rows: pl.DataFrame) -> None:
    ceiling = pl.DataFrame({"method": [m.name for m in bank.methods], "top": [m.normal_maximum for m in bank.methods]})
    high = rows.filter("is_high_amount_accident").join(ceiling, on="method")
    factor = high["amount"] / high["top"]
    assert len(high) > 20
    assert factor.min() >= 0.999  # type: ignore[operator]
    assert factor.is_between(2.5, 4.0001).mean() > 0.65  # type: ignore[operator]


def test_a_mistyped_recipient_is_one_typing_error_from_the_intended_one(rows: pl.DataFrame) -> None:
    wrong = rows.filter("is_mistyped_entity_accident")
    assert len(wrong) > 10
    for typed, meant in wrong.select("recipient_entity", "original_recipient_entity").iter_rows():
        assert OSA.distance(typed, meant) == 1, (typed, meant)


@given(
    number=st.integers(1_000_000_000, 9_999_999_999),
    kind=st.floats(0, 1, exclude_max=True),
    digit=st.floats(0, 1, exclude_max=True),
)
def test_a_typing_error_always_gives_another_number(number: int, kind: float, digit: float) -> None:
    typed = int(mistype(np.array([number]), np.array([kind]), np.array([digit]))[0])
    assert typed != number
    assert abs(len(str(typed)) - 10) <= 1


def test_reports_come_late_partly_and_sometimes_wrongly(bank: Scenario, labels: pl.DataFrame) -> None:
    months = [Month.parse("2024-01") + k for k in range(9)]
    filed = pl.concat([incident_reports(bank, m, labels.lazy()).collect() for m in months])
    IncidentReports.validate(filed)
    fraud = filed.filter(pl.col("kind") == "fraud")
    truth = labels.filter("is_fraud")
    known = fraud.join(truth.select("transaction_id"), on="transaction_id")
    assert 0.3 < len(known) / len(truth) < 0.95
    days = (known["reported_at"] - known["event_time"]).dt.total_hours() / 24
    assert days.min() > 0  # type: ignore[operator]
    assert 0.4 < (days <= 7).mean() < 0.75  # type: ignore[operator]
    assert 0.02 < (days > 30).mean() < 0.4  # type: ignore[operator]
    false = fraud.join(truth.select("transaction_id"), on="transaction_id", how="anti")
    assert len(false) == labels["is_false_report"].sum()


def test_what_is_bought_online_is_disputed_whether_or_not_the_shop_tells_the_device(
    bank: Scenario, rows: pl.DataFrame, labels: pl.DataFrame
) -> None:
    filed = pl.concat([incident_reports(bank, Month.parse("2024-01") + k, labels.lazy()).collect() for k in range(8)])
    false = rows.filter(pl.col("is_false_report").fill_null(value=False)).join(
        filed.select("transaction_id", "source"), on="transaction_id"
    )
    disputed = pl.col("source").cast(pl.String) == "chargeback"
    shopped = false.filter(pl.col("channel").cast(pl.String) == "online", pl.col("merchant_id").is_not_null())
    for silent in (True, False):
        share = shopped.filter(pl.col("device_id").is_null() == silent).select(disputed.mean()).item()
        assert 0.2 < share < 0.8, silent
    assert not false.filter(pl.col("channel").cast(pl.String) == "card_present").select(disputed.any()).item()


def test_a_month_of_reports_does_not_depend_on_when_it_is_asked_for(bank: Scenario, labels: pl.DataFrame) -> None:
    march = Month.parse("2024-03")
    with_all = incident_reports(bank, march, labels.lazy()).collect()
    later = labels.filter(pl.col("event_time") < march.end).lazy()
    assert incident_reports(bank, march, later).collect().equals(with_all)


def test_a_type_that_does_not_fit_its_family_is_refused_with_the_parameter() -> None:
    def bank(**changes: object) -> Scenario:
        base = Scenario.load("tiny_bank")
        kind = base.fraud.types["card_testing"].model_copy(update={"share": 1.0, **changes})
        return base.model_copy(update={"fraud": base.fraud.model_copy(update={"types": {"card_testing": kind}})})

    parameters = dict(Scenario.load("tiny_bank").fraud.types["card_testing"].parameters)
    with pytest.raises(ScenarioError, match="card_testing: family 'bots' is none of account_takeover, "):
        SyntheticDataGenerator(bank(family="bots"))
    with pytest.raises(ScenarioError, match="'speed' is no parameter of family card_testing; it has cards, hours"):
        SyntheticDataGenerator(bank(parameters=parameters | {"speed": 3}))
    for nonsense, sentence in {
        ("cards", (0.0, 0.0)): "cards is 0 to 0; it must lie within 1 and 100000",
        ("decline", (0.5, 1.7)): "decline is 0.5 to 1.7; it must lie within 0 and 1",
        ("hours", 1e6): "hours is 1e\\+06; it must lie within 0 and 8784",
        ("amount", 1e300): "amount is 1e\\+300; it must lie within 0.01 and 1000000000",
    }.items():
        with pytest.raises(ScenarioError, match=f"fraud.types.card_testing: {sentence}"):
            SyntheticDataGenerator(bank(parameters=parameters | dict([nonsense])))
        with pytest.raises(ScenarioError, match=sentence):
            SyntheticDataGenerator(bank(changes={"2024-03": dict([nonsense])}))
    del parameters["hours"]
    with pytest.raises(ScenarioError, match="family card_testing needs the parameter 'hours'"):
        SyntheticDataGenerator(bank(parameters=parameters))

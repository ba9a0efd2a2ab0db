"""Fraud on people's own accounts: what its rows look like, who learns of it, and that honest people do the like."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from fraud_assets.months import REPORT_LOOKBACK, Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.communal import ring
from fraud_assets.simulation.customers import credit_lines
from fraud_assets.simulation.fraud.links import links, table
from fraud_assets.simulation.fraud.reports import incident_reports
from fraud_assets.simulation.fraud.rows import campaign_rows
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.traits import traits, units
from fraud_assets_tests.simulation.truths import beside_truth

MONTHS = ["2024-02", "2024-03", "2024-04", "2024-05"]
TYPES = {
    "merchant_collusion": 0.16, "amount_manipulation": 0.14, "refund_fraud": 0.12, "synthetic_identity": 0.18,
    "first_party_bust_out": 0.12, "mule_account": 0.16, "push_payment_scam": 0.12,
}  # fmt: skip
SHIPPED = Scenario.load("us_bank")


@pytest.fixture(scope="module")
def bank() -> Scenario:
    """us_bank with these types alone, much of them, on fewer payments, and nobody caught in the act."""
    types = {name: SHIPPED.fraud.types[name].model_copy(update={"share": share}) for name, share in TYPES.items()}
    return SHIPPED.model_copy(
        update={
            "population": SHIPPED.population.model_copy(update={"customers": 768}),
            "activity": SHIPPED.activity.model_copy(update={"daily_mean": (2.0, 4.0)}),
            "fraud": SHIPPED.fraud.model_copy(update={"rate": 0.03, "types": types}),
        }
    )


@pytest.fixture(scope="module")
def labels(bank: Scenario) -> pl.DataFrame:
    return pl.concat([SyntheticDataGenerator(bank).generate_labels(month) for month in MONTHS])


@pytest.fixture(scope="module")
def ledger(bank: Scenario) -> pl.DataFrame:
    return pl.concat([SyntheticDataGenerator(bank).generate_transactions(month) for month in MONTHS])


@pytest.fixture(scope="module")
def rows(ledger: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Ledger rows beside their truth."""
    return beside_truth(ledger, labels)


def _fraud(rows: pl.DataFrame, fraud_type: str) -> pl.DataFrame:
    """Rows of the type, with the evidence as columns."""
    found = rows.filter(pl.col("fraud_type") == fraud_type)
    assert len(found) > 40, fraud_type
    evidence = pl.DataFrame([json.loads(text) for text in found["fraud_evidence"]], infer_schema_length=None)
    return found.hstack(evidence)


def _whole(fraud: pl.DataFrame) -> pl.DataFrame:
    """Those of accounts on which the campaign neither began before the months nor goes on after them."""
    account = ["campaign_id", "customer_id"]
    first, last = pl.col("event_time").min().over(account), pl.col("event_time").max().over(account)
    return fraud.filter((first.dt.month() >= 2) & (first.dt.day() > 5) & (last.dt.month() <= 5) & (last.dt.day() < 25))


def test_colluding_customers_pay_one_merchant_near_limits_for_weeks(rows: pl.DataFrame) -> None:
    fraud = _fraud(rows, "merchant_collusion")
    campaigns = fraud.group_by("campaign_id").agg(
        shops=pl.col("merchant_id").n_unique(), customers=pl.col("customer_id").n_unique()
    )
    assert campaigns["shops"].max() == 1
    assert campaigns["customers"].mean() > 3  # type: ignore[operator]
    styles = dict(fraud["amount_style"].value_counts(normalize=True).iter_rows())
    assert 0.3 < styles["near_limit"] < 0.65
    assert 0.15 < styles["round"] < 0.45
    near = fraud.filter(pl.col("amount_style") == "near_limit")
    assert near["share_of_limit"].is_between(0.85, 0.9999).all()
    spans = fraud.group_by("campaign_id").agg((pl.col("event_time").max() - pl.col("event_time").min()).dt.total_days())
    assert spans["event_time"].max() > 20  # type: ignore[operator]


def test_a_structured_sum_goes_in_parts_below_the_limit_to_few(rows: pl.DataFrame) -> None:
    fraud = _fraud(rows, "amount_manipulation")
    assert (fraud["amount"] < fraud["limit"]).all()
    assert (fraud["amount"] > 0.5 * fraud["limit"]).all()
    accounts = fraud.group_by("campaign_id", "customer_id").agg(
        pl.len(), pl.col("payee_id").n_unique(), hours=(pl.col("event_time").max() - pl.col("event_time").min())
    )
    assert accounts["len"].median() >= 4  # type: ignore[operator]
    assert accounts["payee_id"].max() <= 3  # type: ignore[operator]
    assert accounts["hours"].dt.total_hours().max() <= 24 * 5  # type: ignore[operator]


def test_refund_fraud_claims_back_what_was_bought_and_what_was_not(rows: pl.DataFrame) -> None:
    fraud = _fraud(rows, "refund_fraud")
    orders, refunds = fraud.filter(pl.col("role") == "order"), fraud.filter(pl.col("role") == "refund")
    assert set(orders["kind"]) == {"purchase"}
    assert set(refunds["kind"]) == {"refund"}
    honest = rows.filter(pl.col("is_fraud").is_null() & (pl.col("channel") == "online"))
    usual = len(honest.filter(pl.col("kind") == "refund")) / len(honest.filter(pl.col("kind") == "purchase"))
    assert len(refunds) / len(orders) > 3 * usual
    assert 0.08 < (~refunds["purchase_exists"]).mean() < 0.5  # type: ignore[operator]
    named = refunds.filter(pl.col("original_transaction_id").is_not_null())
    of = named.join(rows, left_on="original_transaction_id", right_on="transaction_id", suffix="_order")
    assert (of["amount"] <= of["amount_order"]).all()
    assert (of["customer_id"] == of["customer_id_order"]).all()


def test_an_honest_refund_may_lack_its_reference_too(rows: pl.DataFrame) -> None:
    honest = rows.filter(~pl.col("is_fraud").fill_null(False) & (pl.col("kind") == "refund"))
    assert 0.02 < honest["original_transaction_id"].is_null().mean() < 0.2  # type: ignore[operator]


def test_a_ring_uses_up_its_credit_within_days(bank: Scenario, rows: pl.DataFrame) -> None:
    fraud = _fraud(rows, "synthetic_identity")
    everybody = traits(bank, tuple(units(bank)))
    lines = pl.DataFrame(
        {
            "customer_id": everybody.customer_id,
            "line": credit_lines(bank, everybody),
            "ring": ring(bank, everybody.index),
        }
    )
    joined = fraud.join(lines, on="customer_id")
    rings = joined.group_by("campaign_id").agg(pl.col("ring").n_unique(), pl.col("ring").min().alias("least"))
    assert rings["ring"].max() == 1
    assert rings["least"].min() >= 0  # type: ignore[operator]
    accounts = (
        _whole(joined)
        .group_by("campaign_id", "customer_id")
        .agg(
            used=pl.col("amount").sum() / pl.col("line").first(),
            days=(pl.col("event_time").max() - pl.col("event_time").min()).dt.total_days(),
        )
    )
    assert 0.6 < accounts["used"].median() < 1.2  # type: ignore[operator]
    assert accounts["days"].max() <= 8  # type: ignore[operator]
    remote = fraud.filter(pl.col("device_id").is_not_null()).group_by("device_id").agg(pl.col("customer_id").n_unique())
    assert remote["customer_id"].max() >= 2  # type: ignore[operator]


def test_rings_and_halls_share_addresses_in_one_place(bank: Scenario) -> None:
    people = bank.population.model_copy(update={"customers": 4096, "household_share": 0.0})
    t = traits(bank.model_copy(update={"population": people}), range(16))
    in_ring = ring(bank, t.index) >= 0
    _, place, size = np.unique(t.address_id, return_inverse=True, return_counts=True)
    together = size[place] >= 3
    assert 0.3 < together[in_ring].mean() < 0.8
    assert together[~in_ring].sum() > 0.5 * together[in_ring].sum()  # students, honest ones
    assert size.max() >= 6
    homes = pl.DataFrame({"address": t.address_id, "city": t.city, "north": t.latitude})
    assert homes.group_by("address").agg(pl.all().n_unique()).select(pl.col("city", "north").max()).row(0) == (1, 1)


def test_a_bust_out_grows_over_months(rows: pl.DataFrame) -> None:
    fraud = _fraud(rows, "first_party_bust_out")
    account = ["campaign_id", "customer_id"]
    span = fraud.group_by(account).agg(days=(pl.col("event_time").max() - pl.col("event_time").min()).dt.total_days())
    assert span["days"].max() > 40  # type: ignore[operator]
    place = fraud.with_columns(late=pl.col("utilisation") > 0.65)
    early, late = place.filter(~pl.col("late"))["amount"].median(), place.filter("late")["amount"].median()
    assert late > 1.2 * early  # type: ignore[operator]
    assert fraud["utilisation"].is_between(0.3, 0.951).all()


def test_a_mule_passes_on_what_came_in_shortly_before(rows: pl.DataFrame) -> None:
    fraud = _fraud(rows, "mule_account")
    assert set(fraud.filter(pl.col("role") == "in")["direction"]) == {"credit"}
    waves = (
        _whole(fraud)
        .group_by("campaign_id", "customer_id", "wave")
        .agg(
            came=pl.col("amount").filter(pl.col("role") == "in").sum(),
            went=pl.col("amount").filter(pl.col("role") == "out").sum(),
            last=pl.col("event_time").filter(pl.col("role") == "in").max(),
            first=pl.col("event_time").filter(pl.col("role") == "out").min(),
        )
        .drop_nulls()
    )
    assert len(waves) > 8
    assert (waves["first"] > waves["last"]).all()
    assert ((waves["first"] - waves["last"]).dt.total_hours() < 3 * 6 * 1.8).all()
    assert 0.7 < waves["went"].sum() / waves["came"].sum() < 1.0  # type: ignore[operator]
    senders = (
        fraud.filter(pl.col("role") == "in").group_by("campaign_id", "customer_id").agg(pl.col("payee_id").n_unique())
    )
    assert senders["payee_id"].median() >= 4  # type: ignore[operator]


def test_mules_are_new_or_quiet_more_often_than_others(bank: Scenario, rows: pl.DataFrame) -> None:
    everybody = traits(bank, tuple(units(bank)))
    of = pl.DataFrame({"customer_id": everybody.customer_id, "joined": everybody.registered_day})
    newest = np.quantile(everybody.registered_day, 0.9)
    mules = (
        rows.filter(pl.col("fraud_type") == "mule_account").select("customer_id").unique().join(of, on="customer_id")
    )
    assert (mules["joined"] >= newest).mean() > 0.2  # type: ignore[operator]


def test_money_from_persons_is_mostly_honest(rows: pl.DataFrame) -> None:
    received = rows.filter((pl.col("kind") == "income") & pl.col("payee_id").is_not_null())
    as_shipped = SHIPPED.fraud.rate / 0.03
    fraud = received["is_fraud"].fill_null(False).sum()
    assert len(received) - fraud > 5 * as_shipped * fraud  # type: ignore[operator]
    assert received.filter(pl.col("device_id").is_not_null() | pl.col("ip_address").is_not_null()).is_empty()


def test_a_push_payment_is_large_to_somebody_new_and_by_the_victims_own_hand(
    bank: Scenario, rows: pl.DataFrame
) -> None:
    fraud = _fraud(rows, "push_payment_scam")
    assert fraud["event_time"].min() >= Month.parse("2024-04").start  # type: ignore[operator]
    sums = fraud.group_by("campaign_id", "customer_id").agg(pl.col("amount").sum())["amount"]
    assert 1000 < sums.mean() < 3500  # type: ignore[operator]
    before = rows.join(fraud.select("customer_id", "payee_id", began="event_time"), on=["customer_id", "payee_id"])
    known = before.filter(pl.col("event_time") < pl.col("began") - pl.duration(days=6))
    assert known["transaction_id"].n_unique() < 0.2 * len(fraud)
    devices = SyntheticDataGenerator(bank).generate_device_data("2024-05").select("device_id", owner="customer_id")
    own = fraud.join(devices, on="device_id").select((pl.col("owner") == pl.col("customer_id")).mean()).item()
    assert own > 0.6  # the others are a household's, or a friend's as with anybody


@pytest.mark.parametrize("fraud_type", sorted(TYPES))
def test_honest_rows_resemble_each_type_more_often_than_there_is_fraud(rows: pl.DataFrame, fraud_type: str) -> None:
    alike = rows.filter(pl.col("lookalike_of") == fraud_type)
    fraud = rows.filter(pl.col("fraud_type") == fraud_type)
    share = SHIPPED.fraud.types[fraud_type].share / TYPES[fraud_type] * SHIPPED.fraud.rate / 0.03
    assert len(alike) > 2 * share * len(fraud)
    assert alike["is_fraud"].sum() == 0


def test_what_is_written_off_is_known_half_a_year_after_the_last_payment(bank: Scenario, labels: pl.DataFrame) -> None:
    months = [Month.parse(MONTHS[0]) + k for k in range(17)]
    filed = []
    for month in months:  # as the asset does: with the labels that it may look back on
        oldest = (month - REPORT_LOOKBACK).start
        filed.append(incident_reports(bank, month, labels.filter(pl.col("event_time") >= oldest).lazy()).collect())
    reports = pl.concat(filed).filter(pl.col("source") == "charge_off")
    assert reports["transaction_id"].is_unique().all()
    for fraud_type, told in (("first_party_bust_out", 0.9), ("synthetic_identity", 0.6)):
        truth = labels.filter((pl.col("fraud_type") == fraud_type) & (pl.col("status") != "declined"))
        known = truth.join(reports, on="transaction_id")
        assert abs(len(known) / len(truth) - told) < 0.25
        last = pl.col("event_time").max().over("campaign_id", "customer_id")
        waited = known.select((pl.col("reported_at") - last).dt.total_days())["reported_at"]
        assert waited.min() >= 89  # type: ignore[operator]


def test_fraud_leaves_time_amount_and_merchant_of_honest_rows_alone(bank: Scenario, rows: pl.DataFrame) -> None:
    nobody = bank.model_copy(update={"fraud": bank.fraud.model_copy(update={"rate": 0.0})})
    without = SyntheticDataGenerator(nobody).generate_transactions("2024-03")
    march = (pl.col("event_time") >= Month.parse("2024-03").start) & (
        pl.col("event_time") < Month.parse("2024-04").start
    )
    honest = rows.filter(march & ~pl.col("is_fraud").fill_null(False))
    columns = ["transaction_id", "customer_id", "event_time", "amount", "merchant_id", "payee_id"]
    assert honest.select(columns).equals(without.select(columns))


def test_campaigns_do_the_same_to_some_customers_as_among_all(bank: Scenario) -> None:
    april = Month.parse("2024-04")
    everybody, some = Bank(bank, (0, 1, 2)), Bank(bank, (1,))
    whole, alone = campaign_rows(everybody, april), campaign_rows(some, april)
    here = whole.take((whole.who >= 256) & (whole.who < 512))
    order, own = np.argsort(here.transaction_id), np.argsort(alone.transaction_id)
    assert len(own) > 50
    for column in ("transaction_id", "event_us", "cents", "merchant", "payee", "device", "status"):
        assert (getattr(here, column)[order] == getattr(alone, column)[own]).all(), column


def test_links_count_what_campaigns_have_in_common(bank: Scenario) -> None:
    found = links(bank, Month.parse("2024-05"))
    assert set(found.campaigns) == set(TYPES)
    assert found.coordinated > 0
    assert found.chained == 0  # none of these types follows another actor's
    assert 1 < found.versatile_actors <= found.actors <= bank.fraud.actors
    assert 3 <= found.largest_ring <= 6
    assert found.shared_devices > 0
    assert found.shared_payees > 0
    assert "mule_account" in table(found)

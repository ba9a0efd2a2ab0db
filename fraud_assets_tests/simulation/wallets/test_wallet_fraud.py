"""Fraud on wallets, and the honest rows that look alike."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.fraud.rows import campaign_rows
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.recipients import handle
from fraud_assets_tests.simulation.wallets.conftest import SHIPPED, of_type


def test_a_hop_chain_runs_through_wallets_within_minutes_and_each_keeps_a_little(
    wallets: Scenario, rows: pl.DataFrame
) -> None:
    fraud = of_type(rows, "hop_chain")
    chains = fraud.group_by("campaign_id").agg(pl.col("customer_id").n_unique())["customer_id"]
    assert 3 <= chains.mean() <= 8  # type: ignore[operator]
    assert chains.max() <= 8  # type: ignore[operator]
    key = ["campaign_id", "run"]
    out = fraud.filter(pl.col("role") == "out").select(*key, "hop", "event_time", "amount", "payee_id", "status")
    into = fraud.filter(pl.col("role") == "in").select(*key, "hop", "event_time", "amount", "payee_id", "customer_id")
    # What one sends, the next receives, to the cent and within two minutes ...
    hops = out.join(into.with_columns(pl.col("hop") - 1), on=[*key, "hop"], suffix="_in")
    assert len(hops) > 40
    assert (hops["amount"] == hops["amount_in"]).all()
    assert (hops["event_time_in"] - hops["event_time"]).dt.total_seconds().is_between(0, 120).all()
    # ... under its own number ...
    bank = Bank(wallets, tuple(range(4)))
    number = dict(zip(bank.traits.customer_id.tolist(), handle(wallets, bank.traits.index).tolist(), strict=True))
    assert hops["payee_id"].to_list() == [number[customer] for customer in hops["customer_id"]]
    # ... and passes on soon, but for a little.
    stays = into.join(out, on=[*key, "hop"], suffix="_out")
    assert (stays["amount_out"] < stays["amount"]).all()
    assert ((1 - stays["amount_out"] / stays["amount"]) < 0.08).all()
    minutes = (stays["event_time_out"] - stays["event_time"]).dt.total_seconds() / 60
    assert minutes.min() > 0  # type: ignore[operator]
    assert minutes.median() < 20  # type: ignore[operator]


def test_a_redemption_burst_follows_a_login_and_empties_the_wallet_within_hours(
    rows: pl.DataFrame, logins: pl.DataFrame
) -> None:
    fraud = of_type(rows, "redemption_burst")
    assert set(fraud["method"]) == {"Redeem"}
    bursts = fraud.group_by("campaign_id", "customer_id").agg(
        pl.len(), first=pl.col("event_time").min(), last=pl.col("event_time").max(), new=pl.col("new_device").any(),
        near=pl.col("share_of_limit").is_between(0.8, 1).mean(), device=pl.col("device_id").first(),
    )  # fmt: skip
    assert bursts["len"].median() >= 5  # type: ignore[operator]
    assert ((bursts["last"] - bursts["first"]).dt.total_minutes() <= 8 * 60).all()
    assert (bursts["near"] > 0.4).mean() > 0.2  # type: ignore[operator]
    on_new = bursts.filter("new")
    assert 0.4 < len(on_new) / len(bursts) < 0.95
    before = on_new.join(
        logins.filter("is_success"), left_on=["customer_id", "device"], right_on=["customer_id", "device_id"]
    ).filter((pl.col("first") - pl.col("event_time")).dt.total_minutes().is_between(0, 60))
    # A burst at the beginning of the months may have its login before them.
    assert before["campaign_id"].n_unique() >= on_new["campaign_id"].n_unique() - 1


def test_a_burst_learns_to_be_slow() -> None:
    kind = SHIPPED.fraud.types["redemption_burst"]
    assert kind.as_of("2024-08").parameters["hours"] > kind.as_of("2024-07").parameters["hours"]  # type: ignore[operator]


def test_suspicious_deposits_come_from_shared_addresses_below_a_limit_and_are_redeemed_soon(rows: pl.DataFrame) -> None:
    fraud = of_type(rows, "suspicious_deposit")
    came, went = (fraud.filter(pl.col("role") == role) for role in ("deposit", "redemption"))
    assert set(came["category"]) == {"Address Deposit"}
    assert set(went["method"]) == {"Redeem"}
    assert (came["amount"] < came["limit"]).all()
    assert (came["amount"] > 0.6 * came["limit"]).mean() > 0.4  # type: ignore[operator]
    sources = came.group_by("campaign_id").agg(pl.col("payee_id", "customer_id").n_unique())
    assert sources["payee_id"].max() <= 3  # type: ignore[operator]
    assert sources["customer_id"].mean() > 2 > sources["payee_id"].mean() - 1  # type: ignore[operator]
    shared = came.group_by("payee_id").agg(pl.col("customer_id").n_unique(), pl.col("campaign_id").n_unique())
    assert shared["customer_id"].max() >= 3  # type: ignore[operator]
    account = ["campaign_id", "customer_id"]
    passed = (
        came.group_by(account)
        .agg(last=pl.col("event_time").max(), came=pl.col("amount").sum())
        .join(went.group_by(account).agg(first=pl.col("event_time").min(), went=pl.col("amount").sum()), on=account)
    )
    assert len(passed) > 10
    assert ((passed["first"] - passed["last"]).dt.total_seconds() > 0).all()
    assert (passed["first"] - passed["last"]).dt.total_minutes().median() < 24 * 60  # type: ignore[operator]
    assert 0.6 < passed["went"].sum() / passed["came"].sum() < 1.1  # type: ignore[operator]
    unverified = came.unique("customer_id").select((pl.col("kyc_level") == "none").mean()).item()
    assert unverified > 0.15


def test_a_takeover_shows_in_the_logins(rows: pl.DataFrame, logins: pl.DataFrame) -> None:
    fraud = of_type(rows, "login_takeover")
    foreign = (
        fraud.filter("new_device")
        .group_by("campaign_id", "customer_id")
        .agg(pl.col("event_time").min(), pl.col("device_id").first())
    )
    assert 0.5 < len(foreign) / fraud.select("campaign_id", "customer_id").n_unique() < 0.9
    near = foreign.join(logins, on="customer_id", suffix="_login").filter(
        (pl.col("event_time") - pl.col("event_time_login")).dt.total_minutes().is_between(0, 60)
    )
    seen = near.filter((pl.col("device_id") == pl.col("device_id_login")) & pl.col("is_success"))
    assert seen["campaign_id"].n_unique() >= foreign["campaign_id"].n_unique() - 1
    assert (~near["is_success"]).sum() > 0.3 * len(foreign)
    assert near["event"].is_in(["password_reset", "credential_change", "phone_change"]).sum() > 0.3 * len(foreign)


def test_who_resets_a_password_logs_in_with_it(logins: pl.DataFrame) -> None:
    ordered = logins.sort("customer_id", "event_time", "login_id")
    after = ordered.with_columns(pl.col("event", "is_success").shift(-1).over("customer_id").name.suffix("_next"))
    reset = after.filter(pl.col("event") == "password_reset").drop_nulls("event_next")
    assert reset.select(((pl.col("event_next") == "login") & pl.col("is_success_next")).mean()).item() > 0.97


@pytest.mark.parametrize("fraud_type", sorted(SHIPPED.fraud.types))
def test_honest_rows_resemble_each_type_more_often_than_there_is_fraud(rows: pl.DataFrame, fraud_type: str) -> None:
    alike = rows.filter(pl.col("lookalike_of") == fraud_type)
    fraud = rows.filter(pl.col("fraud_type") == fraud_type)
    assert len(alike) > 2 * len(fraud) / 10  # ten times the shipped rate
    assert alike["is_fraud"].sum() == 0


def test_honest_money_passes_through_within_the_hour_too(honest: pl.DataFrame) -> None:
    alike = honest.filter(pl.col("lookalike_of") == "hop_chain")
    came, went = (alike.filter(pl.col("direction") == way) for way in ("credit", "debit"))
    pairs = went.join(came, on="customer_id", suffix="_in").filter(
        (pl.col("event_time") - pl.col("event_time_in")).dt.total_minutes().is_between(0, 60)
        & (pl.col("amount") / pl.col("amount_in")).is_between(0.93, 1.05)
    )
    assert pairs["customer_id"].n_unique() > 20


def test_honest_sums_just_below_a_limit_are_redeemed_at_once(honest: pl.DataFrame) -> None:
    paid = honest.filter((pl.col("lookalike_of") == "suspicious_deposit") & (pl.col("category") == "Address Deposit"))
    near = pl.any_horizontal(
        pl.col("amount").is_between(0.92 * limit, limit, closed="left") for limit in SHIPPED.limits
    )
    assert paid.select(near.sum()).item() > 50


def test_honest_wallets_sell_off_in_many_parts(honest: pl.DataFrame) -> None:
    sold = honest.filter((pl.col("lookalike_of") == "redemption_burst") & (pl.col("method") == "Redeem"))
    a_day = sold.group_by("customer_id", pl.col("event_time").dt.date()).len()
    assert (a_day["len"] >= 5).sum() > 30


def test_fraud_leaves_honest_rows_alone(wallets: Scenario, honest: pl.DataFrame) -> None:
    nobody = wallets.model_copy(update={"fraud": wallets.fraud.model_copy(update={"rate": 0.0})})
    without = SyntheticDataGenerator(nobody).generate_transactions("2024-04")
    april = honest.filter(pl.col("event_time").dt.month() == 4)
    columns = ["transaction_id", "customer_id", "event_time", "amount", "merchant_id", "payee_id", "token"]
    assert april.select(columns).equals(without.select(columns))


def test_further_wallets_change_nothing_for_those_who_were_there(wallets: Scenario) -> None:
    def ledger(n: int) -> pl.DataFrame:
        people = wallets.population.model_copy(update={"customers": n})
        quiet = wallets.fraud.model_copy(update={"rate": 0.0})
        return SyntheticDataGenerator(
            wallets.model_copy(update={"population": people, "fraud": quiet})
        ).generate_transactions("2024-04")

    few, many = ledger(300), ledger(420)
    assert many.filter(pl.col("customer_id").is_in(few["customer_id"].unique().implode())).equals(few)


def test_campaigns_do_the_same_to_some_wallets_as_among_all(wallets: Scenario) -> None:
    april = Month.parse("2024-04")
    whole, alone = campaign_rows(Bank(wallets, (0, 1, 2, 3)), april), campaign_rows(Bank(wallets, (1,)), april)
    here = whole.take((whole.who >= 256) & (whole.who < 512))
    order, own = np.argsort(here.transaction_id), np.argsort(alone.transaction_id)
    assert len(own) > 50
    for column in ("transaction_id", "event_us", "cents", "merchant", "payee", "device", "status"):
        assert (getattr(here, column)[order] == getattr(alone, column)[own]).all(), column

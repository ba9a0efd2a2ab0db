"""Wallets: deposits, transfers and redemptions of tokens, the fraud on them, and the honest rows that look alike."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from fraud_assets.months import Month
from fraud_assets.scenario import EXTRA_SCENARIOS, Scenario, ScenarioError
from fraud_assets.simulation.fraud.rows import campaign_rows
from fraud_assets.simulation.generator import SyntheticDataGenerator, login_chunks
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.names import person_names
from fraud_assets.simulation.recipients import handle

SHIPPED = Scenario.load("crypto_wallet")
MONTHS = ["2024-03", "2024-04", "2024-05"]
#: How an address of each token looks.
ADDRESSES = {
    "BTC": r"^bc1q[02-9ac-hj-np-z]{38}$", "ETH": "^0x[0-9a-f]{40}$", "USDC": "^0x[0-9a-f]{40}$",
    "USDT": "^T[1-9A-HJ-NP-Za-km-z]{33}$",
}  # fmt: skip


@pytest.fixture(scope="module")
def wallets() -> Scenario:
    """A third of the shipped wallets, with ten times the fraud: mechanisms show in seconds."""
    return SHIPPED.model_copy(
        update={
            "population": SHIPPED.population.model_copy(update={"customers": 1024}),
            "fraud": SHIPPED.fraud.model_copy(update={"rate": 10 * SHIPPED.fraud.rate}),
        }
    )


@pytest.fixture(scope="module")
def customers(wallets: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(wallets).generate_customers(MONTHS[-1])


@pytest.fixture(scope="module")
def rows(wallets: Scenario, customers: pl.DataFrame) -> pl.DataFrame:
    """Ledger rows of three months beside their truth and the wallet's level of identification."""
    made = SyntheticDataGenerator(wallets)
    ledger = pl.concat([made.generate_transactions(month) for month in MONTHS])
    known = ["customer_id", "event_time", "amount", "status", "merchant_id", "payee_id", "device_id"]
    truth = pl.concat([made.generate_labels(month) for month in MONTHS]).drop(known)
    found = ledger.join(truth, on="transaction_id", how="left").join(
        customers.select("customer_id", "kyc_level", "time_zone"), on="customer_id"
    )
    return found.with_columns(pl.col("is_fraud").fill_null(value=False))


@pytest.fixture(scope="module")
def honest(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(~pl.col("is_fraud"))


@pytest.fixture(scope="module")
def logins(wallets: Scenario) -> pl.DataFrame:
    return pl.concat([chunk() for month in MONTHS for chunk in login_chunks(wallets, Month.parse(month))])


def _fraud(rows: pl.DataFrame, fraud_type: str) -> pl.DataFrame:
    """Rows of the type, with the evidence as columns."""
    found = rows.filter(pl.col("fraud_type") == fraud_type)
    assert len(found) > 80, fraud_type
    evidence = pl.DataFrame([json.loads(text) for text in found["fraud_evidence"]], infer_schema_length=None)
    return found.hstack(evidence)


def test_a_wallet_has_a_registration_date_and_a_level_of_identification(customers: pl.DataFrame) -> None:
    shares = dict(customers["kyc_level"].value_counts(normalize=True).iter_rows())
    asked = {level.name: level.share for level in SHIPPED.population.kyc_levels}
    assert shares == pytest.approx(asked, abs=0.05)
    assert set(customers.filter(pl.col("kyc_level") == "none")["kyc_status"]) == {"pending"}
    assert customers.filter(pl.col("kyc_level") == "none")["transaction_limit"].max() == 1000
    assert customers["registered_at"].n_unique() > 0.5 * len(customers)
    assert customers["home_country"].n_unique() >= 15
    assert customers["time_zone"].n_unique() >= 15


def test_banks_know_all_their_customers_fully() -> None:
    of_a_bank = SyntheticDataGenerator(Scenario.load("tiny_bank")).generate_customers("2024-01")
    assert set(of_a_bank["kyc_level"]) == {"full"}


def test_everything_is_a_deposit_a_transfer_or_a_redemption_and_nothing_is_at_a_counter(rows: pl.DataFrame) -> None:
    plain = rows.filter(~pl.col("kind").is_in(["refund", "reversal"]))
    flows = set(plain.select("method", "direction").unique().iter_rows())
    assert flows == {("Deposit", "credit"), ("Transfer", "debit"), ("Transfer", "credit"), ("Redeem", "debit")}
    assert not (set(rows["channel"]) & {"card_present"})
    assert rows["terminal_id"].null_count() == len(rows)
    assert set(plain.filter(pl.col("card_id").is_not_null())["category"]) == {"Card Deposit"}


def test_what_a_customer_does_has_device_address_and_place_and_what_arrives_has_not(rows: pl.DataFrame) -> None:
    done = rows.filter(pl.col("direction") == "debit")
    known = done.select("ip_address", "device_id", "latitude", "longitude", "city")
    assert sum(known.null_count().row(0)) == 0
    arrived = rows.filter(
        (pl.col("category") == "Address Deposit") | (pl.col("kind") == "income") & pl.col("payee_id").is_not_null()
    )
    assert arrived.select(pl.col("ip_address", "device_id").is_null().all()).row(0) == (True, True)
    assert set(arrived["status"]) <= {"approved", "pending"}
    asked_for = rows.filter(pl.col("category").is_in(["Bank Deposit", "Card Deposit", "Exchange Deposit"]))
    assert asked_for["ip_address"].null_count() == 0


def test_an_address_takes_the_tokens_of_its_chain(rows: pl.DataFrame) -> None:
    assert set(rows["token"]) == set(ADDRESSES)
    plain = pl.col("original_recipient_entity").is_null() & ~pl.col("kind").is_in(["reversal", "refund"])
    for token, form in ADDRESSES.items():
        there = rows.filter(pl.col("payee_id").is_not_null() & (pl.col("token") == token) & plain)
        assert len(there) > 500
        as_written = there["recipient_entity"].str.contains(form).sum() / len(there)
        assert as_written > 0.999, token  # another try at a mistyped one aside
    by_account = (
        rows.filter(pl.col("payee_id").is_not_null() & plain).group_by("payee_id").agg(pl.col("token").n_unique())
    )
    assert (by_account["token"] == 1).mean() > 0.999  # type: ignore[operator]
    assert set(rows.filter(pl.col("category") == "Stablecoin Cash-out")["token"]) == {"USDT", "USDC"}


def test_money_in_a_bank_is_no_token() -> None:
    ledger = SyntheticDataGenerator(Scenario.load("tiny_bank")).generate_transactions("2024-01")
    assert ledger["token"].null_count() == len(ledger)


def test_what_follows_from_a_payment_moves_the_same_token(rows: pl.DataFrame) -> None:
    back = rows.filter(pl.col("original_transaction_id").is_not_null())
    of = back.join(rows, left_on="original_transaction_id", right_on="transaction_id", suffix="_of")
    of = of.filter(pl.col("original_recipient_entity_of").is_null())
    assert len(of) > 30
    assert (of["token"] == of["token_of"]).all()


def test_a_level_of_identification_limits_what_is_paid_at_once(honest: pl.DataFrame) -> None:
    done = honest.filter((pl.col("direction") == "debit") & ~pl.col("is_high_amount_accident").fill_null(value=False))
    over = done.filter(pl.col("kyc_level") == "none").select((pl.col("amount") > 1000).mean()).item()
    assert over < 0.01  # an estate, now and then
    assert done.filter(pl.col("kyc_level") == "full").select((pl.col("amount") > 1000).mean()).item() > 0.05
    near = done.filter((pl.col("kyc_level") == "none") & pl.col("amount").is_between(900, 1000))
    assert len(near) > 20  # honest people stay below it as well


def test_some_wallets_never_rest_and_most_are_quiet(honest: pl.DataFrame) -> None:
    own = honest.filter(pl.col("kind").is_in(["purchase", "transfer", "withdrawal"]) | (pl.col("method") == "Deposit"))
    counts = own.group_by("customer_id").len()["len"]
    assert counts.std() / counts.mean() == pytest.approx(1.2, abs=0.2)  # type: ignore[operator]


def test_markets_never_close(honest: pl.DataFrame) -> None:
    local = pl.col("event_time") + pl.duration(minutes="utc_offset_minutes")
    own = honest.filter(pl.col("direction") == "debit").with_columns(hour=local.dt.hour(), day=local.dt.weekday())
    night = own.select((pl.col("hour") < 5).mean()).item()
    assert 0.09 < night < 0.22
    a_day = dict(own.group_by("day").len().iter_rows())
    assert (a_day[6] + a_day[7]) / 2 > sum(a_day[d] for d in range(1, 5)) / 4


def test_amounts_have_heavy_tails(honest: pl.DataFrame) -> None:
    redeemed = honest.filter((pl.col("method") == "Redeem") & (pl.col("direction") == "debit"))["amount"]
    assert redeemed.mean() > 2.5 * redeemed.median()  # type: ignore[operator]
    assert redeemed.max() > 8000  # type: ignore[operator]


def test_on_a_crash_more_is_redeemed() -> None:
    made = SyntheticDataGenerator(SHIPPED)
    august = made.generate_transactions("2024-08").filter(pl.col("category") == "Exchange Redemption")
    days = august.group_by(pl.col("event_time").dt.day()).len()
    crash = days.filter(pl.col("event_time").is_between(4, 6))["len"].mean()
    assert crash > 1.6 * days.filter(pl.col("event_time") > 8)["len"].mean()  # type: ignore[operator]


def test_a_transfer_between_two_wallets_here_is_a_row_in_each(wallets: Scenario, honest: pl.DataFrame) -> None:
    bank = Bank(wallets, tuple(range(4)))
    numbers = pl.DataFrame({"payee_id": handle(wallets, bank.traits.index), "receiver": bank.traits.customer_id})
    sent = honest.filter((pl.col("category") == "Wallet Transfer") & (pl.col("direction") == "debit")).join(
        numbers, on="payee_id"
    )
    came = honest.filter((pl.col("category") == "Wallet Transfer") & (pl.col("kind") == "income"))
    pairs = sent.join(came, left_on=["receiver", "amount"], right_on=["customer_id", "amount"], suffix="_in").filter(
        (pl.col("event_time_in") - pl.col("event_time")).dt.total_seconds().is_between(0, 120)
    )
    assert len(pairs) > 0.2 * len(sent)
    assert (pairs["token"] != pairs["token_in"]).any()  # each side shows the other's address


def test_a_hop_chain_runs_through_wallets_within_minutes_and_each_keeps_a_little(
    wallets: Scenario, rows: pl.DataFrame
) -> None:
    fraud = _fraud(rows, "hop_chain")
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
    fraud = _fraud(rows, "redemption_burst")
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
    fraud = _fraud(rows, "suspicious_deposit")
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
    fraud = _fraud(rows, "login_takeover")
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


def test_an_address_belongs_to_its_number_alone() -> None:
    numbers = np.arange(1_234_567_000, 1_234_569_000)
    addresses = person_names(SHIPPED, numbers)
    assert addresses.n_unique() == len(numbers)
    assert person_names(SHIPPED, numbers[::-1]).equals(addresses.reverse())


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"tokens": [{"name": "BTC", "share": 0.5, "address": "0x{hex}"}]}, "shares of the tokens sum to 0.5"),
        ({"tokens": [{"name": "BTC", "share": 1, "address": "1{base58}"}]}, "no pattern with use person"),
        ({"tokens": [{"name": "BTC", "share": 1, "address": "0x{hex}"}]}, "no token has the address"),
        ({"tokens": []}, "tokens ['USDC'] are none of []"),
        ({"population": {"kyc_levels": [{"name": "full", "share": 0.9}]}}, "shares of the levels sum to 0.9"),
    ],
)
def test_a_contradictory_wallet_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: dict[str, object], said: str
) -> None:
    folder = tmp_path / "other_wallet"
    folder.mkdir()
    (folder / "scenario.yaml").write_text(
        yaml.safe_dump({"extends": "crypto_wallet", "name": "other_wallet", **document}), encoding="utf-8"
    )
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path))
    with pytest.raises(ScenarioError) as refused:
        Scenario.load("other_wallet")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"recipient": "source"}, "does not go with instrument 'none'"),
        ({"instrument": "any"}, "recipient 'sender' does not go"),
        ({"channel": "card_present", "instrument": "terminal", "recipient": "merchant"}, "devices.terminals"),
    ],
)
def test_a_contradictory_category_is_refused(changed: dict[str, str], said: str) -> None:
    kinds = [c.model_dump() | (changed if c.recipient == "sender" else {}) for c in SHIPPED.categories]
    with pytest.raises(ValueError, match=said):
        Scenario.model_validate(SHIPPED.model_dump() | {"categories": kinds})

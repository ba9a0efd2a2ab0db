"""Wallets: deposits, transfers and redemptions of tokens, and what a bank of wallets may not be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from fraud_assets.scenario import EXTRA_SCENARIOS, Scenario, ScenarioError
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.names import person_names
from fraud_assets.simulation.recipients import handle
from fraud_assets_tests.simulation.wallets.conftest import SHIPPED

#: How an address of each token looks.
ADDRESSES = {
    "BTC": r"^bc1q[02-9ac-hj-np-z]{38}$", "ETH": "^0x[0-9a-f]{40}$", "USDC": "^0x[0-9a-f]{40}$",
    "USDT": "^T[1-9A-HJ-NP-Za-km-z]{33}$",
}  # fmt: skip


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

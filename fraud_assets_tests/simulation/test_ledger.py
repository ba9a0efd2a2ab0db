"""The ledger as a whole: the same rows whenever, in whatever company; a month tiles; references hold."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.episodes import episodes
from fraud_assets.simulation.generator import (
    SyntheticDataGenerator,
    campaign_chunks,
    chunks,
    device_chunks,
    label_chunks,
    merchant_chunks,
    transaction_chunks,
)
from fraud_assets.simulation.intents import Bank, Intents
from fraud_assets.simulation.ledger import in_order, order
from fraud_assets.simulation.traits import units
from fraud_assets.tables import Transactions, polars_schema

MONTH = Month.parse("2024-02")


def _with(scenario: Scenario, section: str, **values: object) -> Scenario:
    return scenario.model_copy(update={section: getattr(scenario, section).model_copy(update=values)})


@pytest.fixture(scope="module")
def bank() -> Scenario:
    return Scenario.load("tiny_bank")


@pytest.fixture(scope="module")
def ledger(bank: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(bank).generate_transactions("2024-02")


@pytest.fixture(scope="module")
def labels(bank: Scenario) -> pl.DataFrame:
    return SyntheticDataGenerator(bank).generate_labels("2024-02")


def test_a_ledger_row_breaks_no_rule_of_its_table(ledger: pl.DataFrame) -> None:
    assert dict(ledger.schema) == polars_schema(Transactions)
    Transactions.validate(ledger)


def test_the_ledger_is_sorted_and_lies_in_its_month(ledger: pl.DataFrame) -> None:
    assert ledger.equals(ledger.sort("customer_id", "event_time", "transaction_id"))
    assert ledger["event_time"].min() >= MONTH.start  # type: ignore[operator]
    assert ledger["event_time"].max() < MONTH.end  # type: ignore[operator]


def test_no_row_is_lost_or_doubled_where_two_months_meet(bank: Scenario) -> None:
    """Rows within six days of a boundary come from both months' blocks; their numbers must not meet."""
    march = SyntheticDataGenerator(bank).generate_transactions("2024-03")
    february = SyntheticDataGenerator(bank).generate_transactions("2024-02")
    assert pl.concat([february, march])["transaction_id"].is_unique().all()
    per_day = pl.concat([february, march]).group_by(pl.col("event_time").dt.date().alias("day")).len().sort("day")
    edge = per_day.filter(pl.col("day").is_between(MONTH.end.date() - timedelta(2), MONTH.end.date() + timedelta(1)))
    assert edge["len"].min() > 0.5 * per_day["len"].median()  # type: ignore[operator]


def test_a_refund_or_reversal_refers_to_a_row_that_exists(bank: Scenario, ledger: pl.DataFrame) -> None:
    january = SyntheticDataGenerator(bank).generate_transactions("2024-01")
    known = pl.concat([january, ledger]).select("transaction_id", "customer_id", "event_time", "direction")
    back = ledger.filter(pl.col("original_transaction_id").is_not_null())
    found = back.join(known, left_on="original_transaction_id", right_on="transaction_id", suffix="_original")
    assert len(back) > 20
    assert len(found) == len(back)
    assert (found["customer_id"] == found["customer_id_original"]).all()
    assert (found["event_time"] > found["event_time_original"]).all()
    assert (found["direction_original"] == "debit").all()


@pytest.fixture(scope="module")
def peaceful(bank: Scenario) -> pl.DataFrame:
    """The ledger of the same bank without any fraud."""
    return SyntheticDataGenerator(_with(bank, "fraud", types={})).generate_transactions("2024-02")


@settings(max_examples=4, deadline=None)
@given(extra=st.integers(min_value=1, max_value=400))
def test_more_customers_change_no_honest_row_of_the_others(bank: Scenario, peaceful: pl.DataFrame, extra: int) -> None:
    larger = _with(bank, "population", customers=bank.population.customers + extra)
    columns = ["transaction_id", "customer_id", "event_time", "amount", "merchant_id", "payee_id"]
    before = peaceful.select(columns)
    after = SyntheticDataGenerator(larger).generate_transactions("2024-02").select(columns)
    assert before.join(after, on=columns, how="anti", nulls_equal=True).is_empty()


def test_without_fraud_every_honest_row_keeps_its_time_amount_and_merchant(
    ledger: pl.DataFrame, labels: pl.DataFrame, peaceful: pl.DataFrame
) -> None:
    columns = ["transaction_id", "event_time", "amount", "merchant_id", "payee_id", "category"]
    before = peaceful.select(columns)
    assert ledger.select(columns).join(before, on=columns, how="semi", nulls_equal=True).equals(before)
    # What is more is fraud, and a few honest payments without which it could not be, such as the one that is copied.
    more = ledger.join(before, on="transaction_id", how="anti")
    frauds = labels.filter("is_fraud")
    assert len(more.join(frauds, on="transaction_id", how="anti")) < len(frauds)


@settings(max_examples=30, deadline=None)
@given(customers=st.integers(1, 12_000), wider=st.integers(1, 8))
def test_chunks_are_all_units_in_order_and_of_even_size(customers: int, wider: int) -> None:
    us = _with(Scenario.load("us_bank"), "population", customers=customers)
    found = chunks(us, wider)
    assert [unit for chunk in found for unit in chunk] == list(range(-(-customers // 256)))
    sizes = [len(chunk) for chunk in found]
    assert min(sizes) >= 1
    assert max(sizes) <= min(wider, min(sizes) + 1)


def test_a_chunk_alone_gives_the_rows_it_has_among_all(bank: Scenario) -> None:
    wide = _with(bank, "population", customers=3 * 256)
    wide = _with(wide, "activity", daily_mean=(25.0, 26.0))
    parts = transaction_chunks(wide, MONTH)
    assert len(parts) >= 3
    assert parts[-1]().equals(parts[-1]())
    together = pl.concat([part() for part in parts])
    assert parts[1]().equals(together.filter(pl.col("customer_id").is_between(*_range(parts[1]()))))


def _range(frame: pl.DataFrame) -> tuple[int, int]:
    return int(frame["customer_id"].min()), int(frame["customer_id"].max())  # type: ignore[arg-type]


def test_rows_of_one_second_are_in_order_of_time_and_those_of_one_instant_of_number() -> None:
    start = int(MONTH.start.timestamp()) * 1_000_000
    times = np.array([5_000_007, 5_000_003, 5_000_003, 4_999_999, 5_000_003, -1]) + start
    first = Intents.make(4, who=np.array([1, 1, 1, 1]), event_us=times[:4], transaction_id=np.array([1, 9, 4, 8]))
    second = Intents.make(2, who=np.array([0, 0]), event_us=times[4:], transaction_id=np.array([7, 6]))
    assert order([first, second], MONTH).tolist() == [4, 3, 2, 1, 0]  # the last row is of the month before


def test_another_seed_is_another_world(bank: Scenario, ledger: pl.DataFrame) -> None:
    other = SyntheticDataGenerator(bank.model_copy(update={"seed": bank.seed + 1})).generate_transactions("2024-02")
    assert not np.isin(other["transaction_id"].to_numpy(), ledger["transaction_id"].to_numpy()).any()


def test_whether_a_device_is_passed_on_says_nothing_of_fraud(
    bank: Scenario, ledger: pl.DataFrame, labels: pl.DataFrame
) -> None:
    bought = [c.category for c in bank.categories if c.recipient == "merchant" and "points" not in c.tags]
    online = ledger.filter(
        pl.col("channel") == "online",
        pl.col("category").cast(pl.String).is_in(bought),
        pl.col("ip_address").is_not_null(),
    ).join(labels.filter("is_fraud").select("transaction_id", "is_fraud"), on="transaction_id", how="left")
    told = dict(online.group_by(pl.col("is_fraud").is_not_null()).agg(pl.col("device_id").is_not_null().mean()).rows())
    assert abs(told[False] - bank.devices.online_tells_device) < 0.03
    assert abs(told[True] - told[False]) < 0.12


def test_every_label_is_a_ledger_row_with_the_same_keys(ledger: pl.DataFrame, labels: pl.DataFrame) -> None:
    keys = ["transaction_id", "customer_id", "event_time", "amount", "status", "merchant_id", "payee_id", "device_id"]
    assert labels.select(keys).join(ledger.select(keys), on=keys, how="anti", nulls_equal=True).is_empty()
    assert labels["transaction_id"].is_unique().all()


def test_every_key_in_the_ledger_is_found_in_its_table(bank: Scenario, ledger: pl.DataFrame) -> None:
    devices = pl.concat([part() for part in device_chunks(bank, MONTH)])
    merchants = pl.concat([part() for part in merchant_chunks(bank, MONTH)])
    customers = SyntheticDataGenerator(bank).generate_customers("2024-02")
    assert devices["device_id"].is_unique().all()
    for column, table, key in (
        ("device_id", devices, "device_id"),
        ("terminal_id", devices, "device_id"),
        ("merchant_id", merchants, "merchant_id"),
        ("customer_id", customers, "customer_id"),
    ):
        used = ledger.select(pl.col(column).drop_nulls().unique())
        missing = used.join(table.select(pl.col(key).alias(column)), on=column, how="anti")
        assert missing.is_empty(), f"{column}: {len(missing)} of {len(used)} are in no table"


def test_rows_of_a_campaign_lie_within_its_life(bank: Scenario, labels: pl.DataFrame) -> None:
    campaigns = pl.concat([part() for part in campaign_chunks(bank, MONTH)])
    rows = labels.filter("is_fraud").join(campaigns, on="campaign_id", how="left", suffix="_campaign")
    assert rows["starts_at"].null_count() == 0
    # A takeover may be moved within its first day into the victim's waking hours.
    assert (rows["event_time"] >= rows["starts_at"]).all()
    assert (rows["event_time"] < rows["ends_at"] + timedelta(days=1)).all()


def test_units_fill_chunks_without_gap_or_overlap() -> None:
    us = Scenario.load("us_bank")
    units = [unit for chunk in chunks(us) for unit in chunk]
    assert units == list(range(4))


def test_labels_of_a_chunk_do_not_depend_on_the_others(bank: Scenario, labels: pl.DataFrame) -> None:
    assert label_chunks(bank, MONTH)[0]().equals(labels)


@pytest.mark.parametrize("name", ["us_bank", "india_bank"])
def test_what_an_episode_did_before_the_month_is_what_the_month_before_wrote(name: str) -> None:
    scenario, month = Scenario.load(name), Month.parse("2024-05")
    often = {kind: episode.model_copy(update={"share": 0.9}) for kind, episode in scenario.episodes.items()}
    bank = Bank(scenario.model_copy(update={"episodes": often}), tuple(units(scenario))[:2])
    rows, before = (episodes(bank, m)[0] for m in (month, month - 1))
    start, end = (int(m.start.timestamp()) * 1_000_000 for m in (month - 1, month))
    earlier = rows.transaction_id[(rows.event_us >= start) & (rows.event_us < end)]
    assert len(earlier) > 100
    assert np.isin(earlier, before.transaction_id).all()


@pytest.mark.parametrize("most", [3, 2**20, 2**42])
def test_rows_are_in_the_order_of_customer_time_and_number_however_many_customers_there_are(most: int) -> None:
    rng = np.random.default_rng(7)
    n, start = 5_000, int(MONTH.start.timestamp()) * 1_000_000
    who, number = rng.integers(0, most, n), rng.permutation(n)
    event_us = start + rng.integers(0, 2_000, n) * 500_000
    found = in_order(MONTH, who, event_us, lambda: number)
    assert (found == np.lexsort((number, event_us, who))).all()

"""The month build: which rows, in which order, cut into which blocks."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from fraud_assets.features.build import build_features
from fraud_assets.features.compute import features_of_block
from fraud_assets.features.context import Context
from fraud_assets.features.frames import Frames, blocks_of
from fraud_assets.features.lookup import Lookups
from fraud_assets.features.registry import schema
from fraud_assets_tests.features.ledgers import bank
from fraud_assets_tests.features.made import MAY


@pytest.mark.parametrize("block_rows", [1, 37, 10**9])
def test_block_boundaries_change_nothing(block_rows: int) -> None:
    world = bank(11, customers=9, rows=300)
    assert world.features(block_rows).equals(world.features(100))


def test_the_debits_of_the_month_are_scored_in_ledger_order() -> None:
    world = bank(12, customers=5, rows=300)
    rows = world.features(50)
    debits = world.transactions.filter(
        pl.col("direction") == "debit",
        pl.col("event_time").is_between(world.month.start, world.month.end, closed="left"),
    )
    assert rows["transaction_id"].equals(debits["transaction_id"])
    assert rows.schema == pl.Schema(schema())
    assert set(debits["status"].unique()) == {"approved", "declined", "pending"}


def test_customers_whose_rows_are_all_too_old_give_no_rows() -> None:
    world = bank(16)
    edge = world.month.start - timedelta(days=85)
    old = world.with_rows(world.transactions.filter(pl.col("event_time") < edge))
    assert not old.transactions.is_empty()
    assert old.features().is_empty()


def test_the_order_of_rows_within_a_file_does_not_matter() -> None:
    world = bank(13, customers=5, rows=300)
    shuffled = world.transactions.sample(fraction=1, shuffle=True, seed=1)
    assert replace(world, transactions=shuffled).features().equals(world.features())


def test_a_month_built_from_parquet_files_is_the_same(tmp_path: Path) -> None:
    world = bank(14, customers=9, rows=400)
    files = []
    for month in [*world.month.back(3), world.month]:
        part = world.transactions.filter(pl.col("event_time").is_between(month.start, month.end, closed="left"))
        part.write_parquet(tmp_path / f"{month}.parquet", row_group_size=30)
        files.append(tmp_path / f"{month}.parquet")
    chunks = build_features(
        world.scenario,
        world.month,
        pl.scan_parquet(files),
        world.customers.lazy(),
        world.reports.lazy(),
        world.population.lazy(),
        logins=None if world.logins is None else world.logins.lazy(),
        **world.tables(),  # type: ignore[arg-type]  # frames alone
        block_rows=25,
    )
    assert len(chunks) > 2
    assert pl.concat([chunk() for chunk in chunks]).equals(world.features())
    assert chunks[1]().equals(chunks[1]())
    again = [chunk() for chunk in chunks[::-1]][::-1]
    assert pl.concat(again).equals(world.features())


def test_a_ledger_without_rows_gives_no_blocks() -> None:
    world = bank(15)
    chunks = build_features(
        world.scenario,
        world.month,
        world.transactions.clear().lazy(),
        world.customers.lazy(),
        world.reports.lazy(),
        world.population.lazy(),
    )
    assert chunks == []


def test_customers_without_payments_in_the_month_give_no_rows() -> None:
    world = bank(16)
    before = world.with_rows(world.transactions.filter(pl.col("event_time") < world.month.start))
    rows = before.features()
    assert rows.is_empty()
    assert rows.schema == pl.Schema(schema())


def test_an_amount_too_large_to_count_is_named() -> None:
    world = bank(18)
    ledger = world.transactions.with_columns(
        amount=pl.when(pl.int_range(pl.len()) == 4).then(pl.lit(3e10)).otherwise("amount")
    )
    with pytest.raises(ValueError, match=r"an amount of customer 1000 is 30,000,000,000.00; features count in cents"):
        world.with_rows(ledger).features()


def test_the_first_month_says_how_short_its_history_is_and_guesses_no_population() -> None:
    rows = bank(17, new=True, rows=200).features()
    assert rows["history_days"].max() == 30
    assert rows["category_rarity_c"].null_count() == rows.height
    assert rows["days_dormant"].max() < 31  # type: ignore[operator]  # not 84 for want of history


def test_a_blocks_memory_is_free_as_soon_as_its_features_are_made() -> None:
    """A cycle of references would keep some hundred megabytes a block until the garbage collector comes by."""
    world = bank(19, customers=5, rows=300)
    context, lookups = Context.of(world.scenario, MAY, world.population), Lookups.of(**world.tables())
    logins = None if world.logins is None else world.logins.lazy()
    tables = (world.transactions.lazy(), world.customers.lazy(), world.reports.lazy())
    block = next(blocks_of(Frames(MAY, *tables, logins).between(0, 10**9), lookups, block_rows=10**9))
    gc.disable()
    try:
        assert features_of_block(block, context)
        kept = weakref.ref(block.history)
        del block
        assert kept() is None
    finally:
        gc.enable()

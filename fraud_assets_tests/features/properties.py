"""The point-in-time properties, as functions that raise an AssertionError naming the features that break them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

import numpy as np
import polars as pl

from fraud_assets.features.block import LEDGER_COLUMNS, LOGIN_COLUMNS
from fraud_assets.features.context import Context
from fraud_assets.features.lookup import Lookups
from fraud_assets.features.registry import KEYS, feature_names
from fraud_assets.features.single import Recent, features_of_event
from fraud_assets_tests.features.ledgers import Bank
from fraud_assets_tests.features.made import random_ledger, random_logins, random_reports


def assert_same(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Same rows, same keys, and each feature equal to the last bit."""
    assert found.select(*KEYS).equals(expected.select(*KEYS)), "other rows"
    changed = [name for name in feature_names() if not found[name].equals(expected[name])]
    assert not changed, f"changed: {changed}"


def some_instant(bank: Bank, rng: np.random.Generator) -> datetime:
    """Mostly the instant of a row of the month, so that ties and edges are cut through."""
    times = bank.transactions["event_time"].filter(bank.transactions["event_time"] >= bank.month.start)
    if times.is_empty():
        return bank.month.start + timedelta(days=3)
    at: datetime = times[int(rng.integers(0, len(times)))]
    return at + timedelta(minutes=int(rng.choice([0, 0, 1, 600])))


def cutting_changes_no_earlier_row(bank: Bank, rng: np.random.Generator) -> None:
    at = some_instant(bank, rng)
    whole = bank.features()
    assert_same(bank.cut(at).features(), whole.filter(pl.col("event_time") < at))


def future_rows_change_nothing(bank: Bank, rng: np.random.Generator) -> None:
    at = some_instant(bank, rng)
    whole = bank.features()
    at_type = bank.transactions.schema["event_time"]
    earlier = pl.col("event_time") <= at  # what is added at the instant itself is a tie, and unseen
    more = random_ledger(rng, 4, 40, at, max(bank.month.end, at + timedelta(days=1)))
    more = more.with_columns(
        transaction_id=pl.col("transaction_id") + 1_000_000,
        event_time=pl.when(pl.col("transaction_id") % 3 == 0).then(pl.lit(at)).otherwise("event_time").cast(at_type),
    )
    later = bank.with_rows(pl.concat([bank.transactions, more]))
    if bank.logins is not None:
        logins = random_logins(rng, 4, 20, at, max(bank.month.end, at + timedelta(days=1)))
        later = replace(later, logins=pl.concat([bank.logins, logins]))
    added = pl.col("transaction_id") >= 1_000_000
    assert_same(later.features().filter(earlier, ~added), whole.filter(earlier))


def later_reports_change_nothing(bank: Bank, rng: np.random.Generator) -> None:
    at = some_instant(bank, rng)
    earlier = pl.col("event_time") <= at
    young = pl.col("reported_at") >= at - timedelta(days=7)  # reports count once they are seven days old
    others = random_reports(rng, bank.transactions, share=0.5).filter(young)
    changed = replace(bank, reports=pl.concat([bank.reports.filter(~young), others]))
    assert_same(changed.features().filter(earlier), bank.features().filter(earlier))


def own_outcome_changes_nothing(bank: Bank, rng: np.random.Generator) -> None:
    at = some_instant(bank, rng)
    now = pl.col("event_time") == at
    status = pl.col("status").cast(pl.String)
    turned = pl.when(status == "declined").then(pl.lit("approved")).otherwise(pl.lit("declined"))
    outcome = bank.transactions.with_columns(
        status=pl.when(now).then(turned).otherwise(status).cast(bank.transactions.schema["status"]),
        posted_at=pl.when(now).then(pl.col("posted_at") + pl.duration(days=2)).otherwise("posted_at"),
    )
    earlier = pl.col("event_time") <= at
    assert_same(bank.with_rows(outcome).features().filter(earlier), bank.features().filter(earlier))


def one_event_is_as_in_the_month(bank: Bank, rng: np.random.Generator, most: int = 8) -> None:
    month = bank.features()
    context, lookups = Context.of(bank.scenario, bank.month, bank.population), Lookups.of(**bank.tables())
    for k in rng.permutation(month.height)[:most]:
        expected = month.row(int(k), named=True)
        event = bank.transactions.row(by_predicate=pl.col("transaction_id") == expected["transaction_id"], named=True)
        mine = pl.col("customer_id") == event["customer_id"]
        customer = bank.customers.filter(mine)
        # What comes later is mostly not there, and must not matter where it is.
        happened = pl.col("event_time") < event["event_time"] if k % 3 else pl.lit(True)
        recent = Recent.of(
            bank.transactions.filter(mine, happened).sample(fraction=1, shuffle=True, seed=int(k)),
            customer.row(0, named=True) if customer.height else None,
            bank.reports.filter(mine, pl.col("kind") == "fraud")["reported_at"].to_list(),
            None
            if bank.logins is None
            else bank.logins.filter(mine, happened).sample(fraction=1, shuffle=True, seed=int(k)),
        )
        found = features_of_event(event, recent, context, lookups.at_event(event))
        changed = {name: (value, expected[name]) for name, value in found.items() if value != expected[name]}
        assert list(found) == feature_names()
        assert not changed, f"changed: {changed}"


def nothing_else_is_read(bank: Bank) -> None:
    """Truth is in other tables; other columns of these are not known in time, or no feature's business."""
    assert bank.logins is not None
    tables, population = bank.tables(), bank.population
    stripped = replace(
        bank, transactions=bank.transactions.select(LEDGER_COLUMNS), logins=bank.logins.select(LOGIN_COLUMNS)
    )
    with patch.object(Bank, "tables", lambda _: tables), patch.object(Bank, "population", population):
        assert_same(stripped.features(), bank.features())

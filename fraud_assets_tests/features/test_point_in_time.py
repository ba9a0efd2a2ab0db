"""No feature sees what was not known just before its row; and these tests would notice one that did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.features import registry
from fraud_assets.features.arrays import micros
from fraud_assets.features.events import Events
from fraud_assets.features.feature import Columns, Inputs
from fraud_assets.features.population import population_statistics
from fraud_assets_tests.features import properties
from fraud_assets_tests.features.ledgers import Bank, bank

banks = st.builds(bank, st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 120), new=st.booleans())
rngs = st.integers(0, 2**32).map(np.random.default_rng)
few = settings(max_examples=15, deadline=None)


@few
@given(banks, rngs)
def test_cutting_the_future_changes_no_earlier_row(world: Bank, rng: np.random.Generator) -> None:
    properties.cutting_changes_no_earlier_row(world, rng)


@few
@given(banks, rngs)
def test_rows_appended_later_or_at_the_same_instant_change_nothing(world: Bank, rng: np.random.Generator) -> None:
    properties.future_rows_change_nothing(world, rng)


@few
@given(banks, rngs)
def test_reports_younger_than_their_delay_change_nothing(world: Bank, rng: np.random.Generator) -> None:
    properties.later_reports_change_nothing(world, rng)


@few
@given(banks, rngs)
def test_what_becomes_of_a_row_changes_nothing_about_it(world: Bank, rng: np.random.Generator) -> None:
    properties.own_outcome_changes_nothing(world, rng)


def test_only_the_columns_that_features_may_read_are_read() -> None:
    properties.nothing_else_is_read(bank(3))


def next_event(inputs: Inputs, columns: Columns) -> Columns:
    """Counts one event too many: the row after the window."""
    history, at = inputs.block.history, inputs.block.at
    time, group = (np.expand_dims(values, -1) for values in (at.time, at.group))
    later = (time < history.time) & (group == history.group)
    return columns | {"c_count_24h": columns["c_count_24h"] + later.any(axis=-1)}


def same_instant(inputs: Inputs, columns: Columns) -> Columns:
    """Counts the row itself and rows tied with it, as a window that includes its end does."""
    block = inputs.block
    late = replace(block, at=replace(block.at, time=block.at.time + 1))
    return columns | {"c_count_24h": late.attempts.count("24h")}


def own_status(inputs: Inputs, columns: Columns) -> Columns:
    """Knows whether the row itself was declined."""
    return columns | {"c_declined_1h": columns["c_declined_1h"] + inputs.block.at.declined}


def undelayed_reports(inputs: Inputs, columns: Columns) -> Columns:
    """Counts reports of the last seven days, too."""
    reports = Events.of(inputs.block.reports.timeline, inputs.block.at)
    return columns | {"known_reports_c": reports.count("84d")}


def unposted_delays(inputs: Inputs, columns: Columns) -> Columns:
    """Knows how late a payment will be posted before it is."""
    late = inputs.block.spending.sum("posting_delay", "30d") / micros("1h")
    return columns | {"posting_delay_mean_30d": late}


def todays_logins(inputs: Inputs, columns: Columns) -> Columns:
    """Counts every failed login there is."""
    if inputs.block.logins is None:
        return columns
    return columns | {"failed_logins_24h": columns["failed_logins_24h"] + inputs.block.logins.failed.sum()}


def unjudged_future(inputs: Inputs, columns: Columns) -> Columns:
    """Judges the row before by what came after it, too."""
    history = inputs.block.history
    return columns | {"anomaly_count_24h": columns["anomaly_count_24h"] + history.is_anomalous.sum()}


def average_of_the_block(inputs: Inputs, columns: Columns) -> Columns:
    """Compares with a figure over all rows, later ones included."""
    return columns | {"amount_z_c": columns["amount_log"] - inputs.block.history.log_amount.mean()}


@pytest.mark.parametrize(
    ("leak", "family", "guard"),
    [
        (next_event, "velocity", properties.cutting_changes_no_earlier_row),
        (next_event, "velocity", properties.future_rows_change_nothing),
        (next_event, "velocity", properties.one_event_is_as_in_the_month),
        (same_instant, "velocity", properties.future_rows_change_nothing),
        (own_status, "velocity", properties.own_outcome_changes_nothing),
        (own_status, "velocity", properties.one_event_is_as_in_the_month),
        (undelayed_reports, "behaviour", properties.later_reports_change_nothing),
        (unposted_delays, "velocity", properties.cutting_changes_no_earlier_row),
        (todays_logins, "device", properties.cutting_changes_no_earlier_row),
        (todays_logins, "device", properties.future_rows_change_nothing),
        (unjudged_future, "anomaly", properties.cutting_changes_no_earlier_row),
        (average_of_the_block, "behaviour", properties.cutting_changes_no_earlier_row),
        (average_of_the_block, "behaviour", properties.one_event_is_as_in_the_month),
    ],
)
def test_a_seeded_leak_is_caught(
    monkeypatch: pytest.MonkeyPatch,
    leak: Callable[[Inputs, Columns], Columns],
    family: str,
    guard: Callable[[Bank, np.random.Generator], None],
) -> None:
    def leaky(honest: Callable[[Inputs], Columns]) -> Callable[[Inputs], Columns]:
        return lambda inputs: _without_new(leak(inputs, {**inputs.columns, **honest(inputs)}), inputs)

    families = tuple(replace(f, compute=leaky(f.compute)) if f.name == family else f for f in registry.FAMILIES)
    monkeypatch.setattr(registry, "FAMILIES", families)

    def guard_some_banks() -> None:
        for seed in range(12):
            guard(bank(seed), np.random.default_rng(seed))

    with pytest.raises(AssertionError, match="changed"):
        guard_some_banks()


def known_an_hour_early(tiles: pl.DataFrame) -> pl.DataFrame:
    """Tiles of the hour after: they know what the hour itself brought."""
    return tiles.with_columns(pl.col("hour") - pl.duration(hours=1))


def known_a_day_early(entities: pl.DataFrame) -> pl.DataFrame:
    """The entities of the day after: they know who shared what on the day itself."""
    return entities.with_columns(pl.col("day") - pl.duration(days=1))


def of_tiles(world: Bank) -> pl.DataFrame:
    return known_an_hour_early(HONEST["activity"](world))


def of_entities(world: Bank) -> pl.DataFrame:
    return known_a_day_early(HONEST["sharing"](world))


def of_the_month_itself(world: Bank) -> pl.DataFrame:
    """Figures of the month that uses them, as if it were over."""
    return population_statistics(world.month + 1, world.transactions.lazy())


HONEST = {table: getattr(Bank, table).func for table in ("activity", "sharing")}


@pytest.mark.parametrize(
    ("table", "leaky"),
    [("activity", of_tiles), ("sharing", of_entities), ("population", of_the_month_itself)],
    ids=["tiles", "entities", "population"],
)
def test_a_table_that_knows_its_own_hour_day_or_month_is_caught(
    monkeypatch: pytest.MonkeyPatch, table: str, leaky: Callable[[Bank], pl.DataFrame]
) -> None:
    monkeypatch.setattr(Bank, table, property(leaky))

    def guard_some_banks() -> None:
        for seed in range(40):
            properties.cutting_changes_no_earlier_row(bank(seed, 4, 160), np.random.default_rng(seed))

    with pytest.raises(AssertionError, match="changed"):
        guard_some_banks()


def _without_new(columns: Columns, inputs: Inputs) -> Columns:
    return {name: values for name, values in columns.items() if name not in inputs.columns}

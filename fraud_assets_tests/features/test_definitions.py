"""The features against their slow reference, and one event against the month."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.features.arrays import I64
from fraud_assets.features.context import Context
from fraud_assets.features.events import Events
from fraud_assets.features.registry import feature_names
from fraud_assets.features.single import Recent, features_of_event
from fraud_assets.features.tracks import Instants, Timeline
from fraud_assets.tables import Transactions, polars_schema
from fraud_assets_tests.features import properties
from fraud_assets_tests.features.ledgers import Bank, bank
from fraud_assets_tests.features.slow import reference


@dataclass(frozen=True)
class Values(Instants):
    value: I64


banks = st.builds(bank, st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 160), new=st.booleans())


def close(found: object, expected: object) -> bool:
    if isinstance(found, float) and isinstance(expected, float | int):
        return math.isclose(found, expected, rel_tol=2e-5, abs_tol=2e-4)
    return found == expected


@settings(max_examples=20, deadline=None)
@given(banks)
def test_every_feature_agrees_with_plain_loops(world: Bank) -> None:
    found, expected = world.features().to_dicts(), reference(world)
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        assert row.keys() == wanted.keys()
        wrong = {name: (row[name], wanted[name]) for name in row if not close(row[name], wanted[name])}
        assert not wrong


def test_random_banks_give_every_feature_different_values() -> None:
    """Otherwise the properties and the reference would agree about nothing."""
    worlds = [*(bank(seed, rows=150) for seed in range(12)), *(bank(seed, customers=1, rows=300) for seed in range(3))]
    rows = pl.concat([world.features() for world in worlds])
    constant = [name for name in feature_names() if rows[name].drop_nulls().n_unique() < 2]
    assert not constant


@settings(max_examples=15, deadline=None)
@given(banks, st.integers(0, 2**32).map(np.random.default_rng))
def test_one_event_has_the_features_it_has_in_the_month(world: Bank, rng: np.random.Generator) -> None:
    properties.one_event_is_as_in_the_month(world, rng)


def test_one_event_is_computed_without_a_query_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    world = bank(5)
    event = world.transactions.filter(pl.col("direction") == "debit").row(-1, named=True)
    recent = Recent.of(world.transactions.filter(pl.col("customer_id") == event["customer_id"]))
    context = Context.of(world.scenario, world.month, world.population)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a query was run")

    for owner in (pl.LazyFrame, pl.DataFrame, pl.Series):
        for name in ("collect", "select", "filter", "to_numpy"):
            if hasattr(owner, name):
                monkeypatch.setattr(owner, name, refuse)
    assert features_of_event(event, recent, context, {})["km_from_home"] is None


def test_a_window_of_one_query_has_its_sum_where_running_sums_wrap_around() -> None:
    source = Values(np.zeros(5, dtype=np.int64), np.arange(5) * 60_000_000, np.full(5, 2**61))
    latest = Instants(np.int64(0), np.int64(5 * 60_000_000))  # type: ignore[arg-type]  # a single event's
    everybody = Instants(source.group, source.time + 60_000_000)
    with np.errstate(over="ignore"):
        found = Events.of(Timeline.of(source), latest).sum("value", "2m")
    assert found == Events.of(Timeline.of(source), everybody).sum("value", "2m")[-1] == 2**62


def test_a_customers_first_event_ever_has_features() -> None:
    world = bank(5, new=True)
    event = world.transactions.filter(pl.col("direction") == "debit").row(0, named=True)
    context = Context.of(world.scenario, world.month, world.population)
    found = features_of_event(event, Recent.of(world.transactions.clear()), context, {})
    assert found["c_count_30d"] == 0
    assert found["amount_rank_c"] is None


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        ("logins", ["seconds_since_login", "failed_logins_24h", "credential_change_age_hours", "login_new_ip_24h"]),
        ("devices", ["device_age_days_c", "app_version_rarity"]),
        ("merchants", ["m_reputation", "m_age_days"]),
        ("activity", ["m_count_1h_z", "m_known_fraud_rate_30d", "anomaly_x_merchant_risk"]),
        ("sharing", ["ring_size_previous_day", "d_distinct_customers_30d", "a_distinct_customers_30d"]),
        (
            ["latitude", "longitude"],
            ["km_from_home", "km_from_previous", "speed_kmh_previous", "anomaly_geographic_now"],
        ),
        (["device_id"], ["is_new_device_c", "device_age_days_c", "c_distinct_devices_30d", "mismatch_x_new_device"]),
        (["ip_address"], ["ip_is_new_c", "ip_city_mismatch", "ip_distinct_customers_24h"]),
        (["delivery_address_id", "is_express_delivery"], feature_names("delivery")),
    ],
    ids=str,
)
def test_what_a_bank_does_not_have_gives_null(without: str | list[str], missing: list[str]) -> None:
    world = bank(5, customers=2, rows=160)
    if isinstance(without, list):
        world = world.with_rows(world.transactions.with_columns(pl.lit(None).alias(c) for c in without))
        schema = polars_schema(Transactions)
        world = world.with_rows(world.transactions.cast({c: schema[c] for c in without}))
    else:
        lacks = {"activity": {"has_activity": False}, "sharing": {"has_sharing": False}}
        world = replace(world, **lacks.get(without, {without: None}))
    rows = world.features()
    assert rows.height > 20
    assert rows.select(missing).null_count().row(0) == (rows.height,) * len(missing)

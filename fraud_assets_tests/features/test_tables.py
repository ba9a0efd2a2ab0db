"""The tables that features look up: their schemas, their edges, and what is found in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from fraud_assets.features.activity import merchant_activity
from fraud_assets.features.lookup import Lookup, Lookups, ip_numbers, ipv4
from fraud_assets.features.sharing import HUB, shared_entities
from fraud_assets.tables import MerchantActivity, SharedEntities
from fraud_assets_tests.features.ledgers import bank
from fraud_assets_tests.features.made import MAY


@pytest.mark.parametrize("new", [False, True])
def test_the_tables_keep_their_schemas(new: bool) -> None:
    world = bank(3, customers=6, rows=400, new=new)
    for frame, schema, keys in (
        (world.activity, MerchantActivity, ["merchant_id", "hour"]),
        (world.sharing, SharedEntities, ["day", "kind", "entity_id"]),
    ):
        schema.validate(frame)
        assert frame.height > 20
        assert frame.equals(frame.sort(keys))


def test_a_month_without_rows_gives_explicit_empty_tables() -> None:
    world = bank(3)
    empty = replace(world, transactions=world.transactions.clear(), logins=None)
    homeless = world.customers.with_columns(address_id=pl.int_range(pl.len()))
    MerchantActivity.validate(empty.activity)
    SharedEntities.validate(replace(empty, customers=homeless).sharing)


def test_the_tables_do_not_depend_on_the_order_of_rows() -> None:
    world = bank(4, customers=6, rows=400)
    shuffled = world.transactions.sample(fraction=1, shuffle=True, seed=3).lazy()
    reports, population = world.reports.lazy(), world.population.lazy()
    assert merchant_activity(MAY, shuffled, reports, population).equals(world.activity)
    logins = None if world.logins is None else world.logins.lazy()
    assert shared_entities(MAY, shuffled, reports, world.customers.lazy(), logins).equals(world.sharing)


def test_what_too_many_have_in_common_connects_nobody() -> None:
    world = bank(5, customers=HUB + 1, rows=HUB + 1)
    at = pl.lit(MAY.start - timedelta(days=2)).cast(world.transactions.schema["event_time"])
    same = world.transactions.with_columns(
        customer_id=1_000 + 7 * pl.int_range(pl.len()),
        device_id=pl.lit(7, dtype=pl.Int64),
        direction=pl.lit("debit"),
        event_time=at,
    )
    homeless = world.customers.with_columns(address_id=pl.int_range(pl.len()))
    for rows, expected in ((same, set()), (same[1:], {HUB})):
        entities = shared_entities(MAY, rows.lazy(), world.reports.lazy(), homeless.lazy())
        assert entities.filter(pl.col("kind") == "device")["customers_30d"].max() == rows.height
        assert set(entities["ring_size"].drop_nulls()) == expected


def test_numbers_of_network_addresses_are_the_same_from_a_column_and_from_a_text() -> None:
    texts = [
        "10.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "256.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "2001:db8::1",
        "",
        "a.b.c.d",
        None,
    ]
    numbers = (
        pl.DataFrame({"ip": texts}, schema={"ip": pl.String})
        .select(ip_numbers("ip").alias("number"))["number"]
        .to_list()
    )
    assert numbers == [ipv4(text) for text in texts]
    assert numbers[:3] == [167772161, 2**32 - 1, 0]
    assert set(numbers[3:]) == {None}


def test_only_the_id_and_step_that_were_asked_for_are_found() -> None:
    found = Lookup.of(np.array([9, 2, 9]), np.array([5, 4, 4]), {"value": np.array([1.0, 2.0, 3.0])})
    asked = [(9, 5), (9, 4), (2, 4), (2, 5), (9, 6), (9, 3), (3, 4), (-1, 4), (99, 5)]
    ids, steps = (np.array(column) for column in zip(*asked, strict=True))
    np.testing.assert_array_equal(found.at(ids, steps)["value"], [1, 3, 2, *[np.nan] * 6])
    nothing = Lookup.of(np.array([], dtype=np.int64), np.array([], dtype=np.int64), {"value": np.array([])})
    assert np.isnan(nothing.at(ids, steps)["value"]).all()


def test_a_bank_without_tables_has_no_columns_to_look_up() -> None:
    world = bank(6)
    event = world.transactions.row(0, named=True)
    assert Lookups.of().at_event(event) == {}

"""A bank's first month: what is older than the ledger is known from the tables beside it, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from fraud_assets.features.build import build_features
from fraud_assets.features.lookup import Lookups, devices_at_start
from fraud_assets.features.population import population_statistics
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.tables import Devices, conform, polars_schema


def ages(scenario: Scenario, month: Month, devices: pl.LazyFrame) -> pl.Series:
    """``device_age_days_c`` of a month of a bank that is as old as its ledger."""
    made, months = SyntheticDataGenerator(scenario), sorted({str(scenario.first), str(month)})
    ledger, logins, reports = (
        made.generate(table, *months).lazy() for table in ("transactions", "logins", "incident_reports")
    )
    customers = made.generate("customers", str(month)).lazy()
    population = population_statistics(month, ledger).lazy()
    chunks = build_features(scenario, month, ledger, customers, reports, population, logins=logins, devices=devices)
    return pl.concat([chunk() for chunk in chunks])["device_age_days_c"].drop_nulls()


def test_devices_are_as_old_in_the_first_month_as_in_the_second() -> None:
    scenario = Scenario.load("tiny_bank")
    first = scenario.first
    devices = SyntheticDataGenerator(scenario).generate("devices", str(first)).lazy()
    median: list[Any] = [
        ages(scenario, first, devices_at_start(first, devices)).median(),
        ages(scenario, first + 1, devices).median(),
    ]
    assert 0.7 < median[0] / median[1] < 1.4
    assert ages(scenario, first, devices.clear()).is_empty(), "a guess"


def test_of_the_first_months_own_devices_only_what_was_known_when_it_began_is_taken() -> None:
    start = Month(2024, 5)
    used = [start.start + timedelta(microseconds=k) for k in (-1, 0, 1)]
    rows: dict[str, Any] = {"device_id": [1, 2, 3], "customer_id": 7, "app_version": "4.1", "first_used_at": used}
    table = conform(pl.DataFrame(dict.fromkeys(polars_schema(Devices)) | rows), Devices).lazy()
    found = devices_at_start(start, table).collect()
    assert found["device_id"].to_list() == [1]
    assert found["app_version"].to_list() == [None], "its version in the month"
    assert found.schema == table.collect_schema()
    assert Lookups.of(devices_at_start(start, table.filter(pl.col("device_id") > 1))).devices is None

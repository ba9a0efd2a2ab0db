"""The flat table: what it says beside a ledger row, against plain loops, and that it knows neither truth nor future."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from fraud_assets.assets import flat
from fraud_assets.assets.circumstances import Circumstances
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator

MONTH = "2024-02"
TABLES = ("transactions", "labeled_anomalies", "incident_reports", "customers", "devices", "merchants", "logins")
AT_ONCE = [field.name for field in flat.fields() if field.known == "at once"]
RISK = list(Circumstances.columns())

Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    bank = SyntheticDataGenerator(Scenario.load("tiny_bank"))
    return {name: bank.generate(name, MONTH) for name in TABLES}


@pytest.fixture(scope="module")
def rows(tables: Tables) -> pl.DataFrame:
    return flattened(tables)


def flattened(tables: Tables) -> pl.DataFrame:
    return flat.flatten(*(tables[name].lazy() for name in TABLES)).collect()


def test_at_least_forty_five_columns_are_known_at_once_and_the_truth_comes_last(rows: pl.DataFrame) -> None:
    known = [field.known for field in flat.fields()]
    assert rows.schema == pl.Schema(flat.schema())
    assert known == sorted(known, key=["at once", "later", "never"].index)
    assert known.count("at once") >= 45
    assert known.count("never") >= 5
    assert {
        *("status", "channel", "card_id", "state", "local_hour", "is_weekend", "km_from_home", "tenure_days"),
        *("age_group", "income_bracket", "occupation", "segment", "kyc_status", "hours_since_credential_change"),
        *("device_os", "device_browser", "device_app_version", "is_new_device"),
        *("merchant_tier", "merchant_reputation", "merchant_sub_category", "merchant_is_chain", "merchant_age_days"),
    } <= set(AT_ONCE)


def test_rows_are_the_ledgers(tables: Tables, rows: pl.DataFrame) -> None:
    ledger = tables["transactions"]
    assert rows.select(ledger.columns).equals(ledger)


def test_nothing_is_null_that_is_said_not_to_be(rows: pl.DataFrame) -> None:
    nulls = rows.null_count().row(0, named=True)
    assert not [field.name for field in flat.fields() if nulls[field.name] and not field.nullable]


def test_truth_and_reports_stand_beside_their_rows(tables: Tables, rows: pl.DataFrame) -> None:
    truth = tables["labeled_anomalies"].filter("is_fraud").sort("transaction_id")
    found = rows.filter("is_fraud").sort("transaction_id")
    assert 0 < found.height < rows.height
    for name in ("transaction_id", "fraud_type", "campaign_id", "fraud_severity", "fraud_evidence"):
        assert found[name].equals(truth[name]), name
    reports = tables["incident_reports"].sort("reported_at").unique("transaction_id", keep="first")
    beside = reports.join(tables["transactions"], on="transaction_id", how="semi")
    assert rows["reported_at"].count() == beside.height > 0
    pairs = rows.filter(pl.col("reported_at").is_not_null()).select("transaction_id", "reported_at").sort(pl.all())
    assert pairs.equals(beside.select("transaction_id", "reported_at").sort(pl.all()))


def test_risk_columns_agree_with_plain_loops(tables: Tables, rows: pl.DataFrame) -> None:
    people = {row["customer_id"]: row for row in tables["customers"].iter_rows(named=True)}
    devices = {row["device_id"]: row for row in tables["devices"].iter_rows(named=True)}
    merchants = {row["merchant_id"]: row for row in tables["merchants"].iter_rows(named=True)}
    logins = tables["logins"].partition_by("customer_id", as_dict=True)
    chosen = rows["customer_id"].unique().sort().head(12).to_list()
    compared = 0
    for (customer,), own in rows.filter(pl.col("customer_id").is_in(chosen)).group_by(
        "customer_id", maintain_order=True
    ):
        sessions = logins.get((customer,), tables["logins"].clear()).rows(named=True)
        before: dict[str, Any] | None = None
        for row in own.iter_rows(named=True):
            expected = reference(row, before, people[customer], devices, merchants, sessions)
            wrong = {name: (row[name], value) for name, value in expected.items() if not close(row[name], value)}
            assert not wrong
            assert set(expected) == set(RISK)
            before = row
            compared += 1
    assert compared > 500
    assert not [name for name in RISK if name != "is_abroad" and rows[name].drop_nulls().n_unique() < 2]


def reference(
    row: dict[str, Any],
    before: dict[str, Any] | None,
    person: dict[str, Any],
    devices: dict[int, dict[str, Any]],
    merchants: dict[int, dict[str, Any]],
    sessions: list[dict[str, Any]],
) -> dict[str, Any]:
    """The risk columns of one row, said again without polars."""
    time: datetime = row["event_time"]
    local = time.replace(tzinfo=None) + timedelta(minutes=row["utc_offset_minutes"])
    device = devices.get(row["device_id"] or row["terminal_id"])
    own = device if row["device_id"] else None
    merchant = merchants.get(row["merchant_id"])
    earlier = [session for session in sessions if session["event_time"] < time]
    changes = [s["event_time"] for s in earlier if s["event"] != "login" and s["is_success"]]
    day_ago = time - timedelta(days=1)
    return {
        "local_hour": local.hour,
        "local_weekday": local.isoweekday(),
        "is_weekend": local.isoweekday() > 5,
        "is_night": local.hour < 6,
        "tenure_days": (local.date() - person["registered_at"]).days,
        "merchant_age_days": (local.date() - merchant["opened_on"]).days if merchant else None,
        "km_from_home": km(person["home_latitude"], person["home_longitude"], row["latitude"], row["longitude"]),
        "is_home_city": (row["city"], row["state"]) == (person["home_city"], person["home_state"]),
        "is_abroad": row["country"] != person["home_country"],
        "hours_since_previous": (time - before["event_time"]) / timedelta(hours=1) if before else None,
        "km_from_previous": km(before["latitude"], before["longitude"], row["latitude"], row["longitude"])
        if before
        else None,
        "device_age_days": (time - device["first_used_at"]) / timedelta(days=1) if device else None,
        "is_new_device": time - own["first_used_at"] < timedelta(days=1) if own else None,
        "is_borrowed_device": own["customer_id"] != row["customer_id"] if own else None,
        "hours_since_credential_change": (time - max(changes)) / timedelta(hours=1) if changes else None,
        "failed_logins_24h": sum(1 for s in earlier if not s["is_success"] and s["event_time"] >= day_ago),
        "share_of_limit": row["amount"] / person["transaction_limit"],
        "share_of_income": row["amount"] * 12 / person["annual_income"],
    }


def km(latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float) -> float:
    """Great-circle distance by the spherical law of cosines."""
    one, two = math.radians(latitude_1), math.radians(latitude_2)
    along = math.cos(math.radians(longitude_2 - longitude_1))
    return 6371 * math.acos(min(1.0, math.sin(one) * math.sin(two) + math.cos(one) * math.cos(two) * along))


def close(found: object, expected: object) -> bool:
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-3, abs_tol=2e-3)
    return found == expected


def test_another_truth_changes_nothing_that_is_known_at_once(tables: Tables, rows: pl.DataFrame) -> None:
    other = tables | {name: tables[name].clear() for name in ("labeled_anomalies", "incident_reports")}
    assert flattened(other).select(AT_ONCE).equals(rows.select(AT_ONCE))


@pytest.mark.parametrize("day", [3, 12, 25])
def test_cutting_the_future_changes_no_earlier_row(tables: Tables, rows: pl.DataFrame, day: int) -> None:
    past = pl.col("event_time") < datetime.fromisoformat(f"{MONTH}-{day:02d}T12:00:00+00:00")
    cut = tables | {name: tables[name].filter(past) for name in ("transactions", "logins")}
    assert flattened(cut).select(AT_ONCE).equals(rows.filter(past).select(AT_ONCE))


@pytest.mark.parametrize("size", [1, 700, 10**9])
def test_chunks_of_any_size_give_the_same_rows(tables: Tables, rows: pl.DataFrame, size: int) -> None:
    chunks = flat.flat_chunks(*(tables[name].lazy() for name in TABLES), chunk_rows=size)
    assert (len(chunks) == 1) == (size == 10**9)
    step = max(1, len(chunks) // 8)
    if size == 1:  # one customer each: a few will do
        for chunk in chunks[::step]:
            made = chunk()
            assert made.equals(rows.filter(pl.col("customer_id") == made["customer_id"][0]))
    else:
        assert pl.concat([chunk() for chunk in chunks]).equals(rows)


def test_a_row_whose_customer_device_or_merchant_is_not_on_file_stays(tables: Tables) -> None:
    nothing = tables | {name: tables[name].clear() for name in ("customers", "devices", "merchants", "logins")}
    rows = flattened(nothing)
    assert rows["transaction_id"].equals(tables["transactions"]["transaction_id"])
    for name in (
        "age",
        "km_from_home",
        "device_os",
        "merchant_tier",
        "share_of_limit",
        "hours_since_credential_change",
    ):
        assert rows[name].null_count() == rows.height, name
    assert rows["failed_logins_24h"].sum() == 0

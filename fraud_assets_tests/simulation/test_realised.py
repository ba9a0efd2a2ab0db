"""Asked and realised: what a spoilt table does to the figures, and what is asked of which bank."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from fraud_assets.months import Month
from fraud_assets.proving import tables_of
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.fraud.reports import incident_reports
from fraud_assets.simulation.realised import Figure, figures, table
from fraud_assets.simulation.realised.reports import asked_curve

CUSTOMERS = {"us_bank": 130, "india_bank": 900, "crypto_wallet": 500}
MONTH = Month.parse("2024-02")
Tables = dict[str, pl.LazyFrame]


@lru_cache(maxsize=3)
def made(name: str) -> tuple[Scenario, Tables]:
    whole = Scenario.load(name)
    people = whole.population.model_copy(update={"customers": CUSTOMERS[name]})
    bank = whole.model_copy(update={"population": people})
    tables = tables_of(bank, MONTH)
    filed = incident_reports(bank, MONTH, tables["labeled_anomalies"])
    return bank, {key: frame.collect().lazy() for key, frame in (tables | {"incident_reports": filed}).items()}


@lru_cache(maxsize=3)
def measured(name: str) -> dict[str, Figure]:
    bank, tables = made(name)
    return {line.name: line for line in figures(bank, [MONTH], tables)}


def spoilt(change: Callable[[Tables], Tables]) -> dict[str, Figure]:
    bank, tables = made("india_bank")
    return {line.name: line for line in figures(bank, [MONTH], tables | change(tables))}


def by_day(tables: Tables) -> Tables:
    """Everybody pays at noon."""
    noon = pl.col("event_time").dt.truncate("1d") + pl.duration(hours=6, minutes=30)
    return {"transactions": tables["transactions"].with_columns(event_time=noon)}


def every_day_alike(tables: Tables) -> Tables:
    """Each payment at the same time of another day: Saturdays have Tuesday's hours."""
    days = pl.col("transaction_id").hash() % 21
    moved = pl.col("event_time").dt.truncate("1mo") + pl.duration(days=days + 3)
    passed = pl.col("event_time") - pl.col("event_time").dt.truncate("1d")
    return {"transactions": tables["transactions"].with_columns(event_time=moved + passed)}


def by_card(tables: Tables) -> Tables:
    """UPI has never been invented."""
    method = pl.when(pl.col("method") == "UPI").then(pl.lit("Card")).otherwise("method")
    return {"transactions": tables["transactions"].with_columns(method=method)}


def dearer(tables: Tables) -> Tables:
    return {"transactions": tables["transactions"].with_columns(amount=pl.col("amount") * 2)}


def unlisted(tables: Tables) -> Tables:
    return {"devices": tables["devices"].filter(pl.col("kind") != "phone")}


def untold(tables: Tables) -> Tables:
    return {"labeled_anomalies": tables["labeled_anomalies"].with_columns(fraud_evidence=pl.lit(None, dtype=pl.String))}


def strangers(tables: Tables) -> Tables:
    name = pl.when(pl.col("payee_id").is_not_null()).then(pl.lit("John Smith, 5 Elm St.")).otherwise("recipient_entity")
    return {"transactions": tables["transactions"].with_columns(recipient_entity=name)}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (by_day, "night (0-5 h) share online"),
        (every_day_alike, "morning (6-9 h) at the weekend over Monday to Thursday"),
        (by_card, "payments below Rs 500 that go by UPI"),
        (by_card, "largest gap of a method's share of payments"),
        (dearer, "median payment"),
        (dearer, "payments above what their method carries at most"),
        (unlisted, "devices of the ledger on file"),
        (untold, "fraud rows with evidence"),
        (strangers, "persons written as names.csv has it"),
    ],
)
def test_a_spoilt_table_is_seen_in_its_figure(change: Callable[[Tables], Tables], name: str) -> None:
    assert measured("india_bank")[name].holds
    assert not spoilt(change)[name].holds


def test_a_month_of_a_small_bank_is_what_is_asked_but_for_chance() -> None:
    lines = measured("india_bank")
    amiss = [line for line in lines.values() if not line.holds]
    assert len(amiss) <= 0.15 * len(lines), [(line.name, line.asked, line.realised) for line in amiss]
    assert all(np.isfinite(line.realised) for name in CUSTOMERS for line in measured(name).values())


def test_a_type_that_has_not_begun_is_not_asked_for() -> None:
    bank, _ = made("us_bank")
    later = {name for name, kind in bank.fraud.types.items() if (kind.first_month or "") > str(MONTH)}
    assert later
    asked = measured("us_bank")["fraud types active by the last month, with rows"]
    assert asked.low == asked.high == len(bank.fraud.types) - len(later)


def test_what_is_asked_comes_from_the_scenario() -> None:
    bank, tables = made("india_bank")
    activity = bank.activity.model_copy(update={"gamma_mean": 4.0})
    methods = tuple(m.model_copy(update={"decline": m.decline * 3}) for m in bank.methods)
    other = bank.model_copy(update={"activity": activity, "methods": methods})
    lines = {line.name: line for line in figures(other, [MONTH], tables)}
    before = measured("india_bank")
    assert before["payments a customer and day"].holds
    asked, tripled = before["declined, of honest payments"].low, lines["declined, of honest payments"].low
    assert asked is not None
    assert tripled == pytest.approx(3 * asked)
    for name in ("payments a customer and day", "declined, of honest payments"):
        assert lines[name].realised == pytest.approx(before[name].realised)
        assert before[name].holds
        assert not lines[name].holds


def test_banks_stand_side_by_side_with_a_dash_where_one_has_no_such_thing() -> None:
    found = {name: list(measured(name).values()) for name in CUSTOMERS}
    found["us_bank"] = [Figure("customers", 1, 2, 3.0, "People"), *found["us_bank"]]
    lines = table(found).splitlines()
    columns = {line.count("|") for line in lines if not line.startswith(("|---", "| **"))}
    assert columns == {2 + 2 * len(CUSTOMERS)}
    tokens = next(line for line in lines if line.startswith("| largest gap of a token's share"))
    assert tokens.split("|")[2:6] == [" – "] * 4
    names = [line.split("|")[1].strip() for line in lines]
    assert len(names) == len(set(names))
    assert names.index("**People**") < names.index("customers") < names.index("**Fraud**")


def test_the_asked_curve_of_reports_follows_the_type_s_settings() -> None:
    bank, _ = made("us_bank")
    kind = bank.fraud.types["account_takeover"]
    usual = asked_curve(bank, kind)
    assert (np.diff(usual) > 0).all()
    slower = asked_curve(bank, kind.model_copy(update={"report_delay_median_days": 40}))
    shy = asked_curve(bank, kind.model_copy(update={"never_reported": 0.6}))
    assert slower[0] < 0.5 * usual[0]
    assert shy[2] < usual[2]
    assert asked_curve(bank, bank.fraud.types["amount_manipulation"])[0] == 0  # the police take a fortnight


def test_the_weekend_s_hours_are_asked_of_a_bank_as_its_scenario_has_them() -> None:
    name = "morning (6-9 h) at the weekend over Monday to Thursday"
    asked = {bank: measured(bank)[name] for bank in CUSTOMERS}
    assert all(line.holds for line in asked.values())
    us, wallets = asked["us_bank"], asked["crypto_wallet"]
    assert us.high is not None
    assert wallets.low is not None
    assert us.high < 0.6 < wallets.low


def test_logins_of_actors_are_no_customer_s_new_device_though_the_ledger_does_not_name_the_device() -> None:
    bank, tables = made("us_bank")
    nameless = tables["labeled_anomalies"].with_columns(device_id=pl.lit(None, dtype=pl.Int64))
    lines = {line.name: line for line in figures(bank, [MONTH], tables | {"labeled_anomalies": nameless})}
    name = "logins from a device that is new to the bank"
    assert lines[name].realised == measured("us_bank")[name].realised


@pytest.mark.parametrize(
    ("low", "high", "realised", "shown"),
    [
        (1.12, 1.44, 1.1185, "1.12 to 1.44 | **1.119, no** |"),
        (0.1234, 1.0, 0.12336, "0.1234 to 1 | **0.12336, no** |"),
        (None, 5000.0, 5000.4, "at most 5,000 | **5,000.4, no** |"),
        (62, 62, 34, "62 | **34, no** |"),
        (1.12, 1.44, 1.2, "1.12 to 1.44 | 1.2 |"),
    ],
)
def test_what_is_just_outside_is_not_shown_as_the_end_itself(
    low: float | None, high: float, realised: float, shown: str
) -> None:
    assert shown in table({"bank": [Figure("figure", low, high, realised)]})

"""Logins: honest sessions at their rates, on devices that are listed, from where their owners are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.devices import devices_frame
from fraud_assets.simulation.generator import login_chunks
from fraud_assets.simulation.guests import visits
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.logins import logins
from fraud_assets.simulation.streams import UNIT
from fraud_assets.simulation.traits import traits, units
from fraud_assets.simulation.travel import trips

US = Scenario.load("us_bank")
MARCH = Month.parse("2024-03")


def made(bank: Scenario, month: Month, of: Sequence[int]) -> pl.DataFrame:
    return logins(bank, month, of).sort("customer_id", "event_time", "login_id")


@pytest.fixture(scope="module")
def bank() -> Scenario:
    """us_bank with 4,096 customers."""
    people = US.population.model_copy(update={"customers": 16 * UNIT})
    return US.model_copy(update={"population": people})


@pytest.fixture(scope="module")
def frame(bank: Scenario) -> pl.DataFrame:
    return made(bank, MARCH, units(bank))


@pytest.fixture(scope="module")
def devices(bank: Scenario) -> pl.DataFrame:
    return devices_frame(bank, MARCH, units(bank))


def test_the_table_keeps_its_rules_and_its_month(frame: pl.DataFrame) -> None:
    tables.Logins.validate(frame)
    assert frame["login_id"].is_unique().all()
    assert frame["event_time"].min() >= MARCH.start  # type: ignore[operator]
    assert frame["event_time"].max() < MARCH.end  # type: ignore[operator]


def test_the_month_is_sorted_with_the_logins_of_takeovers(bank: Scenario) -> None:
    months = pl.concat([part() for part in login_chunks(bank, MARCH)])
    assert months.equals(months.sort("customer_id", "event_time", "login_id"))
    assert len(months) > len(logins(bank, MARCH, units(bank)))


@pytest.mark.parametrize("name", ["us_bank", "india_bank", "crypto_wallet"])
def test_no_login_gives_a_taker_away_by_its_place_or_a_change_by_its_hour(name: str) -> None:
    """Everybody is where geolocation puts their line, and changes a password minutes after a login, if at all."""
    shipped = Scenario.load(name)
    bank = shipped.model_copy(update={"population": shipped.population.model_copy(update={"customers": 4 * UNIT})})
    table = pl.concat([part() for part in login_chunks(bank, MARCH)])
    honest = logins(bank, MARCH, units(bank))
    assert len(table) > len(honest) + 20
    centres = pl.DataFrame([{"city": c.city, "lat": c.latitude, "lon": c.longitude} for c in bank.cities])
    at = table.join(centres, on="city")
    assert at.filter((pl.col("latitude") == pl.col("lat")) & (pl.col("longitude") == pl.col("lon"))).is_empty()
    key = ["customer_id", "device_id"]
    entered = table.filter((pl.col("event") == "login") & pl.col("is_success"))
    known = ["credential_change", "phone_change"]
    changes = table.filter(pl.col("event").cast(pl.String).is_in(known))
    assert len(changes) > 20
    last = changes.sort("event_time").join_asof(
        entered.select(*key, "event_time", entered="event_time").sort("event_time"), on="event_time", by=key
    )
    assert (last["event_time"] - last["entered"]).dt.total_minutes().max() < 15  # type: ignore[operator]
    assert last["entered"].null_count() == 0


def test_every_device_is_listed_and_was_seen_before(frame: pl.DataFrame, devices: pl.DataFrame) -> None:
    found = frame.join(devices, on="device_id", how="left")
    assert found["kind"].null_count() == 0
    assert (found["event_time"] >= found["first_used_at"]).all()
    other = found.filter(pl.col("customer_id") != pl.col("customer_id_right"))
    assert other["is_shared"].any()
    # A partner's device, so that another's device alone proves nothing.
    assert 0.003 < len(other.filter(~pl.col("is_shared"))) / len(found) < 0.03


def test_people_log_in_at_their_rate_and_the_savvy_more(bank: Scenario, frame: pl.DataFrame) -> None:
    t = traits(bank, units(bank))
    wins = frame.filter((pl.col("event") == "login") & pl.col("is_success"))
    daily = len(wins) / len(t.index) / MARCH.days
    assert daily == pytest.approx(bank.devices.daily_logins, rel=0.06)
    each = np.bincount(np.searchsorted(t.customer_id, wins["customer_id"].to_numpy()), minlength=len(t.index))
    means = [each[t.savviness == k].mean() for k in range(3)]
    assert means[0] < 0.6 * means[1] < 0.6 * means[2]
    assert each.std() / each.mean() > 0.5  # over-dispersed


def test_failures_are_few_and_mostly_mended_within_a_minute(frame: pl.DataFrame) -> None:
    times = frame.with_columns(
        next_event=pl.col("event").shift(-1).over("customer_id", "device_id"),
        next_ok=pl.col("is_success").shift(-1).over("customer_id", "device_id"),
        gap=pl.col("event_time").shift(-1).over("customer_id", "device_id") - pl.col("event_time"),
    )
    failed = times.filter(~pl.col("is_success"))
    assert set(failed["event"]) == {"login"}
    assert 0.05 < len(failed) / len(frame) < 0.12
    soon = failed.filter(pl.col("gap") < pl.duration(seconds=60))
    assert len(soon) > 0.75 * len(failed)
    last_try = soon.filter((pl.col("next_event") == "login") & pl.col("next_ok"))
    assert len(last_try) > 0.5 * len(soon)
    resets = (frame["event"] == "password_reset").sum()
    assert 0.05 < resets / len(failed) < 0.3


def test_two_or_three_percent_of_honest_logins_are_on_new_devices(frame: pl.DataFrame, devices: pl.DataFrame) -> None:
    wins = frame.filter((pl.col("event") == "login") & pl.col("is_success"))
    first = wins.join(devices.select("device_id", "first_used_at"), on="device_id")
    first = first.filter(pl.col("first_used_at") >= MARCH.start).unique(["customer_id", "device_id"])
    assert 0.02 <= len(first) / len(wins) <= 0.03


def test_credentials_change_for_a_tenth_of_customers_a_month(bank: Scenario, frame: pl.DataFrame) -> None:
    changed = frame.filter(pl.col("event") == "credential_change")["customer_id"].n_unique()
    assert 0.05 < changed / bank.population.customers < 0.15
    numbers = frame.filter(pl.col("event") == "phone_change")["customer_id"].n_unique()
    assert 0 < numbers < changed


def test_most_logins_come_from_home_and_travellers_log_in_from_afar(bank: Scenario) -> None:
    """Of people who hide by habit or not at all, on devices of their own: others are where their line is."""
    life = bank.devices.model_copy(update={"vpn_now_and_then": 0.0})
    open_world = bank.model_copy(update={"devices": life})
    borrowed = pl.Series(visits(open_world, MARCH, units(open_world)).device_id)
    t = traits(bank, units(bank))
    names = pl.Series([f"{c.city}" for c in bank.cities])
    home = pl.DataFrame({"customer_id": t.customer_id, "home": names.gather(t.city), "who": np.arange(len(t.index))})
    own = ~pl.col("device_id").is_in(borrowed.implode())
    rows = logins(open_world, MARCH, units(open_world)).filter(own).join(home, on="customer_id")
    at_home = rows["city"] == rows["home"]
    assert 0.92 < at_home.mean() < 0.99  # type: ignore[operator]
    trip = trips(Bank(bank, tuple(units(bank))), [MARCH])
    local = rows.select(
        pl.col("event_time").dt.epoch("s") + pl.col("utc_offset_minutes").cast(pl.Int64) * 60
    ).to_series()
    away = trip.city_on(rows["who"].to_numpy(), (local // 86_400).to_numpy())
    plain = ~t.vpn[rows["who"].to_numpy()]
    there = pl.Series(away >= 0) & pl.Series(plain)
    assert there.sum() > 50
    assert (rows.filter(there)["city"] == names.gather(away[there.to_numpy()])).all()
    assert at_home.filter(pl.Series((away < 0) & plain)).all()


def test_nights_are_quiet(frame: pl.DataFrame) -> None:
    local = frame["event_time"].dt.epoch("s") + frame["utc_offset_minutes"].cast(pl.Int64) * 60
    hour = local // 3600 % 24
    assert 0.01 < (hour < 5).mean() < 0.06  # type: ignore[operator]
    assert ((hour >= 17) & (hour < 21)).mean() > 0.2  # type: ignore[operator]


def test_units_months_and_customers_to_come_change_nothing(bank: Scenario, frame: pl.DataFrame) -> None:
    apart = pl.concat([made(bank, MARCH, [unit]) for unit in units(bank)])
    assert apart.equals(frame)
    people = bank.population.model_copy(update={"customers": 700})
    small = bank.model_copy(update={"population": people})
    few = made(small, MARCH, units(small))
    last = traits(small, units(small)).customer_id[-1]
    assert few.equals(frame.filter(pl.col("customer_id") <= last))
    april = made(bank, MARCH + 1, units(bank))
    assert not april["login_id"].is_in(frame["login_id"].implode()).any()


def test_nobody_logs_in_before_joining() -> None:
    people = US.population.model_copy(update={"joined_before_start": 0.0, "joining_months": 3})
    growing = US.model_copy(update={"population": people})
    t = traits(growing, units(growing))
    rows = logins(growing, Month.parse("2024-02"), units(growing))
    joined = pl.DataFrame({"customer_id": t.customer_id, "day": t.registered_day})
    local = pl.col("event_time").dt.epoch("s") + pl.col("utc_offset_minutes").cast(pl.Int64) * 60
    days = rows.join(joined, on="customer_id").select(local // 86_400 - pl.col("day"))
    assert len(days) > 1000
    assert days.to_series().min() >= 0  # type: ignore[operator]

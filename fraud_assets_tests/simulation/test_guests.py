"""One-off devices: listed when they are used, used again by others, whoever joins the bank."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.clocks import DAY_US, microseconds
from fraud_assets.simulation.devices import devices_frame
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.guests import VISIT_SECONDS, Guests, first_visits, visits
from fraud_assets.simulation.honest import honest
from fraud_assets.simulation.intents import BY_SCAN, HOME_NET, Bank, concat
from fraud_assets.simulation.network import OF_DEVICE
from fraud_assets.simulation.traits import Traits, traits, units

US = Scenario.load("us_bank")
MARCH = Month.parse("2024-03")


def sized(customers: int) -> Scenario:
    people = US.population.model_copy(update={"customers": customers})
    return US.model_copy(update={"population": people})


@pytest.fixture(scope="module")
def bank() -> Scenario:
    return sized(3000)


@pytest.fixture(scope="module")
def crowd(bank: Scenario) -> Traits:
    return traits(bank, units(bank))


def framed(bank: Scenario, visit: Guests) -> pl.DataFrame:
    index = traits(bank, units(bank)).index[visit.who]
    frame = pl.DataFrame({"index": index, "device_id": visit.device_id, "start": visit.start_us, "kind": visit.kind})
    return frame.sort("index", "start", "device_id")


def test_a_one_off_device_is_listed_under_whoever_uses_it_first(bank: Scenario, crowd: Traits) -> None:
    listed = devices_frame(bank, MARCH, units(bank)).select("device_id", "customer_id", "first_used_at")
    first = first_visits(bank, MARCH, units(bank))
    mine = {"device_id": first.device_id, "who": crowd.customer_id[first.who], "first": first.start_us}
    found = pl.DataFrame(mine).join(listed, on="device_id")
    assert len(found) == len(first.who) > 1000
    assert (found["first_used_at"].dt.epoch("us") == found["first"]).all()
    assert (found["customer_id"] == found["who"]).all()
    every = pl.DataFrame({"device_id": visits(bank, MARCH, units(bank)).device_id})
    assert every.join(listed, on="device_id", how="anti").is_empty()


def test_no_visit_is_outside_the_month_or_before_its_device_or_its_customer_is_known(
    bank: Scenario, crowd: Traits
) -> None:
    found = visits(bank, MARCH, units(bank))
    assert (found.start_us >= microseconds(MARCH.start)).all()
    assert (found.start_us < microseconds(MARCH.end)).all()
    assert (found.start_us >= crowd.registered_day[found.who] * DAY_US).all()
    first = devices_frame(bank, MARCH, units(bank)).select("device_id", first=pl.col("first_used_at").dt.epoch("us"))
    aged = framed(bank, found).join(first, on="device_id")
    assert (aged["start"] >= aged["first"] - 2 * 3_600_000_000).all()
    assert (aged["start"] < aged["first"] + 81 * DAY_US).all()


def test_honest_people_pay_with_young_devices_that_are_listed_under_a_stranger() -> None:
    """Else a device that is new and somebody else's would be fraud."""
    bank = sized(512)
    made = SyntheticDataGenerator(bank)
    told = made.generate_labels("2024-03").filter("is_fraud")
    homes = made.generate_customers("2024-03").select("customer_id", "address_id")
    owners = made.generate_device_data("2024-03").filter(~pl.col("is_shared"))
    owners = owners.select("device_id", "first_used_at", owner="customer_id").drop_nulls()
    rows = made.generate_transactions("2024-03").join(told, on="transaction_id", how="anti")
    rows = rows.join(owners, on="device_id").join(homes, on="customer_id")
    rows = rows.join(homes, left_on="owner", right_on="customer_id", suffix="_owner")
    strange = rows.filter(
        (pl.col("customer_id") != pl.col("owner")) & (pl.col("address_id") != pl.col("address_id_owner"))
    )
    days = (strange["event_time"] - strange["first_used_at"]).dt.total_days()
    for low, high in ((1, 3), (3, 7), (7, 15), (15, 31), (31, 63)):
        assert days.is_between(low, high, closed="left").sum() >= 8, (low, high)


def test_people_pay_on_a_device_that_others_have_used_before_they_log_in(bank: Scenario, crowd: Traits) -> None:
    """Else a payment before the first login would be a thief's."""
    found, end = visits(bank, MARCH, units(bank)), microseconds(MARCH.end)
    login_us = found.login_us(bank, crowd, end)
    assert (login_us < end).all()
    wait = (login_us - found.start_us) / 1_000_000
    assert (wait[~found.is_later] == 0).all()
    assert ((wait >= 0) & (wait <= VISIT_SECONDS)).all()
    assert 0.45 < wait[found.is_later].mean() / VISIT_SECONDS < 0.55
    assert set(first_visits(bank, MARCH, units(bank)).device_id) == set(found.device_id[~found.is_later])


def test_some_visits_on_which_something_is_paid_go_on_until_the_next_day(bank: Scenario, crowd: Traits) -> None:
    """Else a device of a day, no longer of some hours, would be a thief's."""
    hours = visits(bank, MARCH, units(bank)).lasting_seconds(bank, crowd) / 3600
    assert 0.37 < (hours > 4).mean() < 0.43
    assert (hours >= 4).all()
    assert (hours <= 40).all()
    made = SyntheticDataGenerator(sized(512))
    told = made.generate_labels("2024-03").filter("is_fraud")
    rows = made.generate_transactions("2024-03").join(told, on="transaction_id", how="anti")
    first = made.generate_device_data("2024-03").select("device_id", "first_used_at")
    age = (pl.col("event_time") - pl.col("first_used_at")).dt.total_hours()
    paid = rows.join(first, on="device_id").select(age=age)["age"]
    assert paid.is_between(4, 23).sum() >= 40


def test_a_new_device_far_from_home_is_no_proof_of_fraud() -> None:
    """Whoever sits at another's computer goes out by another's line, an employer's among them."""
    made = SyntheticDataGenerator(sized(512))
    months = ("2024-02", "2024-03")
    told = pl.concat([made.generate_labels(month) for month in months]).filter("is_fraud")
    homes = made.generate_customers("2024-03").select("customer_id", home="home_city")
    rows = made.generate("transactions", *months).join(homes, on="customer_id").sort("event_time")
    seen = rows.filter(pl.col("device_id").is_not_null()).with_columns(
        is_new=pl.struct("customer_id", "device_id").is_first_distinct(),
        is_away=pl.col("city").cast(pl.String) != pl.col("home").cast(pl.String),
        is_fraud=pl.col("transaction_id").is_in(told["transaction_id"].implode()),
    )
    alarmed = seen.filter("is_new", "is_away", pl.col("event_time").dt.month() == 3)
    assert alarmed["is_fraud"].mean() < 0.8  # type: ignore[operator]
    assert (~alarmed["is_fraud"]).sum() >= 15


def test_nobody_scans_a_code_in_a_shop_from_a_line_at_home() -> None:
    shipped = Scenario.load("india_bank")
    people = shipped.population.model_copy(update={"customers": 1_500})
    bank = Bank(shipped.model_copy(update={"population": people}), tuple(range(6)))
    rows = concat(honest(bank, Month.parse("2024-02")))
    scans = rows.net[bank.instrument[rows.category] == BY_SCAN]
    assert (scans >= OF_DEVICE).sum() > 100
    assert not np.isin(scans, [HOME_NET, OF_DEVICE + HOME_NET]).any()


def test_many_of_a_town_are_seen_with_one_device(bank: Scenario) -> None:
    """Else a device with four customers or more would be an actor's, and one question enough."""
    found = framed(bank, visits(bank, MARCH, units(bank)))
    users = found.group_by("device_id").agg(pl.len(), users=pl.col("index").n_unique())
    shared = users.filter(pl.col("users") >= 4)
    assert int(shared["len"].sum()) / int(users["len"].sum()) > 0.05
    assert shared["users"].max() > 8  # type: ignore[operator]
    # Most one-off devices are one person's all the same.
    assert (users["users"] == 1).mean() > 0.6  # type: ignore[operator]


def test_units_and_customers_to_come_change_no_visit(bank: Scenario) -> None:
    whole = framed(bank, visits(bank, MARCH, units(bank)))
    apart = [visits(bank, MARCH, [unit]) for unit in units(bank)]
    shift = np.cumsum([0] + [len(traits(bank, [unit]).index) for unit in units(bank)])
    moved = [
        Guests(part.who + start, part.device_id, part.start_us, part.kind, part.is_later)
        for part, start in zip(apart, shift, strict=False)
    ]
    assert pl.concat([framed(bank, part) for part in moved]).sort("index", "start", "device_id").equals(whole)
    small = sized(700)
    before = framed(small, visits(small, MARCH, units(small)))
    among = whole.filter(pl.col("index") < 700)
    assert before.equals(among)

"""Devices and networks: what is used is listed, lives end at their rate, addresses behave as networks do."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.calendar import month_days
from fraud_assets.simulation.clocks import DAY_US, microseconds
from fraud_assets.simulation.devices import device, devices_frame, owns, replaced
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.network import HOME, MOBILE, PUBLIC, VPN, address_number, format_addresses, geolocate
from fraud_assets.simulation.streams import UNIT
from fraud_assets.simulation.traits import Traits, traits, units

US = Scenario.load("us_bank")
MONTHS = [Month.parse(key) for key in ("2024-01", "2024-03", "2025-06")]


def sized(customers: int, **population: object) -> Scenario:
    people = US.population.model_copy(update={"customers": customers, **population})
    return US.model_copy(update={"population": people})


@pytest.fixture(scope="module")
def bank() -> Scenario:
    """us_bank with 7,680 customers."""
    return sized(30 * UNIT)


@pytest.fixture(scope="module")
def crowd(bank: Scenario) -> Traits:
    return traits(bank, units(bank))


@pytest.fixture(scope="module")
def listed(bank: Scenario) -> pl.DataFrame:
    """The devices of the first month."""
    return devices_frame(bank, MONTHS[0], units(bank))


def uses(t: Traits, month: Month, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random customers, slots and instants of a month, not before the customer joined."""
    rng = np.random.default_rng(month.index)
    who, slot = rng.integers(0, len(t.index), n), rng.integers(0, 3, n)
    instant = rng.integers(microseconds(month.start), microseconds(month.end), n)
    known = instant >= (t.registered_day[who] + 1) * DAY_US
    return who[known], slot[known], instant[known]


@pytest.mark.parametrize("month", MONTHS, ids=str)
@pytest.mark.parametrize("joined", [1.0, 0.5])
def test_every_device_in_use_is_listed_and_was_seen_before(month: Month, joined: float) -> None:
    growing = sized(1500, joined_before_start=joined, joining_months=2)
    t = traits(growing, units(growing))
    who, slot, instant = uses(t, month, 20_000)
    frame = devices_frame(growing, month, units(growing))
    used = pl.DataFrame({"device_id": device(growing, t, who, slot, instant), "instant": instant})
    found = used.join(frame, on="device_id", how="left")
    assert found["kind"].null_count() == 0
    assert (found["first_used_at"].dt.epoch("us") <= found["instant"]).all()
    members = pl.Series(t.customer_id[t.registered_day < month_days(month)[1]])
    assert frame["customer_id"].is_in(members.implode()).all()


def test_few_questions_are_answered_like_many(bank: Scenario, crowd: Traits) -> None:
    who, slot, instant = uses(crowd, MONTHS[0], 60_000)
    many = device(bank, crowd, who, slot, instant)
    few = np.concatenate([device(bank, crowd, who[k : k + 7], slot[k : k + 7], instant[k : k + 7]) for k in (0, 7, 14)])
    np.testing.assert_array_equal(few, many[:21])


def test_the_table_keeps_its_rules(listed: pl.DataFrame) -> None:
    tables.Devices.validate(listed)
    assert listed["device_id"].is_unique().all()
    assert listed["first_used_at"].max() < MONTHS[0].end  # type: ignore[operator]
    app = listed.group_by(pl.col("kind") == "laptop").agg(pl.col("app_version").null_count() / pl.len())
    assert sorted(app["app_version"]) == [0, 1]


def test_no_device_is_older_than_its_customer(bank: Scenario, crowd: Traits, listed: pl.DataFrame) -> None:
    joined = pl.DataFrame(
        {"customer_id": crowd.customer_id, "day": crowd.registered_day, "any": crowd.household_joined}
    )
    rows = listed.join(joined, on="customer_id").with_columns(first=pl.col("first_used_at").dt.epoch("d"))
    own = rows.filter(~pl.col("is_shared"))
    assert (own["first"] >= own["day"]).all()
    assert (own["first"] == own["day"]).mean() > 0.1  # type: ignore[operator]
    assert (rows["first"] >= rows["any"]).all()


def test_phones_are_replaced_at_their_rate(bank: Scenario, crowd: Traits) -> None:
    phones = owns(bank, crowd)[:, 0].sum()
    shares = [len(replaced(bank, month, units(bank))[0]) / phones for month in MONTHS]
    assert np.mean(shares) == pytest.approx(1 / bank.devices.phone_months, rel=0.15)
    who, begins = replaced(bank, MONTHS[1], units(bank))
    phone = np.zeros_like(who)
    before, after = device(bank, crowd, who, phone, begins - 1), device(bank, crowd, who, phone, begins)
    assert (before != after).all()
    # Only these change their phone in the month.
    start, end = (np.full(len(crowd.index), microseconds(t)) for t in (MONTHS[1].start, MONTHS[1].end))
    everyone = np.arange(len(crowd.index))
    changed = device(bank, crowd, everyone, everyone * 0, start - 1) != device(
        bank, crowd, everyone, everyone * 0, end - 1
    )
    assert set(who) == set(np.flatnonzero(changed & owns(bank, crowd)[:, 0]))


def test_everybody_has_something_and_the_savvy_have_phones(bank: Scenario, crowd: Traits) -> None:
    owned = owns(bank, crowd)
    assert owned.any(axis=1).all()
    assert owned[crowd.savviness > 0, 0].all()
    assert 0.70 < owned[crowd.savviness == 0, 0].mean() < 0.85
    assert owned[:, 1].mean() == pytest.approx(bank.devices.laptop_share, abs=0.02)
    assert owned[:, 2].mean() == pytest.approx(bank.devices.tablet_share, abs=0.02)


def test_a_household_shares_its_tablet_and_nobody_shares_a_phone(
    bank: Scenario, crowd: Traits, listed: pl.DataFrame
) -> None:
    everyone = np.arange(len(crowd.index))
    now = np.full(len(crowd.index), microseconds(MONTHS[0].start))
    owned = owns(bank, crowd)
    users: dict[int, pl.DataFrame] = {}
    for slot in range(3):
        mine = everyone[owned[:, slot]]
        found = pl.DataFrame(
            {
                "device_id": device(bank, crowd, mine, np.full(len(mine), slot), now[mine]),
                "household": crowd.household[mine],
                "alone": crowd.household_size[mine] == 1,
            }
        )
        users[slot] = found.group_by("device_id").agg(pl.len(), pl.col("household").n_unique(), pl.col("alone").any())
        assert users[slot]["household"].max() == 1
        assert users[slot].filter("alone")["len"].max() == 1
    assert users[0]["len"].max() == 1
    assert users[2].filter(~pl.col("alone"))["len"].max() >= 2  # type: ignore[operator]
    for slot in (1, 2):
        joined = users[slot].join(listed, on="device_id")
        assert joined.filter(pl.col("len") > 1)["is_shared"].all()
        assert not joined.filter(pl.col("len") == 1)["is_shared"].any()


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 600), st.integers(1, 300))
def test_adding_customers_changes_nobodys_devices(few: int, more: int) -> None:
    small, large = sized(few), sized(few + more)
    before = devices_frame(small, MONTHS[0], units(small))
    after = devices_frame(large, MONTHS[0], units(large))
    assert before.equals(after.filter(pl.col("customer_id") <= before["customer_id"].max()))
    t = traits(small, units(small))
    who, slot, instant = uses(t, MONTHS[0], 200)
    np.testing.assert_array_equal(
        device(small, t, who, slot, instant), device(large, traits(large, units(large)), who, slot, instant)
    )


def test_a_device_that_nobody_shares_is_under_the_same_account_in_every_months_list() -> None:
    growing = sized(1200, joined_before_start=0.4, joining_months=10)
    generator = SyntheticDataGenerator(growing)
    lists = [generator.generate_device_data((Month.parse("2024-01") + k).key) for k in range(12)]
    several = (
        pl.concat(lists)
        .filter(~pl.col("is_shared"))
        .group_by("device_id")
        .agg(accounts=pl.col("customer_id").n_unique())
    )
    assert several.filter(accounts=1).height == several.height


def test_what_went_out_of_use_long_ago_is_forgotten(bank: Scenario) -> None:
    short = bank.model_copy(update={"devices": bank.devices.model_copy(update={"phone_months": 6.0})})
    sizes = [devices_frame(short, month, [0]).filter(pl.col("kind") == "tablet").height for month in MONTHS]
    assert max(sizes) < 1.3 * min(sizes)
    phones = devices_frame(short, MONTHS[2], [0]).filter(pl.col("kind") == "phone")
    assert phones["first_used_at"].min() > MONTHS[2].start - timedelta(days=4 * 365)  # type: ignore[operator]


def test_software_moves_on(bank: Scenario, listed: pl.DataFrame) -> None:
    later = devices_frame(bank, Month.parse("2025-01"), units(bank))
    both = listed.join(later, on="device_id", suffix="_later")
    phones = both.filter(pl.col("kind") == "phone")
    assert (phones["app_version"] != phones["app_version_later"]).mean() > 0.95  # type: ignore[operator]
    assert (phones["os_version"] != phones["os_version_later"]).mean() > 0.5  # type: ignore[operator]
    assert (both["os"] == both["os_later"]).all()
    assert (both["browser"] == both["browser_later"]).all()
    number = pl.col("os_version").str.extract(r"^(\d+)").cast(pl.Int64)
    ios = phones.filter(pl.col("os") == "iOS").select(number, later=pl.col("os_version_later").str.extract(r"^(\d+)"))
    assert (ios["later"].cast(pl.Int64) >= ios["os_version"]).all()


# Networks


def ask(bank: Scenario, t: Traits, kind: int, days: int) -> pl.DataFrame:
    """Each customer's address of that kind on each of some days."""
    first = month_days(MONTHS[0])[0]
    who = np.repeat(np.arange(len(t.index)), days)
    day = first + np.tile(np.arange(days), len(t.index))
    number, located = address_number(bank, t, who, np.full(len(who), kind), t.city[who], day)
    text = format_addresses(number)
    return pl.DataFrame(
        {"who": who, "day": day, "ip": text, "located": located, "home": t.city[who], "address": t.address_id[who]}
    )


def test_a_home_line_stays_and_is_the_households(bank: Scenario, crowd: Traits) -> None:
    month = ask(bank, crowd, HOME, 30)
    assert (month["located"] == month["home"]).all()
    changes = month.group_by("address").agg(pl.col("ip").n_unique())["ip"]
    assert changes.max() <= 2  # type: ignore[operator]
    assert (changes - 1).mean() == pytest.approx(30 / 120, abs=0.03)
    one_day = month.filter(pl.col("day") == pl.col("day").min())
    assert one_day.group_by("address").agg(pl.col("ip").n_unique())["ip"].max() == 1
    strangers = one_day.group_by("ip").agg(pl.col("address").n_unique())["address"]
    assert (strangers > 1).mean() < 0.03  # type: ignore[operator]


def test_a_home_line_is_at_home_whatever_is_asked(bank: Scenario, crowd: Traits) -> None:
    who = np.arange(100)
    kind, day = np.full(100, HOME), np.full(100, month_days(MONTHS[0])[0])
    number, located = address_number(bank, crowd, who, kind, (crowd.city[who] + 1) % len(bank.cities), day)
    assert (located == crowd.city[who]).all()
    assert (number == address_number(bank, crowd, who, kind, crowd.city[who], day)[0]).all()


def test_mobile_addresses_are_shared_and_change(bank: Scenario, crowd: Traits) -> None:
    week = ask(bank, crowd, MOBILE, 7)
    assert (week["located"] == week["home"]).all()
    assert week.group_by("who").agg(pl.col("ip").n_unique())["ip"].mean() > 6  # type: ignore[operator]
    assert week.group_by("ip").agg(pl.col("who").n_unique())["who"].median() >= 2  # type: ignore[operator]


def test_a_vpn_leads_elsewhere_through_few_exits(bank: Scenario, crowd: Traits) -> None:
    week = ask(bank, crowd, VPN, 7)
    assert week["ip"].str.extract(r"^(\d+\.\d+)\.").n_unique() < 60
    assert week.group_by("ip").agg(pl.col("who").n_unique())["who"].median() > 1  # type: ignore[operator]
    assert (week["located"] == week["home"]).mean() < 0.1  # type: ignore[operator]
    assert week.group_by("ip").agg(pl.col("located").n_unique())["located"].max() == 1


def test_no_address_belongs_to_anybody_and_the_first_octet_tells_nothing(bank: Scenario, crowd: Traits) -> None:
    octets = {}
    for kind in (HOME, MOBILE, VPN, PUBLIC):
        text = ask(bank, crowd, kind, 2)["ip"]
        assert all(ipaddress.IPv4Address(ip).is_reserved for ip in text.unique())
        octets[kind] = set(text.str.split(".").list.first())
    assert len(octets[HOME] & octets[MOBILE] & octets[PUBLIC]) >= 10
    assert octets[VPN] <= octets[HOME]


def test_geolocation_is_near_the_city_and_the_same_for_neighbouring_addresses(bank: Scenario, crowd: Traits) -> None:
    who = np.arange(3000)
    kind, day = np.full(3000, HOME), np.full(3000, month_days(MONTHS[0])[0])
    number, located = address_number(bank, crowd, who, kind, crowd.city[who], day)
    latitude, longitude = geolocate(bank, number, located)
    centre = np.array([(c.latitude, c.longitude) for c in bank.cities])[located]
    assert np.hypot(latitude - centre[:, 0], (longitude - centre[:, 1]) * 0.78).max() * 111 < 40
    neighbour = (number & ~0xFF) | ((number + 1) & 0xFF)
    np.testing.assert_array_equal(geolocate(bank, neighbour, located), (latitude, longitude))

"""Behaviour follows the profile: each claim about people, measured on a generated month of every bank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
import pytest
from scipy import stats

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.merchants import directory

MONTH = Month.parse("2024-02")
#: Customers that make a month of about 100,000 rows.
CUSTOMERS = {"us_bank": 280, "india_bank": 2400}
CHOSEN = ["purchase", "transfer", "withdrawal"]


@dataclass(frozen=True)
class World:
    """A bank and what it did in a month; ``paid`` is every debit with the payer's profile beside it."""

    scenario: Scenario
    customers: pl.DataFrame
    devices: pl.DataFrame
    paid: pl.DataFrame

    @property
    def chosen(self) -> pl.DataFrame:
        """What people decided to pay on the day: neither bills nor standing orders."""
        return self.paid.filter(pl.col("kind").is_in(CHOSEN))

    @property
    def at_counters(self) -> pl.DataFrame:
        """Purchases and withdrawals where somebody stood."""
        there = [c.category for c in self.scenario.categories if c.instrument in ("terminal", "scan")]
        return self.chosen.filter(pl.col("category").is_in(there))


def sized(name: str, customers: int) -> Scenario:
    bank = Scenario.load(name)
    return bank.model_copy(update={"population": bank.population.model_copy(update={"customers": customers})})


@lru_cache(maxsize=2)
def _world(name: str) -> World:
    bank = sized(name, CUSTOMERS[name])
    made = SyntheticDataGenerator(bank)
    customers = made.generate_customers(str(MONTH))
    local = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))
    paid = (
        made.generate_transactions(str(MONTH))
        .filter(pl.col("direction") == "debit")
        .with_columns(hour=local.dt.hour())
        .join(customers, on="customer_id")
    )
    return World(bank, customers, made.generate_device_data(str(MONTH)), paid)


@pytest.fixture(params=sorted(CUSTOMERS))
def world(request: pytest.FixtureRequest) -> World:
    return _world(request.param)


def dependence(rows: pl.DataFrame, one: str, other: str) -> tuple[float, float]:
    """p-value of a chi-square test and Cramer's V of two columns."""
    counts = rows.group_by(one, other).len().pivot(on=other, index=one, values="len").fill_null(0).drop(one).to_numpy()
    test = stats.chi2_contingency(counts)
    return float(test.pvalue), float(np.sqrt(test.statistic / counts.sum() / (min(counts.shape) - 1)))


def test_seven_in_ten_payments_are_in_a_favourite_category(world: World) -> None:
    favourite = pl.col("preferred_categories").str.split(";").list.contains(pl.col("category"))
    assert world.chosen.select(favourite.mean()).item() == pytest.approx(0.70, abs=0.02)


def test_the_unsavvy_never_pay_by_app_and_the_others_do(world: World) -> None:
    by_app = world.paid.group_by("digital_savviness").agg((pl.col("channel") == "app").mean())
    share = dict(by_app.iter_rows())
    assert share["low"] == 0  # not once, fraud and accidents included
    assert 0 < share["medium"] < share["high"]


def test_means_of_payment_follow_savviness(world: World) -> None:
    p, v = dependence(world.chosen, "digital_savviness", "method")
    assert p < 1e-9
    assert v > 0.1


def test_the_richest_pay_at_least_twice_as_much_as_the_poorest(world: World) -> None:
    brackets = [b.name for b in world.scenario.population.income_brackets]
    groups = [world.chosen.filter(pl.col("income_bracket") == name)["amount"] for name in brackets]
    assert float(groups[-1].mean()) >= 2 * float(groups[0].mean())  # type: ignore[arg-type]
    typical = [float(group.log().mean()) for group in groups]  # type: ignore[arg-type]
    assert typical == sorted(typical)
    assert stats.f_oneway(*(group.log().to_numpy() for group in groups)).pvalue < 1e-12


def test_hours_follow_the_occupation(world: World) -> None:
    p, v = dependence(world.chosen, "occupation", "hour")
    assert p < 1e-9
    assert v > 0.05
    morning = world.chosen.group_by("occupation").agg(pl.col("hour").is_between(9, 11).mean().alias("share"))
    share = dict(morning.iter_rows())
    assert share["retired"] > 1.3 * share["student"]


def test_each_channel_has_its_hours(world: World) -> None:
    p, v = dependence(world.chosen, "channel", "hour")
    assert p < 1e-9
    assert v > 0.04


def test_the_young_and_the_old_pay_by_different_means(world: World) -> None:
    p, _ = dependence(world.chosen, "age_group", "method")
    assert p < 1e-9
    by_app = world.chosen.filter(pl.col("digital_savviness") != "low").group_by(pl.col("age") < 30)
    share = dict(by_app.agg((pl.col("channel") == "app").mean()).iter_rows())
    assert share[True] > 1.2 * share[False]


def test_what_is_in_hand_follows_savviness(world: World) -> None:
    seen = world.chosen.with_columns(id=pl.coalesce("device_id", "terminal_id")).filter(pl.col("id").is_not_null())
    device = seen.join(world.devices.select(id="device_id", device="kind"), on="id")
    assert len(device) == len(seen)
    p, v = dependence(device, "digital_savviness", "device")
    assert p < 1e-9
    assert v > 0.05


def test_payments_far_from_home_are_declined_more_often(world: World) -> None:
    rows = world.at_counters.with_columns(
        is_away=pl.col("city") != pl.col("home_city"), is_declined=pl.col("status") == "declined"
    )
    share = dict(rows.group_by("is_away").agg(pl.col("is_declined").mean()).iter_rows())
    assert share[True] > 1.1 * share[False]
    p, _ = dependence(rows, "is_away", "is_declined")
    assert p < 0.05


def test_four_in_five_purchases_are_made_in_the_home_city(world: World) -> None:
    home = world.at_counters.group_by("customer_id").agg((pl.col("city") == pl.col("home_city")).mean(), pl.len())
    assert float((home["city"] * home["len"]).sum()) / float(home["len"].sum()) >= 0.80
    low, _ = world.scenario.population.home_share
    assert float(home["city"].mean()) >= low  # type: ignore[arg-type]


#: Months of history after which a customer has made some two hundred purchases, and customers enough to tell.
HISTORY = {"us_bank": ("2024-02", 1, 128), "india_bank": ("2024-06", 5, 512)}


@pytest.mark.parametrize("name", sorted(HISTORY))
def test_people_return_to_their_merchants_and_the_loyal_more(name: str) -> None:
    key, months, customers = HISTORY[name]
    month = Month.parse(key)
    made = SyntheticDataGenerator(sized(name, customers))
    bought = pl.concat([made.generate_transactions(str(m)) for m in (*month.back(months), month)]).filter(
        (pl.col("kind") == "purchase") & (pl.col("direction") == "debit")
    )
    again = (
        bought.sort("event_time")
        .with_columns(is_again=pl.int_range(pl.len()).over("customer_id", "merchant_id") > 0)
        .filter(pl.col("event_time") >= month.start)
        .join(made.generate_customers(key).select("customer_id", "merchant_loyalty"), on="customer_id")
    )
    share = dict(again.group_by("merchant_loyalty").agg(pl.col("is_again").mean()).iter_rows())
    assert 0.60 <= share["low"] < share["high"] <= 0.90


def test_large_cities_have_more_merchants(world: World) -> None:
    made = directory(world.scenario)
    population = np.array([c.population for c in world.scenario.cities])
    per_city = np.bincount(made.city[made.city >= 0], minlength=len(population))
    assert np.corrcoef(np.log(population), np.log(per_city))[0, 1] > 0.9
    a_head = per_city / population
    assert a_head[population.argmax()] < a_head[population.argmin()]  # but fewer a head


def test_a_profile_has_the_fields_a_bank_keeps(world: World) -> None:
    profile = world.customers.drop("customer_id", "home_country", "address_id")
    assert profile.width >= 23
    for name in (
        "age", "gender", "occupation", "income_bracket", "annual_income", "segment", "home_city", "city_tier",
        "digital_savviness", "risk_profile", "merchant_loyalty", "preferred_hours", "preferred_categories",
        "preferred_methods", "kyc_status", "daily_limit", "transaction_limit", "credit_limit", "payday",
    ):  # fmt: skip
        assert profile[name].null_count() == 0, name
        assert profile[name].n_unique() >= 3, name
    assert profile["segment"].n_unique() == 7
    assert profile["occupation"].n_unique() == 8
    assert profile["income_bracket"].n_unique() == 6

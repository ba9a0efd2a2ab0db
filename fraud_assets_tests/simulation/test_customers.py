"""Customers: the population is the one that was asked for, and nobody changes when others come."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.calendar import mean_factor, month_days
from fraud_assets.simulation.customers import customers_frame
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.streams import UNIT
from fraud_assets.simulation.traits import Traits, traits, units

US = Scenario.load("us_bank")
JANUARY = Month.parse("2024-01")


def sized(customers: int, **population: object) -> Scenario:
    people = US.population.model_copy(update={"customers": customers, **population})
    return US.model_copy(update={"population": people})


@pytest.fixture(scope="module")
def bank() -> Scenario:
    """us_bank with 25,600 customers: shares show to a percent."""
    return sized(100 * UNIT)


@pytest.fixture(scope="module")
def crowd(bank: Scenario) -> Traits:
    return traits(bank, units(bank))


def shares(values: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(values, minlength=n) / len(values)


def test_segments_occupations_and_savviness_have_their_shares(crowd: Traits) -> None:
    segments = US.population.segments
    assert np.abs(shares(crowd.segment, 7) - [s.share for s in segments]).max() < 0.01
    jobs = US.population.occupations
    for k, segment in enumerate(segments):
        mine = crowd.segment == k
        ages = range(segment.age[0], segment.age[1] + 1)
        by_age = np.array([[segment.occupations.get(o.name, 0) * o.has(age) for o in jobs] for age in ages])
        wanted = (by_age / by_age.sum(axis=1, keepdims=True)).mean(axis=0)
        assert np.abs(shares(crowd.occupation[mine], len(jobs)) - wanted).max() < 0.03
        assert np.abs(shares(crowd.savviness[mine], 3) - segment.savviness).max() < 0.04
        start = month_days(JANUARY)[0]
        age = (start - crowd.birth_day[mine]) / 365.2425
        assert segment.age[0] <= age.min() < age.max() < segment.age[1] + 1.02


def test_people_live_where_people_live(crowd: Traits) -> None:
    population = np.array([c.population for c in US.cities])
    assert np.abs(shares(crowd.city, len(population)) - population / population.sum()).max() < 0.01
    assert np.corrcoef(shares(crowd.city, len(population)), population)[0, 1] > 0.995
    centre = np.array([(c.latitude, c.longitude) for c in US.cities])[crowd.city]
    km = np.hypot(crowd.latitude - centre[:, 0], (crowd.longitude - centre[:, 1]) * 0.78) * 111
    assert np.quantile(km, 0.99) < 60
    assert km.std() > 1


def test_income_decides_amounts(crowd: Traits) -> None:
    brackets = US.population.income_brackets
    for k, bracket in enumerate(brackets):
        income = crowd.annual_income[crowd.bracket == k]
        assert bracket.low <= income.min() <= income.max() <= bracket.high
    means = [crowd.amount_factor[crowd.bracket == k].mean() for k in range(len(brackets))]
    assert means[-1] > 2 * means[0]
    assert (np.diff(means) > 0).all()
    assert 0.9 < np.median(crowd.amount_factor) < 1.1
    # Between-bracket variance against the rest: an analysis of variance that leaves no doubt.
    grand = crowd.amount_factor.mean()
    between = sum((crowd.bracket == k).sum() * (m - grand) ** 2 for k, m in enumerate(means))
    assert between / ((crowd.amount_factor - grand) ** 2).sum() > 0.8


def test_the_unsavvy_never_pay_by_app(crowd: Traits) -> None:
    app_methods = {c.method for c in US.categories if c.channel == "app"}
    columns = [k for k, m in enumerate(US.methods) if m.name in app_methods]
    low = crowd.savviness == 0
    assert low.sum() > 1000
    assert (crowd.method_weights[low][:, columns] == 0).all()
    assert (crowd.method_weights[~low][:, columns] > 0).all()


def test_method_shares_are_kept_and_follow_age(crowd: Traits) -> None:
    realised = np.average(crowd.method_weights, axis=0, weights=crowd.daily_rate)
    assert np.abs(realised - [m.share for m in US.methods]).max() < 0.012
    np.testing.assert_allclose(crowd.method_weights.sum(axis=1), 1)
    age = (month_days(JANUARY)[0] - crowd.birth_day) / 365.2425
    card, app = crowd.method_weights[:, 0], crowd.method_weights[:, 2]
    young, old = (age < 30) & (crowd.savviness > 0), (age > 55) & (crowd.savviness > 0)
    assert app[young].mean() > 1.4 * app[old].mean()
    assert card[old].mean() > 1.1 * card[young].mean()


def test_method_shares_are_kept_where_the_methods_are_far_from_usual() -> None:
    wanted = (0.15, 0.20, 0.55, 0.10)
    methods = tuple(m.model_copy(update={"share": s}) for m, s in zip(US.methods, wanted, strict=True))
    appish = sized(60 * UNIT).model_copy(update={"methods": methods})
    t = traits(appish, units(appish))
    assert np.abs(np.average(t.method_weights, axis=0, weights=t.daily_rate) - wanted).max() < 0.012


def test_favourites_take_their_share_in_every_method_with_a_choice(crowd: Traits) -> None:
    favourite = np.zeros_like(crowd.category_weights, dtype=bool)
    np.put_along_axis(favourite, crowd.preferred_categories, True, axis=1)
    assert (favourite.sum(axis=1) == crowd.preferred_categories.shape[1]).all()  # none twice
    overall = np.zeros(len(crowd.index))
    for k, method in enumerate(US.methods):
        mine = np.array([c.method == method.name for c in US.categories])
        bought = np.array([c.recipient in ("merchant", "person", "own") for c in US.categories])
        weights = crowd.category_weights * mine
        np.testing.assert_allclose(weights.sum(axis=1), 1)
        assert (weights[:, ~bought] == 0).all()  # bills and income come on their own dates
        inside = (weights * favourite).sum(axis=1)
        if (mine & bought).sum() >= 3:
            np.testing.assert_allclose(inside, US.activity.preferred_share)
        overall += crowd.method_weights[:, k] * inside
    assert overall.mean() == pytest.approx(0.70, abs=0.01)


def test_common_categories_stay_common(crowd: Traits) -> None:
    realised = np.average(crowd.category_weights, axis=0, weights=crowd.daily_rate)
    for method in US.methods:
        mine = [k for k, c in enumerate(US.categories) if c.method == method.name and realised[k] > 0]
        wanted = np.array([US.categories[k].weight for k in mine])
        if len(mine) > 5:
            assert np.abs(realised[mine] - wanted / wanted.sum()).max() < 0.05


def test_everybody_makes_eight_to_fifteen_transactions_a_day(crowd: Traits) -> None:
    daily = crowd.daily_rate * mean_factor(US) + (crowd.bills + 1.5) / 30.44
    low, high = US.activity.daily_mean or (0, 0)
    assert low <= daily.min()
    assert daily.max() <= high
    assert daily.mean() == pytest.approx((low + high) / 2, abs=0.15)
    inner = np.histogram(daily, bins=5, range=(low + 1, high - 1))[0]
    assert inner.min() > 0.14 * len(daily)  # about uniform, and a month's chance carries few out of it
    assert ((daily < low + 0.5) | (daily > high - 0.5)).mean() < 0.05
    assert (crowd.bills >= US.activity.bills[0]).all()
    assert (crowd.bills <= US.activity.bills[1]).all()


def test_gamma_activity_has_its_mean_and_spread() -> None:
    activity = US.activity.model_copy(update={"daily_mean": None, "gamma_mean": 1.5, "gamma_cv": 0.9})
    calm = sized(40 * UNIT).model_copy(update={"activity": activity})
    daily = traits(calm, units(calm)).daily_rate * mean_factor(calm)
    assert daily.mean() == pytest.approx(1.5, rel=0.05)
    assert daily.std() / daily.mean() == pytest.approx(0.9, rel=0.08)


def test_shares_of_home_and_habit_lie_in_their_ranges(crowd: Traits) -> None:
    for values, (low, high) in (
        (crowd.home_share, US.population.home_share),
        (crowd.known_share, US.activity.repertoire_share),
    ):
        assert low <= values.min() < low + 0.01
        assert high - 0.01 < values.max() <= high


def test_everybody_errs_at_a_rate_of_their_own(crowd: Traits) -> None:
    for p, (a, b) in (
        (crowd.p_burst, US.accidents.burst),
        (crowd.p_high, US.accidents.high_amount),
        (crowd.p_mistyped, US.accidents.mistyped),
    ):
        assert p.mean() == pytest.approx(a / (a + b), rel=0.05)
        assert len(np.unique(p)) == len(p)
    assert abs(np.corrcoef(crowd.p_burst, crowd.p_high)[0, 1]) < 0.03


@pytest.mark.parametrize("share", [0.0, 0.35, 1.0])
def test_households_share_an_address(share: float) -> None:
    alone = {"hall_share": 0.0, "synthetic_share": 0.0}  # no addresses but those of households
    t = traits(sized(20 * UNIT, household_share=share, **alone), range(20))
    _, place, members = np.unique(t.address_id, return_inverse=True, return_counts=True)
    together = members[place] > 1
    assert together.mean() == pytest.approx(share, abs=0.02)
    assert (members[place] == t.household_size).all()
    assert (t.household // UNIT == t.unit).all()
    head = np.searchsorted(t.index, t.household)
    for column in (t.city, t.latitude, t.longitude, t.address_id):
        assert (column == column[head]).all()


def test_paydays_are_days_of_a_month_and_mostly_the_usual_ones(crowd: Traits) -> None:
    assert set(np.unique(crowd.payday)) <= set(range(1, 32))
    assert np.isin(crowd.payday, [1, 15, 31]).mean() > 0.6


def test_account_numbers_grow_and_are_unique(crowd: Traits) -> None:
    assert (np.diff(crowd.customer_id) > 0).all()


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 700), st.integers(0, 700))
def test_adding_customers_changes_nobody(few: int, more: int) -> None:
    small, large = sized(few), sized(few + more)
    before, after = traits(small, units(small)), traits(large, units(large))
    for f in fields(Traits):
        np.testing.assert_array_equal(getattr(before, f.name), getattr(after, f.name)[:few], err_msg=f.name)
    frame = customers_frame(small, JANUARY, units(small))
    assert frame.equals(customers_frame(large, JANUARY, units(large)).head(few))


def test_units_come_out_alike_alone_and_together(bank: Scenario, crowd: Traits) -> None:
    alone = traits(bank, [17])
    for f in fields(Traits):
        np.testing.assert_array_equal(
            getattr(alone, f.name), getattr(crowd, f.name)[17 * UNIT : 18 * UNIT], err_msg=f.name
        )


def test_another_seed_is_another_population() -> None:
    other = US.model_copy(update={"seed": US.seed + 1})
    a, b = traits(US, range(4)), traits(other, range(4))
    assert (a.address_id != b.address_id).all()
    assert 0.02 < (a.segment == b.segment).mean() < 0.4


def test_a_unit_that_the_bank_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"units \[3, 4\] are not all among its 4 units"):
        traits(US, [3, 4])


def test_the_table_keeps_its_rules_and_tells_nothing_hidden() -> None:
    frame = customers_frame(US, JANUARY, units(US))
    assert len(tables.Customers.validate(frame)) == US.population.customers
    assert frame.columns == list(tables.Customers.columns())
    assert frame["preferred_categories"].str.split(";").list.len().min() == 7
    assert frame["preferred_methods"].str.split(";").list.len().to_list() == [2] * len(frame)
    status = frame["kyc_status"].value_counts(normalize=True)
    assert status.filter(pl.col("kyc_status") == "verified")["proportion"].item() > 0.9


def test_people_age(bank: Scenario) -> None:
    some = range(4)
    now, later = (customers_frame(bank, Month.parse(key), some) for key in ("2024-01", "2025-01"))
    years = later["age"] - now["age"]
    assert years.min() == years.max() == 1


def test_a_growing_bank_lists_who_has_joined() -> None:
    growing = sized(2000, joined_before_start=0.4, joining_months=3)
    months = [Month.parse(key) for key in ("2024-01", "2024-02", "2024-03", "2024-04")]
    frames = [customers_frame(growing, month, units(growing)) for month in months]
    sizes = [len(frame) for frame in frames]
    assert sizes[0] < sizes[1] < sizes[2] <= sizes[3] == 2000
    assert sizes[0] == pytest.approx(2000 * (0.4 + 0.6 / 3), rel=0.06)
    for month, frame in zip(months, frames, strict=True):
        assert frame["registered_at"].max() <= month.end.date()  # type: ignore[operator]
        tables.Customers.validate(frame)


@pytest.mark.parametrize("name", ["us_bank", "india_bank", "crypto_wallet"])
def test_nobody_is_retired_before_fifty(name: str) -> None:
    customers = SyntheticDataGenerator(Scenario.load(name)).generate_customers()
    retired = customers.filter(occupation="retired")["age"]
    assert len(retired) > 20
    assert (retired >= 50).all()

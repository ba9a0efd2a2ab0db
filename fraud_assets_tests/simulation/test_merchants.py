"""Merchants: every city has its shops, chains are the brands, and popularity follows a law."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.devices import terminals_frame
from fraud_assets.simulation.merchants import directory, merchants_frame, pick, terminal_id

US = Scenario.load("us_bank")
JANUARY = Month.parse("2024-01")
ONLINE = len(US.cities)
CATEGORIES = [c.category for c in US.categories]
PLACED = [k for k, c in enumerate(US.categories) if c.recipient == "merchant" and c.channel == "card_present"]


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return merchants_frame(US, JANUARY)


def test_the_table_keeps_its_rules(frame: pl.DataFrame) -> None:
    assert len(tables.Merchants.validate(frame)) == len(directory(US))
    assert frame["merchant_id"].is_unique().all()
    assert frame["opened_on"].max() < JANUARY.start.date() - timedelta(days=30)  # type: ignore[operator]
    assert "weakness" not in frame.columns


def test_every_city_has_a_choice_of_shops_and_large_ones_more() -> None:
    d = directory(US)
    assert d.count[PLACED, :ONLINE].min() >= 4
    assert d.count[PLACED, :ONLINE].max() <= 40
    population = np.array([c.population for c in US.cities])
    per_city = d.count[PLACED, :ONLINE].sum(axis=0)
    assert per_city[population.argmax()] > 4 * per_city[population.argmin()]
    assert np.corrcoef(np.log(population), np.log(per_city))[0, 1] > 0.95
    assert d.count[PLACED, ONLINE].sum() == 0
    regional = {b.category for b in US.brands if b.served}
    for k, c in enumerate(US.categories):
        if k not in PLACED and c.category in regional:  # power companies and landlords
            assert d.count[k, :ONLINE].min() >= 4
            assert d.count[k, ONLINE] == 0
        elif k not in PLACED:
            assert d.count[k, :ONLINE].sum() == 0
            assert (d.count[k, ONLINE] == 0) == (c.recipient in ("person", "own"))


def test_slices_hold_what_they_say() -> None:
    d = directory(US)
    assert d.count.sum() == len(d)
    for k, city in ((0, 0), (PLACED[-1], 17), (CATEGORIES.index("Marketplace"), ONLINE)):
        rows = slice(d.start[k, city], d.start[k, city] + d.count[k, city])
        assert set(d.category[rows]) == {k}
        assert set(d.city[rows]) == {city if city < ONLINE else -1}


def test_chains_are_the_brands_of_their_category_and_locals_are_not(frame: pl.DataFrame) -> None:
    brands = {(b.name, b.category) for b in US.brands}
    names = {name for name, _ in brands}
    for name, category, chain in frame.select("name", "category", "is_chain").iter_rows():
        assert chain == ((name, category) in brands), name
        assert chain or name not in names
    assert {b.name for b in US.brands} - set(frame["name"]) == set()  # each brand has a place somewhere
    placed = frame.filter(pl.col("city").is_not_null())
    assert 0.45 < placed["is_chain"].mean() < 0.75  # type: ignore[operator]


def test_local_names_are_varied_and_never_twice_in_one_place(frame: pl.DataFrame) -> None:
    local = frame.filter(~pl.col("is_chain"))
    assert local.select("name", "category", "city", "state").is_unique().all()
    assert local["name"].n_unique() > 0.85 * len(local)
    assert local["name"].str.contains(r"^[A-Za-z]").all()  # no formulas, no blanks
    assert local["name"].value_counts()["count"].max() <= 6  # type: ignore[operator]


def test_size_and_standing_go_together_but_overlap(frame: pl.DataFrame) -> None:
    standing = frame.group_by("tier").agg(
        pl.col("reputation").mean().alias("mean"), pl.col("reputation").max().alias("max")
    )
    means = standing.sort("tier")["mean"].to_list()
    assert means == sorted(means, reverse=True)
    assert standing["max"].min() > 0.9  # type: ignore[operator]
    d = directory(US)
    assert d.weakness.min() >= 0
    assert d.weakness.max() <= 1
    assert -0.95 < np.corrcoef(d.weakness, d.reputation)[0, 1] < -0.3


def test_visits_go_to_the_right_place_and_more_often_to_popular_ones() -> None:
    d = directory(US)
    rng = np.random.default_rng(3)
    n = 60_000
    category = rng.choice(PLACED, n)
    city = rng.integers(0, ONLINE, n)
    chosen = pick(d, category, city, rng.random(n))
    assert (d.category[chosen] == category).all()
    assert (d.city[chosen] == city).all()
    grocery = np.zeros(n, dtype=np.int64)
    visits = np.bincount(pick(d, grocery, grocery, rng.random(n)) - d.start[0, 0], minlength=d.count[0, 0])
    assert visits.min() > 0  # the last one lives too
    assert visits[0] > 1.4 * visits[1] > 1.4 * visits[9]
    assert (visits[:10].sum() > 0.45 * n) == (visits[:10].sum() < 0.8 * n)
    assert pick(d, np.array([0, 0]), np.array([0, 0]), np.array([0.0, 1 - 2**-53])).tolist() == [
        d.start[0, 0],
        d.start[0, 0] + d.count[0, 0] - 1,
    ]


def test_a_payment_to_nobody_is_refused() -> None:
    person = CATEGORIES.index("Person-to-Person")
    with pytest.raises(ValueError, match=rf"category {person} has no merchant in city {ONLINE}"):
        pick(directory(US), np.array([0, person]), np.array([0, ONLINE]), np.array([0.5, 0.5]))


def test_merchants_do_not_change_with_customers_or_months(frame: pl.DataFrame) -> None:
    people = US.population.model_copy(update={"customers": 5000})
    larger = US.model_copy(update={"population": people})
    assert merchants_frame(larger, Month.parse("2025-07")).equals(frame)


def test_every_counter_has_terminals_and_all_are_listed(frame: pl.DataFrame) -> None:
    d = directory(US)
    listed = terminals_frame(US, JANUARY)
    tables.Devices.validate(listed)
    reads_cards = np.array([c.instrument == "terminal" for c in US.categories])
    placed = np.flatnonzero(reads_cards[d.category])  # a power company is in a city and has no counter
    assert d.terminals.min() >= 1
    assert d.terminals.max() <= 4
    assert len(listed) == d.terminals[placed].sum()
    some = placed[::37]
    assert np.isin(terminal_id(US, some, d.terminals[some] - 1), listed["device_id"].to_numpy()).all()
    owners = d.merchant_id[placed]
    assert set(listed["merchant_id"]) == set(owners)
    opened = listed.join(frame.select("merchant_id", "opened_on"), on="merchant_id")
    assert (opened["first_used_at"].dt.date() >= opened["opened_on"]).all()
    assert listed["first_used_at"].max() < JANUARY.start  # type: ignore[operator]

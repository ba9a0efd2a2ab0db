"""What an American reader of a month would laugh at: a rent of 800 in New York, fares of 3.17, dinner at three."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.merchants import directory
from fraud_assets.simulation.population import occupation_shares
from fraud_assets.simulation.traits import traits, units

US = Scenario.load("us_bank")
MONTH = "2024-02"
#: Kilometres an hour: nobody drives faster from one counter to the next.
FAST = 100


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Honest rows with their local hour and what the bank has on file of their customers."""
    made = SyntheticDataGenerator(US)
    known = made.generate_customers(MONTH).select("customer_id", "age", "annual_income", "home_city")
    fraud = made.generate_labels(MONTH).filter("is_fraud")
    local = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))
    ledger = made.generate_transactions(MONTH).join(fraud, on="transaction_id", how="anti")
    return ledger.join(known, on="customer_id").with_columns(hour=local.dt.hour())


def test_rents_are_those_of_the_city_and_can_be_paid() -> None:
    made = SyntheticDataGenerator(
        US.model_copy(update={"population": US.population.model_copy(update={"customers": 9_000})})
    )
    known = made.generate_customers(MONTH).select("customer_id", "annual_income", "home_city")
    paid = [part.filter(pl.col("category") == "Rent") for part in made.iterate("transactions", MONTH)]
    share = pl.col("amount") * 12 / pl.col("annual_income")
    rents = pl.concat(paid).join(known, on="customer_id").with_columns(share=share)
    new_york = rents.filter(pl.col("home_city").is_in([c.city for c in US.cities if c.metro == "New York"]))
    assert rents["amount"].median() == pytest.approx(1400, rel=0.1)
    assert 1400 < new_york["amount"].median() < 2000  # type: ignore[operator]
    assert new_york["amount"].max() > 4000  # type: ignore[operator]
    assert 0.25 < float(rents["share"].median()) < 0.35  # type: ignore[arg-type]
    assert float((rents["share"] > 0.5).mean()) < 0.05  # type: ignore[arg-type]
    assert float((rents["share"] > 1.0).mean()) < 0.01  # type: ignore[arg-type]


def test_a_ride_costs_what_the_operator_asks_and_a_taxi_what_the_meter_shows(rows: pl.DataFrame) -> None:
    listed = {b.name: set(b.prices.listed) for b in US.brands if b.category == "Transit" and b.prices.listed}
    assert listed["MTA"] == {2.9}
    rides = rows.filter(category="Transit")
    found = rides.filter(pl.col("recipient_entity").is_in(list(listed)))
    assert len(found) > 0.8 * len(rides)
    for name, amounts in found.group_by("recipient_entity").agg(pl.col("amount").unique()).iter_rows():
        assert set(amounts) <= listed[name], name
    shops = directory(US)
    known = pl.DataFrame({"merchant_id": shops.merchant_id, "what": shops.sub_category})
    local = rides.filter(~pl.col("recipient_entity").is_in([*listed, "Lime"])).join(known, on="merchant_id")
    fares = local.filter(pl.col("what") != "taxi").group_by("merchant_id").agg(pl.col("amount").n_unique(), pl.len())
    assert (fares["amount"] == 1).all()
    assert fares["len"].sum() > 200


def test_the_fare_of_a_local_operator_is_one_of_its_kind_and_taxis_have_none() -> None:
    shops, k = directory(US), [c.category for c in US.categories].index("Transit")
    own = np.flatnonzero((shops.category == k) & ~shops.is_chain)
    kinds = dict(US.categories[k].kinds)
    one = np.isfinite(shops.listed_cents[own]).sum(axis=1)
    taxi = (shops.sub_category == "taxi").to_numpy()[own]
    assert (one == ~taxi).all()
    for shop in own[~taxi]:
        assert shops.listed_cents[shop, 0] / 100 in kinds[shops.sub_category[int(shop)]].listed
    assert (shops.lowest_cents[own[taxi]] == 600).all()


def test_nobody_mistypes_a_fare() -> None:
    categories = [c.model_copy(update={"highest": None}) if "fares" in c.tags else c for c in US.categories]
    clumsy = US.accidents.model_copy(update={"high_amount": (60, 600)})
    people = US.population.model_copy(update={"customers": 256})
    bank = US.model_copy(update={"population": people, "accidents": clumsy, "categories": tuple(categories)})
    made = SyntheticDataGenerator(bank)
    labels = made.generate_labels(MONTH).filter("is_high_amount_accident").select("transaction_id")
    slips = made.generate_transactions(MONTH).join(labels, on="transaction_id")
    assert len(slips) > 1000
    assert "Transit" not in slips["category"].to_list()


def test_a_ride_looks_like_a_thief_s_round_only_where_the_ledger_shows_a_dear_one(rows: pl.DataFrame) -> None:
    alike = SyntheticDataGenerator(US).generate_labels(MONTH).filter(lookalike_of="stolen_card")
    found = rows.join(alike, on="transaction_id")
    rides = found.filter(category="Transit")
    assert len(found) > len(rides)
    median = next(c.median for c in US.categories if c.category == "Transit")
    assert (rides["amount"] >= 4 * median).all()


def test_the_large_operator_of_a_city_carries_most_of_its_people(rows: pl.DataFrame) -> None:
    rides = rows.filter(category="Transit", city="New York")["recipient_entity"].value_counts(sort=True)
    assert rides["recipient_entity"][0] == "MTA"
    assert rides["count"].to_list()[0] > 0.5 * sum(rides["count"].to_list())


def test_the_old_give_and_the_young_ride(rows: pl.DataFrame) -> None:
    bought = rows.filter(pl.col("kind") == "purchase")
    groups = [bought.filter(pl.col("age").is_between(*ages)) for ages in ((18, 34), (35, 54), (55, 120))]
    given, ridden = ([(of["category"] == what).mean() for of in groups] for what in ("Donations", "Transit"))
    assert given == sorted(given)  # type: ignore[type-var]
    assert given[2] > 2 * given[0]  # type: ignore[operator]
    assert ridden == sorted(ridden, reverse=True)  # type: ignore[type-var]
    assert ridden[0] > 1.5 * ridden[2]  # type: ignore[operator]


def test_people_have_an_occupation_of_their_age() -> None:
    everybody = traits(US, units(US))
    age = np.floor((everybody.registered_day.max() - everybody.birth_day) / 365.2425)
    jobs = US.population.occupations
    for number, job in enumerate(jobs):
        own = age[everybody.occupation == number]
        assert own.min() >= job.age[0] - 1, job.name
        assert own.max() <= job.age[1] + 2, job.name
    retired = [o.name for o in jobs].index("retired")
    assert (everybody.occupation[age >= 74] == retired).all()
    assert (everybody.occupation[age >= 67] == retired).mean() > 0.8
    assert not (everybody.occupation[age < 59] == retired).any()
    share = np.bincount(everybody.occupation, minlength=len(jobs)) / len(age)
    assert np.abs(share - occupation_shares(US)).max() < 0.03


def test_counters_close_and_what_is_bought_at_night_is_sold_at_night(rows: pl.DataFrame) -> None:
    counter = rows.filter((pl.col("channel") == "card_present") & (pl.col("kind") == "purchase"))
    at_night = counter.filter(pl.col("hour").is_between(3, 4))
    assert len(at_night) > 300
    closed = ["Grocery", "Restaurant", "Coffee", "Pharmacy", "Entertainment", "Retail", "Clothing", "Healthcare"]
    assert not at_night["category"].is_in(closed).any()
    assert float((at_night["category"] == "Convenience").mean()) > 0.4  # type: ignore[arg-type]
    assert 0.02 < counter.select((pl.col("hour") < 5).mean()).item() < 0.04


def test_few_go_from_one_counter_to_the_next_faster_than_a_car(rows: pl.DataFrame) -> None:
    north, east = pl.col("latitude") * 110.57, pl.col("longitude") * 111.32 * pl.col("latitude").radians().cos()
    at = rows.filter((pl.col("channel") == "card_present") & (pl.col("kind") == "purchase"))
    at = at.sort("customer_id", "event_time").with_columns(north=north, east=east)
    steps = at.select(
        km=(pl.col("north").diff().over("customer_id") ** 2 + pl.col("east").diff().over("customer_id") ** 2).sqrt(),
        hours=pl.col("event_time").diff().over("customer_id").dt.total_milliseconds() / 3_600_000,
    ).drop_nulls()
    fast = (pl.col("km") > 1) & (pl.col("km") > FAST * pl.col("hours"))
    assert steps.select(fast.mean()).item() < 0.06

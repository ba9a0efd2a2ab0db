"""What an Indian reader of a month would laugh at: names of another region, rents on any day, a flat Diwali."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import polars as pl
import pytest

from fraud_assets.scenario import Scenario
from fraud_assets.scenario.files import SHIPPED
from fraud_assets.simulation.calendar import day_factors, day_number
from fraud_assets.simulation.customers import traits
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.names import person_names
from fraud_assets.simulation.recipients import contact, handle

INDIA = Scenario.load("india_bank")
LOCAL = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))
#: The region whose names most people of a city have.
OWN = {
    "Chennai": "tamil", "Kolkata": "bengali", "Kochi": "malayali", "Ahmedabad": "gujarati", "Pune": "marathi",
    "Hyderabad": "telugu", "Bengaluru": "kannada", "Delhi": "hindi", "Guwahati": "assamese", "Jaipur": "rajasthani",
}  # fmt: skip


def regions(*uses: str) -> dict[str, set[str]]:
    """The regions of each word of the uses, as names.csv says."""
    with (SHIPPED / "india_bank" / "names.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["use"] in uses and row["region"]]
    return {row["text"]: set(row["region"].split(";")) for row in rows}


@pytest.fixture(scope="module")
def made() -> SyntheticDataGenerator:
    return SyntheticDataGenerator(INDIA)


@pytest.fixture(scope="module")
def march(made: SyntheticDataGenerator) -> pl.DataFrame:
    homes = made.generate_customers("2024-03").select("customer_id", "home_city")
    return made.generate_transactions("2024-03").join(homes, on="customer_id").with_columns(local=LOCAL)


def test_people_are_called_as_people_of_the_city_are_and_migrants_come_to_the_large_ones(march: pl.DataFrame) -> None:
    of = regions("owner")
    whole = pl.col("recipient_entity").str.extract(r"([A-Z][a-z]+ [A-Z][A-Za-z']+)")
    people = march.filter(pl.col("payee_id").is_not_null()).with_columns(owner=whole).unique(["payee_id", "home_city"])
    share = {
        city: np.mean(
            [region in of[owner] for owner in people.filter(pl.col("home_city") == city)["owner"] if owner in of]
        )
        for city, region in OWN.items()
    }
    assert min(share[city] for city in ("Chennai", "Kolkata", "Kochi", "Ahmedabad", "Jaipur")) > 0.45, share
    assert share["Kochi"] > share["Bengaluru"] > 0.25, share
    for city, region in OWN.items():
        elsewhere = [owner for owner in people.filter(pl.col("home_city") != city)["owner"] if owner in of]
        assert np.mean([region in of[owner] for owner in elsewhere]) < share[city] / 2, city


def test_given_name_and_surname_go_together() -> None:
    families = {"muslim": {"Khan", "Ansari", "Shaikh", "Siddiqui", "Qureshi"}, "tamil": {"Iyer", "Subramanian"}}
    for owner, of in regions("owner").items():
        for region, names in families.items():
            assert owner.split()[-1] not in names or of == {region}, owner
    assert not any("imran.iyer" in text for text in INDIA.names["full"])


def test_a_shop_has_the_gods_and_families_of_its_city(made: SyntheticDataGenerator) -> None:
    shops = made.generate("merchants").filter(~pl.col("is_chain") & pl.col("city").is_in(list(OWN)))
    gods = {word: of for word, of in regions("deity", "family").items() if len(of) == 1 and of != {"muslim"}}
    for city, region in OWN.items():
        named = [
            next(iter(of)) for name in shops.filter(pl.col("city") == city)["name"] for god, of in gods.items()
            if god in name
        ]  # fmt: skip
        assert len(named) > 4
        assert named.count(region) == max(map(named.count, set(named))), city
    murugan = shops.filter(pl.col("name").str.contains("Murugan "))["city"].value_counts().sort("count")
    assert murugan["city"][-1] == "Chennai"


def test_one_payee_has_one_name_whoever_of_the_unit_pays_and_however_many_customers_come(
    made: SyntheticDataGenerator, march: pl.DataFrame
) -> None:
    """Of a few in ten thousand, whom thieves make people of several cities pay, each city has a name of its own."""
    by_form = march.filter(pl.col("payee_id").is_not_null()).group_by(
        "payee_id", upi=pl.col("recipient_entity").str.contains("@")
    )
    assert float((by_form.agg(n=pl.col("recipient_entity").n_unique())["n"] > 1).mean()) < 0.002  # type: ignore[arg-type]
    fewer = INDIA.model_copy(update={"population": INDIA.population.model_copy(update={"customers": 300})})
    few = SyntheticDataGenerator(fewer).generate_transactions("2024-03").filter(pl.col("payee_id").is_not_null())
    columns = ("customer_id", "payee_id", "recipient_entity")
    # Frauds choose among all customers; what the others pay is the same.
    both = few.join(march, on="transaction_id", suffix="_of_all")
    assert len(both) > 0.9 * len(few)
    for column in columns:
        assert (both[column] == both[f"{column}_of_all"]).all(), column


def test_a_customer_who_is_a_contact_has_the_name_of_the_own_city() -> None:
    bank = Bank(INDIA, (0,))
    who = np.arange(len(bank.traits.index))
    numbers = np.unique(contact(bank, 24_290, np.repeat(who, 15), np.tile(np.arange(15), len(who))))
    index = bank.traits.index[np.isin(handle(INDIA, bank.traits.index), numbers)]
    assert len(index) > 200
    city = traits(INDIA, [0]).city[index]
    names = person_names(INDIA, handle(INDIA, index), by_account=np.full(len(index), True), city=city)
    of = regions("owner")
    owners = names.str.extract(r"([A-Z][a-z]+ [A-Z][A-Za-z']+)").to_list()
    likely = [max(INDIA.cities[c].regions, key=lambda r, c=c: INDIA.cities[c].regions[r]) for c in city]  # type: ignore[misc]
    assert np.mean([region in of[owner] for owner, region in zip(owners, likely, strict=True)]) > 0.45


def test_packs_are_bought_as_often_as_the_scenario_says(march: pl.DataFrame) -> None:
    kind = next(c for c in INDIA.categories if c.category == "Recharge")
    asked = np.array(kind.listed_weights) / sum(kind.listed_weights)
    charged = march.filter((pl.col("category") == "Recharge") & pl.col("amount").is_in(list(kind.listed)))["amount"]
    share = np.array([(charged == price).mean() for price in kind.listed])
    assert np.abs(share - asked).max() < 0.02
    packs = dict(zip(kind.listed, share, strict=True))
    assert packs[199] + packs[239] + packs[299] > 0.35
    assert packs[859] > 4 * max(packs[799], packs[999])


@pytest.mark.parametrize(("bank", "category", "week"), [("india_bank", "House Rent", 0.85), ("us_bank", "Rent", 0.90)])
def test_rents_are_due_early_in_the_month_and_the_same_every_month(bank: str, category: str, week: float) -> None:
    made = SyntheticDataGenerator(Scenario.load(bank))
    months = made.generate_transactions("2024-03", "2024-05", "2024-07").filter(pl.col("category") == category)
    day = months.select(LOCAL.dt.day()).to_series()
    assert float((day <= 10).mean()) > week  # type: ignore[arg-type]
    assert float((day <= 5).mean()) > 0.6  # type: ignore[arg-type]
    sums = months.group_by("customer_id").agg(pl.col("amount").n_unique())["amount"]
    assert float((sums == 1).mean()) > 0.97  # type: ignore[arg-type]


def test_rents_are_as_high_as_the_city_is_dear() -> None:
    crowd = INDIA.model_copy(update={"population": INDIA.population.model_copy(update={"customers": 15_000})})
    made = SyntheticDataGenerator(crowd)
    homes = made.generate_customers("2024-03").select("customer_id", "home_city", "city_tier")
    paid = [part.filter(pl.col("category") == "House Rent") for part in made.iterate("transactions", "2024-03")]
    rents = pl.concat(paid).join(homes, on="customer_id")
    city = dict(rents.group_by("home_city").agg(pl.col("amount").median()).iter_rows())
    tier = dict(rents.group_by("city_tier").agg(pl.col("amount").median()).iter_rows())
    assert city["Mumbai"] > 1.1 * max(city["Delhi"], city["Bengaluru"])
    assert min(city["Delhi"], city["Bengaluru"]) > tier[2] > tier[3]


def test_spending_rises_to_diwali_and_falls_right_after() -> None:
    for first, diwali in ((date(2024, 10, 18), date(2024, 10, 31)), (date(2025, 10, 7), date(2025, 10, 20))):
        holiday = next(h for h in INDIA.holidays if h.name == "Diwali" and h.first == first)
        assert np.mean(holiday.factors) == pytest.approx(holiday.factor)
        eve = (diwali - first).days
        assert list(holiday.factors[: eve - 1]) == sorted(holiday.factors[: eve - 1])
        assert set(np.argsort(holiday.factors)[-3:]) == {eve - 2, eve - 1, eve}
        assert max(holiday.factors[eve + 1 :]) < holiday.factor
    plain = INDIA.model_copy(update={"holidays": ()})
    span = (day_number(date(2024, 10, 18)), 17)
    assert (day_factors(INDIA, *span) / day_factors(plain, *span)).mean() == pytest.approx(1.22)


def test_the_rise_to_diwali_is_seen_in_the_ledger(made: SyntheticDataGenerator) -> None:
    both = pl.concat(made.iterate("transactions", "2024-10", "2024-11"))
    days = (
        both.filter((pl.col("direction") == "debit") & (pl.col("kind") != "bill")).group_by(day=LOCAL.dt.date()).len()
    )

    def mean(first: date, last: date) -> float:
        return float(days.filter(pl.col("day").is_between(first, last))["len"].mean())  # type: ignore[arg-type]

    early, late = mean(date(2024, 10, 18), date(2024, 10, 24)), mean(date(2024, 10, 25), date(2024, 10, 28))
    peak, after = mean(date(2024, 10, 29), date(2024, 10, 31)), mean(date(2024, 11, 4), date(2024, 11, 10))
    assert after < early < late < peak
    assert peak > 1.3 * early

"""What an Indian reader of a month would laugh at: names of another region, rents on any day, a flat Diwali."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fraud_assets.scenario import Scenario
from fraud_assets.scenario.files import SHIPPED
from fraud_assets.simulation.calendar import day_factors, day_number
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.names import person_names
from fraud_assets.simulation.recipients import contact, handle
from fraud_assets.simulation.traits import traits

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


def test_a_cylinder_costs_what_it_costs_in_the_city_and_hardly_anybody_buys_two(march: pl.DataFrame) -> None:
    gas = march.filter((pl.col("category") == "Gas Cylinder") & (pl.col("kind") == "bill"))
    one = {("Delhi", False): 903, ("Delhi", True): 803, ("Mumbai", True): 802.5, ("Kolkata", True): 829,
           ("Chennai", False): 918.5, ("Chennai", True): 818.5}  # fmt: skip
    for (city, cut), price in one.items():
        paid = gas.filter((pl.col("home_city") == city) & ((pl.col("local").dt.date() >= date(2024, 3, 9)) == cut))[
            "amount"
        ]
        assert len(paid) > 20
        assert set(paid) <= {price, 2 * price}, (city, cut)
    homes = [c.city for c in INDIA.cities]
    for city in homes:
        paid = gas.filter((pl.col("home_city") == city) & (pl.col("local").dt.date() >= date(2024, 3, 9)))["amount"]
        assert paid.filter(paid < 1100).n_unique() == 1, city
    assert 0.01 < float((gas["amount"] > 1100).mean()) < 0.08  # type: ignore[arg-type]


def test_who_sells_power_in_one_city_of_a_metro_does_not_in_the_next(march: pl.DataFrame) -> None:
    power = march.filter(pl.col("category") == "Electricity")
    companies = {b.name for b in INDIA.brands if b.category == "Electricity"}

    def billed(city: str) -> set[str]:
        return set(power.filter(pl.col("home_city") == city)["recipient_entity"]) & companies

    assert billed("Gurugram") == {"DHBVN"}
    assert billed("Thane") == {"MSEDCL"}
    assert billed("Delhi") == {"BSES Rajdhani", "BSES Yamuna", "Tata Power-DDL"}
    assert "BEST Electricity" in billed("Mumbai")
    assert "DHBVN" not in billed("Mumbai")


def test_handles_of_paytm_are_not_older_than_they_are(made: SyntheticDataGenerator, march: pl.DataFrame) -> None:
    def handles(rows: pl.DataFrame) -> set[str]:
        return set(rows.select(pl.col("recipient_entity").str.extract("@(.*)")).to_series().drop_nulls())

    new = {"ptsbi", "ptyes", "ptaxis", "pthdfc"}
    assert not handles(march) & new
    assert "paytm" in handles(march)
    april = made.generate_transactions("2024-04").with_columns(day=LOCAL.dt.date())
    first = date(2024, 4, 17)
    assert not handles(april.filter(pl.col("day") < first)) & new
    assert new <= handles(april.filter(pl.col("day") >= first))
    meant = made.generate("labeled_anomalies", "2024-03")["original_recipient_entity"].drop_nulls()
    assert not meant.str.contains("@pt(?:sbi|yes|axis|hdfc)").any()
    # Who is paid before and after it is the same person at another handle.
    upi = april.filter(pl.col("recipient_entity").str.contains(r"^\d{10}@p"))
    numbers = upi.group_by("payee_id").agg(pl.col("recipient_entity").str.slice(0, 10).n_unique())
    assert float((numbers["recipient_entity"] == 1).mean()) > 0.97  # type: ignore[arg-type]


def test_shops_have_signs_in_the_language_of_the_city_and_faiths_do_not_mix(made: SyntheticDataGenerator) -> None:
    shops = made.generate("merchants").filter(~pl.col("is_chain") & ~pl.col("is_online"))
    hindi = shops.filter(pl.col("name").str.contains("Sabzi|Bhojanalaya|Mithai Bhandar|Mishthan|Kachori|Vada Pav"))
    south = shops["city"].is_in(["Chennai", "Kochi", "Mysuru", "Mangaluru"])
    there = hindi.filter(pl.col("city").is_in(["Chennai", "Kochi", "Mysuru", "Mangaluru"]))
    assert len(hindi) > 30
    assert len(there) < 0.01 * int(south.sum())
    # Few shops of a city have a sign in its own words for what they sell: those of three countries are counted.
    several = [SyntheticDataGenerator(INDIA.model_copy(update={"seed": INDIA.seed + k})) for k in range(3)]
    signs = pl.concat([country.generate("merchants") for country in several]).filter(~pl.col("is_chain"))
    malayalam = signs.filter(pl.col("name").str.contains("Pachakkari|Thattukada|Oottupura"))["city"].drop_nulls()
    assert malayalam.value_counts(sort=True)["city"][0] == "Kochi"
    assert not (shops["name"].str.contains("Vada Pav") & (shops["city"] == "Kochi")).any()
    muslim = "|".join(word for word, of in regions("deity", "family").items() if of == {"muslim"})
    hindu = "Gaushala|Mandir|Seva Samiti|Pure Veg|Pooja|Namghar|Vaishno|Gurdwara"
    assert not (shops["name"].str.contains(rf"\b({muslim})\b") & shops["name"].str.contains(hindu)).any()
    assert not shops["name"].str.contains("& Sons .*(?:Hospital|Clinic|Nursing|Trust|Mandir|Association)").any()
    dry = shops.filter(pl.col("city").is_in(["Ahmedabad", "Surat"]) & pl.col("name").str.contains(r"\bBar\b|Beer"))
    assert len(dry) <= 3
    local = made.generate("merchants").filter(~pl.col("is_chain"))
    assert not local["name"].str.replace(r" No\. \d+$", "").str.contains(r"\d").any()
    assert not local["sub_category"].str.contains(r"[\d()]").any()


def test_holi_and_durga_puja_and_the_evening_of_diwali_are_seen(made: SyntheticDataGenerator) -> None:
    rows = pl.concat(
        [
            made.generate_transactions(month).join(
                made.generate_customers(month).select("customer_id", "home_city"), on="customer_id"
            )
            for month in ("2024-03", "2024-10")
        ]
    ).filter((pl.col("direction") == "debit") & (pl.col("kind") != "bill"))
    rows = rows.with_columns(day=LOCAL.dt.date(), hour=LOCAL.dt.hour())

    def a_day(first: date, last: date, *conditions: pl.Expr) -> float:
        return len(rows.filter(pl.col("day").is_between(first, last), *conditions)) / ((last - first).days + 1)

    def share(day: date, first: int, last: int, *conditions: pl.Expr) -> float:
        return a_day(day, day, pl.col("hour").is_between(first, last), *conditions) / a_day(day, day, *conditions)

    sweets, colours = pl.col("category") == "Sweets", pl.col("category") == "General Store"
    week = (date(2024, 3, 11), date(2024, 3, 17))
    assert a_day(date(2024, 3, 22), date(2024, 3, 25), sweets) > 1.6 * a_day(*week, sweets)
    assert a_day(date(2024, 3, 21), date(2024, 3, 24), colours) > 1.4 * a_day(*week, colours)
    north, south = (
        pl.col("home_city").is_in(cities)
        for cities in (["Delhi", "Jaipur"], ["Chennai", "Kochi", "Bengaluru", "Hyderabad"])
    )
    holi, before = date(2024, 3, 25), date(2024, 3, 18)
    assert share(holi, 9, 13, north) < 0.6 * share(before, 9, 13, north)
    assert share(holi, 9, 13, south) > 0.8 * share(before, 9, 13, south)
    puja, after = (date(2024, 10, 6), date(2024, 10, 11)), (date(2024, 10, 13), date(2024, 10, 18))
    kolkata, delhi = (
        a_day(*puja, pl.col("home_city") == city) / a_day(*after, pl.col("home_city") == city)
        for city in ("Kolkata", "Delhi")
    )
    assert kolkata > 1.2 > delhi
    diwali, eve = date(2024, 10, 31), date(2024, 10, 24)
    assert share(diwali, 18, 21) < 0.65 * share(eve, 18, 21)
    assert a_day(date(2024, 10, 28), diwali, sweets) > 4 * a_day(date(2024, 10, 14), date(2024, 10, 20), sweets)


def test_a_bank_of_some_cities_has_their_power_companies_tariffs_and_festivals_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "east_bank"
    folder.mkdir()
    told = "extends: india_bank\nname: east_bank\ntitle: East\npopulation: {customers: 50}\n"
    (folder / "scenario.yaml").write_text(told, encoding="utf-8")
    lines = (SHIPPED / "india_bank" / "cities.csv").read_text(encoding="utf-8").splitlines()
    own = [line for line in lines[1:] if line.split(",")[0] in ("Kolkata", "Gurugram")]
    (folder / "cities.csv").write_text("\n".join([lines[0], *own]), encoding="utf-8")
    monkeypatch.setenv("FRAUD_ASSETS_SCENARIOS", str(tmp_path))
    within = INDIA.within([c for c in INDIA.cities if c.city in ("Kolkata", "Gurugram")])
    for bank in (Scenario.load("east_bank"), within):
        assert {b.name for b in bank.brands if b.category == "Electricity"} == {"CESC", "WBSEDCL", "DHBVN"}
        assert {t.city for t in bank.tariffs} == {"Kolkata", "Gurugram"}
        assert not any(h.name == "Onam" for h in bank.holidays)
        assert any(h.cities == ("Kolkata",) for h in bank.holidays)
    assert len(SyntheticDataGenerator(Scenario.load("east_bank")).generate_transactions("2024-10")) > 1000

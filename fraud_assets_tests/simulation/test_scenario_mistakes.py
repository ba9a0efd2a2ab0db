"""What is wrong with a scenario's values and tables is named with its place and what is allowed."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fraud_assets.scenario import Brand, PriceRange, Scenario, ScenarioError
from fraud_assets.scenario.files import SHIPPED
from fraud_assets_tests.simulation.conftest import write, wrong

SEGMENT: dict[str, object] = {
    "name": "all",
    "share": 1,
    "age": [20, 60],
    "income_factor": 1,
    "activity_factor": 1,
    "savviness": [0.2, 0.5, 0.3],
    "occupations": {"office": 1},
}
METHOD: dict[str, object] = {"name": "Cash", "share": 1, "normal_maximum": 5, "decline": 0, "pending": 0}


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        ({"fraud": {"rate": 1.7}}, ["scenario.yaml", "fraud.rate", "1.7", "0.2"]),
        ({"fraud": {"rat": 0.1}}, ["scenario.yaml", "fraud.rat"]),
        ({"population": {"customers": "many"}}, ["population.customers", "'many'", "integer"]),
        ({"first_month": "2024-13"}, ["first_month", "2024-13", "2024-01"]),
        ({"activity": {"gamma_mean": 2.0}}, ["activity", "exactly one of daily_mean and gamma_mean"]),
        (
            {"methods": [{"name": "Credit Card", "share": 0.5, "normal_maximum": 1, "decline": 0, "pending": 0}]},
            ["0.5", "sum to 1"],
        ),
        ({"seed": 2**63}, ["seed", str(2**63)]),
        ({"limits": [float("inf")]}, ["limits.0", "inf", "finite"]),
        ({"learning": {"costs": {"margin": float("nan")}}}, ["learning.costs.margin", "nan"]),
        ({"first_month": "0001-01"}, ["first_month", "0001-01", "1900-01 to 2199-12"]),
        ({"last_month": "2023-12"}, ["last_month 2023-12", "first_month 2024-01"]),
        ({"fraud": {"types": {"card_testing": {"first_month": "soon"}}}}, ["card_testing.first_month", "'soon'"]),
        ({"fraud": {"types": {"card_testing": {"skill": [0.3, 0.3, 0.3]}}}}, ["card_testing.skill", "0.9", "sum to 1"]),
        (
            {"fraud": {"types": {"card_testing": {"parameters": {"amount": [2, 0.5]}}}}},
            ["card_testing.parameters", "amount [2, 0.5]", "lowest to the highest"],
        ),
        (
            {"fraud": {"types": {"card_testing": {"parameters": {"amount": [-5, -1]}}}}},
            ["card_testing.parameters", "amount", "-5", "must not be below 0"],
        ),
        ({"episodes": {"collection": {"parts": [-1, -1]}}}, ["collection.parts.0", "-1", "greater than or equal to 1"]),
        ({"activity": {"bills": [30, 40]}}, ["activity.bills [30, 40]", "contracts of categories.csv"]),
        ({"limits": [1e300]}, ["limits.0", "1e+300", "less than or equal to"]),
        ({"fraud": {"severity_losses": [60, 50, 800]}}, ["severity_losses", "lowest to the highest"]),
        ({"fraud": {"types": {"card_testing": None}}}, ["fraud.types", "sum to 1"]),
        ({"activity": {"daily_mean": [15, 8]}}, ["activity.daily_mean", "[15, 8]", "lowest to the highest"]),
        ({"activity": {"repertoire_share": [0.9, 0.6]}}, ["repertoire_share", "lowest to the highest"]),
        ({"activity": {"outing_gap_minutes": [45, 5]}}, ["outing_gap_minutes", "lowest to the highest"]),
        ({"activity": {"outing_continues": 1}}, ["outing_continues", "less than 1"]),
        ({"activity": {"bills": [-1, 3]}}, ["activity.bills.0", "-1", "0"]),
        ({"population": {"home_share": [0.9, 0.2]}}, ["population.home_share", "lowest to the highest"]),
        ({"population": {"trip_days": [9, 2]}}, ["population.trip_days", "lowest to the highest"]),
        ({"accidents": {"burst_seconds": [20, 1]}}, ["accidents.burst_seconds", "lowest to the highest"]),
        ({"accidents": {"high_amount_factor": [4, 2]}}, ["high_amount_factor", "lowest to the highest"]),
        ({"population": {"segments": [SEGMENT | {"age": [60, 20]}]}}, ["segments.0.age", "lowest to the highest"]),
        ({"population": {"segments": [SEGMENT | {"age": [60]}]}}, ["segments.0.age.1", "it is missing (in all)"]),
        ({"population": {"segments": [SEGMENT | {"savviness": [1, 1, 1]}]}}, ["segments.0.savviness", "sum to 1"]),
        ({"population": {"segments": [SEGMENT | {"occupations": {}}]}}, ["segments.0.occupations", "sum to 1"]),
        (
            {"population": {"segments": [SEGMENT | {"age": [20, 80]}]}},
            ["segment all", "nobody of 68 years", "office", "narrow the segment's"],
        ),
        ({"population": {"paydays": {3: 0.9}}}, ["population.paydays", "sum to 1.78", "must not exceed 1"]),
        ({"population": {"paydays": {32: 0.01}}}, ["population.paydays.32", "31"]),
        ({"population": {"genders": {"F": 0.9}}}, ["population.genders", "1.395", "sum to 1"]),
        ({"population": {"net_pay": 0}}, ["population.net_pay", "0", "greater than 0"]),
        ({"population": {"hall_occupations": ["monk"]}}, ["population.hall_occupations", "monk", "student"]),
        (
            {"population": {"rents": {"lodgers": {"monastery": {}}}}},
            ["population.rents.lodgers", "monastery", "apartm"],
        ),
        ({"population": {"rents": {"landlords": 1.5}}}, ["population.rents.landlords", "1.5", "less than or equal"]),
        ({"population": {"paid_twice": 2}}, ["population.paid_twice", "2", "less than or equal to 1"]),
        ({"activity": {"repertoire": 0}}, ["activity.repertoire", "0", "greater than or equal to 1"]),
        ({"methods": [METHOD | {"hard_maximum": 4}]}, ["Cash: hard_maximum 4", "below normal_maximum 5"]),
        ({"methods": [METHOD | {"savviness": [0, 0, 0]}]}, ["Cash: savviness [0, 0, 0]", "leaves nobody"]),
        ({"prices": {"round_steps": {0: None}}}, ["prices.round_steps", "[20, 60, 250, 1500]", "go up from 0"]),
        ({"prices": {"cash_steps": {0: -20}}}, ["prices.cash_steps.0", "-20", "greater than 0"]),
        ({"prices": {"whole": 1.2}}, ["prices.whole", "1.2", "less than or equal to 1"]),
        ({"devices": {"phones": {"iOS": 0.9}}}, ["devices.phones", "1.33", "sum to 1"]),
        ({"devices": {"phones": {"Symbian": 0.1}}}, ["devices.phones.Symbian", "iOS", "Android"]),
        ({"source": "dreamt"}, ["source", "dreamt", "simulated"]),
        ({"gates": {"severity": False}}, ["gates.severity", "error", "warn", "off"]),
        ({"activity": {"outing_gap_minutes": [5, 5]}}, ["outing_gap_minutes [5, 5]", "two different times"]),
        ({"activity": {"weeks": {"dining": [1, 1, 1, 1, 1, 1, 1.6]}}}, ["dining", "1.6", "between 0.5 and 1.5"]),
        ({"activity": {"card_types": {"credit": 0.9}}}, ["activity.card_types", "1.28", "sum to 1"]),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_is_allowed(
    folder: Path, document: dict[str, object], parts: list[str]
) -> None:
    sentence = wrong(folder, document)
    assert "corner_bank" in sentence
    for part in parts:
        assert part in sentence, sentence


@pytest.mark.parametrize(
    ("table", "old", "new", "parts"),
    [
        ("cities", "8804190", "-5", ["cities.csv", "cities.0.population", "'-5'"]),
        ("categories", "Salary,Bank Transfer", "Salary,Cowries", ["category Salary", "'Cowries'", "Credit Card"]),
        (
            "categories",
            "Grocery,Credit Card,card_present,terminal",
            "Grocery,Credit Card,card_present,scan",
            ["categories.csv", "Grocery: channel 'card_present'", "instrument 'scan'", "at a terminal"],
        ),
        (
            "categories",
            "Person-to-Person,Venmo/PayPal,app,phone",
            "Person-to-Person,Venmo/PayPal,app,scan",
            ["Person-to-Person", "only the code of a merchant is scanned", "person"],
        ),
        (
            "categories",
            "Savings Transfer,Bank Transfer,bank,any,own",
            "Savings Transfer,Bank Transfer,bank,any,cash",
            ["Savings Transfer", "cash comes from a terminal", "'any'"],
        ),
        ("categories", "homemaker:0.8,-0.3", "homemaker:0.8,-4", ["categories.csv", "by_age", "'-4'", "equal to -3"]),
        ("categories", "homemaker:0.8,-0.3", "homemaker:0.8,old", ["categories.csv", "by_age", "'old'", "number"]),
        (
            "categories",
            "transit;fares;series",
            "transit;fare;series",
            ["categories.csv", "'fare'", "'fares'", "Transit"],
        ),
        (
            "categories",
            "goods,online,3,",
            "goods;fares,online,3,",
            ["categories.csv: ", "Marketplace", "list of prices"],
        ),
        ("categories", ",rent,,350", ",rent;fares,,350", ["categories.csv: ", "Rent: tag fares", "'biller'"]),
        ("categories", "ferry (2.5;3;4;4.5)", "ferry (2.5;3", ["categories.csv", "'ferry (2.5'", "pair of brackets"]),
        ("categories", "ferry (2.5;3;4;4.5)", "ferry (3;2)", ["categories.csv", "[3, 2] must", "(in Transit)"]),
        ("categories", ",commute,0.30", ",commuter,0.30", ["categories.csv: ", "category Transit", "'commuter'"]),
        ("hours", "shift,12.0", "office,12.0", ["hours.csv", "profile 'office' is there twice"]),
        ("names", "{owner}'s {kind}", "{boss}'s {kind}", ["names.csv", "asks for boss", "kind, owner, place"]),
        ("names", "{owner}'s {kind}", "{owner's {kind}", ["names.csv", "is no pattern"]),
        ("names", "person,user_{number}", "persons,user_{number}", ["no pattern with use 'person'", "shop, site"]),
        ("names", "use,text", "use,texts", ["names.csv", "column text is missing"]),
        ("cities", "America/New_York", "America/Gotham", ["cities.0.time_zone", "'America/Gotham'", "IANA"]),
        ("cities", "America/New_York", "America", ["cities.0.time_zone", "'America'", "IANA"]),
        ("cities", "40.7128", "nan", ["cities.0.latitude", "nan"]),
        ("cities", "New York,NY", "New York,,NY", ["cities.csv", "row 1", "more cells than the header"]),
        ("hours", ",h05", ",five", ["hours.csv", "column h05 is missing"]),
        ("hours", "office,8.1", "office,eight", ["hours.csv", "hours.office.0", "'eight'", "number"]),
        ("hours", "office,8.1", "office,-8.1", ["hours.csv", "profile office", "negative"]),
        ("hours", "office,8.1", "office,0", ["occupation", "'office'", "no weight at 0 h", "only counters close"]),
        ("brands", "Walmart,Grocery", "Walmart,Grosery", ["brand Walmart", "'Grosery'", "Grocery"]),
        ("holidays", "2024-02-14,1.10", "2024-02-01,1.10", ["holidays.csv", "alentine's Day", "before it begins"]),
    ],
)
def test_a_wrong_row_of_a_table_is_named(folder: Path, table: str, old: str, new: str, parts: list[str]) -> None:
    text = (SHIPPED / "us_bank" / f"{table}.csv").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{table}.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    sentence = wrong(folder, {})
    for part in parts:
        assert part in sentence, sentence


@pytest.mark.parametrize(
    ("table", "old", "new", "parts"),
    [
        (
            "brands",
            "Senco Gold,Jewellery,2,2,Kolkata;Guwahati",
            "Senco Gold,Jewellery,2,2,Gotham",
            ["brand Senco Gold", "'Gotham'", "'Guwahati'"],
        ),
        ("brands", "Infosys,Salary,7,1,", "Infosys,Salary,7,1,Mysuru", ["brand Infosys", "'Mysuru'", "at a counter"]),
        ("holidays", "false,Jewellery,6", "false,Silver,6", ["holiday Dhanteras", "'Silver'", "categories.csv"]),
        ("holidays", "false,Jewellery,6", "false,,6", ["holidays.csv", "Dhanteras", "go together"]),
        ("holidays", "false,Jewellery,6", "false,Jewellery,0.6", ["holidays.csv", "category_factor", "0.6", "1"]),
        ("holidays", ",7;8;9;10", ",8;9;10", ["holidays.csv", "Diwali", "each of its 17 days"]),
        ("holidays", ",7;8;9;10", ",7;8;9;ten", ["holidays.csv", "course.3", "'ten'", "number"]),
        (
            "cities",
            "tamil:78",
            "tamill:78",
            ["cities.csv: ", "Chennai", "'tamill' is none of names.csv", "'tamil'"],
        ),
        ("cities", "tamil:78", "tamil", ["cities.csv", "regions", "names with their weights", "a:3;b:1"]),
        ("cities", "tamil:78", "tamil:-78", ["cities.csv", "regions.tamil", "'-78'", "greater than or equal to 0"]),
        (
            "cities",
            "malayali:89;tamil:4;konkani:3;hindi:2;muslim:2",
            "malayali:0",
            ["Kochi: the weights of regions must not all be 0"],
        ),
        (
            "names",
            "shop,{family} {kind},",
            "shop,{family} {kind},tamil",
            ["names.csv: ", "'{family} {kind}' is a pattern"],
        ),
        ("categories", "3.5;4.5;3.5", "4.5;3.5", ["Recharge: listed_weights", "each of the 29 listed prices"]),
        ("categories", "1:24;2:10", "1:24;32:10", ["categories.csv", "due.32", "less than or equal to 28"]),
        ("categories", "1:24;2:10", "1:24;01:10", ["categories.csv", "due", "each name once"]),
    ],
)
def test_a_wrong_row_about_places_and_days_is_named(
    folder: Path, table: str, old: str, new: str, parts: list[str]
) -> None:
    text = (SHIPPED / "india_bank" / f"{table}.csv").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{table}.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    write(folder, {"extends": "india_bank", "name": "corner_bank"})
    with pytest.raises(ScenarioError) as refused:
        Scenario.load("corner_bank")
    for part in parts:
        assert part in str(refused.value), str(refused.value)


@pytest.mark.parametrize("column", ["rent", "cost_of_living"])
@pytest.mark.parametrize("level", ["1e6", "1e-9"])
def test_a_level_of_prices_that_no_city_has_is_refused(folder: Path, column: str, level: str) -> None:
    cities = pl.read_csv(SHIPPED / "us_bank" / "cities.csv", infer_schema=False)
    first = pl.int_range(pl.len()) == 0
    cities.with_columns(pl.when(first).then(pl.lit(level)).otherwise(column).alias(column)).write_csv(
        folder / "cities.csv"
    )
    sentence = wrong(folder, {})
    assert f"cities.csv: cities.0.{column} is '{level}'; a level of prices must lie within 0.01 to 100" in sentence


def test_a_region_without_words_of_a_use_is_a_mistake_in_the_names(folder: Path) -> None:
    text = (SHIPPED / "india_bank" / "names.csv").read_text(encoding="utf-8")
    rows = [row for row in text.splitlines(keepends=True) if not (row.startswith("blessing,") and "tamil" in row)]
    (folder / "names.csv").write_text("".join(rows), encoding="utf-8")
    write(folder, {"extends": "india_bank", "name": "corner_bank"})
    with pytest.raises(ScenarioError, match=r"names\.csv: .*names\.csv has no blessing for its region 'tamil'"):
        Scenario.load("corner_bank")


@pytest.mark.parametrize("table", ["cities", "categories"])
@pytest.mark.parametrize("lines", [0, 1])
def test_a_table_without_rows_is_refused(folder: Path, table: str, lines: int) -> None:
    header = (SHIPPED / "us_bank" / f"{table}.csv").read_text(encoding="utf-8").splitlines(keepends=True)[:lines]
    (folder / f"{table}.csv").write_text("".join(header), encoding="utf-8")
    sentence = wrong(folder, {})
    assert f"{table}.csv" in sentence
    assert "at least 1 item" in sentence


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("Grocery,Chicago,2024-01-01,9", ["tariffs.csv", "category 'Grocery' is no bill"]),
        ("Rent,Paris,2024-01-01,9", ["tariffs.csv", "city 'Paris' is not in cities.csv"]),
        ("Rent,Chicago,2024-01-01,0", ["price", "greater than 0"]),
    ],
)
def test_a_wrong_tariff_is_refused(folder: Path, row: str, parts: list[str]) -> None:
    (folder / "tariffs.csv").write_text(f"category,city,first,price\n{row}\n", encoding="utf-8")
    sentence = wrong(folder, {})
    for part in parts:
        assert part in sentence, sentence


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("diner,{owner} {nobody},,", ["diner '{owner} {nobody}' asks for nobody"]),
        ("word,cedar,yesterday,oak", ["since", "yesterday"]),
        ("word,cedar,2024-02-01,", ["before", "at least 1 character"]),
    ],
)
def test_a_wrong_sign_or_change_of_a_word_is_refused(folder: Path, row: str, parts: list[str]) -> None:
    lines = (SHIPPED / "us_bank" / "names.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{lines[0]},since,before", *lines[1:], row]
    (folder / "names.csv").write_text("\n".join(lines), encoding="utf-8")
    sentence = wrong(folder, {})
    for part in parts:
        assert part in sentence, sentence


def test_a_method_whose_every_purchase_is_measured_is_refused(folder: Path) -> None:
    rows = list(csv.DictReader((SHIPPED / "us_bank" / "categories.csv").read_text(encoding="utf-8").splitlines()))
    for row in rows:
        if row["method"] == "Credit Card":
            row["a_day"] = "1"
    _write(folder / "categories.csv", rows)
    sentence = wrong(folder, {})
    assert "method Credit Card" in sentence
    assert "possible at any time" in sentence


def test_a_profile_of_nothing_but_zeros_is_refused(folder: Path) -> None:
    text = (SHIPPED / "us_bank" / "hours.csv").read_text(encoding="utf-8").splitlines()
    zeros = ",".join(["office", *["0"] * 24])
    (folder / "hours.csv").write_text("\n".join([text[0], zeros, *text[2:]]), encoding="utf-8")
    assert "profile office" in wrong(folder, {})


@pytest.mark.parametrize(
    ("table", "column", "value", "parts"),
    [
        ("categories", "week", "holidays", ["category Grocery", "week 'holidays'", "'dining'"]),
        ("categories", "contracts", "2", ["category Grocery", "contracts are for bills"]),
        ("categories", "lowest", "4000", ["Grocery: lowest 4000", "below the median"]),
        ("categories", "sub_categories", "deli (cheap)", ["'cheap' are no prices", "20-300"]),
        ("brands", "metros", "Paris", ["brand Walmart", "metros ['Paris']", "New York"]),
        ("brands", "prices", "-20", ["prices", "'-20' has no lowest price", "0-20"]),
        ("brands", "prices", "2-3-4", ["'2-3-4' are no prices", "20-300"]),
        ("brands", "prices", "30-20", ["prices", "[30, 20]", "lowest to the highest"]),
        ("brands", "name", "Kroger", ["brand 'Kroger (Grocery)' is there twice"]),
        ("cities", "city", "Newark", ["city 'Newark, NJ'", "twice"]),
        ("brands", "cities", "Paris", ["brand Walmart", "cities ['Paris']", "New York"]),
        ("categories", "units", "1:9;2:1", ["Grocery", "units", "are for bills"]),
        ("holidays", "cities", "Paris", ["holiday Thanksgiving eve", "cities ['Paris']", "cities.csv"]),
        ("holidays", "hours", "lamps", ["holiday Thanksgiving eve", "hours 'lamps'", "none of []"]),
        ("holidays", "last", "2223-01-01", ["Thanksgiving eve", "2223-01-01", "outside the calendar", "2024-01"]),
    ],
)
def test_a_wrong_line_of_a_table_is_named_with_what_is_wrong(
    folder: Path, table: str, column: str, value: str, parts: list[str]
) -> None:
    rows = list(csv.DictReader((SHIPPED / "us_bank" / f"{table}.csv").read_text(encoding="utf-8").splitlines()))
    rows[0][column] = value
    if value == "Newark":
        rows[0]["state"] = "NJ"
    _write(folder / f"{table}.csv", rows)
    with pytest.raises(ScenarioError) as caught:
        Scenario.load("corner_bank")
    sentence = str(caught.value)
    assert "corner_bank" in sentence
    assert "\n" not in sentence
    for part in parts:
        assert part in sentence


@settings(max_examples=40, deadline=None)
@given(cell=st.text(alphabet="0123456789.-; abc", max_size=8))
def test_any_prices_of_a_brand_are_read_or_refused_in_one_sentence(cell: str) -> None:
    row = {"name": "Corner", "category": "Grocery", "weight": "1", "tier": "1", "prices": cell}
    refused: list[str] = []
    try:
        prices = Brand.model_validate(row).prices
    except ValidationError as error:
        refused = [str(found["loc"][0]) for found in error.errors()]
        prices = PriceRange()
    assert set(refused) <= {"prices"}
    assert 0 <= prices.lowest <= (prices.highest or float("inf"))
    assert list(prices.listed) == sorted(prices.listed)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

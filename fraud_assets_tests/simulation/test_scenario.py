"""Scenarios: the shipped ones hold, a folder dropped in is a bank, a wrong one says what to mend."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fraud_assets.scenario import EXTRA_SCENARIOS, Brand, PriceRange, Scenario, ScenarioError, load_all
from fraud_assets.scenario.files import SHIPPED

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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A further scenarios folder with one small bank, `corner_bank`."""
    bank = tmp_path / "corner_bank"
    bank.mkdir()
    write(bank, {"extends": "us_bank", "name": "corner_bank", "population": {"customers": 7}})
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path))
    return bank


def write(bank: Path, document: dict[str, object]) -> None:
    (bank / "scenario.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def wrong(bank: Path, document: dict[str, object]) -> str:
    """The sentence with which a corner_bank with these sections is refused."""
    write(bank, {"extends": "us_bank", "name": "corner_bank", **document})
    with pytest.raises(ScenarioError) as refused:
        Scenario.load("corner_bank")
    return str(refused.value)


def test_a_folder_dropped_in_is_a_bank_beside_the_shipped_ones(folder: Path) -> None:
    scenarios, wrong = load_all()
    assert {s.name for s in scenarios} >= {"us_bank", "tiny_bank", "corner_bank"}
    assert not wrong
    corner, us = Scenario.load("corner_bank"), Scenario.load("us_bank")
    assert corner.population.customers == 7
    assert corner.population.segments == us.population.segments
    assert corner.cities == us.cities


def test_a_changed_file_is_read_again(folder: Path) -> None:
    assert Scenario.load("corner_bank").population.customers == 7
    write(folder, {"extends": "us_bank", "name": "corner_bank", "population": {"customers": 1234}})
    assert Scenario.load("corner_bank").population.customers == 1234


def test_a_folder_may_bring_tables_of_its_own(folder: Path) -> None:
    rows = (SHIPPED / "us_bank" / "cities.csv").read_text(encoding="utf-8").splitlines()
    (folder / "cities.csv").write_text("\n".join(rows[:4]) + "\n", encoding="utf-8")
    assert [c.city for c in Scenario.load("corner_bank").cities] == ["New York", "Newark", "Jersey City"]


def test_a_whole_copy_needs_no_other_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy_bank"
    shutil.copytree(SHIPPED / "us_bank", copy)
    text = (copy / "scenario.yaml").read_text(encoding="utf-8")
    (copy / "scenario.yaml").write_text(text.replace("name: us_bank", "name: copy_bank"), encoding="utf-8")
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path))
    us = Scenario.load("us_bank")
    assert Scenario.load("copy_bank") == us.model_copy(update={"name": "copy_bank"})


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
        ({"population": {"segments": [SEGMENT | {"savviness": [1, 1, 1]}]}}, ["segments.0.savviness", "sum to 1"]),
        ({"population": {"segments": [SEGMENT | {"occupations": {}}]}}, ["segments.0.occupations", "sum to 1"]),
        ({"population": {"paydays": {3: 0.9}}}, ["population.paydays", "sum to 1.78", "must not exceed 1"]),
        ({"population": {"paydays": {32: 0.01}}}, ["population.paydays.32", "31"]),
        ({"population": {"genders": {"F": 0.9}}}, ["population.genders", "1.395", "sum to 1"]),
        ({"population": {"net_pay": 0}}, ["population.net_pay", "0", "greater than 0"]),
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


def test_a_folder_that_is_called_otherwise_than_its_bank_is_refused(folder: Path) -> None:
    write(folder, {"extends": "us_bank", "name": "other_bank"})
    with pytest.raises(ScenarioError, match=r"name is 'other_bank'; it must be the folder's name, 'corner_bank'"):
        Scenario.load("corner_bank")


@pytest.mark.parametrize("base", ["moon_bank", "", "..", ["us_bank"]])
def test_what_can_be_extended_is_said(folder: Path, base: object) -> None:
    write(folder, {"extends": base, "name": "corner_bank"})
    with pytest.raises(
        ScenarioError, match=r"extends is .*; it must be a shipped scenario, one of crypto_wallet,.* us_bank"
    ):
        Scenario.load("corner_bank")


@pytest.mark.parametrize("table", ["cities", "categories"])
@pytest.mark.parametrize("lines", [0, 1])
def test_a_table_without_rows_is_refused(folder: Path, table: str, lines: int) -> None:
    header = (SHIPPED / "us_bank" / f"{table}.csv").read_text(encoding="utf-8").splitlines(keepends=True)[:lines]
    (folder / f"{table}.csv").write_text("".join(header), encoding="utf-8")
    sentence = wrong(folder, {})
    assert f"{table}.csv" in sentence
    assert "at least 1 item" in sentence


def test_a_profile_of_nothing_but_zeros_is_refused(folder: Path) -> None:
    text = (SHIPPED / "us_bank" / "hours.csv").read_text(encoding="utf-8").splitlines()
    zeros = ",".join(["office", *["0"] * 24])
    (folder / "hours.csv").write_text("\n".join([text[0], zeros, *text[2:]]), encoding="utf-8")
    assert "profile office" in wrong(folder, {})


def test_null_takes_out_what_the_extended_scenario_has(folder: Path) -> None:
    types: dict[str, object] = dict.fromkeys(Scenario.load("us_bank").fraud.types)
    types["account_takeover"] = {"share": 1.0}
    activity = {"daily_mean": None, "gamma_mean": 2.0}
    write(folder, {"extends": "us_bank", "name": "corner_bank", "fraud": {"types": types}, "activity": activity})
    corner = Scenario.load("corner_bank")
    assert list(corner.fraud.types) == ["account_takeover"]
    assert corner.activity.daily_mean is None
    assert corner.activity.bills == Scenario.load("us_bank").activity.bills


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ({"activity": {"gamma_mean": None}}, "activity.gamma_mean"),
        ({"receipts": {"mirrored": None}}, "receipts.mirrored"),
    ],
)
def test_null_where_there_is_nothing_to_take_out_is_refused(
    folder: Path, section: dict[str, object], field: str
) -> None:
    said = wrong(folder, section)
    assert f"{field} is null" in said
    assert "leave the line out" in said


def test_a_byte_order_mark_is_no_part_of_the_first_name(folder: Path) -> None:
    for file in ("cities.csv", "hours.csv"):
        (folder / file).write_text((SHIPPED / "us_bank" / file).read_text(encoding="utf-8"), encoding="utf-8-sig")
    yaml_file = folder / "scenario.yaml"
    yaml_file.write_text(yaml_file.read_text(encoding="utf-8"), encoding="utf-8-sig")
    corner, us = Scenario.load("corner_bank"), Scenario.load("us_bank")
    assert (corner.cities, corner.hours) == (us.cities, us.hours)


@pytest.mark.parametrize("file", ["scenario.yaml", "brands.csv"])
def test_a_file_in_another_encoding_is_named(folder: Path, file: str) -> None:
    (folder / file).write_bytes("name: Café".encode("latin-1"))
    with pytest.raises(ScenarioError, match=rf"{file} is not UTF-8 \(byte 9 is 0xe9\)"):
        Scenario.load("corner_bank")


def test_a_missing_table_is_named(folder: Path) -> None:
    write(folder, {"name": "corner_bank"})
    with pytest.raises(ScenarioError, match=r"cities\.csv is missing"):
        Scenario.load("corner_bank")


@pytest.mark.parametrize("section", ["fraud: &f {types: *f}", f"fraud: {'[' * 3000}{']' * 3000}"])
def test_yaml_that_holds_itself_or_is_nested_without_end_is_named(section: str, folder: Path) -> None:
    (folder / "scenario.yaml").write_text(f"extends: tiny_bank\nname: corner_bank\n{section}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"scenario\.yaml: a section holds itself .* or is nested too deeply"):
        Scenario.load("corner_bank")


def test_yaml_that_is_none_is_named(folder: Path) -> None:
    (folder / "scenario.yaml").write_text("name: [unclosed", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"scenario\.yaml is not YAML"):
        Scenario.load("corner_bank")


def test_an_unknown_scenario_is_answered_with_those_there_are() -> None:
    with pytest.raises(ScenarioError, match=r"'moon_bank' does not exist; there are .*tiny_bank.*us_bank"):
        Scenario.load("moon_bank")


def test_an_extra_folder_that_does_not_exist_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path / "nowhere"))
    with pytest.raises(ScenarioError, match=rf"{EXTRA_SCENARIOS} is .*nowhere"):
        Scenario.load("us_bank")


def test_an_extra_folder_without_a_scenario_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path))
    with pytest.raises(ScenarioError, match=r"there is no scenario; .* scenario\.yaml is needed"):
        Scenario.load("us_bank")


def test_the_scenario_itself_will_do_for_its_parent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXTRA_SCENARIOS, str(folder))
    assert Scenario.load("corner_bank").population.customers == 7
    monkeypatch.chdir(folder)
    monkeypatch.setenv(EXTRA_SCENARIOS, ".")
    assert Scenario.load("corner_bank").population.customers == 7


def test_a_wrong_scenario_does_not_take_the_others_with_it(folder: Path) -> None:
    write(folder, {"extends": "us_bank", "name": "corner_bank", "population": {"customers": 0}})
    scenarios, wrong = load_all()
    assert {s.name for s in scenarios} >= {"us_bank", "india_bank", "crypto_wallet", "tiny_bank"}
    assert wrong.keys() == {"corner_bank"}
    assert "population.customers is 0" in str(wrong["corner_bank"])


def test_an_extra_folder_that_does_not_exist_leaves_the_shipped_banks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path / "nowhere"))
    scenarios, wrong = load_all()
    assert {s.name for s in scenarios} >= {"us_bank", "tiny_bank"}
    assert wrong.keys() == {EXTRA_SCENARIOS}


def test_all_mistakes_are_named_at_once(folder: Path) -> None:
    sentence = wrong(folder, {"seed": "x", "population": {"customers": 0}, "fraud": {"rate": 1.7}, "colour": "blue"})
    first, *lines = sentence.splitlines()
    assert first == "scenario corner_bank has 4 mistakes:"
    for line, part in zip(
        lines, ("seed is 'x'", "population.customers is 0", "fraud.rate is 1.7", "colour"), strict=True
    ):
        assert f"{folder / 'scenario.yaml'}: {part}" in line


def test_a_month_outside_the_range_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"scenario us_bank: month 2023-12 is outside its range, 2024-01 onwards"):
        Scenario.load("us_bank").month("2023-12")
    with pytest.raises(ScenarioError, match=r"month 9999-12 is outside its range"):
        Scenario.load("us_bank").month("9999-12")


@pytest.mark.parametrize("bank", ["india_bank", "us_bank"])
def test_every_number_of_a_shipped_bank_says_where_it_comes_from(bank: str) -> None:
    """Each line with a number in its scenario has a comment, or stands in a list whose heading has one."""
    lines = (SHIPPED / bank / "scenario.yaml").read_text(encoding="utf-8").splitlines()
    sourced = 0
    for place, line in enumerate(lines):
        value, _, comment = line.partition("#")
        if not any(c.isdigit() for c in value.partition(":")[2]):
            continue
        if comment:
            sourced += 1
            continue
        # Members of a list are explained where the list begins.
        indent = len(line) - len(line.lstrip())
        heading = [up for up in lines[:place] if len(up) - len(up.lstrip()) < indent and up.partition("#")[2]]
        assert heading or line.startswith(("seed:", "first_month:", "limits:")), line
    assert sourced > 40


@pytest.mark.parametrize(
    ("table", "column", "value", "parts"),
    [
        ("categories", "week", "holidays", ["category Grocery", "week 'holidays'", "'dining'"]),
        ("categories", "lowest", "4000", ["Grocery: lowest 4000", "below the median"]),
        ("categories", "sub_categories", "deli (cheap)", ["'cheap' are no prices", "20-300"]),
        ("brands", "metros", "Paris", ["brand Walmart", "metros ['Paris']", "New York"]),
        ("brands", "prices", "-20", ["prices", "'-20' has no lowest price", "0-20"]),
        ("brands", "prices", "2-3-4", ["'2-3-4' are no prices", "20-300"]),
        ("brands", "prices", "30-20", ["prices", "[30, 20]", "lowest to the highest"]),
        ("brands", "name", "Kroger", ["brand 'Kroger (Grocery)' is there twice"]),
        ("cities", "city", "Newark", ["city 'Newark, NJ'", "twice"]),
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

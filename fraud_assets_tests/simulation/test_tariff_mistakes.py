"""What is wrong with tariffs, with signs and with whom houses take is named, and what would be paid stays a sum."""

from __future__ import annotations

from pathlib import Path

import pytest

from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.scenario.files import SHIPPED
from fraud_assets_tests.simulation.conftest import write, wrong

_HEADER = "category,city,first,price"
_ROW = "Rent,Chicago,2024-01-01,900"


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ([_HEADER, "Rent,Chicago,2024-01-01,-9"], ["tariffs.csv: tariffs.0.price", "'-9'", "greater than"]),
        ([_HEADER, "Rent,Chicago,2024-01-01,0.001"], ["tariffs.csv: tariffs.0.price", "'0.001'", "0.01"]),
        ([_HEADER, "Rent,Chicago,2024-02-31,900"], ["tariffs.csv: tariffs.0.first", "'2024-02-31'", "date"]),
        (["category,city,first", "Rent,Chicago,2024-01-01"], ["tariffs.csv: tariffs.0.price", "it is missing"]),
        ([_HEADER, _ROW, "Rent,Chicago,2024-01-01,950"], ["Rent in Chicago from 2024-01-01 on has two prices"]),
    ],
)
def test_a_tariff_that_is_no_price_is_named_with_its_file(folder: Path, rows: list[str], parts: list[str]) -> None:
    (folder / "tariffs.csv").write_text("\n".join(rows), encoding="utf-8")
    sentence = wrong(folder, {})
    for part in parts:
        assert part in sentence, sentence


@pytest.mark.parametrize(
    ("table", "old", "new", "document", "parts"),
    [
        ("tariffs", "Mumbai,2023-08-30,902.5", "Mumbai,2023-08-30,1e6", {}, ["Mumbai", "1e+06", "hard_maximum 100000"]),
        ("categories", "1:96;2:4", "1:96;10000000000000000000:4", {}, ["categories.csv", "units", "equal to 1000"]),
        ("categories", "student:3;retired:0.1", "pupil:3", {}, ["category Education", "'pupil'", "none of", "student"]),
        ("categories", "student:3;retired:0.1", "student:0", {}, ["categories.csv", "by_occupation", "greater than 0"]),
        ("names", "use,text,region,since,before", "use,text,region,when,before", {}, ["names.csv", "since"]),
        (
            "names",
            "shop,{family} {kind},",
            "sweets,{sweets} House,\nshop,{family} {kind},",
            {},
            ["names.csv", "sweets '{sweets} House' asks for sweets", "braces of their own"],
        ),
        (
            "tariffs",
            "",
            "",
            {
                "population": {
                    "rents": {
                        "lodgers": {"paying guest house": None, "Stanza Living": None, "Zolo Stays": {"gender": "F"}}
                    }
                }
            },
            ["population.rents.lodgers", "gender M", "hall_share"],
        ),
    ],
)
def test_what_makes_no_sum_no_name_and_no_home_is_refused(
    folder: Path, table: str, old: str, new: str, document: dict[str, object], parts: list[str]
) -> None:
    text = (SHIPPED / "india_bank" / f"{table}.csv").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{table}.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    write(folder, {"extends": "india_bank", "name": "corner_bank", **document})
    with pytest.raises(ScenarioError) as refused:
        Scenario.load("corner_bank")
    for part in parts:
        assert part in str(refused.value), str(refused.value)


def test_a_family_needs_a_way_to_send_money() -> None:
    bank = Scenario.load("india_bank")
    own = bank.model_dump()
    for category in own["categories"]:
        if category["recipient"] == "person":
            category["recipient"], category["instrument"] = "own", "any"
    with pytest.raises(ValueError, match="paid_by is 'family', but there is no category"):
        Scenario.model_validate(own)

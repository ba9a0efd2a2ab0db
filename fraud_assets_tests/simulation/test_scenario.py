"""Scenarios: the shipped ones hold, a folder dropped in is a bank, a wrong one says what to mend."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fraud_assets.scenario import EXTRA_SCENARIOS, Scenario, ScenarioError, load_all
from fraud_assets.scenario.files import SHIPPED
from fraud_assets_tests.simulation.conftest import write, wrong


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


def test_a_field_that_there_is_not_is_answered_with_those_that_there_are(folder: Path) -> None:
    sentence = wrong(folder, {"fraud": {"rates": 0.01}})
    assert "scenario.yaml: fraud.rates is 0.01; there is no such field; there are " in sentence
    assert {"rate", "types"} <= set(sentence.partition("there are ")[2].split(", "))
    learning = {"costs": {"friction": 1, "frictions": 2}}
    assert "learning.costs.frictions is 2; there is no such field; there are chargeback_fee, friction" in wrong(
        folder, {"learning": learning}
    )
    assert (
        wrong(folder, {"population": {"customers": "x"}}).partition("population.")[2]
        == "customers is 'x'; input should be a valid integer"
    )


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

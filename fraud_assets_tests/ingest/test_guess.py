"""A first scenario names the file that it was guessed from, and its columns, whatever signs are in their names."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fraud_assets.ingest.days import month_in
from fraud_assets.ingest.guess import first_scenario
from fraud_assets.lake.outside import find
from fraud_assets.lake.store import LakeError
from fraud_assets.scenario.source import REQUIRED, Files
from fraud_assets_tests.ingest.test_scenario import guessed

MONTH = st.builds(
    "{}{}{:02d}".format, st.sampled_from([2023, 2024]), st.sampled_from(["-", "_", "/", ""]), st.integers(1, 12)
)


@given(st.lists(st.one_of(MONTH, st.sampled_from(["/", "-", "_", ".", "x", "7", "out/"])), max_size=7).map("".join))
def test_a_location_with_a_month_names_the_very_file_that_was_looked_at(path: str) -> None:
    location, month = month_in(path)
    files = Files(location=location or "-", time_zone="UTC", columns=dict.fromkeys(REQUIRED, "x"))
    assert files.of_month(month or "2020-01") == (path or "-")
    assert files.is_monthly == (month is not None)


@pytest.mark.parametrize(
    ("path", "location", "month"),
    [
        ("2023-12/2024-01.csv", "2023-12/{month}.csv", "2024-01"),
        ("2024/01/2024-01.csv", "{year}/{mm}/{month}.csv", "2024-01"),
        ("of 2023_12/202401.csv", "of 2023_12/{year}{mm}.csv", "2024-01"),
        ("2024-01/card 2024-01.csv", "{month}/card {month}.csv", "2024-01"),
        ("x/2024-01 to 2024-12.csv", "x/2024-01 to 2024-12.csv", None),
        ("2024-01/all.csv", "{month}/all.csv", "2024-01"),
        ("of 2024-03-05/2024-01.csv", "of 2024-03-05/{month}.csv", "2024-01"),
        ("2024-01-05.csv", "2024-01-05.csv", None),
        ("2024/01/05.csv", "2024/01/05.csv", None),
        ("2024-01_2.csv", "{month}_2.csv", "2024-01"),
    ],
)
def test_of_the_months_in_a_path_the_files_own_is_taken(path: str, location: str, month: str | None) -> None:
    assert month_in(path) == (location, month)


def test_a_column_without_a_name_is_passed_over(tmp_path: Path) -> None:
    text = guessed(tmp_path, ",id,customer,time,amount,\n0,7,A,2024-02-03 09:12:00,1.50,\n")
    assert set(yaml.safe_load(text)["files"]["columns"].values()) == {"id", "customer", "time", "amount"}


@pytest.mark.parametrize("sign", ["#", ": ", "\u2028", "\x85", "\ufeff", "🙂", "\\", "'", "{", "é"])
def test_any_sign_may_stand_in_the_name_of_a_column_and_of_the_file(tmp_path: Path, sign: str) -> None:
    name, other = f"customer{sign}no", f"x{sign}y"
    rows = f'id,"{name}","{other}",time,amount\n1,A,2,2024-02-03 09:12:00,1.50\n'
    (tmp_path / f"a{sign}b.csv").write_text(rows, encoding="utf-8", newline="")
    (file,) = find(str(tmp_path / f"a{sign}b.csv"), tmp_path)
    document = yaml.safe_load(first_scenario(file, "mine", f"a{sign}b.csv"))
    assert document["files"]["location"] == f"a{sign}b.csv"
    assert document["files"]["columns"]["customer_id"] == name


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\t", "\x7f", "\x1b"])
def test_a_line_end_may_stand_in_the_name_of_a_column_but_of_no_file(tmp_path: Path, sign: str) -> None:
    rows = f'id,"customer{sign}no","x{sign}y",time,amount\n1,A,2,2024-02-03 09:12:00,1.50\n'
    document = yaml.safe_load(guessed(tmp_path, rows))
    assert document["files"]["columns"]["customer_id"] == f"customer{sign}no"
    (tmp_path / f"a{sign}b.csv").write_text(rows)
    for location in (f"a{sign}b.csv", "a*.csv"):
        with pytest.raises(LakeError, match="no control character and nothing but UTF-8 may be in its name"):
            find(location, tmp_path)


@pytest.mark.parametrize("code", [".5", ".nan", ".inf", "null", "~", "0x1", "1_000", "-"])
def test_a_code_is_a_text_of_yaml_whatever_it_looks_like(tmp_path: Path, code: str) -> None:
    text = guessed(tmp_path, f"id,customer,time,amount,fraud\n1,A,2024-02-03 09:12:00,1.50,{code}\n")
    (line,) = [line for line in text.splitlines() if line.endswith("one of true, false")]
    said = line.strip().removeprefix("# ").partition(": ?")[0]
    assert yaml.safe_load(said) == code


def test_of_a_language_that_nobody_thought_of_the_cells_tell_amounts_and_currency(tmp_path: Path) -> None:
    """The whole numbers are not money, nor is what has more decimals than two; thousands stand apart."""
    rows = "".join(
        f"{k};A{k % 3};{60 + k / 7:.4f};03/02/2025 0{k}:15;{'-' if k == 4 else ''}1 2{k}0,5{k};SEK\n"
        for k in range(1, 9)
    )
    text = guessed(tmp_path, f"id;customer;bredd;stund;pris;slag\n{rows}")
    document = yaml.safe_load(text)
    columns = document["files"]["columns"]
    assert (columns["amount"], columns["currency"], columns["event_time"]) == ("pris", "slag", "stund")
    assert (document["currency"], document["files"]["decimal"]) == ("SEK", ",")
    assert document["files"]["negative_amounts"] == "refund"
    (line,) = [line for line in text.splitlines() if "amount: pris" in line]
    assert "by its cells alone" in line


@pytest.mark.parametrize("cells", [["1", "2"], ["1.2345", "2.3456"], ["A", "B"], ["", ""]])
def test_what_is_no_money_is_no_amount(tmp_path: Path, cells: list[str]) -> None:
    rows = "".join(f"{k},A,2024-02-03 10:30:00,{cell}\n" for k, cell in enumerate(cells))
    assert yaml.safe_load(guessed(tmp_path, f"id,customer,time,x\n{rows}"))["files"]["columns"]["amount"] == "???"


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["", "Kortbedrägeri"], {"": False, "*": True}),
        (["", "skimming", "phishing"], {"": False, "*": True}),
        (["no", "skimming"], {"no": False}),
        (["", "ja"], {"": False, "ja": True}),
    ],
)
def test_a_type_of_fraud_is_a_fraud_where_others_are_left_empty(
    tmp_path: Path, cells: list[str], values: dict[str, bool]
) -> None:
    rows = "".join(f"{k},A,2024-02-03 10:30:00,1.50,{cell}\n" for k, cell in enumerate(cells))
    text = guessed(tmp_path, f"id,customer,time,amount,fraud_type\n{rows}")
    assert yaml.safe_load(text)["files"]["values"]["is_fraud"] == values
    assert ("a cell that says anything is fraud" in text) == ("*" in values)

"""Scenarios of files with a setting that cannot be meant are refused when they are loaded, in one sentence."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from fraud_assets.cli import main
from fraud_assets.evaluation.settings import Settings
from fraud_assets.ingest import IngestError
from fraud_assets.ingest.clues import has_codes_of, is_written_time, meaning
from fraud_assets.ingest.guess import first_scenario
from fraud_assets.lake.outside import find
from fraud_assets.scenario import FilesScenario, ScenarioError, load_folder
from fraud_assets_tests.ingest.banks import bank, take


def written(folder: Path, where: str, value: Any) -> Path:
    """The folder of a bank with one setting changed."""
    document = bank("x/{month}.csv").model_dump(mode="json", exclude={"learning", "limits", "holidays"})
    section = document
    *path, last = where.split(".")
    for name in path:
        section = section[name]
    section[last] = value
    target = folder / "foreign"
    target.mkdir()
    (target / "scenario.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    return target


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        ("files.location", "x/{month}.{csv,parquet}", "braces stand for {month}, {year} and {mm} alone"),
        ("files.location", "x/{month", "braces stand for"),
        ("files.location", "x/\0{month}", "it must be a path"),
        ("files.separator", "§", "it must be an ASCII character"),
        ("files.separator", "\0", "it must be an ASCII character"),
        ("files.time_zone", "localtime", "it must be an IANA time zone"),
        ("files.time_zone", "Factory", "it must be an IANA time zone"),
        ("files.time_zone", "posixrules", "it must be an IANA time zone"),
        ("files.time_zone", "right/UTC", "it must be an IANA time zone"),
        ("files.columns.customer_id", [], "customer_id is []; it must be the name of a column"),
        ("files.report_delay_days", 1e300, "input should be less than or equal to 334"),
        ("files.encoding", "punycode", "it must be an encoding such as utf-8"),
        ("source", "file", "source is 'file'; it must be files, or simulated"),
        ("currency", "", "it must be a code in capital letters, such as EUR"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_at_once(tmp_path: Path, where: str, value: Any, said: str) -> None:
    folder = written(tmp_path, where, value)
    with pytest.raises(ScenarioError) as error:
        load_folder(folder)
    sentence = str(error.value)
    assert said in sentence
    assert str(folder / "scenario.yaml") in sentence
    assert where.removesuffix(".customer_id") in sentence
    assert "\n" not in sentence


def test_what_inspect_writes_loads_and_names_the_costs_that_money_is_counted_with(tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_text("id,customer,when_time,amount\n1,A,2024-01-05 10:00:00,12.50\n")
    (file,) = find(str(tmp_path / "file.csv"), tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    text = first_scenario(file, "mine", "../file.csv")
    (folder / "scenario.yaml").write_text(text)
    mine = load_folder(folder)
    assert mine.learning == bank("x.csv").learning
    assert Settings.of(mine).are_costs_own
    assert not Settings.of(bank("x.csv")).are_costs_own
    assert "chargeback_fee: 20            # ? EUR" in text


def guessed(folder: Path, text: str) -> str:
    (folder / "file.csv").write_text(text)
    (file,) = find(str(folder / "file.csv"), folder)
    return first_scenario(file, "mine", "file.csv")


@pytest.mark.parametrize(
    "times", [["2024-01-03 09:12:00"] * 2, ["2024-01-03"] * 2, ["2024-01-03T09:12:00", "2024-01-03"]]
)
def test_times_in_iso_are_sure_however_they_are_written(tmp_path: Path, times: list[str]) -> None:
    text = guessed(
        tmp_path, "id,customer,date,amount\n" + "".join(f"{k},A,{time},1.50\n" for k, time in enumerate(times))
    )
    assert "time_format" not in text


def test_what_names_do_not_tell_is_guessed_by_the_cells(tmp_path: Path) -> None:
    text = guessed(
        tmp_path,
        "id,customer,amount,birth,when,type,phone,weekend\n"
        "1,A,3.50,1980-01-02,2024-02-03 09:12:00,POS,5555555555,y\n"
        "2,B,1.20,1990-01-02,2024-02-04 10:00:00,ECOM,5555555556,n\n",
    )
    columns = yaml.safe_load(text)["files"]["columns"]
    assert (columns["event_time"], columns["channel"]) == ("when", "type")
    assert "event_time: when  # ? by its cells alone; or birth" in text
    assert yaml.safe_load(text)["files"]["values"] == {"channel": {"ECOM": "online", "POS": "card_present"}}
    assert "# not used: birth, phone, weekend" in text
    assert "first_month: 2024-02" in text


def test_a_column_that_is_not_found_is_left_to_be_filled_in(tmp_path: Path) -> None:
    text = guessed(tmp_path, "id,x,amount,date\n1,A,3.50,2024-02-03 09:12:00\n")
    assert 'customer_id: "???"  # ? no column seems to be it; name one' in text
    assert yaml.safe_load(text)["files"]["columns"]["amount"] == "amount"
    with pytest.raises(IngestError, match="no column seems to be customer_id, event_time or amount; there are x, y"):
        guessed(tmp_path, "x,y\na,b\n")


@pytest.mark.parametrize(
    ("column", "code", "ours"),
    [
        ("status", "Approved", "approved"),
        ("status", "abgeschlossen", "approved"),
        ("status", "not approved", "declined"),
        ("status", "disapproved", "declined"),
        ("status", "unsuccessful", "declined"),
        ("status", "incomplete", "declined"),
        ("status", "NOT_OK", "declined"),
        ("status", "nicht genehmigt", "declined"),
        ("status", "tokyo", None),
        ("channel", "CARD_NOT_PRESENT", "online"),
        ("channel", "pos_entry", "card_present"),
        ("channel", "deposit", None),
        ("channel", "coach", None),
    ],
)
def test_what_says_no_is_never_read_as_yes_nor_a_word_by_a_piece_of_it(
    column: str, code: str, ours: str | None
) -> None:
    assert meaning(column, code) == ours


def test_codes_that_all_mean_the_same_make_no_column_a_status() -> None:
    assert has_codes_of("status", pl.Series(["ok", "declined"]))
    assert not has_codes_of("status", pl.Series(["yes", "Y"]))


def test_hours_without_a_day_are_no_time_of_payments() -> None:
    hours = pl.Series([time(9, 12), time(10, 30)])
    assert not is_written_time(hours, hours.cast(pl.String))


def inspected(folder: Path, name: str, text: str, to: str = "banks") -> str:
    """What the command writes for a file of this name."""
    (folder / name).write_text(text, encoding="utf-8")
    assert main(["inspect", str(folder / name), "--to", str(folder / to)]) == 0
    (found,) = (folder / to).glob("*/scenario.yaml")
    load_folder(found.parent)
    return found.read_text("utf-8")


@pytest.mark.parametrize(("day", "form"), [("05.02.2024", "%d.%m.%Y %H:%M"), ("2024-02-05", None)])
def test_a_time_of_day_in_a_column_of_its_own_is_read_with_the_day(
    tmp_path: Path, day: str, form: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{k},A,{day},10:{k:02d},{k}.50\n" for k in range(1, 9))
    files = yaml.safe_load(inspected(tmp_path, "2024-02.csv", f"id,customer,date,clock,amount\n{rows}"))["files"]
    assert files["columns"]["event_time"] == ["date", "clock"]
    assert files.get("time_format") == form
    monkeypatch.chdir(tmp_path / "banks" / "my_bank")
    read = load_folder(Path.cwd())
    assert isinstance(read, FilesScenario)
    taken = take(read, "2024-02")
    assert taken.rejected.is_empty()
    assert taken.ledger["event_time"].dt.minute().to_list() == list(range(1, 9))


def test_when_frauds_were_reported_is_found_although_most_rows_have_none(tmp_path: Path) -> None:
    late = {3: "1,2024-02-09"}
    rows = "".join(f"{k},A,2024-02-05 10:30:00,{k}.50,{late.get(k, '0,')}\n" for k in range(1, 30))
    text = inspected(tmp_path, "2024-02.csv", f"id,customer,date,amount,fraud,report_date\n{rows}")
    assert yaml.safe_load(text)["files"]["columns"]["reported_at"] == "report_date"
    alone = inspected(tmp_path, "2024-02.csv", f"id,customer,date,amount,other,report_date\n{rows}", "alone")
    assert "reported_at" not in yaml.safe_load(alone)["files"]["columns"]


@pytest.mark.parametrize("name", ["fraud reported on", "chargeback_date"])
def test_a_day_of_report_alone_says_what_is_fraud_and_when_it_was_known(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {k: f"{9 + k:02d}.02.2024" for k in range(1, 20) if k % 5 == 0}
    rows = "".join(f"{k};A;05.02.2024 10:30;{k}.50;{late.get(k, '')}\n" for k in range(1, 99))
    text = inspected(tmp_path, "2024-02.csv", f"id;customer;date;amount;{name}\n{rows}")
    files = yaml.safe_load(text)["files"]
    assert files["columns"]["is_fraud"] == files["columns"]["reported_at"] == name
    assert "report_delay_days" not in files
    monkeypatch.chdir(tmp_path / "banks" / "my_bank")
    read = load_folder(Path.cwd())
    assert isinstance(read, FilesScenario)
    taken = take(read, "2024-02")
    assert taken.rejected.is_empty()
    # A day is over before the bank has known it.
    assert [when.day for when in taken.labels["reported_at"].sort()] == [15, 20, 25]


def test_a_french_file_is_understood_down_to_its_thousands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = "N° opération;N° client;Date opération;Heure;Montant;Bénéficiaire;Canal;État;Fraude;Date signalement\n"
    often = "".join(f"{k};A;05.02.2024;10:{k:02d};{k},50 €;Boulanger;Appli;Acceptée;;\n" for k in range(10, 40))
    large = "9;B;06.02.2024;11:00;1\u00a0710,21\u00a0€;Garage;Virement;Refusée;Oui;09.02.2024\n"
    written = yaml.safe_load(inspected(tmp_path, "2024-02.csv", header + often + large))
    assert written["currency"] == "EUR"
    assert written["files"]["columns"] == {
        "customer_id": "N° client",
        "event_time": ["Date opération", "Heure"],
        "amount": "Montant",
        "is_fraud": "Fraude",
        "reported_at": "Date signalement",
        "transaction_id": "N° opération",
        "payee_id": "Bénéficiaire",
        "channel": "Canal",
        "status": "État",
    }
    monkeypatch.chdir(tmp_path / "banks" / "my_bank")
    read = load_folder(Path.cwd())
    assert isinstance(read, FilesScenario)
    taken = take(read, "2024-02")
    assert taken.rejected.is_empty()
    assert taken.ledger["amount"].max() == 1_710.21


@pytest.mark.parametrize("clock", ["", " 10:30"])
def test_the_month_in_a_files_name_says_whether_days_or_months_come_first(tmp_path: Path, clock: str) -> None:
    days = [*(f"02/{day:02d}/2024" for day in range(1, 7)), "31/02/2024"] * 5
    rows = "".join(f"{k},A,{day}{clock},{k}.50\n" for k, day in enumerate(days))
    text = inspected(tmp_path, "2024-02.csv", f"id,customer,date,amount\n{rows}")
    written = yaml.safe_load(text)
    assert written["files"]["time_format"] == f"%m/%d/%Y{' %H:%M' if clock else ''}"
    assert (written["first_month"], written["last_month"]) == ("2024-02", "2024-02")
    assert written["files"]["location"].endswith("/{month}.csv")


@pytest.mark.parametrize(
    ("name", "days", "form", "is_sure"),
    [
        ("2024-02.csv", ["02/01/2024", "02/05/2024", "02/06/2024"], "%m/%d/%Y", True),
        ("2024-02.csv", ["01/02/2024", "05/02/2024", "06/02/2024"], "%d/%m/%Y", True),
        ("2024-02.csv", ["02/02/2024"], "%d/%m/%Y", False),
        ("202402.csv", ["02/01/2024", "02/05/2024"], "%m/%d/%Y", True),
        ("all.csv", ["02/01/2024", "02/05/2024"], "%d/%m/%Y", False),
        ("all.csv", ["02/01/2024", "02/25/2024"], "%m/%d/%Y", True),
        ("all.csv", ["01/02/2024", "25/02/2024"], "%d/%m/%Y", True),
        ("all.csv", ["02/25/2024", "25/02/2024"], "%d/%m/%Y", False),
    ],
)
def test_how_days_are_written_has_a_question_mark_where_both_orders_fit(
    tmp_path: Path, name: str, days: list[str], form: str, is_sure: bool
) -> None:
    rows = "".join(f"{k},A,{day},{k}.50\n" for k, day in enumerate(days))
    text = inspected(tmp_path, name, f"id,customer,date,amount\n{rows}")
    (line,) = [line for line in text.splitlines() if "time_format" in line]
    assert f'"{form}"' in line
    assert ("# ?" not in line) == is_sure


@pytest.mark.parametrize(
    ("header", "cells", "currency", "is_sure"),
    [
        ("Value (USD)", ["1.50"], "USD", True),
        ("amount_inr", ["1.50"], "INR", True),
        ("AmountGBP", ["1.50"], "GBP", True),
        ("BETRAG_CHF", ["1.50"], "CHF", True),
        ("Amount (TRY)", ["1.50"], "TRY", True),
        ("Amount £", ["1.50"], "GBP", True),
        ("amount in ₹", ["1.50"], "INR", True),
        ("Amount ($)", ["1.50"], "USD", False),
        ("Amount (¥)", ["150"], "JPY", False),
        ("Amount (R$)", ["1.50"], "BRL", True),
        ("amount", ["1.50"], "EUR", False),
        ("amount_try", ["1.50"], "EUR", False),
        ("AMOUNT_ALL", ["1.50"], "EUR", False),
        ("amount", ["$1.50", "$2.00"], "USD", False),
        ("amount", ["1.50 €", "2.00 €"], "EUR", True),
        ("amount", ["GBP 1.50", "GBP 2.00"], "GBP", True),
        ("amount,currency", ["1.50,usd", "2.00,USD"], "USD", True),
        ("amount,currency", ["1.50,USD", "2.00,USD", "3.00,EUR"], "USD", False),
        ("amount,balance_usd", ["1.50,7", "2.00,8"], "USD", False),
    ],
)
def test_the_currency_is_the_one_that_a_file_names(
    tmp_path: Path, header: str, cells: list[str], currency: str, is_sure: bool
) -> None:
    rows = "".join(f"{k},A,2024-02-03 10:30:00,{cell}\n" for k, cell in enumerate(cells))
    text = guessed(tmp_path, f"id,customer,time,{header}\n{rows}")
    (line,) = [line for line in text.splitlines() if line.startswith("currency:")]
    assert yaml.safe_load(text)["currency"] == currency
    assert ("# ?" not in line) == is_sure
    assert f"# ? {currency}, to look at a payment" in text
    assert yaml.safe_load(text)["files"]["columns"]["amount"] == header.split(",")[0]

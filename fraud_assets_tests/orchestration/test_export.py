"""``fraud-assets export``: any table, as any format, anywhere, and one sentence for whatever its user can mend."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fraud_assets.assets.files import elsewhere, known_tables
from fraud_assets.cli import main
from fraud_assets.lake.formats import FORMATS
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.scenario import load_bank
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter


@pytest.fixture(autouse=True)
def _in_quarter(quarter: Quarter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    monkeypatch.chdir(tmp_path)


def export(*arguments: str) -> int:
    return main(["export", "--scenario", "tiny_bank", *arguments])


def table(quarter: Quarter, name: str, months: tuple[str, ...] = MONTHS) -> pl.DataFrame:
    return quarter.lake.scan_parquet([quarter.key(name, month) for month in months]).collect()


@pytest.mark.parametrize("name", known_tables())
def test_every_table_can_be_exported(quarter: Quarter, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert export("--table", name, "--to", "out.parquet") == 0
    found, expected = pl.read_parquet("out.parquet"), table(quarter, name)
    assert found.select(expected.columns).equals(expected)
    assert ("month" in found.columns) == ("event_time" not in expected.columns)
    assert f"out.parquet: {expected.height:,} rows of 2024-01, 2024-02, 2024-03, " in capsys.readouterr().out


def test_rows_without_a_time_say_of_which_month_they_are(quarter: Quarter) -> None:
    assert export("--table", "customers", "--months", *MONTHS[:2], "--to", "out.csv") == 0
    months = pl.read_csv("out.csv")["month"]
    assert months.value_counts(sort=True)["count"].to_list() == [100, 100]
    assert months.unique(maintain_order=True).to_list() == list(MONTHS[:2])


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_has_every_row_and_null_of_the_flat_table(quarter: Quarter, ending: str) -> None:
    expected = table(quarter, "labeled_transactions", MONTHS[1:2])
    if ending == "xlsx":  # a minute to read with all columns
        expected = expected.select("transaction_id", "event_time", "amount", "card_id", "fraud_evidence", "is_fraud")
    assert export("--months", MONTHS[1], "--columns", *expected.columns, "--to", f"labels.{ending}") == 0
    nulls = expected.null_count().row(0, named=True)
    match ending:
        case "csv":
            found = pd.read_csv("labels.csv", low_memory=False)
        case "jsonl":
            found = pd.read_json("labels.jsonl", lines=True, dtype_backend="pyarrow")
        case "parquet":
            found = pd.read_parquet("labels.parquet")
        case "xlsx":
            found = pd.read_excel("labels.xlsx", keep_default_na=False, na_values=[""])
        case _:
            arrays = np.load("labels.npz", allow_pickle=False)
            assert {len(arrays[name]) for name in expected.columns} == {expected.height}
            assert (arrays["ip_address"] < 0).sum() == nulls["ip_address"]
            assert arrays["card_id.is_null"].sum() == nulls["card_id"]
            assert arrays["is_fraud"].sum() == expected["is_fraud"].sum()
            assert arrays["amount"].sum() == pytest.approx(expected["amount"].sum())
            assert arrays["event_time"].astype(np.int64).tolist() == expected["event_time"].to_physical().to_list()
            return
    assert list(found.columns) == expected.columns
    assert found.isna().sum().to_dict() == nulls
    assert found["is_fraud"].sum() == expected["is_fraud"].sum()
    assert found["amount"].sum() == pytest.approx(expected["amount"].sum())
    assert found["transaction_id"].astype(str).tolist() == expected["transaction_id"].cast(pl.String).to_list()


def test_chosen_columns_in_their_order(quarter: Quarter) -> None:
    assert export("--columns", "is_fraud", "amount", "is_fraud", "--to", "out.csv") == 0
    expected = table(quarter, "labeled_transactions").select("is_fraud", "amount")
    assert pl.read_csv("out.csv").equals(expected)


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["--format", "jsonl"], "data/tiny_bank_labeled_transactions.jsonl"),
        (["--table", "merchants"], "data/tiny_bank_merchants.csv"),
        (["--table", "merchants", "--format", "xlsx"], "data/tiny_bank_merchants.xlsx"),
        (["--table", "merchants", "--key", "for/analysts/shops.npz"], "for/analysts/shops.npz"),
    ],
)
def test_in_the_lake_it_goes_where_it_is_said(
    quarter: Quarter, arguments: list[str], key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(*arguments) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{quarter.lake.uri(key)}: ")
    assert quarter.lake.sha256(key) in said


def test_elsewhere_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    assert export("--table", "merchants", "--to", "new/folder/shops.xlsx") == 0
    assert export("--table", "merchants", "--to", str(tmp_path / "shops.csv")) == 0
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"new/folder/shops.xlsx", "shops.csv"}
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("ending", FORMATS)
def test_from_disk_straight_to_another_bucket(s3_lake: str, quarter: Quarter, tmp_path: Path, ending: str) -> None:
    os.environ["FRAUD_ASSETS_LAKE"] = quarter.lake.url
    bucket = s3_lake.removesuffix("/lake")
    assert export("--table", "merchants", "--to", f"{bucket}/far/away/shops.{ending}") == 0
    assert export("--table", "merchants", "--to", f"here.{ending}") == 0
    assert Lake.from_url(bucket).read_bytes(f"far/away/shops.{ending}") == Path(f"here.{ending}").read_bytes()


def test_a_path_into_the_lake_does_not_replace_the_chains_tables(
    quarter: Quarter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, key = quarter.lake.path, quarter.key("customers", MONTHS[0])
    assert root is not None
    before = quarter.lake.sha256(key)
    (tmp_path / "link").symlink_to(root)
    for place in (f"{root}/{key}", os.path.relpath(root / key), f"link/{key}", "link/new/../mlflow/x.csv"):
        assert export("--table", "merchants", "--to", place) == 1
        assert "where the chain keeps its own tables" in capsys.readouterr().err
    assert quarter.lake.sha256(key) == before


def test_in_a_bucket_the_chains_tables_are_not_replaced(s3_lake: str) -> None:
    lake, bank = Lake.from_url(s3_lake), load_bank("tiny_bank")
    for place in (f"{s3_lake}/tiny_bank/x.csv", f"{s3_lake}//us_bank/customers/month=2024-01/part-0000.parquet"):
        with pytest.raises(LakeError, match="where the chain keeps its own tables"), elsewhere(lake, bank, place):
            pass
    with elsewhere(lake, bank, f"{s3_lake}/data/x.csv") as (target, key):
        assert target.uri(key) == f"{s3_lake}/data/x.csv"


def test_what_a_killed_export_left_is_gone_after_the_next(tmp_path: Path) -> None:
    (tmp_path / ".staging").mkdir()
    (left := tmp_path / ".staging" / "0123.part").write_bytes(b"half")
    assert export("--table", "merchants", "--to", "shops.csv") == 0
    assert left.exists()  # it may be of a process that is still writing
    os.utime(left, (0, 0))
    assert export("--table", "merchants", "--to", "shops.csv") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"shops.csv"}


def test_a_failure_leaves_what_was_there(quarter: Quarter, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out.csv").write_text("mine")
    (folder := Path("folder.csv")).mkdir()
    (folder / "kept").touch()
    assert export("--months", "2024-05", "--to", "out.csv") == 1
    assert export("--to", "folder.csv") == 1
    assert "folder.csv cannot be written: it is a folder" in capsys.readouterr().err
    assert Path("out.csv").read_text() == "mine"
    assert (folder / "kept").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--table", "customer"], ["no table 'customer'", "customers", "labeled_transactions"]),
        (["--table", "../customers"], ["no table '../customers'"]),
        (["--format", "xls"], ["'xls' does not exist", ".xlsx (an Excel workbook", ".npz"]),
        (["--to", "table.txt"], ["'table.txt' does not end in the name of a format", ".csv"]),
        (["--key", "table"], ["'table' does not end in", ".csv"]),
        (["--to", ".csv"], ["'.csv' does not end in"]),
        (["--format", "csv", "--to", "table.npz"], ["format csv does not fit 'table.npz'"]),
        (["--months", "2024-05", "--table", "customers"], ["2024-05 of tiny_bank/customers", "tiny_bank_monthly"]),
        (["--months", "2023-12"], ["2023-12", "2024-01 onwards"]),
        (["--columns", "amont"], ["no column 'amont'", "did you mean amount"]),
        (["--columns", "x"], ["no column 'x'", "docs/tables.md"]),
        (["--key", "tiny_bank/customers/month=2024-01/x.csv"], ["where the chain keeps its own tables"]),
        (["--key", "a//b.csv"], ["'a//b.csv'", "under the lake's root"]),
        (["--to", ""], ["the place to write to is empty"]),
        (["--to", "file/x.csv"], ["file/x.csv cannot be written", "file is not a folder"]),
        (["--to", "gs://bucket/x.csv"], ["gs://bucket/x.csv cannot be written", "s3://"]),
        (["--to", "s3://nobody/x.csv"], ["s3://nobody/x.csv cannot be written", "does not answer"]),
    ],
)
def test_what_the_user_can_mend_is_said_in_one_sentence(
    arguments: list[str], words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert export(*arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("fraud-assets: ")
    for word in words:
        assert word in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_months_of_different_versions_are_not_mixed(
    quarter: Quarter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = Lake.from_url(tmp_path / "lake")
    for month in MONTHS[:2]:
        rows = table(quarter, "customers", (month,))
        old = rows.drop("segment") if month == MONTHS[0] else rows
        with lake.open_writer(quarter.key("customers", month)) as writer:
            old.write_parquet(writer)  # type: ignore[arg-type]
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", lake.url)
    assert export("--table", "customers") == 1
    said = capsys.readouterr().err
    assert "tiny_bank/customers of 2024-01 and of 2024-02 differ in column segment" in said
    assert said.count("\n") == 1

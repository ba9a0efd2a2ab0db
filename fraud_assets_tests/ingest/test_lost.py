"""What a month of files could lose without a word: rows in a cell, hours at its ends, labels of repeated rows."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from fraud_assets.assets.common import Chain
from fraud_assets.assets.ingest import ingest_assets
from fraud_assets.definitions import default_resources
from fraud_assets.ingest import IngestError
from fraud_assets.ingest.guess import first_scenario
from fraud_assets.lake.outside import find
from fraud_assets.scenario import FilesScenario
from fraud_assets.sensors import reason_of
from fraud_assets.testing import environment
from fraud_assets_tests.ingest.banks import COLUMNS, HEAD, bank, take, take_csv, zipped

WIDE = "id,who,shop,when,sum,memo\n"


def rows(first: int, last: int) -> str:
    return "".join(f"{k},C{k % 5},Shop,2024-01-05 10:00:{k % 60:02},{k},\n" for k in range(first, last + 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '1,A,"Zum Hirschen,2024-01-05 10:00:00,1,\n2,B,Bar",2024-01-06 10:00:00,2,\n',
            "row 1: its 'shop' goes on for 2 lines",
        ),
        (
            rows(1, 3) + '4,A,"Zum Hirschen,2024-01-05 10:00:00,1,\n5,B,"Bar",2024-01-06 10:00:00,2,\n',
            "row 4: its 'shop' goes on for 2 lines",
        ),
        (
            rows(1, 9) + '10,A,Shop,2024-01-05 10:00:00,1,"hello\n' + rows(11, 99),
            "row 10: its 'memo' goes on for 90 lines",
        ),
        ('1,A,"Shop,2024-01-05 10:00:00,1,\n' + rows(2, 4), "row 1 goes on for 4 lines"),
    ],
    ids=["one row swallowed", "by the next quoted cell", "up to the end, in a column nobody reads", "cells missing"],
)
@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz", "utf16.csv"])
def test_a_stray_quote_never_swallows_rows_silently(tmp_path: Path, name: str, text: str, said: str) -> None:
    encoding = "utf-16" if name == "utf16.csv" else "utf-8"
    content = (WIDE + text).encode(encoding)
    (tmp_path / name).write_bytes(zipped(content) if name.endswith(".gz") else content)
    with pytest.raises(IngestError) as error:
        take(bank(str(tmp_path / name), {**COLUMNS, "recipient_entity": "shop"}, encoding=encoding))
    assert str(error.value).startswith(f"{tmp_path / name}: {said}; a quote that is never closed?")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_texts_of_several_lines_with_separators_empty_lines_and_single_quotes_are_no_rows(
    tmp_path: Path, end: str
) -> None:
    memo = end.join(["dear sir, 1, 2, 3, 4, 5", "", "- a, b, c, d, e, f, g", "yours, a, b, c, d, e"])
    text = (WIDE + rows(1, 3) + "\n\n").replace("\n", end) + f'4,A,5" pipe,2024-01-05 10:00:00,1,"{memo}"{end}'
    taken = take_csv(tmp_path, text, {**COLUMNS, "recipient_entity": "shop"})
    assert (taken.ledger.height, taken.rejected.height) == (4, 0)


@pytest.mark.parametrize(("zone", "key"), [("Pacific/Auckland", "2024-01"), ("America/Los_Angeles", "2024-03")])
@pytest.mark.parametrize("monthly", [True, False])
def test_hours_of_a_local_month_beyond_the_bank_s_months_are_elsewhere_and_not_rejected(
    tmp_path: Path, zone: str, key: str, monthly: bool
) -> None:
    for month, last in (("2024-01", 31), ("2024-02", 29), ("2024-03", 31)):
        days = [f"{month}-01 00:30:00", f"{month}-15 12:00:00", f"{month}-{last} 23:30:00"]
        lines = "".join(f"{month}/{k},A,{day},1\n" for k, day in enumerate(days))
        (tmp_path / f"{month}.csv").write_text(HEAD + lines)
    taken = take(bank(f"{tmp_path}/{{month}}.csv" if monthly else f"{tmp_path}/*.csv", time_zone=zone), key)
    assert taken.reasons == []
    assert taken.ledger.height == 3  # one of them of the month beside it


def materialized(scenario: FilesScenario, lake: Path) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    """February's run, and what it warned of."""
    with environment({"FRAUD_ASSETS_LAKE": str(lake)}), dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            ingest_assets(Chain(scenario))[:1],
            partition_key="2024-02",
            resources=default_resources(),
            instance=instance,
        )
        logged = instance.all_logs(done.run_id)
    return done, [record.user_message for record in logged if record.level == logging.WARNING]


def test_a_month_says_which_hours_wait_for_a_file_and_which_reports_come_too_late(tmp_path: Path) -> None:
    path = tmp_path / "2024-02.csv"
    told = "2,A,2024-02-15 12:00:00,1,1,2025-02-01 09:00:00\n3,A,2024-02-16 12:00:00,1,1,2025-02-01 08:59:59\n"
    path.write_text("id,who,when,sum,bad,told\n1,A,2024-02-05 10:00:00,1,0,\n" + told)
    columns = {**COLUMNS, "is_fraud": "bad", "reported_at": "told"}
    scenario = bank(f"{tmp_path}/{{month}}.csv", columns, time_zone="Asia/Tokyo")
    done, warnings = materialized(scenario, tmp_path / "lake")
    hours = (
        f"the last 9 hours of 2024-02 (UTC) would be in the file of 2024-03, which is not there"
        f" ({tmp_path}/2024-03.csv); materialize 2024-02 again when it is"
    )
    assert hours in warnings
    assert any(said.startswith("1 of 2 frauds of 2024-02 are reported later than 11 months") for said in warnings)
    checks = {check.check_name: check for check in done.get_asset_check_evaluations()}
    assert checks["every_row_accounted_for"].description == hours
    assert all(check.passed for check in checks.values())


def test_a_month_says_why_few_of_its_rows_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "2024-02.csv"
    path.write_text(HEAD + "1,A,2024-02-05 10:00:00,1\n2,A,2024-02-05 11:00:00,one\n")
    scenario = bank(f"{tmp_path}/{{month}}.csv", rejected_share=0.5)
    _, warnings = materialized(scenario, tmp_path / "lake")
    told = "2024-02: 50.00% of the rows are rejected, 50.00% may be (files.rejected_share); such as: amount "
    assert any(said.startswith(told) for said in warnings)


def test_a_month_of_which_too_much_is_rejected_leaves_the_ledger_that_is_there(tmp_path: Path) -> None:
    path, lake = tmp_path / "2024-02.csv", tmp_path / "lake"
    good = HEAD + "".join(f"{k},A,2024-02-05 10:00:{k:02},1\n" for k in range(40))

    def take_in(text: str) -> dg.ExecuteInProcessResult:
        path.write_text(text)
        with environment({"FRAUD_ASSETS_LAKE": str(lake)}), dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(
                ingest_assets(Chain(bank(f"{tmp_path}/{{month}}.csv")))[:1],
                partition_key="2024-02",
                resources=default_resources(),
                instance=instance,
                raise_on_error=False,
            )

    def ledger() -> bytes:
        (found,) = (lake / "foreign/transactions/month=2024-02").glob("*.parquet")
        return found.read_bytes()

    assert take_in(good).success
    before = ledger()
    failed = take_in(good.replace(",1\n", ",one\n"))
    assert not failed.success
    (check,) = failed.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("rejected_share", False)
    (event,) = (event for event in failed.all_events if event.is_step_failure)
    assert reason_of(event).startswith("foreign, 2024-02: 100.00% of the rows are rejected, 1.00% may be (files.rej")
    assert ledger() == before
    (told,) = (lake / "foreign/rejected_transactions/month=2024-02").glob("*.parquet")
    assert pl.read_parquet(told).height == 40  # what was wrong can be looked at
    assert take_in(good).success
    assert ledger() == before


def test_no_hours_are_missing_where_the_file_goes_on_to_the_end_of_the_month_in_utc(tmp_path: Path) -> None:
    (tmp_path / "2024-02.csv").write_text(HEAD + "1,A,2024-02-29T23:00:00Z,1\n")
    assert take(bank(f"{tmp_path}/{{month}}.csv", time_zone="Asia/Tokyo"), "2024-02").missing == ()


def test_a_label_that_only_a_later_copy_has_is_kept(tmp_path: Path) -> None:
    lines = [
        "1,A,2024-01-05 10:00:00,1,0,",
        "2,B,2024-01-05 10:00:00,1,0,",
        "1,A,2024-01-05 10:00:00,1,1,2024-01-20",
        "1,A,2024-01-05 10:00:00,1,1,2024-01-10",
        "2,C,2024-01-05 10:00:00,1,1,2024-01-10",  # another's: the number is used twice
    ]
    columns = {**COLUMNS, "is_fraud": "bad", "reported_at": "told"}
    taken = take_csv(tmp_path, "id,who,when,sum,bad,told\n" + "\n".join(lines), columns)
    assert (taken.ledger.height, taken.rejected.height) == (2, 3)
    kept = taken.ledger.filter(pl.col("customer_id").is_in(taken.labels["customer_id"].implode()))
    assert taken.labels["transaction_id"].to_list() == kept["transaction_id"].to_list()
    assert taken.labels["reported_at"].to_list() == [
        datetime(2024, 1, 11, tzinfo=UTC)
    ]  # a day is over when it is known


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        ("sum", pl.Series([[1.0]]), "column sum holds list values, but amount needs numbers"),
        ("sum", pl.Series([date(2024, 1, 1)]), "column sum holds date values, but amount needs numbers"),
        ("sum", pl.Series([True]), "column sum holds boolean values, but amount needs numbers"),
        ("when", pl.Series([5], dtype=pl.Duration), "column when holds duration values, but event_time needs texts"),
        ("who", pl.Series([{"a": 1}]), "column who holds struct values, but customer_id needs texts"),
        ("who", pl.Series([b"\xff"]), "a column of bytes, who, is no text in UTF-8"),
    ],
)
def test_a_column_of_parquet_that_cannot_be_what_it_is_for_is_named(
    tmp_path: Path, column: str, cells: pl.Series, said: str
) -> None:
    path = tmp_path / "file.parquet"
    frame = pl.DataFrame({"id": ["1"], "who": ["A"], "when": ["2024-01-05"], "sum": [1.0]})
    frame.with_columns(cells.alias(column)).write_parquet(path)
    with pytest.raises(IngestError, match=said):
        take(bank(str(path)))
    frame.with_columns(pl.col("who").cast(pl.Binary)).write_parquet(path)  # as some write texts
    assert take(bank(str(path))).ledger.height == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped((HEAD + "1,A,2024-01-05,1\n").encode())[:25], "cannot be read: what gzip has compressed is cut"),
        (zipped((HEAD + "1,A,2024-01-05,1\n").encode()) + b"more", "something that gzip has not compressed"),
    ],
)
def test_inspect_says_what_is_wrong_with_a_compressed_file(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(content)
    with pytest.raises(IngestError, match=said):
        first_scenario(find(str(path), tmp_path)[0], "mine", str(path))


def test_files_are_named_without_the_way_back_unless_a_link_makes_that_another_file(tmp_path: Path) -> None:
    for folder in ("banks/one", "far/away"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "banks" / "link").symlink_to(tmp_path / "far" / "away")
    text = "id,who,when,sum\n1,A,never,1.50\n"
    (tmp_path / "file.csv").write_text(text)
    (tmp_path / "far" / "other.csv").write_text(text)
    (tmp_path / "banks" / "other.csv").write_text(text)
    away = take(bank(str(tmp_path / "banks/one/../../file.csv")))
    assert away.rejected["file"].to_list() == [str(tmp_path / "file.csv")]
    linked = take(bank(str(tmp_path / "banks/link/../other.csv")))
    assert linked.rejected["file"].to_list() == [str(tmp_path / "banks/link/../other.csv")]
    (tmp_path / "file.csv").write_text("")
    with pytest.raises(IngestError, match=f"^{re.escape(str(tmp_path / 'file.csv'))} is empty"):
        take(bank(str(tmp_path / "banks/one/../../file.csv")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["", "\r", "\r\n"])
def test_a_header_alone_is_a_file_without_rows_whatever_ends_it(tmp_path: Path, encoding: str, end: str) -> None:
    (tmp_path / "a.csv").write_bytes(f"id,who,when,sum{end}".encode(encoding))
    row = "id,who,when,sum\n1,A,2024-01-03 09:12:00,1.50"
    (tmp_path / "b.csv").write_bytes(row.encode(encoding))
    found = take(bank(str(tmp_path / "*.csv"), encoding=encoding))
    assert (found.read, found.ledger.height) == (1, 1)


def test_a_byte_that_no_text_has_makes_a_row_none_whatever_ends_the_lines(tmp_path: Path) -> None:
    rows = "id,who,when,sum\r1,A,2024-01-03 09:12:00,1.50\r2,\0,2024-01-03 09:12:00,1.50\r"
    (tmp_path / "a.csv").write_bytes(rows.encode())
    found = take(bank(str(tmp_path / "a.csv")))
    assert found.ledger.height == 1
    assert found.reasons == ["customer_id has a control character"]

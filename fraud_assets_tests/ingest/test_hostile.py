"""Files as they come: each oddity ends in a clear sentence or in a rejected row with a reason, and no row is lost."""

from __future__ import annotations

import io
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import boto3
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraud_assets.ingest import IngestError, month
from fraud_assets.ingest.sources import batches
from fraud_assets.lake.outside import find
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import write_bytes
from fraud_assets_tests.ingest.banks import COLUMNS, GOOD, HEAD, bank, take, take_csv, zipped


def test_a_plain_row_becomes_a_ledger_row(tmp_path: Path) -> None:
    row = take_csv(tmp_path, HEAD + GOOD, time_zone="Asia/Kolkata").ledger.row(0, named=True)
    assert row["amount"] == 12.5
    assert row["event_time"] == datetime(2024, 1, 5, 4, 30, tzinfo=UTC)
    assert row["utc_offset_minutes"] == 330
    assert (row["kind"], row["direction"], row["status"], row["currency"]) == ("purchase", "debit", "approved", "EUR")
    assert row["channel"] is None
    assert row["latitude"] is None


def test_a_file_and_its_folder_may_have_any_sign_in_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "bank [old] 100%"
    (folder / "below").mkdir(parents=True)
    for name in ("a[1].csv", "a1.csv", "below/a2.csv", "b\n.csv"):
        (folder / name).write_text(HEAD + GOOD)
    assert [file.name for file in find("a[1].csv", folder)] == [str(folder / "a[1].csv")]
    assert [file.name for file in find("a[0-9].csv", folder)] == [str(folder / "a1.csv")]
    assert [file.name for file in find("a*.csv", folder)] == [str(folder / "a1.csv"), str(folder / "a[1].csv")]
    assert [file.name for file in find(str(folder / "a1.csv"), tmp_path)] == [str(folder / "a1.csv")]
    with pytest.raises(LakeError, match=r"location ban\*/a1\.csv: only the file's name may have"):
        find("ban*/a1.csv", tmp_path)


def test_a_pattern_on_s3_looks_at_its_own_folder_alone(s3_lake: str) -> None:
    lake = Lake.from_url(s3_lake)
    for name in ("in/a1.csv", "in/below/a2.csv", "a3.csv"):
        write_bytes(lake, name, (HEAD + GOOD).encode())
    assert [file.name for file in find(f"{s3_lake}/in/a*.csv", Path())] == [f"{s3_lake}/in/a1.csv"]
    assert find(f"{s3_lake}/nowhere/a*.csv", Path()) == []


def test_a_truncated_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pl.DataFrame({"id": ["1"], "who": ["A"], "when": ["2024-01-05"], "sum": [1.0]}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(IngestError, match=r"file\.parquet cannot be read .* is it whole\?"):
        take(bank(str(path)))


def test_a_truncated_gzip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(zipped((HEAD + GOOD * 5000).encode())[:-30])
    with pytest.raises(IngestError, match=r"file\.csv\.gz cannot be read"):
        take(bank(str(path)))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("file.csv.gz", (HEAD + GOOD).encode(), "is not compressed with gzip, though its name ends in .gz"),
        ("file.csv.gz", bytes(range(256)) * 20, "is not compressed with gzip, though its name ends in .gz"),
        ("file.csv.gz", zipped(bytes(range(256)) * 20), "is no text in utf-8: byte 1 is 0x00"),
        ("file.csv.gz", zipped(HEAD.encode())[:-8] + bytes(8), "cannot be read: what gzip has compressed is"),
        ("file.csv", zipped((HEAD + GOOD).encode()), "is compressed with gzip; its name must end in .gz"),
        ("file.csv", b"PK\x03\x04" + bytes(range(256)), "is a zip archive, as spreadsheets are"),
        ("file.csv", (HEAD + GOOD).encode("utf-16"), "is no text in utf-8: byte 4 is 0x00; is it CSV, or is files"),
        (
            "file.csv",
            (HEAD + GOOD * 200).encode() + b"\xb4\xba\n" * 3,
            "cannot be read: row 201 has 1 cell where the header has 4, and bytes that are not utf-8",
        ),
    ],
    ids=[
        "plain text as gz",
        "bytes as gz",
        "bytes in gz",
        "broken gz",
        "gz as csv",
        "zip",
        "utf-16",
        "bytes after good rows",
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pyarrow's own, of bytes of no text
def test_junk_is_answered_with_a_sentence_that_names_the_file(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(IngestError) as error:
        take(bank(str(path)))
    assert str(error.value).startswith(f"{path} {said}")
    assert str(error.value).isprintable()
    assert "zlib" not in str(error.value)


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_the_cells(tmp_path: Path) -> None:
    taken = take_csv(tmp_path, b"\xef\xbb\xbf" + (HEAD + GOOD).replace("\n", "\r\n").encode())
    assert (taken.ledger.height, taken.rejected.height) == (1, 0)


def test_latin_1_needs_its_name(tmp_path: Path) -> None:
    text = "id,who,when,sum,shop\n1,A,2024-01-05 10:00:00,12.50,Bäckerei Groß\n".encode("latin-1")
    columns = {**COLUMNS, "recipient_entity": "shop"}
    with pytest.raises(IngestError, match=r"is not utf-8; set files\.encoding"):
        take_csv(tmp_path, text, columns)
    taken = take_csv(tmp_path, text, columns, encoding="latin-1")
    assert taken.ledger["recipient_entity"].to_list() == ["Bäckerei Groß"]


def test_quotes_and_new_lines_in_a_cell_belong_to_it(tmp_path: Path) -> None:
    text = HEAD.replace("\n", ",shop\n") + '1,A,2024-01-05 10:00:00,1,"Joe ""The"" Cook,\nMain St"\n2,A\n'
    taken = take_csv(tmp_path, text, {**COLUMNS, "recipient_entity": "shop"})
    assert taken.ledger["recipient_entity"].to_list() == ['Joe "The" Cook, Main St']
    assert taken.rejected.select("row_number", "original").rows() == [(2, "2,A")]


def test_a_quote_that_is_never_closed_is_an_error_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"file\.csv: row 1 goes on for 1,001 lines; a quote that is never closed\?"):
        take_csv(tmp_path, HEAD + '1,"A,2024-01-05 10:00:00,1\n' + GOOD * 1_000)


def test_rows_with_missing_or_extra_cells_are_rejected_as_they_stand(tmp_path: Path) -> None:
    taken = take_csv(tmp_path, HEAD + GOOD + "2,A,2024-01-05 10:00:00\n" + "3,A,2024-01-06 10:00:00,1,5\n")
    assert taken.reasons == ["has 3 cells; the header has 4", "has 5 cells; the header has 4"]
    assert taken.rejected["row_number"].to_list() == [2, 3]
    assert taken.rejected["original"].to_list() == ["2,A,2024-01-05 10:00:00", "3,A,2024-01-06 10:00:00,1,5"]


def test_a_missing_column_is_named_with_one_that_is_near(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"has no column 'when'; did you mean 'whe'\?"):
        take_csv(tmp_path, HEAD.replace("when", "whe") + GOOD)


def test_columns_that_nobody_asked_for_are_left_alone(tmp_path: Path) -> None:
    assert take_csv(tmp_path, "extra," + HEAD + "x," + GOOD).ledger.height == 1


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"more than one column 'sum'"):
        take_csv(tmp_path, "id,who,when,sum,sum\n1,A,2024-01-05 10:00:00,1,2\n")


def test_a_customer_stays_the_same_when_types_change_between_months(tmp_path: Path) -> None:
    frames = [
        pl.DataFrame({"id": [1], "who": [17], "when": [date(2024, 1, 5)], "sum": [1]}),
        pl.DataFrame({"id": ["2"], "who": ["17"], "when": ["2024-02-05"], "sum": ["2.5"]}),
        pl.DataFrame({"id": [3.0], "who": [17.0], "when": [datetime(2024, 3, 5, tzinfo=UTC)], "sum": [3.5]}),
    ]
    for number, frame in enumerate(frames, start=1):
        frame.write_parquet(tmp_path / f"2024-0{number}.parquet")
    scenario = bank(f"{tmp_path}/{{month}}.parquet")
    found = [take(scenario, key).ledger for key in ("2024-01", "2024-02", "2024-03")]
    assert [part["amount"].to_list() for part in found] == [[1.0], [2.5], [3.5]]
    assert pl.concat(found)["customer_id"].n_unique() == 1


def test_of_rows_with_one_id_the_first_is_kept_whoever_they_are_of(tmp_path: Path) -> None:
    taken = take_csv(tmp_path, HEAD + GOOD + "2,B,2024-01-05 10:00:00,1\n" + "1,C,2024-01-07 10:00:00,3\n")
    assert taken.ledger["amount"].sort().to_list() == [1, 12.5]
    assert taken.reasons == [f"transaction_id repeats that of row 1 of {tmp_path / 'file.csv'}"]
    assert taken.rejected["row_number"].to_list() == [3]


def test_without_an_id_rows_are_the_same_if_all_their_cells_are(tmp_path: Path) -> None:
    columns = {name: theirs for name, theirs in COLUMNS.items() if name != "transaction_id"}
    taken = take_csv(tmp_path, HEAD + GOOD + "9" + GOOD + GOOD.replace("12.50", "12.51"), columns)
    assert taken.ledger.height == 2
    assert taken.reasons[0].startswith("repeats all of row 1")


def test_a_file_without_rows_and_one_without_a_header(tmp_path: Path) -> None:
    taken = take_csv(tmp_path, HEAD)
    assert (taken.read, taken.ledger.height) == (0, 0)
    with pytest.raises(IngestError, match="is empty; even a file without rows needs a header"):
        take_csv(tmp_path, "")


def test_one_row_without_a_line_end(tmp_path: Path) -> None:
    assert take_csv(tmp_path, HEAD + GOOD.strip()).ledger.height == 1


def test_a_file_that_grows_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(HEAD + GOOD)
    (file,) = find(str(path), tmp_path)
    reading = batches(file, bank(str(path)).files, ["id"])
    next(reading)
    with path.open("a") as more:
        more.write(GOOD)
    with pytest.raises(IngestError, match="was written to while it was read"):
        list(reading)


def test_rows_go_to_the_utc_month_whatever_local_month_their_file_is_of(tmp_path: Path) -> None:
    (tmp_path / "2024-01.csv").write_text(
        HEAD + "1,A,2024-01-31 23:30:00,1\n2,A,2024-01-05 00:00:00,1\n3,A,2024-03-05,1\n"
    )
    (tmp_path / "2024-02.csv").write_text(HEAD + "1,A,2024-02-05 10:00:00,1\n")
    scenario = bank(f"{tmp_path}/{{month}}.csv", time_zone="America/New_York")
    first, second = take(scenario, "2024-01"), take(scenario, "2024-02")
    assert (first.ledger.height, first.rejected.height) == (1, 1)
    assert "of a file of 2024-01" in first.reasons[0]
    assert (second.ledger.height, second.rejected.height) == (2, 0)


def test_a_month_without_a_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"there is no file .*2024-02\.csv"):
        take(bank(f"{tmp_path}/{{month}}.csv"), "2024-02")


def test_a_label_is_known_when_it_was_reported(tmp_path: Path) -> None:
    text = "id,who,when,sum,bad,told\n" + "".join(
        f"{k},A,2024-01-0{k} 10:00:00,1,{bad},{told}\n"
        for k, bad, told in [(1, "yes", ""), (2, "1", "2024-01-02"), (3, "N", ""), (4, "1", "2024-01-01")]
    )
    columns = {**COLUMNS, "is_fraud": "bad", "reported_at": "told"}
    taken = take_csv(tmp_path, text, columns, report_delay_days=2)
    days = (taken.labels.sort("event_time")["reported_at"] - datetime(2024, 1, 1, tzinfo=UTC)).to_list()
    assert days == [timedelta(days=2, hours=10), timedelta(days=2)]  # a day was over when it was known
    assert taken.reasons == ["reported_at '2024-01-01' lies before the transaction itself"]


CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["1", "-1", "0", "nan", "A", "2024-01-05 10:00:00", "2024-02-05", "2024-03-31T02:30:00", 'é\n"x']),
    st.floats().map(str),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL, CELL, CELL), max_size=8))
def test_whatever_the_cells_no_row_vanishes(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    path = tmp_path / "any.parquet"
    pl.DataFrame(rows, schema=dict.fromkeys(["id", "who", "when", "sum"], pl.String), orient="row").write_parquet(path)
    scenario = bank(str(path), time_zone="Europe/Berlin")
    taken = [take(scenario, key) for key in ("2024-01", "2024-02", "2024-03")]
    assert sum(month.ledger.height + month.rejected.height for month in taken) == len(rows)


def test_files_on_s3_are_taken_as_those_on_disk_are(s3_lake: str) -> None:
    head, second = HEAD.encode(), GOOD.replace("1,A", "2,B").encode()
    pl.DataFrame({"id": ["3"], "who": ["C"], "when": ["2024-01-31 23:30:00"], "sum": [3.0]}).write_parquet(
        parquet := io.BytesIO()
    )
    objects = {
        "in/a.csv": head + GOOD.encode(),
        "in/b.csv.gz": zipped(head + second + b"4,D,never,1\n"),
        "in/deeper/a.csv": head + second,
        "parquet/2024-01.parquet": parquet.getvalue(),
    }
    bucket, _, prefix = s3_lake.removeprefix("s3://").partition("/")
    for key, body in objects.items():
        boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=body)
    several = take(bank(f"{s3_lake}/in/*"))
    assert (several.ledger.height, several.read) == (2, 3)
    assert several.rejected["file"].to_list() == [f"{s3_lake}/in/b.csv.gz"]
    monthly = take(bank(f"{s3_lake}/parquet/{{month}}.parquet"))
    assert monthly.ledger["amount"].to_list() == [3.0]
    with pytest.raises(IngestError, match=r"no file s3://.*/parquet/2024-02\.parquet"):
        take(bank(f"{s3_lake}/parquet/{{month}}.parquet"), "2024-02")


def test_a_file_of_nothing_but_rejected_rows_is_given_up_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month, "MOST_REJECTED", 3)
    with pytest.raises(IngestError, match=r"4 of the first 4 rows read are rejected, 3 may be.*often: amount .* is no"):
        take_csv(tmp_path, HEAD + GOOD.replace("12.50", "lots") * 4)


def test_a_file_read_in_part_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(HEAD + GOOD)
    some = batches(find(str(path), tmp_path)[0], bank(str(path)).files, ["id"])
    assert next(some).frame.height == 1
    some.close()  # type: ignore[attr-defined]
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("read")]

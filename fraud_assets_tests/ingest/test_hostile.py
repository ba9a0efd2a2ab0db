"""Files as they come: each oddity ends in a clear sentence or in a rejected row with a reason, and no row is lost."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

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
from fraud_assets_tests.ingest.banks import COLUMNS, bank, take, take_csv, zipped

HEAD = "id,who,when,sum\n"
GOOD = "1,A,2024-01-05 10:00:00,12.50\n"


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


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("NaN", "is not finite"),
        ("inf", "is not finite"),
        ("-5", "is negative"),
        ("0", "is less than a hundredth"),
        ("0.001", "is less than a hundredth"),
        ("12,5", "is no number"),
        ("twelve", "is no number"),
        ("", "amount is missing"),
        ("1e11", "is 10,000,000,000 or more"),
    ],
)
def test_an_amount_that_is_none_is_rejected(tmp_path: Path, amount: str, reason: str) -> None:
    taken = take_csv(tmp_path, HEAD + GOOD + f'2,A,2024-01-06 10:00:00,"{amount}"\n')
    assert taken.ledger.height == 1
    assert reason in taken.reasons[0]
    assert json.loads(taken.rejected["original"][0])["sum"] == amount


@pytest.mark.parametrize(
    ("amount", "is_it"),
    [
        ("€1,200.50", 1_200.5),
        ("1200.50 €", 1_200.5),
        ("EUR 1200.50", 1_200.5),
        (" 1200.50EUR ", 1_200.5),
        ("+ € 1200.50", 1_200.5),
        ("$1200.50", None),
        ("USD 1200.50", None),
        ("€", None),
        ("1200.50 EURO", None),
        ("12€00.50", None),
    ],
)
def test_an_amount_may_have_the_bank_s_currency_beside_it_and_no_other(
    tmp_path: Path, amount: str, is_it: float | None
) -> None:
    taken = take_csv(tmp_path, HEAD + f'1,A,2024-01-06 10:00:00,"{amount}"\n')
    assert taken.ledger["amount"].to_list() == ([] if is_it is None else [is_it])
    assert taken.rejected.height == (is_it is None)


@pytest.mark.parametrize(
    ("amount", "decimal", "is_it"),
    [
        ("1 200,50 €", ",", 1_200.5),
        ("1\u00a0200\u00a0300,50\u00a0€", ",", 1_200_300.5),
        ("1\u202f200,5", ",", 1_200.5),
        ("-1.200,50", ",", -1_200.5),
        ("1'200.50", ".", 1_200.5),
        ("EUR 1’200.50", ".", 1_200.5),
        ("1 200", ".", 1_200),
        ("12 00,50", ",", None),
        ("1 2", ",", None),
        ("1 200.300,50", ",", None),
        ("1200 300", ",", None),
    ],
)
def test_thousands_may_stand_apart_by_one_mark(tmp_path: Path, amount: str, decimal: str, is_it: float | None) -> None:
    written = HEAD + f'1,A,2024-01-06 10:00:00,"{amount}"\n' + '2,A,2024-01-06 10:00:00,"7"\n'
    taken = take_csv(tmp_path, written, decimal=decimal, negative_amounts="refund")
    signed = taken.ledger.select(pl.when(direction="credit").then(-pl.col("amount")).otherwise("amount")).to_series()
    assert sorted(signed) == sorted([7.0] if is_it is None else [is_it, 7.0])
    assert taken.rejected.height == (is_it is None)


def test_negative_amounts_are_what_the_scenario_says(tmp_path: Path) -> None:
    text = HEAD + GOOD + "2,A,2024-01-06 10:00:00,-5\n"
    refunds = take_csv(tmp_path, text, negative_amounts="refund").ledger
    assert refunds.select("kind", "direction", "amount").rows() == [
        ("purchase", "debit", 12.5),
        ("refund", "credit", 5),
    ]
    signed = take_csv(tmp_path, text.replace(",-5", ",-€5"), negative_amounts="refund").ledger
    assert signed.equals(refunds)
    payments = take_csv(tmp_path, text, negative_amounts="payment").ledger
    assert payments.select("kind", "direction").rows() == [("income", "credit"), ("purchase", "debit")]


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


@pytest.mark.parametrize("when", ["", "soon", "2024-13-01 00:00:00", "05.01.2024"])
def test_a_time_that_is_none_is_rejected(tmp_path: Path, when: str) -> None:
    taken = take_csv(tmp_path, HEAD + GOOD + f"2,A,{when},1\n")
    assert taken.ledger.height == 1
    assert "event_time" in taken.reasons[0]


def test_times_out_of_the_bank_s_range_are_told_in_its_first_month_and_only_there(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(
        HEAD + GOOD + "2,A,1970-01-01 00:00:00,1\n3,A,2024-02-01 00:00:00,1\n4,A,2031-01-01 00:00:00,1\n5,A\n"
    )
    first, second = (take(bank(str(path)), key) for key in ("2024-01", "2024-02"))
    assert (first.ledger.height, first.rejected.height, first.elsewhere) == (1, 3, 1)
    assert (second.ledger.height, second.rejected.height, second.elsewhere) == (1, 0, 4)
    assert "lies outside the months, 2024-01 to 2024-03 (UTC)" in first.reasons[0]


def test_a_time_without_a_zone_is_local_and_one_with_a_zone_is_not(tmp_path: Path) -> None:
    rows = "1,A,2024-01-05T10:00:00,1\n2,A,2024-01-05T10:00:01Z,1\n3,A,2024-01-05T10:00:02-05:00,1\n"
    ledger = take_csv(tmp_path, HEAD + rows, time_zone="America/New_York").ledger
    assert ledger["event_time"].dt.hour().to_list() == [10, 15, 15]
    assert set(ledger["utc_offset_minutes"]) == {-300}


def test_a_time_that_the_clocks_skipped_is_rejected_and_one_shown_twice_is_the_first(tmp_path: Path) -> None:
    scenario: dict[str, Any] = {"time_zone": "Europe/Berlin"}
    path = tmp_path / "file.csv"
    path.write_text(HEAD + "1,A,2024-03-31 02:30:00,1\n2,A,2024-03-31 03:30:00,1\n")
    spring = take(bank(str(path), **scenario), "2024-03")
    assert spring.ledger["event_time"].to_list() == [datetime(2024, 3, 31, 1, 30, tzinfo=UTC)]
    assert "does not exist in Europe/Berlin" in take(bank(str(path), **scenario)).reasons[0]
    path.write_text(HEAD + "1,A,2024-10-27 02:30:00,1\n")
    autumn = bank(str(path), **scenario).model_copy(update={"last_month": "2024-12"})
    assert take(autumn, "2024-10").ledger["event_time"].to_list() == [datetime(2024, 10, 27, 0, 30, tzinfo=UTC)]


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\x07", "\ufeff"])
def test_control_characters_are_rejected(tmp_path: Path, sign: str) -> None:
    text = "id,who,when,sum,shop\n" + GOOD.replace("\n", ",Joe\n")
    bad = f"2,A{sign}B,2024-01-05 10:00:00,1,Joe\n3,A,2024-01-05 10:00:00,1,Jo{sign}e\n"
    taken = take_csv(tmp_path, text + bad, {**COLUMNS, "recipient_entity": "shop"})
    assert taken.ledger.height == 1
    assert taken.reasons == ["customer_id has a control character", "recipient_entity has a control character"]


def test_names_of_indian_scripts_keep_their_joiners(tmp_path: Path) -> None:
    name = "क्\u200dष"
    text = f"id,who,when,sum,shop\n1,A,2024-01-05 10:00:00,1,{name}\n"
    assert take_csv(tmp_path, text, {**COLUMNS, "recipient_entity": "shop"}).ledger["recipient_entity"][0] == name


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


def test_a_code_that_stands_for_nothing_is_rejected_and_a_star_is_any_other(tmp_path: Path) -> None:
    text = "id,who,when,sum,way\n" + GOOD.replace("\n", ",POS\n") + "2,A,2024-01-06 10:00:00,1,FAX\n"
    columns = {**COLUMNS, "channel": "way"}
    taken = take_csv(tmp_path, text, columns, values={"channel": {"POS": "card_present"}})
    assert taken.reasons == ["channel 'FAX' stands for nothing; say it in files.values.channel"]
    taken = take_csv(tmp_path, text, columns, values={"channel": {"POS": "card_present", "*": "online"}})
    assert taken.ledger["channel"].to_list() == ["card_present", "online"]


def test_another_currency_is_rejected(tmp_path: Path) -> None:
    text = "id,who,when,sum,ccy\n" + GOOD.replace("\n", ",eur\n") + "2,A,2024-01-06 10:00:00,1,USD\n"
    taken = take_csv(tmp_path, text, {**COLUMNS, "currency": "ccy"})
    assert taken.reasons == ["currency 'USD' is not EUR"]


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

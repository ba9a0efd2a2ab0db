"""Streaming writers: whole or nothing, the same bytes everywhere, an honest record."""

from __future__ import annotations

import ast
import hashlib
import io
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fraud_assets.lake.store import PART_BYTES, Lake, LakeError, Writer
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import Written, escape_formulas, write_bytes, write_csv, write_jsonl, write_parquet
from fraud_assets_tests.lake.frames import CITIES, SCHEMA, chunks

ROOT = Path(__file__).parents[2]
KEY = "bank/transactions/month=2024-01/part-0000.parquet"


def groups(lake: Lake, key: str) -> list[int]:
    footer = pq.ParquetFile(io.BytesIO(lake.read_bytes(key))).metadata
    return [footer.row_group(number).num_rows for number in range(footer.num_row_groups)]


def broken() -> NoReturn:
    raise ValueError("customer 17 has no city")


def test_what_is_recorded_is_what_is_there(lake: Lake) -> None:
    seen: list[int] = []
    written = write_parquet(lake, KEY, lazy_chunks(SCHEMA, chunks(3)), progress=seen.append)
    data = lake.read_bytes(KEY)
    assert (written.uri, written.bytes) == (lake.uri(KEY), len(data))
    assert written.sha256 == hashlib.sha256(data).hexdigest() == lake.sha256(KEY)
    assert written.rows == seen[-1] == 3000 + 37 * 3
    assert_frame_equal(lake.scan_parquet([KEY]).collect(), pl.concat([make() for make in chunks(3)]))


def test_an_object_of_several_parts_is_whole(lake: Lake) -> None:
    frame = lazy_chunks(SCHEMA, chunks(4, 250_000))
    written = write_parquet(lake, KEY, frame)
    assert written.bytes > PART_BYTES
    assert lake.sha256(KEY) == written.sha256
    assert lake.scan_parquet([KEY]).select(pl.len()).collect().item() == written.rows


@pytest.mark.parametrize("rows", [100_000, 130_000, 199_000, 260_000])
def test_row_groups_end_where_chunks_end(disk_lake: Lake, rows: int) -> None:
    write_parquet(disk_lake, KEY, lazy_chunks(SCHEMA, chunks(3, rows)))
    ends = [sum(groups(disk_lake, KEY)[: number + 1]) for number in range(len(groups(disk_lake, KEY)))]
    chunk_rows = [rows + 37 * number for number in range(3)]
    assert {sum(chunk_rows[: number + 1]) for number in range(3)} <= set(ends)
    assert max(groups(disk_lake, KEY)) < 200_000


WORDS = {"city": pl.Enum([city for city in CITIES if city is not None])}


def coded_chunks(count: int, rows: int = 1000) -> list[Callable[[], pl.DataFrame]]:
    def coded(make: Callable[[], pl.DataFrame]) -> Callable[[], pl.DataFrame]:
        return lambda: make().with_columns(pl.col("city").cast(WORDS["city"]))

    return [coded(make) for make in chunks(count, rows)]


def test_coded_texts_are_texts_to_whoever_reads(disk_lake: Lake) -> None:
    rows = pl.concat([make() for make in chunks(3)])
    frame = lazy_chunks(SCHEMA, coded_chunks(3), coded=WORDS)
    assert_frame_equal(frame.collect(), rows)
    assert_frame_equal(frame.filter(pl.col("city").str.starts_with("B")).collect(), rows.filter(city="Boston"))
    assert_frame_equal(frame.select("amount").collect(), rows.select("amount"))

    written = write_parquet(disk_lake, KEY, frame)
    assert written.rows == len(rows)
    assert_frame_equal(disk_lake.scan_parquet([KEY]).collect(), rows)
    assert_frame_equal(disk_lake.scan_parquet([KEY]).filter(city="Boston").collect(), rows.filter(city="Boston"))
    elsewhere = pq.read_table(io.BytesIO(disk_lake.read_bytes(KEY)))
    assert elsewhere.schema.field("city").type == pa.large_string()
    assert elsewhere.column("city").to_pylist() == rows["city"].to_list()


def test_coded_texts_without_any_word_are_null_to_whoever_reads(disk_lake: Lake) -> None:
    schema, none = {"n": pl.Int64(), "token": pl.String()}, {"token": pl.Enum([])}
    piece = pl.DataFrame({"n": [1, 2], "token": [None, None]}, schema={**schema, **none})
    write_parquet(disk_lake, KEY, lazy_chunks(schema, [lambda: piece], coded=none))
    assert_frame_equal(disk_lake.scan_parquet([KEY]).collect(), piece.with_columns(pl.col("token").cast(pl.String)))
    assert pq.read_table(io.BytesIO(disk_lake.read_bytes(KEY))).column("token").to_pylist() == [None, None]


QUERIES = """
import sys
import polars as pl
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import write_csv, write_parquet
from fraud_assets_tests.lake.frames import SCHEMA, chunks

ledger = lazy_chunks(SCHEMA, chunks(3, 120_000), threads=int(sys.argv[1]))
totals = ledger.group_by("customer_id").agg(pl.len().alias("rows"))
tables = {
    "chunks": ledger,
    "filtered": ledger.filter(pl.col("amount") > 30),
    "sorted": ledger.sort("event_time", "customer_id", "amount"),
    "joined": ledger.join(totals.filter(pl.col("rows") % 2 == 0), on="customer_id", maintain_order="left"),
    "grouped": totals.sort("customer_id"),
}
for root in sys.argv[2:]:
    lake = Lake.from_url(root)
    digests = {name: write_parquet(lake, f"bank/{name}.parquet", table).sha256 for name, table in tables.items()}
    print(digests | {"csv": write_csv(lake, "bank/ledger.csv", tables["sorted"]).sha256})
"""


def test_the_bytes_are_the_same_on_disk_and_s3_with_one_and_two_threads(tmp_path: Path, s3_lake: str) -> None:
    outputs = []
    for threads in (1, 2):
        run = subprocess.run(
            [sys.executable, "-c", QUERIES, str(threads), str(tmp_path / str(threads)), f"{s3_lake}/{threads}"],
            env={**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        )
        outputs += run.stdout.splitlines()
    assert len(outputs) == 4
    assert len(set(outputs)) == 1, outputs
    assert len(ast.literal_eval(outputs[0])) == 6


def test_an_exception_in_the_stream_leaves_the_old_object(lake: Lake) -> None:
    old = write_parquet(lake, KEY, lazy_chunks(SCHEMA, chunks(2)))
    for writer in (write_parquet, write_csv):
        with pytest.raises(ValueError, match="customer 17 has no city"):
            writer(lake, KEY, lazy_chunks(SCHEMA, [*chunks(3, 150_000), broken], threads=1))
    assert lake.sha256(KEY) == old.sha256
    assert lake.list() == [KEY]


def test_an_exception_in_the_stream_leaves_nothing_where_nothing_was(lake: Lake) -> None:
    with pytest.raises(ValueError, match="customer 17 has no city"):
        write_parquet(lake, KEY, lazy_chunks(SCHEMA, [*chunks(3, 150_000), broken], threads=1))
    assert not lake.exists(KEY)
    assert lake.list() == []


def test_a_missing_file_in_the_frame_is_not_blamed_on_the_lake(disk_lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"mine\.parquet"):
        write_parquet(disk_lake, KEY, pl.scan_parquet(tmp_path / "mine.parquet"))


def test_a_place_on_disk_that_cannot_be_written_is_told_with_the_object(tmp_path: Path) -> None:
    (tmp_path / "bank").write_text("a file where a folder is needed")
    with pytest.raises(LakeError, match=r"part-0000\.parquet could not be written and is as it was before: .*bank"):
        write_parquet(Lake.from_url(tmp_path), KEY, lazy_chunks(SCHEMA, chunks(1)))
    assert list((tmp_path / ".staging").iterdir()) == []


def test_a_full_disk_is_told_with_the_object(disk_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def full(self: Lake, key: str) -> Iterator[Writer]:
        with Path("/dev/full").open("wb", buffering=0) as device:
            yield device

    monkeypatch.setattr(Lake, "open_writer", full)
    with pytest.raises(LakeError, match=r"part-0000\.parquet could not be written .* No space left on device"):
        write_parquet(disk_lake, KEY, lazy_chunks(SCHEMA, chunks(1)))


def test_a_bucket_that_vanishes_is_told_with_the_object(s3_lake: str) -> None:
    gone = Lake.from_url("s3://no-such-bucket/lake")
    with pytest.raises(LakeError, match=r"s3://no-such-bucket/lake/bank/.* could not be written"):
        write_parquet(gone, KEY, lazy_chunks(SCHEMA, chunks(1)))
    with pytest.raises(LakeError, match="could not be written"):
        write_parquet(gone, KEY, lazy_chunks(SCHEMA, chunks(4, 250_000)))


def test_a_csv_reads_back_with_its_rows_and_nulls(lake: Lake) -> None:
    frame = pl.concat([make() for make in chunks(3)])
    written = write_csv(lake, "bank/x.csv", frame)
    data = lake.read_bytes("bank/x.csv")
    assert (written.bytes, written.rows, written.sha256) == (len(data), frame.height, hashlib.sha256(data).hexdigest())
    back = pl.read_csv(data, schema_overrides={"event_time": pl.String})
    assert data.splitlines()[1].split(b",")[1].endswith(b"Z")
    times = pl.col("event_time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", time_unit="us", time_zone="UTC")
    assert_frame_equal(back.with_columns(times, pl.col("status").cast(SCHEMA["status"])), frame)


def test_instants_without_a_zone_are_not_given_one_in_a_csv(disk_lake: Lake) -> None:
    instant = pl.Series(["2024-01-31T05:00:00"]).str.to_datetime(time_unit="us")
    frame = pl.DataFrame({"plain": instant, "there": instant.dt.replace_time_zone("America/New_York")})
    write_csv(disk_lake, "x.csv", frame)
    assert disk_lake.read_bytes("x.csv").splitlines()[1] == b"2024-01-31T05:00:00.000000,2024-01-31T10:00:00.000000Z"


@settings(max_examples=100)
@given(st.lists(st.none() | st.text(max_size=5) | st.sampled_from(["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "a=1"])))
def test_no_text_for_people_starts_a_formula_and_no_other_text_changes(texts: list[str | None]) -> None:
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String), "number": pl.Series([-1.5] * len(texts))})
    escaped = escape_formulas(frame.lazy()).collect()
    assert escaped["number"].to_list() == [-1.5] * len(texts)
    for before, after in zip(texts, escaped["text"], strict=True):
        if before and before[0] in "=+-@\t\r":
            assert after == "'" + before
        else:
            assert after == before


def test_a_csv_is_for_programs_unless_people_are_asked_for(disk_lake: Lake) -> None:
    frame = pl.DataFrame({"name": ["=1+1"], "kind": pl.Series(["-a"], dtype=pl.Enum(["-a"]))})
    write_csv(disk_lake, "programs.csv", frame)
    write_csv(disk_lake, "people.csv", frame, for_people=True)
    assert disk_lake.read_bytes("programs.csv") == b"name,kind\n=1+1,-a\n"
    assert disk_lake.read_bytes("people.csv") == b"name,kind\n'=1+1,'-a\n"


def test_a_small_file_replaces_the_one_before(lake: Lake) -> None:
    write_bytes(lake, "bank/report/month=2024-01/report.html", b"<p>old</p>")
    written = write_bytes(lake, "bank/report/month=2024-01/report.html", b"<p>new</p>")
    assert lake.read_bytes("bank/report/month=2024-01/report.html") == b"<p>new</p>"
    assert (written.rows, written.bytes) == (None, 10)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "html"])
def test_a_full_disk_leaves_what_was_there_and_nothing_half_written(
    ending: str, disk_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, frame = f"bank/file.{ending}", pl.DataFrame({"a": range(50_000)})

    def write(lake: Lake, key: str, frame: pl.DataFrame) -> Written:
        match ending:
            case "csv":
                return write_csv(lake, key, frame)
            case "jsonl":
                return write_jsonl(lake, key, frame)
            case _:
                return write_bytes(lake, key, b"<html>")

    whole = write(disk_lake, key, frame).sha256
    assert disk_lake.path
    staging = disk_lake.path / ".staging"
    with monkeypatch.context() as patch:
        patch.setattr("fraud_assets.lake.store.uuid.uuid4", lambda: uuid.UUID(int=0))
        (staging / f"{uuid.UUID(int=0).hex}.part").symlink_to("/dev/full")
        with pytest.raises(LakeError, match=r"is as it was before: No space left on device; free some space"):
            write(disk_lake, key, frame)
    assert disk_lake.sha256(key) == whole
    assert list(staging.iterdir()) == []
    assert write(disk_lake, key, frame).sha256 == whole

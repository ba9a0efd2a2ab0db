"""Exported files, read back by the libraries that people open them with: every row, null, type and awkward text."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.lake import workbooks
from fraud_assets.lake.formats import FORMATS, write_table
from fraud_assets.lake.store import Lake, LakeError

AWKWARD = [
    "plain",
    None,
    "",
    "=SUM(A1)",
    "-2",
    'a "quoted", text\nof two lines',
    "  padded  ",
    "<b>&amp;</b>",
    "naïve ₹ 😀",
    "null",
    "tab\there",
]
ROWS = len(AWKWARD)


def awkward() -> pl.DataFrame:
    """One row an awkward text, and in every other column a null, extremes and ordinary values."""
    filler = list(range(ROWS - 4))
    return pl.DataFrame(
        {
            "transaction_id": [2**63 - 1, 2**53 + 1, 0, 7, *filler],
            "merchant_id": [None, 2**63 - 1, 2**53 + 1, 0, *filler],
            "small": pl.Series([None, -32768, 32767, 0, *filler], dtype=pl.Int16),
            "amount": [0.01, None, 1e15 + 0.25, -0.1, *map(float, filler)],
            "flag": [True, False, None, True, *[False] * (ROWS - 4)],
            "text": AWKWARD,
            "status": pl.Series([*["approved", None, "declined"], *["approved"] * (ROWS - 3)]).cast(
                pl.Enum(["approved", "pending", "declined"])
            ),
            "day": [date(2024, 2, 29), None, date(1991, 2, 12), date(2199, 12, 31), *[date(2024, 1, 1)] * (ROWS - 4)],
            "event_time": pl.Series(
                [
                    datetime(2024, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
                    None,
                    *[datetime(2024, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC)] * (ROWS - 2),
                ]
            ).cast(pl.Datetime("us", "UTC")),
        }
    )


def written(lake: Lake, frame: pl.DataFrame, ending: str) -> bytes:
    """The file's bytes, after holding them against what the writer says of them."""
    key = f"for/analysts/table.{ending}"
    told = write_table(lake, key, frame.lazy(), title="table")
    assert told.uri == lake.uri(key)
    assert told.rows == frame.height
    data = lake.read_bytes(key)
    assert told.bytes == len(data)
    assert told.sha256 == lake.sha256(key)
    return data


def test_csv(lake: Lake) -> None:
    frame = awkward()
    data = written(lake, frame, "csv")
    found = pd.read_csv(io.BytesIO(data), dtype_backend="numpy_nullable", keep_default_na=False, na_values={"x": ""})
    assert list(found.columns) == frame.columns
    assert found["text"].tolist() == [text or "" for text in AWKWARD]
    assert found["transaction_id"].tolist() == frame["transaction_id"].to_list()
    polars = pl.read_csv(data, schema_overrides={"merchant_id": pl.Int64, "text": pl.String})
    assert polars["text"].to_list() == AWKWARD  # null and the empty text are two things
    assert polars["merchant_id"].to_list() == frame["merchant_id"].to_list()
    assert polars["event_time"][0] == "2024-01-31T23:59:59.999999Z"


def test_json_lines(lake: Lake) -> None:
    frame = awkward()
    lines = written(lake, frame, "jsonl").decode().splitlines()
    found = [json.loads(line) for line in lines]
    expected = frame.with_columns(
        pl.col("day").cast(pl.String), pl.col("event_time").dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
    )
    assert found == expected.to_dicts()


def test_parquet(lake: Lake) -> None:
    frame = awkward()
    found = pq.read_table(io.BytesIO(written(lake, frame, "parquet")))
    assert found.num_rows == frame.height
    assert found.column("transaction_id").to_pylist() == frame["transaction_id"].to_list()
    assert found.column("text").to_pylist() == AWKWARD
    assert str(found.schema.field("event_time").type) == "timestamp[us, tz=UTC]"


def test_excel(lake: Lake) -> None:
    frame = awkward()
    data = written(lake, frame, "xlsx")
    found = pd.read_excel(io.BytesIO(data), sheet_name="table", dtype=object, keep_default_na=False, na_values=[""])
    assert list(found.columns) == frame.columns
    assert found.isna().sum().to_dict() == {
        name: nulls + (name == "text") for name, nulls in frame.null_count().row(0, named=True).items()
    }  # Excel itself takes an empty text for nothing
    rows = found.to_dict("list")
    assert rows["transaction_id"] == [str(number) for number in frame["transaction_id"]]
    assert rows["merchant_id"][1] == str(2**63 - 1)
    assert rows["small"][1:3] == [-32768, 32767]
    assert rows["amount"][0] == 0.01
    assert rows["amount"][2] == 1e15 + 0.25
    assert rows["flag"][:2] == [True, False]
    assert rows["status"][2] == "declined"
    assert rows["day"][0] == datetime(2024, 2, 29)  # noqa: DTZ001  # Excel knows no zones
    assert abs(pd.Timestamp(rows["event_time"][0]) - pd.Timestamp("2024-01-31 23:59:59.999999")) < pd.Timedelta("1ms")
    texts = [text for text in AWKWARD if text]
    assert [text for text in rows["text"] if text in texts] == texts


def test_numpy(lake: Lake) -> None:
    frame = awkward()
    arrays = np.load(io.BytesIO(written(lake, frame, "npz")), allow_pickle=False)

    def texts(name: str) -> list[str | None]:
        return [None if code < 0 else str(arrays[f"{name}.values"][code]) for code in arrays[name]]

    assert {len(arrays[name]) for name in arrays if not name.endswith(".values")} == {frame.height}
    assert arrays["transaction_id"].tolist() == frame["transaction_id"].to_list()
    assert "transaction_id.is_null" not in arrays
    masked = np.ma.array(arrays["merchant_id"], mask=arrays["merchant_id.is_null"])
    assert masked.tolist() == frame["merchant_id"].to_list()
    assert arrays["small"].dtype == np.int16
    assert np.isnan(arrays["amount"]).tolist() == frame["amount"].is_null().to_list()
    assert arrays["flag"].dtype == bool
    assert arrays["flag.is_null"].tolist() == frame["flag"].is_null().to_list()
    assert texts("text") == AWKWARD
    assert texts("status") == frame["status"].to_list()
    assert arrays["status.values"].tolist() == ["approved", "pending", "declined"]
    assert arrays["event_time"].dtype == "datetime64[us]"
    assert arrays["event_time"].tolist() == [t and t.replace(tzinfo=None) for t in frame["event_time"]]
    assert arrays["day"].tolist() == frame["day"].to_list()


@pytest.mark.parametrize("ending", FORMATS)
def test_a_table_without_rows_still_has_its_columns(disk_lake: Lake, ending: str) -> None:
    data = written(disk_lake, awkward().clear(), ending)
    match ending:
        case "csv":
            assert data.decode().strip().split(",") == awkward().columns
        case "jsonl":
            assert data == b""
        case "parquet":
            assert pq.read_schema(io.BytesIO(data)).names == awkward().columns
        case "xlsx":
            assert list(pd.read_excel(io.BytesIO(data)).columns) == awkward().columns
        case "npz":
            assert set(np.load(io.BytesIO(data))) >= set(awkward().columns)


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_rows_give_the_same_bytes(disk_lake: Lake, ending: str) -> None:
    frame = pl.concat([awkward()] * 3000)
    assert written(disk_lake, frame, ending) == written(disk_lake, frame, ending)


def test_a_table_too_long_for_excel_is_refused_before_anything_is_written(disk_lake: Lake) -> None:
    long = pl.LazyFrame({"n": pl.int_range(workbooks.MOST_ROWS + 1, eager=True)})
    with pytest.raises(LakeError, match=r"1,048,576 rows, and an Excel sheet takes at most 1,048,575; take fewer"):
        write_table(disk_lake, "long.xlsx", long, title="long")
    assert disk_lake.list() == []


def test_the_longest_table_that_excel_takes_is_written(disk_lake: Lake) -> None:
    write_table(
        disk_lake, "long.xlsx", pl.LazyFrame({"n": pl.int_range(workbooks.MOST_ROWS, eager=True)}), title="long"
    )
    with zipfile.ZipFile(io.BytesIO(disk_lake.read_bytes("long.xlsx"))) as book:
        assert book.testzip() is None
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row>") == 1_048_576  # with the header


def test_a_text_too_long_for_a_cell_is_refused(disk_lake: Lake) -> None:
    with pytest.raises(LakeError, match="column evidence has a text of 32,768 characters"):
        write_table(disk_lake, "x.xlsx", pl.LazyFrame({"evidence": ["short", "x" * 32_768]}), title="x")


def test_a_sheet_larger_than_excel_opens_leaves_what_was_there(
    disk_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written(disk_lake, awkward(), "xlsx")
    monkeypatch.setattr(workbooks, "_MOST_BYTES", 100_000)
    with pytest.raises(LakeError, match=r"from row [\d,]+ on, the sheet is larger than the 2 GiB.*nothing was written"):
        written(disk_lake, pl.concat([awkward()] * 3000), "xlsx")
    assert disk_lake.list() == ["for/analysts/table.xlsx"]
    assert disk_lake.read_bytes("for/analysts/table.xlsx") == before


def test_numbers_that_are_none_do_not_break_a_workbook(disk_lake: Lake) -> None:
    infinite = float("inf")
    data = written(disk_lake, pl.DataFrame({"x": [1.5, infinite, None, float("nan"), -infinite, 2.0]}), "xlsx")
    found = pd.read_excel(io.BytesIO(data), dtype=object, keep_default_na=False)["x"].tolist()
    assert [str(value) for value in found] == ["1.5", "nan", "", "nan", "nan", "2"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=20) | st.none(), min_size=1, max_size=8))
def test_any_text_survives_in_a_workbook(tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]) -> None:
    lake = Lake.from_url(tmp_path_factory.getbasetemp() / "texts")
    frame = pl.DataFrame({"row": range(len(texts)), "text": texts}, schema_overrides={"text": pl.String})
    for most in (100, 0):  # texts by number, and in their cells
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workbooks, "_SHARED_TEXTS", most)
            data = written(lake, frame, "xlsx")
        found = pd.read_excel(io.BytesIO(data), dtype=object, keep_default_na=False)["text"].tolist()
        assert [unescaped(text) for text in found] == [text or "" for text in texts]


def unescaped(text: Any) -> str:
    """As Excel reads ``_x000D_``; openpyxl leaves that to its user."""
    from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

    return str(unescape(str(text)))

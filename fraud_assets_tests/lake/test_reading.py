"""A scan in pieces against polars' own: the same rows, columns and order, whatever is asked of it."""

from __future__ import annotations

import polars as pl
import pytest

from fraud_assets.lake import reading
from fraud_assets.lake.paths import Place
from fraud_assets.lake.reading import scan_in_pieces
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import write_parquet
from fraud_assets_tests.lake.frames import SCHEMA, chunks


@pytest.fixture
def keys(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two months, the first of several pieces and the second of a single one."""
    monkeypatch.setattr(reading, "PIECE_ROWS", 700)
    places = [Place("bank", "ledger", month).parquet for month in ("2024-01", "2024-02")]
    for key, count in zip(places, (3, 1), strict=True):
        write_parquet(lake, key, lazy_chunks(SCHEMA, chunks(count, 500, count)))
    return places


def test_every_row_in_its_order(lake: Lake, keys: list[str]) -> None:
    assert scan_in_pieces(lake, keys).collect().equals(lake.scan_parquet(keys).collect())
    batches = list(scan_in_pieces(lake, keys).collect_batches(chunk_size=100))
    assert pl.concat(batches).equals(lake.scan_parquet(keys).collect())


def test_the_month_is_that_of_the_folder(lake: Lake, keys: list[str]) -> None:
    found = scan_in_pieces(lake, keys, month_column=True).collect()
    assert found.equals(lake.scan_parquet(keys, month_column=True).collect())
    assert found["month"].unique(maintain_order=True).to_list() == ["2024-01", "2024-02"]


@pytest.mark.parametrize("rows", [0, 1, 699, 700, 701, 1900])
def test_the_first_rows_of_some_columns(lake: Lake, keys: list[str], rows: int) -> None:
    def asked(frame: pl.LazyFrame) -> pl.DataFrame:
        return frame.select("city", "amount").head(rows).collect()

    assert asked(scan_in_pieces(lake, keys)).equals(asked(lake.scan_parquet(keys)))


def test_some_rows_of_a_column_that_is_not_asked_for(lake: Lake, keys: list[str]) -> None:
    def asked(frame: pl.LazyFrame) -> pl.DataFrame:
        return frame.filter(pl.col("amount") > 50).select("city").head(300).collect()

    assert asked(scan_in_pieces(lake, keys)).equals(asked(lake.scan_parquet(keys)))

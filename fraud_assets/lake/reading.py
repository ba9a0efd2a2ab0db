"""Reading long tables with little memory: a scan that decodes a few thousand rows at a time.

polars' own scan decodes many row groups ahead of a slow reader; with a hundred columns that is gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import polars as pl
from polars.io.plugins import register_io_source

from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import in_order

#: Rows that are decoded at a time.
PIECE_ROWS = 50_000
#: Pieces that are decoded while the reader has another one.
_AHEAD = 1


def scan_in_pieces(lake: Lake, keys: Sequence[str], *, month_column: bool = False) -> pl.LazyFrame:
    """As :meth:`fraud_assets.lake.store.Lake.scan_parquet`, but memory holds two or three pieces of 50,000 rows.

    Of each piece only the columns are read that the query needs; row groups are not pruned.
    """
    scans = [lake.scan_parquet([key], month_column=month_column) for key in keys]
    lengths = [scan.select(pl.len()).collect().item() for scan in scans]
    pieces = list(
        chain.from_iterable(
            (scan.slice(start, PIECE_ROWS) for start in range(0, rows, PIECE_ROWS))
            for scan, rows in zip(scans, lengths, strict=True)
        )
    )

    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        del batch_size  # a hint; the piece is the batch

        def decoded(number: int) -> pl.DataFrame:
            piece = pieces[number]
            if predicate is not None:
                piece = piece.filter(predicate)
            return (piece if with_columns is None else piece.select(with_columns)).collect()

        left = n_rows
        for frame in in_order(decoded, len(pieces), _AHEAD):
            yield frame if left is None else frame.head(left)
            if left is not None and (left := left - frame.height) <= 0:
                return

    return register_io_source(source, schema=scans[0].collect_schema(), explain_name="pieces")

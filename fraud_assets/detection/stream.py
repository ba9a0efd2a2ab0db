"""A table that is made batch by batch, while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import polars as pl
from polars.io.plugins import register_io_source


def streamed(chunks: Callable[[], Iterator[pl.DataFrame]], schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """A LazyFrame over chunks of the ``schema``, which are made when it is read and one at a time."""

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for chunk in chunks():
            if left is not None:
                chunk = chunk.head(left)
                left -= chunk.height
            if predicate is not None:
                chunk = chunk.filter(predicate)
            yield chunk.select(columns) if columns is not None else chunk
            if left == 0:
                return

    return register_io_source(source, schema=dict(schema), is_pure=True)

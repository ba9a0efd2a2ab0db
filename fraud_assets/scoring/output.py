"""The file that goes out: the rows as they came in, with the columns ``ADDED``, and whether it has room for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from fraud_assets.detection.stream import streamed
from fraud_assets.ingest.files import is_parquet
from fraud_assets.lake.formats import format_of
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.scoring.loose import LooseFile, kind_of

#: The columns that are added; a column that has such a name already is replaced.
ADDED: dict[str, pl.DataType] = {"fraud_score": pl.Float64(), "decision": pl.String(), "reasons": pl.String()}


def check_target(loose: LooseFile, target: tuple[Lake, str]) -> None:
    """Raise LakeError if the target is the file that is read, or its format has no room for one of the columns."""
    lake, key = target
    file, place = loose.file.name, lake.uri(key)
    is_same = file == place
    if lake.path and not file.startswith("s3://") and Path(place).exists():
        is_same = Path(place).samefile(file)
    if is_same:
        raise LakeError(f"{place} is the file that is read; name another with --out")
    kind = format_of(key)
    for name, dtype in _schema(next(loose.batches(), pl.DataFrame())).items():
        if not _has_room(kind, dtype):
            raise LakeError(
                f"{file}: a .{kind} file has no room for column {name}, which holds {kind_of(dtype)} values;"
                " leave it out, or name a file with --out that ends in .parquet"
            )


def output(loose: LooseFile, scores: pl.DataFrame, kind: str) -> pl.LazyFrame:
    """The file's rows as they stand, with the scores beside them, read while they are written."""

    def cells(frame: pl.DataFrame) -> pl.DataFrame:
        if is_parquet(loose.file.name):
            return frame
        frame = _without_empty(frame)
        return loose.typed(frame) if kind == "parquet" else frame

    schema = _schema(cells(next(loose.batches())))

    def chunks() -> Iterator[pl.DataFrame]:
        first = 0
        for frame in loose.batches():
            own = scores.slice(first, frame.height).select(pl.col(name).cast(dtype) for name, dtype in ADDED.items())
            first += frame.height
            yield cells(frame).drop(ADDED, strict=False).hstack(own)

    return streamed(chunks, schema)


def _has_room(kind: str, dtype: pl.DataType) -> bool:
    """Whether a format can hold a column of a file."""
    if kind == "parquet":
        return True
    if dtype in (pl.Binary, pl.Object):
        return False
    if kind == "npz" and dtype in (pl.Time, pl.Decimal, pl.Null, pl.Int128, pl.UInt128):
        return False
    return kind == "jsonl" or not (dtype.is_nested() or dtype == pl.Duration)


def _schema(frame: pl.DataFrame) -> Mapping[str, Any]:
    return {name: dtype for name, dtype in frame.schema.items() if name not in ADDED} | ADDED


def _without_empty(frame: pl.DataFrame) -> pl.DataFrame:
    """Nothing in place of the empty texts of a CSV file, so that nothing is written as nothing."""
    return frame.with_columns(pl.when(pl.all() != "").then(pl.all()))

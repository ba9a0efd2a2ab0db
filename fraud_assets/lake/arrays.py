"""NumPy archives: a table as one array a column, in a ``.npz`` that ``numpy.load`` reads without pickle.

What lives here: how a column becomes an array. A column is read alone and written as it passes by, so memory holds a
batch of it, and of a text column its different values.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterable
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import Progress, Written, hashed_object

_BATCH_ROWS = 200_000

Array = npt.NDArray[Any]
Convert = Callable[[pl.Series], Array]


def write_arrays(lake: Lake, key: str, frame: pl.LazyFrame, *, progress: Progress | None = None) -> Written:
    """Write a table as a ``.npz``: for each column an array of its name, as long as the table.

    ======================  ===================================================================================
    column                  array
    ======================  ===================================================================================
    floating point          as it is; null is NaN
    whole number, Boolean   as it is; if there are nulls, 0 or False there, and a second array ``<name>.is_null``
    instant, day            ``datetime64[us]`` in UTC, ``datetime64[D]``; null is NaT
    text, Enum              int32 codes into ``<name>.values``; null is -1
    ======================  ===================================================================================

    Parameters
    ----------
    frame
        A scan of files rather than a computation: it is read once or twice for each column.
    progress
        Called with the rows so far: those of the table times the share of its columns that are done.

    Raises
    ------
    LakeError
        If the table is replaced meanwhile by one of another length, or the lake takes no more bytes. The object is then
        what it was before.
    """
    schema = frame.collect_schema()
    rows = frame.select(pl.len()).collect().item()
    with hashed_object(lake, key) as target, _zip(cast(IO[bytes], target)) as archive:
        for done, (name, dtype) in enumerate(schema.items(), start=1):
            column = frame.select(name)
            if isinstance(dtype, pl.Enum | pl.String):
                dtype = dtype if isinstance(dtype, pl.Enum) else pl.Enum(_different(column, name))
                values = np.array(dtype.categories.to_list(), dtype=str)
                _write(archive, f"{name}.values", values.dtype, len(values), [values])
            for array, convert in _conversions(column, name, dtype).items():
                kind = convert(pl.Series(dtype=dtype)).dtype
                batches = (convert(batch[name]) for batch in column.collect_batches(chunk_size=_BATCH_ROWS))
                if (found := _write(archive, array, kind, rows, batches)) != rows:
                    raise LakeError(
                        f"{lake.uri(key)}: column {name} has {found:,} rows and not {rows:,}: the table was replaced "
                        "while it was read; nothing was written; run it again"
                    )
            if progress:
                progress(rows * done // len(schema))
    return Written(lake.uri(key), rows, target.bytes, target.sha256)


def _conversions(column: pl.LazyFrame, name: str, dtype: pl.DataType) -> dict[str, Convert]:
    """Name of each array that is as long as the table -> how it comes from the column."""
    match dtype:
        case pl.Enum():
            return {name: lambda part: part.cast(dtype).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()}
        case pl.Float32() | pl.Float64():
            return {name: lambda part: part.fill_null(math.nan).to_numpy()}
        case pl.Date():
            return {name: lambda part: part.to_numpy()}
        case pl.Datetime():
            return {name: lambda part: part.dt.cast_time_unit("us").dt.replace_time_zone(None).to_numpy()}
        case _ if dtype.is_integer() or dtype == pl.Boolean:
            zero = False if dtype == pl.Boolean else 0
            arrays: dict[str, Convert] = {name: lambda part: part.fill_null(zero).to_numpy()}
            if column.null_count().collect(engine="streaming").item():
                arrays[f"{name}.is_null"] = lambda part: part.is_null().to_numpy()
            return arrays
        case _:
            raise LakeError(f"column {name} is {dtype}, which has no NumPy array without pickle; take parquet")


def _different(column: pl.LazyFrame, name: str) -> pl.Series:
    """The different texts of a column, in order."""
    return column.select(pl.col(name).drop_nulls().unique().sort()).collect(engine="streaming")[name]


def _write(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], rows: int, batches: Iterable[Array]) -> int:
    """Stream one array; returns how many rows came."""
    found = 0
    # With ZIP64 from the start, since it is not known before how large the array becomes.
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (rows,)}
        np.lib.format.write_array_header_1_0(file, header)
        for batch in batches:
            found += len(batch)
            file.write(batch.tobytes())
    return found


def _zip(target: IO[bytes]) -> zipfile.ZipFile:
    return zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1)

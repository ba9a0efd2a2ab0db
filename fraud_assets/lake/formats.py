"""The formats a table can be exported to, by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath
from typing import Final

import polars as pl

from fraud_assets.lake.arrays import write_arrays
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.workbooks import write_workbook
from fraud_assets.lake.writing import Progress, Written, write_csv, write_jsonl, write_parquet

#: Ending -> what it is.
FORMATS: Final = {
    "csv": "CSV",
    "jsonl": "JSON lines",
    "parquet": "Parquet",
    "xlsx": "an Excel workbook of at most 1,048,575 rows",
    "npz": "NumPy arrays",
}


def format_of(key: str) -> str:
    """The format of a key or path.

    Raises
    ------
    LakeError
        If its ending is none of :data:`FORMATS`.
    """
    ending = PurePosixPath(key).suffix.removeprefix(".")
    if ending not in FORMATS:
        raise LakeError(f"{key!r} does not end in the name of a format; there are {endings()}")
    return ending


def endings() -> str:
    """All endings, for sentences."""
    return ", ".join(f".{name} ({what})" for name, what in FORMATS.items())


def write_table(lake: Lake, key: str, frame: pl.LazyFrame, *, title: str, progress: Progress | None = None) -> Written:
    """Write a table in the format that the key's ending says; it appears whole or not at all.

    Parameters
    ----------
    frame
        A scan of files: CSV, JSON lines and Parquet are streamed in one pass, a workbook and arrays in several.
    title
        Name of the workbook's sheet.

    Raises
    ------
    LakeError
        If the ending is no format's, Excel cannot hold the table, or the lake takes no more bytes.
    """
    writers: dict[str, Callable[..., Written]] = {
        "csv": write_csv,
        "jsonl": write_jsonl,
        "parquet": write_parquet,
        "xlsx": partial(write_workbook, sheet=title),
        "npz": write_arrays,
    }
    return writers[format_of(key)](lake, key, frame, progress=progress)

"""The rows of a file as they stand there: CSV (plain or gzip) and Parquet, batch by batch, each row with its number.

What lives here: bytes to cells. What the cells mean is in ``cells``.
"""

from __future__ import annotations

import difflib
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.counting import counted
from fraud_assets.ingest.files import (
    BLOCK_BYTES,
    LOOKED_AT,
    IngestError,
    SourceFile,
    head_of,
    is_parquet,
    look_at,
    never_closed,
    sentences,
)
from fraud_assets.ingest.parser import Parser
from fraud_assets.ingest.quotes import Counted, is_several_rows, lines_of, swallower
from fraud_assets.scenario.source import Files

#: Rows of Parquet that are looked at together.
BATCH_ROWS = 200_000

#: Columns that are numbers; other types than numbers have some, which are none of theirs.
NUMBERS = ("amount", "latitude", "longitude")
#: Characters of a rejected row that are kept.
LONGEST_ORIGINAL = 4_000


@dataclass(frozen=True)
class Batch:
    """Some rows of a file, in their order.

    Attributes
    ----------
    frame
        The columns asked for, by their names in the file: texts from CSV, any types from Parquet.
    rows
        The number of each row in the file, from 1, the header and empty lines not counted.
    misfits
        Rows with more or fewer cells than the header: number, reason, line.
    """

    frame: pl.DataFrame
    rows: npt.NDArray[np.int64]
    misfits: Sequence[tuple[int, str, str]] = ()


def columns_of(file: SourceFile, files: Files) -> list[str]:
    """The names of the file's columns.

    Raises
    ------
    IngestError
        If it cannot be read.
    """
    if is_parquet(file.name):
        import pyarrow.parquet as pq

        with sentences(file, files), file.open() as source:
            return list(pq.ParquetFile(source).schema_arrow.names)
    with sentences(file, files):
        look_at(head_of(file, LOOKED_AT), file, files)
        with file.open() as source, _csv(source, file, files) as (parser, _):
            return parser.names


def batches(file: SourceFile, files: Files, columns: Sequence[str]) -> Iterator[Batch]:
    """All rows of a file.

    Parameters
    ----------
    columns
        Names in the file of the columns that are wanted.

    Raises
    ------
    IngestError
        If a column is missing or there twice, the file is cut off or damaged, is not in its encoding, or changes while
        it is read.
    """
    there = columns_of(file, files)
    for name in columns:
        if there.count(name) == 1:
            continue
        near = difflib.get_close_matches(name, there, 1, 0.6)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(there[:30])}"
        said = "has no column" if name not in there else "has more than one column"
        raise IngestError(f"{file.name} {said} {name!r}; {hint if name not in there else 'names must differ'}")
    read = _parquet_batches if is_parquet(file.name) else _csv_batches
    with sentences(file, files):
        yield from _ahead(read(file, files, list(columns)))
    if file.has_changed():
        raise IngestError(f"{file.name} was written to while it was read; materialize the month when it is complete")


def _ahead(made: Generator[Batch, None, None]) -> Iterator[Batch]:
    """The batches, each read in a thread while the one before it is looked at."""
    with closing(made), ThreadPoolExecutor(1, thread_name_prefix="read") as thread:
        coming = thread.submit(next, made, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, made, None)
            yield batch


def _parquet_batches(file: SourceFile, files: Files, columns: list[str]) -> Generator[Batch, None, None]:
    import pyarrow.parquet as pq

    seen = 0
    with file.open() as source:
        parquet = pq.ParquetFile(source)
        kinds = pl.DataFrame(pl.from_arrow(parquet.schema_arrow.empty_table().select(columns))).schema
        _check_kinds(file, files, kinds)
        # As some writers write texts; what is not ours stays what it is.
        bytes_ = [name for name in files.wanted if kinds.get(name) == pl.Binary]
        for batch in parquet.iter_batches(BATCH_ROWS, columns=columns):
            frame = pl.DataFrame(pl.from_arrow(batch)).select(columns)
            try:
                frame = frame.with_columns(pl.col(bytes_).cast(pl.String))
            except pl.exceptions.ComputeError:
                raise IngestError(
                    f"{file.name}: a column of bytes, {' or '.join(bytes_)}, is no text in UTF-8; write it as texts"
                ) from None
            yield Batch(frame, np.arange(seen + 1, seen + 1 + frame.height))
            seen += frame.height


def _check_kinds(file: SourceFile, files: Files, kinds: pl.Schema) -> None:
    """Refuse columns of a type that no text, number or time of ours can be read from.

    ``kinds`` are those of the columns that are read, not always of all that are mapped.
    """
    for column in files.columns:
        for name in files.sources(column):
            if name not in kinds:
                continue
            kind, wanted = kinds[name], "texts, numbers or times"
            is_odd = kind.is_nested() or kind in (pl.Duration, pl.Object)
            if column in NUMBERS:
                is_odd, wanted = is_odd or kind.is_temporal() or kind == pl.Boolean, "numbers"
            if is_odd:
                said = type(kind).__name__.lower()
                raise IngestError(f"{file.name}: column {name} holds {said} values, but {column} needs {wanted}")


def _csv_batches(file: SourceFile, files: Files, columns: list[str]) -> Generator[Batch, None, None]:
    bad: list[Any] = []
    read, told = 1, 0  # the header is a line
    with file.open() as source, _csv(source, file, files, columns, bad) as (parser, counted):
        for batch, rows in _numbered(parser, bad):
            yield Batch(pl.DataFrame(pl.from_arrow(batch)).select(columns), rows, _told(bad[told:], file, files))
            read, told = read + len(rows), len(bad)
    if told < len(bad):
        yield Batch(
            pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), np.arange(0), _told(bad[told:], file, files)
        )
    if counted.lines != read + sum(lines_of(row.text) for row in bad):
        _refuse_swallowed_rows(file, files)


def _numbered(parser: Parser, bad: list[Any]) -> Iterator[tuple[Any, npt.NDArray[np.int64]]]:
    """What the parser gives, each row with its number."""
    fit = 0
    for batch in parser:
        # The parser numbers rows from the header on; those that do not fit are missing among the ones it gives.
        skipped = np.array([row.number - 1 for row in bad], dtype=np.int64)
        before = skipped - 1 - np.arange(len(skipped))
        index = np.arange(fit, fit + batch.num_rows)
        yield batch, index + 1 + before.searchsorted(index, side="right")
        fit += batch.num_rows


def _told(rows: list[Any], file: SourceFile, files: Files) -> list[tuple[int, str, str]]:
    told = []
    for row in rows:
        if is_several_rows(row.text, files.separator, row.expected_columns):
            raise never_closed(file, f"row {row.number - 1:,}", lines_of(row.text))
        reason = f"has {counted(row.actual_columns, 'cell')}; the header has {row.expected_columns}"
        told.append((row.number - 1, reason, row.text[:LONGEST_ORIGINAL]))
    return told


def _refuse_swallowed_rows(file: SourceFile, files: Files) -> None:
    """Refuse a file with a cell that has swallowed rows; lines that are empty or belong to texts are none."""
    names = columns_of(file, files)
    needed = {source for column in ("event_time", "amount") for source in files.sources(column)}
    numbers = [at for at, name in enumerate(names) if name in needed]
    bad: list[Any] = []
    with file.open() as source, _csv(source, file, files, names, bad, everything=True) as (parser, _):
        for batch, rows in _numbered(parser, bad):
            for at, name in enumerate(names):
                cells = pl.Series(pl.from_arrow(batch.column(at)))
                if (found := swallower(cells, at, len(names), files.separator, numbers)) is not None:
                    raise never_closed(file, f"row {rows[found]:,}: its {name!r}", lines_of(cells[found]))


@contextmanager
def _csv(
    source: IO[bytes],
    file: SourceFile,
    files: Files,
    columns: Sequence[str] = (),
    bad: list[Any] | None = None,
    *,
    everything: bool = False,
) -> Iterator[tuple[Parser, Counted]]:
    """The parser of a file and the count of its lines; rows with more or fewer cells than the header go to ``bad``.

    Columns that are named are texts; others are there only if there are no named ones, or ``everything`` is asked for.
    """
    import pyarrow as pa
    import pyarrow.csv as pc

    stream: Any = source
    if file.name.lower().endswith(".gz"):
        stream = pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "gzip")
    counted = Counted(stream)
    parser = Parser(
        counted,
        (lambda _: None) if bad is None else bad.append,
        encoding=files.encoding,
        block_bytes=BLOCK_BYTES,
        separator=files.separator,
        convert=pc.ConvertOptions(
            include_columns=() if everything else columns,
            column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=False,
        ),
    )
    with parser:
        yield parser, counted

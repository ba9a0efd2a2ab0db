"""The rows of a file as they stand there: CSV (plain or gzip) and Parquet, batch by batch, each row with its number.

What lives here: bytes to cells. What the cells mean is in ``cells``.
"""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.errors import Mendable
from fraud_assets.scenario.source import Files

#: Bytes of CSV, and rows of Parquet, that are looked at together.
BLOCK_BYTES = 16 * 1024 * 1024
BATCH_ROWS = 200_000

#: Lines of a row that does not fit, at most; more of them are rows that a lost quote has swallowed.
_MOST_LINES = 20
#: Characters of a rejected row that are kept.
LONGEST_ORIGINAL = 4_000

#: First bytes by which is told what is no CSV, those that no text has, and encodings in which texts have them.
_LOOKED_AT = 4096
_NO_TEXT = bytes(range(8))
_WIDE = ("utf16", "utf32", "u16", "u32")
_PARSED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")

_CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_PARQUET = (".parquet", ".pq")


class IngestError(Mendable):
    """Something about a user's files that the user can mend; the message is one sentence."""


class SourceFile(Protocol):
    """A file wherever it is."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def open(self) -> IO[bytes]: ...
    def has_changed(self) -> bool: ...


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


def is_parquet(name: str) -> bool:
    """Whether a file is Parquet by its name.

    Raises
    ------
    IngestError
        If it is neither that nor CSV.
    """
    lower = name.lower()
    if not lower.endswith((*_CSV, *_PARQUET)):
        raise IngestError(f"{name} is of no kind that is read; {', '.join((*_CSV, *_PARQUET))} are")
    return lower.endswith(_PARQUET)


def columns_of(file: SourceFile, files: Files) -> list[str]:
    """The names of the file's columns.

    Raises
    ------
    IngestError
        If it cannot be read.
    """
    if is_parquet(file.name):
        import pyarrow.parquet as pq

        with _sentences(file, files), file.open() as source:
            return list(pq.ParquetFile(source).schema_arrow.names)
    with _sentences(file, files):
        with file.open() as source:
            _look_at(source.read(_LOOKED_AT), file, files)
        with file.open() as source, _csv(source, file, files) as reader:
            return list(reader.schema.names)


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
    with _sentences(file, files):
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

    del files
    seen = 0
    with file.open() as source:
        for batch in pq.ParquetFile(source).iter_batches(BATCH_ROWS, columns=columns):
            frame = pl.DataFrame(pl.from_arrow(batch)).select(columns)
            yield Batch(frame, np.arange(seen + 1, seen + 1 + frame.height))
            seen += frame.height


def _csv_batches(file: SourceFile, files: Files, columns: list[str]) -> Generator[Batch, None, None]:
    bad: list[Any] = []

    def misfit(row: Any) -> str:
        bad.append(row)
        return "skip"

    fit, told = 0, 0
    with file.open() as source, _csv(source, file, files, columns, misfit) as reader:
        for batch in reader:
            frame = pl.DataFrame(pl.from_arrow(batch)).select(columns)
            # The parser numbers rows from the header on; those that do not fit are missing among the ones it gives.
            skipped = np.array([row.number - 1 for row in bad], dtype=np.int64)
            before = skipped - 1 - np.arange(len(skipped))
            index = np.arange(fit, fit + frame.height)
            rows = index + 1 + before.searchsorted(index, side="right")
            yield Batch(frame, rows, _told(bad[told:], file))
            fit, told = fit + frame.height, len(bad)
    if told < len(bad):
        yield Batch(pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), np.arange(0), _told(bad[told:], file))


def _told(rows: list[Any], file: SourceFile) -> list[tuple[int, str, str]]:
    for row in rows:
        if row.text.count("\n") > _MOST_LINES:  # rows would be lost in it uncounted
            raise IngestError(
                f"{file.name}: row {row.number - 1:,} goes on for {row.text.count(chr(10)):,} lines; a quote that is"
                " never closed?"
            )
    return [
        (
            row.number - 1,
            f"has {row.actual_columns} cells; the header has {row.expected_columns}",
            row.text[:LONGEST_ORIGINAL],
        )
        for row in rows
    ]


def _look_at(head: bytes, file: SourceFile, files: Files) -> None:
    """Refuse by its first bytes what is no CSV, before what is wrong with its rows is said of bytes that are none."""
    if file.name.lower().endswith(".gz"):
        head = zlib.decompressobj(wbits=31).decompress(head, _LOOKED_AT)
    elif head.startswith(b"\x1f\x8b"):
        raise IngestError(f"{file.name} is compressed with gzip; its name must end in .gz, as in {file.name}.gz")
    if head.startswith(b"PK\x03\x04"):
        raise IngestError(f"{file.name} is a zip archive, as spreadsheets are; save its table as CSV")
    if not files.encoding.lower().replace("-", "").replace("_", "").startswith(_WIDE):
        head = head.split(b"\n")[0]  # a row with such bytes is a row that is rejected
        odd = next((k for k, byte in enumerate(head) if byte in _NO_TEXT), None)
        if odd is not None:
            raise IngestError(
                f"{file.name} is no text in {files.encoding}: byte {odd + 1:,} is {head[odd]:#04x};"
                " is it CSV, or is files.encoding another, such as utf-16?"
            )


@contextmanager
def _csv(
    source: IO[bytes], file: SourceFile, files: Files, columns: list[str] | None = None, misfit: Any = lambda _: "skip"
) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.csv as pc

    stream = pa.PythonFile(source, mode="r")
    if file.name.lower().endswith(".gz"):
        stream = pa.CompressedInputStream(stream, "gzip")
    reader = pc.open_csv(
        stream,
        read_options=pc.ReadOptions(block_size=BLOCK_BYTES, encoding=files.encoding, use_threads=False),
        parse_options=pc.ParseOptions(delimiter=files.separator, newlines_in_values=True, invalid_row_handler=misfit),
        convert_options=pc.ConvertOptions(
            include_columns=columns, column_types=dict.fromkeys(columns or (), pa.string()), strings_can_be_null=False
        ),
    )
    with reader:
        yield reader


@contextmanager
def _sentences(file: SourceFile, files: Files) -> Iterator[None]:
    """What pyarrow says of a file becomes a sentence with its name."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError, EOFError, UnicodeError, zlib.error) as error:
        problem = str(error).strip().split("\n")[0]
        if isinstance(error, UnicodeError) or "UTF8" in problem:
            raise IngestError(
                f"{file.name} is not {files.encoding}; set files.encoding, for example to latin-1 or cp1252"
            ) from None
        if "Empty CSV" in problem or file.size == 0:
            raise IngestError(f"{file.name} is empty; even a file without rows needs a header") from None
        if "straddl" in problem or "out of sync" in problem:
            raise IngestError(
                f"{file.name} has a row longer than {BLOCK_BYTES:,} bytes; a quote that is never closed?"
            ) from None
        if "header check" in problem:
            raise IngestError(
                f"{file.name} is not compressed with gzip, though its name ends in .gz; compress it, or rename it"
            ) from None
        if file.name.lower().endswith(".gz") and re.search("zlib|compressed|decompressing", problem):
            raise IngestError(
                f"{file.name} cannot be read: what gzip has compressed is cut off or damaged; copy the file again"
            ) from None
        if parsed := _PARSED.search(problem):
            number, expected, actual = parsed.groups()
            raise IngestError(
                f"{file.name} cannot be read: row {int(number) - 1:,} has {actual} cells where the header has"
                f" {expected}, and bytes that are not {files.encoding}; is it CSV, in this encoding?"
            ) from None
        if "magic bytes" in problem:
            raise IngestError(
                f"{file.name} cannot be read (it does not end as a Parquet file does); is it whole?"
            ) from None
        raise IngestError(f"{file.name} cannot be read ({problem}); is it whole?") from None

"""A user's file: what it is by its name and its first bytes, and the sentences about one that cannot be read."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Protocol

from fraud_assets.counting import counted
from fraud_assets.errors import Mendable
from fraud_assets.scenario.source import Files

#: Bytes of CSV that are looked at together: no row is longer.
BLOCK_BYTES = 16 * 1024 * 1024
#: First bytes by which is told what is no CSV, those that no text has, and encodings in which texts have them.
LOOKED_AT = 4096
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


def never_closed(file: SourceFile, what: str, lines: int) -> IngestError:
    """What is said of a quote that has swallowed rows."""
    return IngestError(
        f"{file.name}: {what} goes on for {counted(lines, 'line')}; a quote that is never closed?"
        " One that belongs to a text is written twice, in a cell with quotes around it"
    )


def head_of(file: SourceFile, size: int) -> bytes:
    """The first bytes of a CSV's text, about as many as asked for.

    Raises
    ------
    IngestError
        If the file is compressed with gzip and its name does not say so, or the other way around.
    """
    with file.open() as source:
        head = source.read(size)
    if not file.name.lower().endswith(".gz"):
        if head.startswith(b"\x1f\x8b"):
            raise IngestError(f"{file.name} is compressed with gzip; its name must end in .gz, as in {file.name}.gz")
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, size)
    except zlib.error as error:
        if "header check" in str(error):
            raise IngestError(
                f"{file.name} is not compressed with gzip, though its name ends in .gz; compress it, or rename it"
            ) from None
        raise IngestError(_damaged(file)) from None


def _damaged(file: SourceFile) -> str:
    return f"{file.name} cannot be read: what gzip has compressed is cut off or damaged; copy the file again"


def look_at(head: bytes, file: SourceFile, files: Files) -> None:
    """Refuse by its first bytes what is no CSV, before what is wrong with its rows is said of bytes that are none."""
    if head.startswith(b"PK\x03\x04"):
        raise IngestError(f"{file.name} is a zip archive, as spreadsheets are; save its table as CSV")
    if not files.encoding.lower().replace("-", "").replace("_", "").startswith(_WIDE):
        head = re.split(rb"[\r\n]", head)[0]  # a row with such bytes is a row that is rejected
        odd = next((k for k, byte in enumerate(head) if byte in _NO_TEXT), None)
        if odd is not None:
            raise IngestError(
                f"{file.name} is no text in {files.encoding}: byte {odd + 1:,} is {head[odd]:#04x};"
                " is it CSV, or is files.encoding another, such as utf-16?"
            )


@contextmanager
def sentences(file: SourceFile, files: Files) -> Iterator[None]:
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
        if "header check" in problem:  # not the first one
            raise IngestError(
                f"{file.name} cannot be read: something that gzip has not compressed follows what it has; copy the file"
                " again"
            ) from None
        if file.name.lower().endswith(".gz") and re.search("zlib|compressed|decompressing", problem):
            raise IngestError(_damaged(file)) from None
        if parsed := _PARSED.search(problem):
            number, expected, actual = parsed.groups()
            raise IngestError(
                f"{file.name} cannot be read: row {int(number) - 1:,} has {counted(int(actual), 'cell')} where the"
                f" header has {expected}, and bytes that are not {files.encoding}; is it CSV, in this encoding?"
            ) from None
        if "magic bytes" in problem:
            raise IngestError(
                f"{file.name} cannot be read (it does not end as a Parquet file does); is it whole?"
            ) from None
        raise IngestError(f"{file.name} cannot be read ({problem}); is it whole?") from None

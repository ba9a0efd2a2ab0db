"""Streaming writers: tables and files go to the lake piece by piece, hashed, and appear whole or not at all."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

import polars as pl
import polars.selectors as cs

from fraud_assets.errors import is_refusal, refusal
from fraud_assets.lake.store import Lake, LakeError, Writer
from fraud_assets.lake.streaming import stored_chunks

#: Rows of a row group where no chunks decide. A fixed number makes the bytes independent of the number of threads:
#: left to itself, polars cuts row groups where its operators cut, and after a sort or a join that depends on threads.
ROW_GROUP_ROWS = 100_000
#: Rows that are turned into text at a time.
_BATCH_ROWS = 20_000
#: Against polars' default of 3: a quarter faster, 7 % larger.
ZSTD_LEVEL = 1

#: What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
FORMULA_STARTS = "=+-@\t\r"

#: Called with the number of rows so far, now and then, from any thread.
Progress = Callable[[int], None]
#: Called with each batch of rows that is written, in any order, from any thread.
Watcher = Callable[[pl.DataFrame], None]


@dataclass(frozen=True)
class Written:
    """What was written: where, how many rows (None for a file that is no table), how many bytes, and their digest."""

    uri: str
    rows: int | None
    bytes: int
    sha256: str


class HashingWriter:
    """Passes bytes on to a writer and keeps their number and SHA-256. Not safe for several threads at once."""

    def __init__(self, target: Writer) -> None:
        self._target = target
        self._digest = hashlib.sha256()
        self.bytes = 0
        #: What the target raised. polars replaces it by an error of its own, in which disk and bucket go unnamed.
        self.failure: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            self._target.write(data)
        except BaseException as failure:
            self.failure = failure
            raise
        self._digest.update(data)
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered here."""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class _RowCount:
    """Counts the rows of batches that pass by in polars' threads, tells a listener and shows them to a watcher."""

    def __init__(self, listener: Progress | None, watcher: Watcher | None) -> None:
        self.rows = 0
        self._listener = listener
        self._watcher = watcher
        self._lock = threading.Lock()

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        if self._watcher:
            self._watcher(batch)
        with self._lock:
            self.rows += batch.height
            if self._listener:
                self._listener(self.rows)
        return batch

    def through(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.map_batches(self, streamable=True, validate_output_schema=False)


def write_parquet(
    lake: Lake,
    key: str,
    frame: pl.LazyFrame | pl.DataFrame,
    *,
    progress: Progress | None = None,
    watcher: Watcher | None = None,
) -> Written:
    """Stream a table to one Parquet object: zstd, with statistics, rows in the frame's order.

    The bytes depend on the rows and their order alone: not on the number of threads, nor on disk or S3.

    Parameters
    ----------
    lake, key
        Where to; see :mod:`fraud_assets.lake.paths` for keys.
    frame
        Sorted as readers need it. A frame of :func:`~fraud_assets.lake.streaming.lazy_chunks` gets row groups that end
        where its chunks end; any other gets row groups of 100,000 rows.
    progress
        Called with the rows so far.
    watcher
        Called with the rows themselves; coded columns come as they are stored.

    Raises
    ------
    LakeError
        If the lake takes no more bytes. The object is then what it was before, as after any exception of the frame.
    """
    count = _RowCount(progress, watcher)
    chunks = stored_chunks(frame) if isinstance(frame, pl.LazyFrame) else None
    described = _described(frame.collect_schema()) if chunks is not None else {}
    with hashed_object(lake, key) as target:
        count.through(frame.lazy() if chunks is None else chunks).sink_parquet(
            cast(IO[bytes], target),  # polars needs no more of a file than write
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            statistics=True,
            row_group_size=ROW_GROUP_ROWS if chunks is None else None,
            maintain_order=True,
            metadata=described,
        )
    return Written(lake.uri(key), count.rows, target.bytes, target.sha256)


def _described(schema: pl.Schema) -> dict[str, str]:
    """What a file of this schema says of its columns, so that coded ones are read as the text that they stand for.

    In Parquet a word of an enumeration and a text are stored alike; only this entry, which libraries of Arrow look at,
    tells them apart.
    """
    found: list[str] = []

    def listen(context: Any) -> dict[str, str]:
        found.append(context.arrow_schema)
        return {}

    pl.DataFrame(schema=schema).write_parquet(io.BytesIO(), metadata=listen)
    return {"ARROW:schema": found[0]}


def write_csv(
    lake: Lake,
    key: str,
    frame: pl.LazyFrame | pl.DataFrame,
    *,
    for_people: bool = False,
    progress: Progress | None = None,
) -> Written:
    """Stream a table to one CSV object: UTF-8, a header, quotes as in RFC 4180; null is nothing, empty text is ``""``.

    Instants are ISO 8601 in UTC with microseconds (``2024-01-31T05:00:00.000000Z``).

    Parameters
    ----------
    lake, key, frame, progress
        As for :func:`write_parquet`.
    for_people
        Escape what a spreadsheet would run as a formula, see :func:`escape_formulas`. Leave it off for programs: they
        would read the escape as part of the text.

    Raises
    ------
    LakeError
        If the lake takes no more bytes. The object is then what it was before, as after any exception of the frame.
    """

    def write(batch: pl.DataFrame, target: IO[bytes], is_first: bool) -> None:
        safe = escape_formulas(batch.lazy()).collect() if for_people else batch
        safe.write_csv(target, include_header=is_first)

    return _write_batches(lake, key, frame.lazy(), write, progress)


def write_jsonl(
    lake: Lake, key: str, frame: pl.LazyFrame | pl.DataFrame, *, progress: Progress | None = None
) -> Written:
    """Stream a table to JSON lines: UTF-8, an object a row with all of its columns, ``null`` where there is none.

    Instants are texts as in :func:`write_csv`; parameters and errors are those of :func:`write_parquet`.
    """

    def write(batch: pl.DataFrame, target: IO[bytes], _: bool) -> None:
        batch.write_ndjson(target)

    return _write_batches(lake, key, frame.lazy(), write, progress)


def _write_batches(
    lake: Lake,
    key: str,
    frame: pl.LazyFrame,
    write: Callable[[pl.DataFrame, IO[bytes], bool], None],
    progress: Progress | None,
) -> Written:
    """Text formats batch by batch, also of a table without rows.

    Batches are prepared here, one after the other: in a query, and in polars' own sinks for text, they would pile up
    before a slow disk.
    """
    rows = 0
    with hashed_object(lake, key) as target:
        file = cast(IO[bytes], target)
        write(_iso_instants(frame.collect_schema().to_frame()), file, True)
        for batch in frame.collect_batches(chunk_size=_BATCH_ROWS):
            write(_iso_instants(batch), file, False)
            rows += batch.height
            if progress:
                progress(rows)
    return Written(lake.uri(key), rows, target.bytes, target.sha256)


def _iso_instants(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        cs.datetime(time_zone="*").dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ"),
        cs.datetime(time_zone=None).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f"),
    )


def write_bytes(lake: Lake, key: str, data: bytes) -> Written:
    """Write a small file, for example a report."""
    with hashed_object(lake, key) as target:
        target.write(data)
    return Written(lake.uri(key), None, target.bytes, target.sha256)


def escape_formulas(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame with ``'`` before every text cell that a spreadsheet would run: one that starts with ``= + - @``, a tab
    or a carriage return.

    Column names and order stay; columns of text, of categories and of enumerations become text.

    References
    ----------
    OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = (cs.string() | cs.categorical() | cs.enum()).as_expr().cast(pl.String)
    risky = text.str.slice(0, 1).is_in(list(FORMULA_STARTS))
    return frame.with_columns(pl.when(risky).then(pl.lit("'") + text).otherwise(text).name.keep())


@contextmanager
def hashed_object(lake: Lake, key: str) -> Iterator[HashingWriter]:
    """A hashing writer into the lake; what the lake itself refuses becomes a LakeError, the body's exceptions stay."""
    body_error: Exception | None = None
    try:
        with lake.open_writer(key) as writer:
            target = HashingWriter(writer)
            try:
                yield target
            except Exception as error:
                # Asked now, not later: polars' threads may go on for a moment, and will find the writer closed.
                if target.failure is None:
                    body_error = error
                    raise
                raise target.failure from error
    except Exception as error:
        if body_error is not None:
            raise body_error from body_error.__cause__
        # obstore's messages go on for a page of debugging output; the first line says it.
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        if isinstance(error, OSError) and is_refusal(error):
            reason = refusal(error)
        raise LakeError(f"{lake.uri(key)} could not be written and is as it was before: {reason}") from error

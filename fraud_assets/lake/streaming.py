"""From chunk functions to a LazyFrame: rows are made while they are written, and never all in memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import islice

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from fraud_assets.errors import Mendable

#: More than this gains nothing, since one sink takes the chunks, and each thread holds a chunk in memory.
MOST_THREADS = 8

#: Chunks that share work from which on a second thread gains something.
_WORTH_A_THREAD = 4

_STORED = "_fraud_assets_stored"


class ThreadsError(Mendable, ValueError):
    """The number of threads that was asked for is none; the message is one sentence."""


def default_threads() -> int:
    """FRAUD_ASSETS_THREADS if it is set, else the number of processors, at most eight.

    Raises
    ------
    ThreadsError
        If the variable is not a positive whole number.
    """
    asked = os.environ.get("FRAUD_ASSETS_THREADS", "").strip()
    if not asked:
        return min(os.cpu_count() or 1, MOST_THREADS)
    if not asked.isdigit() or int(asked) < 1:
        raise ThreadsError(f"FRAUD_ASSETS_THREADS is {asked!r}; a whole number from 1 on is needed")
    return int(asked)


def lazy_chunks(
    schema: Mapping[str, pl.DataType | type[pl.DataType]],
    chunks: Sequence[Callable[[], pl.DataFrame]],
    threads: int | None = None,
    *,
    coded: Mapping[str, pl.Enum] | None = None,
    waiting: int = 0,
    sharing: bool = False,
) -> pl.LazyFrame:
    """A LazyFrame whose rows are those of the chunks, in their order.

    Chunk functions run ahead of the reader in threads; at most ``threads + waiting + 1`` of their frames are alive at
    a time. They have to be pure: the same frame at each call, whatever the thread. Then the rows are the same with any
    number of threads, and so are the bytes of the file they are written to.

    Written as it is by :func:`fraud_assets.lake.writing.write_parquet`, the file's row groups end where chunks of
    100,000 rows or more end, so that a predicate on the sort key reads one chunk back and not its neighbours.

    Parameters
    ----------
    schema
        Column name -> type; each chunk has exactly these columns, in this order.
    chunks
        Functions without arguments, one a chunk; about 100,000 rows each is a good size.
    threads
        How many run at once; by default :func:`default_threads`.
    coded
        Columns of text that chunks give as one of a few words, by number. Readers get text; a file is written from the
        numbers, which takes a third of the time that equal texts take to be found.
    waiting
        Frames that may wait for their turn while all threads go on. With one, a thread has something to do while its
        neighbour, whose turn it is, takes longer: worth its memory where frames are narrow.
    sharing
        Whether chunks begin with work that they share. Then two or three of them are made one after the other: a second
        thread would wait for the first, and both would hand the interpreter to one another.

    Raises
    ------
    ValueError
        While rows are read: if a chunk's columns are not those of the schema. What chunk functions raise comes through.
    """
    many = 1 if sharing and len(chunks) < _WORTH_A_THREAD else threads or default_threads()
    read = pl.Schema(schema)
    expected = pl.Schema({**read, **(coded or {})})

    def checked(number: int) -> pl.DataFrame:
        frame = chunks[number]()
        if frame.schema != expected:
            raise ValueError(f"chunk {number} of {len(chunks)}: {_difference(frame.schema, expected)}")
        # In one piece, so that row groups follow the chunk and not the way it was put together.
        return frame.rechunk()

    def stored() -> Iterator[pl.DataFrame]:
        return in_order(checked, len(chunks), many, waiting)

    def worded() -> Iterator[pl.DataFrame]:
        return (frame.with_columns(pl.col(list(coded or {})).cast(pl.String)) for frame in stored())

    lazy = _lazy(worded, read, len(chunks))
    setattr(lazy, _STORED, _lazy(stored, expected, len(chunks)) if coded else lazy)
    return lazy


def _lazy(frames: Callable[[], Iterator[pl.DataFrame]], schema: pl.Schema, count: int) -> pl.LazyFrame:
    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        del batch_size  # a hint; the chunk is the batch
        left = n_rows
        for frame in frames():
            if predicate is not None:
                frame = frame.filter(predicate)
            if with_columns is not None:
                frame = frame.select(with_columns)
            if left is not None:
                frame = frame.head(left)
                left -= frame.height
            yield frame
            del frame  # the next one is waited for without this one in memory
            if left == 0:
                return

    return register_io_source(source, schema=schema, explain_name="chunks", explain_detail=f"{count} chunks")


def stored_chunks(frame: pl.LazyFrame) -> pl.LazyFrame | None:
    """The rows of a frame of :func:`lazy_chunks` as its chunks give them: the same, but for columns that are coded.

    None for any other frame, also for one that was derived from chunks.
    """
    return getattr(frame, _STORED, None)


def in_order(work: Callable[[int], pl.DataFrame], count: int, threads: int, waiting: int = 0) -> Iterator[pl.DataFrame]:
    """``work(0)``, ``work(1)``, ...: up to ``threads`` run ahead, ``waiting`` more wait; the results come in order."""
    begun: deque[Future[pl.DataFrame]] = deque()
    numbers = iter(range(count))

    def begin() -> None:
        begun.extend(pool.submit(work, number) for number in islice(numbers, threads + waiting - len(begun)))

    def next_frame() -> pl.DataFrame:
        oldest = begun.popleft()
        frame = oldest.result()
        begin()
        return frame

    _keep_what_is_freed()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="chunk")
    try:
        begin()
        while begun:
            # Not through a variable: it would keep the frame alive while the next one is waited for.
            yield next_frame()
    finally:
        # The reader may stop early, or a chunk may have failed: what has not begun is not wanted any more. Not waiting,
        # because polars may drop this generator in any thread, even in one of the pool's own, which cannot join itself.
        pool.shutdown(wait=False, cancel_futures=True)


@cache
def _keep_what_is_freed() -> None:
    """Have the C library keep what arrays leave behind for those of the next chunk.

    Otherwise it returns blocks of a megabyte to the system and gets them back page by page, which is a thirtieth of a
    month's processor time. That of GNU takes the largest block that was freed for the size of blocks that come and go
    (mallopt(3), M_MMAP_THRESHOLD); to others this is nothing. With 31 MiB, the most, a month of twenty million rows
    takes 40 MB more.
    """
    np.empty(8 * 2**20, dtype=np.uint8)  # never written to, so that it takes no memory


def _difference(found: pl.Schema, expected: pl.Schema) -> str:
    for name, dtype in expected.items():
        if name not in found:
            return f"column {name} is missing"
        if found[name] != dtype:
            return f"column {name} is {found[name]}, {dtype} was declared"
    surplus = [name for name in found if name not in expected]
    if surplus:
        return f"column {surplus[0]} was not declared"
    return f"the columns are in the order {list(found)}, {list(expected)} was declared"

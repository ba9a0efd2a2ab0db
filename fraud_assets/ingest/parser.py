"""Arrow's parser of CSV over a Python stream, which has let go of all that is Python's when it is closed.

Arrow reads ahead in threads of its own, and may release a block of the file there long after the parser is gone. If the
interpreter shuts down meanwhile, the release ends the process by SIGABRT. So all that Arrow is lent is watched, and
closing waits for the last of it, which takes microseconds.
"""

from __future__ import annotations

import codecs
import re
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.csv as pc

#: How long closing waits for a thread of Arrow's, in seconds: on a machine busier than that it goes on.
PATIENCE_SECONDS = 10.0
#: Encodings that Arrow reads itself, without what is only written differently.
_UTF8 = "utf-8"
_LINE_END = re.compile(rb"[\r\n]")

Thing = TypeVar("Thing")


class Source(Protocol):
    """What is parsed."""

    def read(self, size: int, /) -> bytes: ...


class Parser:
    """Batches of the rows of a CSV, one after the other; a context that closes it.

    Parameters
    ----------
    source
        Where the bytes come from; its owner closes it.
    misfit
        Is told of each row with more or fewer cells than the header; such rows are left out.
    encoding, block_bytes, separator
        How the text is written, and how much of it is read at once: no row is longer.
    convert
        Which columns are read, and as what.

    Attributes
    ----------
    names
        The columns.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the beginning cannot be parsed; and whatever the source raises.
    """

    def __init__(
        self,
        source: Source,
        misfit: Callable[[Any], None],
        *,
        encoding: str,
        block_bytes: int,
        separator: str,
        convert: pc.ConvertOptions,
    ) -> None:
        import pyarrow as pa
        import pyarrow.csv as pc

        self._lent = _Lent()
        self._failures: list[Exception] = []
        self._reader: pc.CSVStreamingReader | None = None
        try:
            with suppress(_SourceFailed):  # what stands for it would be waited for if it went on from here
                self._reader = pc.open_csv(
                    pa.PythonFile(self._lent.watched(_Stream(source, encoding, self._lent, self._failures)), mode="r"),
                    read_options=pc.ReadOptions(block_size=block_bytes, use_threads=False),
                    parse_options=pc.ParseOptions(
                        delimiter=separator,
                        newlines_in_values=True,
                        invalid_row_handler=self._lent.watched(_Skip(misfit)),
                    ),
                    convert_options=convert,
                )
            if self._failures:
                raise self._failures[0]
        except BaseException:
            self.close()
            raise
        assert self._reader is not None  # noqa: S101 - or it would have failed
        self.names: list[str] = list(self._reader.schema.names)

    def __iter__(self) -> Parser:
        return self

    # No generator: one that is not run to its end would keep the reader, and with it what Arrow is lent.
    def __next__(self) -> pa.RecordBatch:
        with suppress(_SourceFailed):
            if self._reader is not None:
                return self._reader.read_next_batch()
        if self._failures:
            raise self._failures[0]
        raise StopIteration

    def __enter__(self) -> Parser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the reading; nothing of the source is in Arrow's hands afterwards."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
        del reader
        self._lent.wait()


class _Lent:
    """Things that Arrow has."""

    def __init__(self) -> None:
        self._out: list[weakref.ref[Any]] = []
        # The one queue that may be written to wherever a thing happens to die.
        self._back: SimpleQueue[weakref.ref[Any]] = SimpleQueue()

    def watched(self, thing: Thing) -> Thing:
        self._out.append(weakref.ref(thing, self._back.put))
        return thing

    def wait(self) -> None:
        while any(thing() is not None for thing in self._out):
            try:
                self._back.get(timeout=PATIENCE_SECONDS)
            except Empty:
                return


class _Stream:
    """A source as Arrow takes it: in UTF-8, each block of it watched."""

    closed = False

    def __init__(self, source: Source, encoding: str, lent: _Lent, failures: list[Exception]) -> None:
        self._source, self._lent, self._failures = source, lent, failures
        is_utf8 = codecs.lookup(encoding).name == _UTF8
        self._decoder = None if is_utf8 else codecs.getincrementaldecoder(encoding)()
        self._is_begun = False

    def read(self, size: int) -> np.ndarray[Any, Any]:
        data = b""
        try:
            data = self._text(size) if self._is_begun else self._beginning(size)
        except Exception as failure:
            self._failures.append(failure)
        if self._failures:
            raise self._lent.watched(_SourceFailed())
        # Bytes cannot be watched, an array over them can.
        return self._lent.watched(np.frombuffer(data, np.uint8))

    def _text(self, size: int) -> bytes:
        if self._decoder is None:
            return self._source.read(size)
        text, data = b"", b"-"
        while data and not text:  # the bytes may be no more than the beginning of a character
            data = self._source.read(size)
            text = self._decoder.decode(data, final=not data).encode()
        return text

    def _beginning(self, size: int) -> bytes:
        """The first bytes, with a line end behind a header that has none: Arrow takes it for an empty file."""
        self._is_begun, data = True, b""
        while len(data) < size and not _LINE_END.search(data):
            more = self._text(size - len(data))
            if not more:
                return data and data + b"\n"
            data += more
        return data

    def close(self) -> None:
        self.closed = True


class _SourceFailed(Exception):
    """Goes through Arrow for what the source has raised: exceptions of Python's own cannot be watched."""


class _Skip:
    """What Arrow asks about a row that does not fit."""

    def __init__(self, misfit: Callable[[Any], None]) -> None:
        self._misfit = misfit

    def __call__(self, row: Any) -> str:
        self._misfit(row)
        return "skip"

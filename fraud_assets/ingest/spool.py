"""Rows that wait on disk, in buckets by a number, until all files have been read: what makes memory a bucket's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

#: Rows that are kept in memory before they go to their buckets.
HELD_ROWS = 400_000


class Spool:
    """Rows in buckets of equal width of a 63-bit number, each a file, in the order in which they came.

    Parameters
    ----------
    folder
        Where the files are; whoever made it removes it.
    name
        What they are called.
    key
        The column with the number; None for a single bucket.
    buckets
        A power of two.
    """

    def __init__(self, folder: Path, name: str, key: str | None, buckets: int = 1) -> None:
        self._folder, self._name, self._key = folder, name, key
        self.buckets = buckets
        self._shift = 63 - (buckets.bit_length() - 1)
        self._held: list[pl.DataFrame] = []
        self._files: dict[int, tuple[Any, Any]] = {}
        self._schema: pl.Schema | None = None
        self.rows = 0

    def append(self, frame: pl.DataFrame) -> None:
        """More rows, with the same columns each time."""
        if frame.is_empty():
            return
        self._schema = self._schema or frame.schema
        self._held.append(frame)
        self.rows += frame.height
        if sum(held.height for held in self._held) >= HELD_ROWS:
            self._flush()

    def close(self) -> None:
        """No more rows; from now on they can be read."""
        self._flush()
        for writer, sink in self._files.values():
            writer.close()
            sink.close()

    def bucket(self, number: int) -> pl.DataFrame | None:
        """The rows of a bucket; None if there are none."""
        import pyarrow as pa

        if number not in self._files:
            return None
        with pa.OSFile(str(self._path(number)), "rb") as source, pa.ipc.open_stream(source) as reader:
            return pl.DataFrame(pl.from_arrow(reader.read_all()), schema=self._schema)

    def _flush(self) -> None:
        if not self._held:
            return
        frame = pl.concat(self._held)
        self._held = []
        if self.buckets == 1:
            self._write(0, frame)
            return
        # In two bytes, of which numpy sorts any number in one pass.
        bucket: npt.NDArray[np.uint16] = (frame[self._key].to_numpy() >> self._shift).astype(np.uint16)  # type: ignore[index]
        order = np.argsort(bucket, kind="stable")
        edges = np.concatenate([[0], np.cumsum(np.bincount(bucket, minlength=self.buckets))])
        frame = frame[order]
        for number in np.flatnonzero(np.diff(edges)).tolist():
            self._write(number, frame[edges[number] : edges[number + 1]])

    def _write(self, number: int, frame: pl.DataFrame) -> None:
        import pyarrow as pa

        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if number not in self._files:
            sink = pa.OSFile(str(self._path(number)), "wb")
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._files[number] = pa.ipc.new_stream(sink, table.schema, options=options), sink
        self._files[number][0].write_table(table)

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._name}-{number:04d}.arrow"

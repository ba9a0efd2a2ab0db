"""What has been read is let go of: a thread that still held it when Python ends would end the process by SIGABRT."""

from __future__ import annotations

import io
import sys
from contextlib import nullcontext
from itertools import islice

import pytest

from fraud_assets.ingest import IngestError
from fraud_assets.ingest.sources import batches, columns_of
from fraud_assets.scenario.source import Files

HEAD = b"id,who,when,sum\n"
ROWS = b"1,A,2024-01-05 10:00:00,12.50\n" * 50 + b"2,B,2024-01-05\n" + b"3,C,2024-01-06 10:00:00,12.50\n" * 50


class Watched:
    """A file that remembers each block it has given."""

    name, size = "file.csv", 1

    def __init__(self, content: bytes) -> None:
        self.given: list[bytes] = []
        self._content = content

    def open(self) -> io.BytesIO:
        given = self.given

        class Stream(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                given.append(bytes(bytearray(super().read(size))))  # nobody else's
                return given[-1]

        return Stream(self._content)

    def has_changed(self) -> bool:
        return False

    def held(self) -> list[int]:
        """References to each block beside the list's own and that of asking."""
        return [sys.getrefcount(self.given[at]) - 2 for at in range(len(self.given)) if self.given[at]]


def files(encoding: str = "utf-8") -> Files:
    names = {"transaction_id": "id", "customer_id": "who", "event_time": "when", "amount": "sum"}
    return Files(location="-", time_zone="UTC", columns=names, encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
@pytest.mark.parametrize(
    "content", [b"", HEAD, HEAD[:-1], HEAD + ROWS], ids=["nothing", "header", "unended header", "rows"]
)
def test_no_block_of_a_file_is_held_once_it_has_been_read(content: bytes, encoding: str) -> None:
    for _ in range(100):
        file = Watched(content.decode().encode(encoding))
        for read in (
            lambda file: columns_of(file, files(encoding)),
            lambda file: [*batches(file, files(encoding), ["id"])],
        ):
            with nullcontext() if content else pytest.raises(IngestError, match="needs a header"):
                read(file)
            assert set(file.held()) <= {0}
            assert file.held() or not content


def test_no_block_of_a_file_is_held_once_its_reading_was_given_up() -> None:
    for _ in range(100):
        file = Watched(HEAD + ROWS)
        for batch in islice(batches(file, files(), ["id", "sum"]), 1):
            assert batch.frame.height == 100
        assert set(file.held()) == {0}

"""Quotes that are never closed: a cell of CSV that has swallowed the rows after it, told from one with lines of text.

A parser takes a stray quote for the beginning of a long cell, up to the next quote, and what is in between for text:
the rows are gone, and the one that is left has the customer of the first and the amount of the last. So lines are
counted, and where there are more of them than rows, cells are looked at.
"""

from __future__ import annotations

import re
from typing import IO, Any

import numpy as np
import polars as pl

_BREAK = re.compile(r"\r\n|\r|\n")
#: Lines of a row that does not fit, at most; more of them are rows.
_MOST_LINES = 20


class Counted:
    """A stream of CSV that counts the lines which pass.

    Attributes
    ----------
    lines
        So far, the last one too if nothing ends it.
    """

    def __init__(self, source: IO[bytes] | Any) -> None:
        self._source = source
        self._ends, self._last = 0, b"\n"

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._source.read(size)
        self._ends += int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))  # faster than count
        if b"\r" in data or self._last == b"\r":
            self._ends += data.count(b"\r") - data.count(b"\r\n")
            self._ends -= self._last == b"\r" and data.startswith(b"\n")
        self._last = data[-1:] or self._last
        return data

    @property
    def lines(self) -> int:
        return self._ends + (self._last not in b"\r\n")


def lines_of(text: str) -> int:
    """Lines of a row or of a cell."""
    return len(_BREAK.findall(text.rstrip("\r\n"))) + 1


def is_several_rows(text: str, separator: str, width: int) -> bool:
    """Whether a row with more or fewer cells than the header has others in it."""
    _, *others = _BREAK.split(text)
    return len(others) >= _MOST_LINES or any(line.count(separator) >= width - 1 for line in others)


def swallower(cells: pl.Series, at: int, width: int, separator: str, numbers: list[int]) -> int | None:
    """The first cell of a column that has whole rows in it; None if there is none.

    Parameters
    ----------
    at, width
        Which column of how many it is.
    numbers
        Columns of which no cell is without a digit. Of rows that a cell has swallowed its first and its last line have
        those which the cell's own row has not, each in its place.
    """
    broken = cells.str.contains("\n", literal=True) | cells.str.contains("\r", literal=True)
    if not broken.any():
        return None
    many = cells.str.count_matches(separator, literal=True) >= width - 1
    for row in (broken & many).fill_null(value=False).arg_true().to_list():
        lines = _BREAK.split(cells[row].rstrip("\r\n"))
        first, last = lines[0].split(separator), lines[-1].split(separator)
        if len(first) < width - at or len(last) <= at:
            continue
        found = dict(enumerate(last[:at])) | dict(enumerate(first[1:], start=at + 1))
        if all(re.search(r"\d", found[number]) for number in numbers if number != at):
            return int(row)
    return None

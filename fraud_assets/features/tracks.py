"""Tracks: events in order, with whatever queries about them need prepared once.

A track knows nothing of those who ask. That of a block is made for the month's build and forgotten; that of one
customer stays with the customer, and each new event finds it ready.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from fraud_assets.features.arrays import I64, is_one, micros, running

_MOST = int(np.iinfo(np.int64).max)


class Timed(Protocol):
    """Rows of groups: dense group numbers and microseconds, shape (n,), sorted by (group, time)."""

    @property
    def group(self) -> I64: ...

    @property
    def time(self) -> I64: ...


@dataclass(frozen=True)
class Instants:
    """Nothing but group and time."""

    group: I64
    time: I64


_Method = TypeVar("_Method", bound=Callable[..., Any])


def _once(make: _Method) -> _Method:
    """Of a method of a track: what it gives for the same arguments is made once."""

    @wraps(make)
    def made(track: Track, *arguments: Any) -> Any:
        key = (make, arguments)
        found = track.made.get(key)
        if found is None:
            found = track.made[key] = make(track, *arguments)
        return found

    return cast(_Method, made)


class Track:
    """Events in the order of (group, time); columns are attributes of the source, by name.

    Parameters
    ----------
    source
        Where the columns are.
    rows
        Positions of the events in the source, shape (n,).
    is_all
        They are all that the source has, in its order.
    """

    def __init__(self, source: object, rows: I64, *, is_all: bool = False) -> None:
        self.rows, self.size, self._is_all = rows, len(rows), is_all
        # The source keeps its tracks. Would they keep it, a block's memory would wait for the garbage collector.
        self._source = weakref.ref(source)
        self.made: dict[tuple[Any, ...], Any] = {}

    @_once
    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of the events, shape (n,)."""
        values: npt.NDArray[Any] = getattr(self._source(), name)
        return values if self._is_all else values.take(self.rows)

    @_once
    def where(self, mask: str) -> tuple[Track, I64]:
        """The events under a mask, and before each position (and after the last) how many of them there are."""
        inside = self.column(mask)
        # By positions: under a mask itself, it takes five times as long.
        return Track(self._source(), self.rows.take(np.flatnonzero(inside))), running(inside)

    @_once
    def sums(self, name: str) -> I64:
        """Running sums of an integer column, shape (n + 1,)."""
        return running(self.column(name))

    @_once
    def index(self, name: str) -> tuple[int, I64]:
        """Codes and events in the order of (code, event): ``code << bits | event``, and the bits."""
        bits = self.size.bit_length()
        return bits, np.sort(self.column(name) << bits | np.arange(self.size))

    @_once
    def counts(self, name: str, codes: int) -> npt.NDArray[np.int32]:
        """Events of each code before each position and before the end, shape (codes, n + 1), of up to 127 codes."""
        counts, column = np.zeros((codes, self.size + 1), dtype=np.int32), self.column(name).astype(np.int8)
        for code in range(codes):  # in one piece, it takes six times as long
            np.cumsum(column == code, dtype=np.int32, out=counts[code, 1:])
        return counts

    @_once
    def sums_by(self, code: str, name: str) -> I64:
        """Running sums of an integer column in the order of (code, event)."""
        bits, key = self.index(code)
        return running(self.column(name)[key & ((1 << bits) - 1)])

    @_once
    def before(self, name: str) -> I64:
        """One past the event of the same code before each event; 0 where there is none."""
        bits, key = self.index(name)
        order = key & ((1 << bits) - 1)
        out = np.zeros(self.size, dtype=np.int64)
        out[order[1:]] = np.where((key[1:] ^ key[:-1]) >> bits == 0, order[:-1] + 1, 0)
        return out

    @_once
    def after(self, name: str) -> I64:
        """The event of the same code after each event; n where there is none."""
        before = self.before(name)
        out = np.full(self.size, self.size)
        out[before[before > 0] - 1] = np.flatnonzero(before)
        return out

    @_once
    def after_last(self, mask: str) -> I64:
        """Before each position, and before the end: one past the last event under a mask; 0 where there is none."""
        inside = np.where(self.column(mask), np.arange(1, self.size + 1), 0)
        return np.append(0, np.maximum.accumulate(inside))

    @_once
    def largest(self, name: str, level: int) -> I64:
        """The largest of the ``2**level`` values of a column from each position on."""
        if not level:
            return self.column(name)
        half = self.largest(name, level - 1)
        return np.maximum(half[: -(1 << (level - 1))], half[1 << (level - 1) :])

    @_once
    def lately(self, name: str, most: int) -> I64:
        """The ``most`` values of a column before each position and before the end, (n + 1, most); 0 where none."""
        padded = np.concatenate([np.zeros(most, dtype=np.int64), self.column(name)])
        return np.lib.stride_tricks.sliding_window_view(padded, most)


class Timeline(Track):
    """A track that finds windows by time: all events of some groups.

    Raises
    ------
    ValueError
        If groups times their time span are too many for an index.
    """

    def __init__(self, source: object, rows: I64, group: I64, time: I64, *, is_all: bool = False) -> None:
        super().__init__(source, rows, is_all=is_all)
        self._base, last = (int(time.min()), int(time.max())) if len(time) else (0, 0)
        self._length = last - self._base + 1
        self._check(group)
        self._key = group * self._length + (time - self._base)

    @classmethod
    def of(cls, source: Timed) -> Timeline:
        """All rows of the source."""
        return cls(source, np.arange(len(source.time)), source.group, source.time, is_all=True)

    def finder(self, at: Timed, delay: int, places: I64 | None = None) -> tuple[Callable[[str], I64], I64]:
        """From a window to the first event in it, for each query; and the first event after it, whatever the window.

        With the queries' own places in the timeline, of events of their own instant only.
        """
        if is_one(at.time):
            return self._finder_of_one(int(at.group) * self._length, int(at.time) - self._base - delay)
        self._check(at.group)
        start, asked = at.group * self._length, at.time - (self._base + delay)
        end = self._at(start, asked) if places is None else self._first_alike(places)
        return lambda window: self._at(start, asked - micros(window)), end

    def _first_alike(self, places: I64) -> I64:
        """The first event of the same group and instant as each event of the places, mostly itself."""
        first = places.copy()
        again = np.flatnonzero(self._key[places - 1] == self._key[places])  # before the first one comes the last
        first[again] = self._key.searchsorted(self._key[places[again]])
        return first

    def _finder_of_one(self, start: int, asked: int) -> tuple[Callable[[str], I64], I64]:
        """The same for one query, with plain numbers."""

        def place(asked: int) -> Any:
            return self._key.searchsorted(start + min(max(asked, 0), self._length))

        return lambda window: place(asked - micros(window)), place(asked)

    def _at(self, start: I64, asked: I64) -> I64:
        return self._key.searchsorted(start + np.minimum(np.maximum(asked, 0), self._length))

    def _check(self, group: I64) -> None:
        groups = int(group[-1]) if len(group) else 0
        if groups > _MOST // self._length - 2:
            days = self._length / micros("1d")
            raise ValueError(f"{groups} customers over {days:.0f} days are too many to index; use smaller blocks")

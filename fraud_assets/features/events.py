"""Windows over sorted events: the arithmetic under every feature that looks back.

A window is [t - w, t): events at t itself are outside, so rows of one instant see neither each other. All sums are of
integers, so they do not depend on what else is in the block; where a running sum wraps around, differences stay right
(two's complement) as long as the window's own sum fits.

What depends on the events alone belongs to a ``Track`` (``tracks``) and is made once, whoever asks; ``Events`` are a
track and those who ask.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fraud_assets.features.arrays import (
    F64,
    I64,
    Bool,
    bit_length,
    by_code,
    either,
    is_one,
    micros,
    number,
    ratio,
    running,
    smaller,
)
from fraud_assets.features.tracks import Timed, Timeline, Track

Bounds = tuple[I64, I64]


class Events:
    """The events of a track, and queries, each asking about the events in a window that ends just before it.

    Columns are asked for by the name they have in the track's source.

    Attributes
    ----------
    track
        The events.
    at
        Who asks, shape (q,), sorted by (group, time).
    rows
        Positions of the events in the source, shape (n,).
    size, queries
        How many there are of each.
    """

    def __init__(self, track: Track, at: Timed, find: Callable[[str], I64], end: I64) -> None:
        self.track, self.rows, self.size = track, track.rows, track.size
        self.at, self.is_one = at, is_one(at.time)
        self.queries = 1 if self.is_one else len(at.time)
        self._find, self._end = find, end
        self._starts: dict[str, I64] = {}
        self._parts: dict[str, Events] = {}

    @classmethod
    def of(cls, timeline: Timeline, at: Timed, delay: str = "", places: I64 | None = None) -> Events:
        """Events of groups, asked about the past of instants.

        Parameters
        ----------
        timeline
            The events.
        at
            The queries, each about the events of its group before its instant.
        delay
            How old an event must be before it counts.
        places
            Where the queries themselves are in the timeline, if they are and there is no delay: known, it is not
            searched for.
        """
        return cls(timeline, at, *timeline.finder(at, micros(delay), places))

    def where(self, mask: str) -> Events:
        """The events for which the source's column of this name holds, with the same queries."""
        found = self._parts.get(mask)
        if found is None:
            track, before = self.track.where(mask)
            starts, find_all = self._starts, self._find  # not self: a cycle would keep a block's memory
            found = self._parts[mask] = Events(
                track, self.at, lambda window: before[_once(starts, find_all, window)], before[self._end]
            )
        return found

    def bounds(self, window: str) -> Bounds:
        """First event of each query's window and first event after it, shape (q,) each; both never decrease."""
        return _once(self._starts, self._find, window), self._end

    def count(self, window: str) -> I64:
        """Events in each window."""
        lo, hi = self.bounds(window)
        return hi - lo

    def sum(self, column: str, window: str) -> I64:
        """Sum of an integer column in each window."""
        lo, hi = self.bounds(window)
        sums = self.track.sums(column)
        return sums[hi] - sums[lo]

    def previous(self, window: str) -> I64:
        """Position of the last event in each window; -1 where it is empty."""
        lo, hi = self.bounds(window)
        return either(hi > lo, hi - 1, -1)

    def latest(self, column: str, window: str) -> I64:
        """The column's value at the last event in each window; -1 where it is empty."""
        found = self.previous(window)
        return either(found >= 0, self.track.column(column)[found], -1) if self.size else found

    def last(self, column: str, window: str, most: int, asked: I64) -> tuple[I64, Bool]:
        """The column's values at the last ``most`` events of some queries' windows, oldest first, and which are there.

        Both of shape (asked, most): not for many queries at once.
        """
        lo, hi = (edge[asked] for edge in self.bounds(window))
        return self.track.lately(column, most)[hi], np.arange(most, 0, -1) <= (hi - lo)[:, None]

    def distinct(self, column: str, window: str) -> I64:
        """Different codes among the events in each window.

        An event counts for the queries whose window holds it but not the event of the same code before it. As both ends
        of the windows only move forward, those queries are neighbours: add one where they begin, take it off where they
        end.
        """
        lo, hi = self.bounds(window)
        before = self.track.before(column)
        if self.is_one:  # no need to sweep through everything
            return number(np.count_nonzero(before[lo:hi] <= lo))
        begun = running(np.bincount(lo, minlength=self.size + 1))  # queries whose window begins before a position
        ended = running(np.bincount(hi, minlength=self.size + 1))  # ... ends before
        stop = begun[1:-1]
        first = np.minimum(np.maximum(ended[1:-1], begun[before]), stop)
        steps = np.bincount(first, minlength=self.queries + 1) - np.bincount(stop, minlength=self.queries + 1)
        return np.cumsum(steps)[: self.queries]

    def summed_counts(self, column: str, of_count: Callable[[I64], I64], window: str) -> I64:
        """Sum over the codes in each window of ``of_count(events of that code)``; ``of_count(0)`` is 0.

        From query to query the window first takes in events at its end, then lets go of those at its beginning; each
        changes the count of its own code by one, and the sum by the difference that makes.
        """
        lo, hi = self.bounds(window)
        if self.is_one:
            return of_count(np.bincount(self.track.column(column)[lo:hi])).sum()
        bits, key = self.track.index(column)
        event, place = key & ((1 << bits) - 1), np.arange(self.size)
        same_code = key - event
        come = running(np.bincount(hi, minlength=self.size + 1))[1:][event]  # query that takes the event in
        go = running(np.bincount(lo, minlength=self.size + 1))[1:][event]  # query that lets it go
        # Of its code: how many are there when it comes, and how many when it goes, itself included.
        gone = key.searchsorted(same_code | np.concatenate([[0], lo])[come])
        taken = key.searchsorted(same_code | np.append(hi, self.size)[go])
        there, left = place - gone, taken - place
        values = of_count(np.arange(int(max(there.max(initial=0), left.max(initial=0))) + 2))
        steps = values[1:] - values[:-1]
        change = np.bincount(come, steps[there], self.queries + 1) - np.bincount(go, steps[left - 1], self.queries + 1)
        return np.cumsum(change)[: self.queries].astype(np.int64)  # floats, but of integers far below 2**53

    def largest(self, column: str, window: str) -> I64:
        """Largest value in each window, by a sparse table; -1 where the window is empty (values are not negative)."""
        lo, hi = self.bounds(window)
        length = hi - lo
        if self.is_one:
            return self.track.column(column)[lo:hi].max(initial=-1)
        level = np.where(length > 0, bit_length(length) - 1, -1)
        out = np.full(self.queries, -1, dtype=np.int64)
        for k in np.flatnonzero(np.bincount(level + 1)[1:]).tolist():
            table = self.track.largest(column, k)
            here = np.flatnonzero(level == k)
            out[here] = np.maximum(table[lo[here]], table[hi[here] - (1 << k)])
        return out

    def rank(self, column: str, window: str, most: int) -> F64:
        """Share of the last ``most`` values in each window that are smaller than the query's own, ties counting half.

        NaN where the window is empty. ``most``, below 128, keeps time and memory linear; the standard error of a share
        over 100 values is at most 0.05.
        """
        lo, hi = self.bounds(window)
        length = smaller(hi - lo, most)
        if self.is_one:
            seen, own = self.track.column(column)[hi - length : hi], getattr(self.at, column)
            return ratio(number(np.count_nonzero(seen < own) + np.count_nonzero(seen <= own)), 2 * length)
        last, at = self.track.lately(column, most), getattr(self.at, column)
        place, first = np.arange(most, dtype=np.int8), (most - length).astype(np.int8)
        twice = np.zeros(self.queries, dtype=np.int64)
        for start in range(0, self.queries, 1024):  # a slice fits in the cache
            part = slice(start, start + 1024)
            seen, mine = last[hi[part]], at[part, None]
            points = (seen < mine).view(np.int8) + (seen <= mine).view(np.int8)
            if first[part].any():
                points *= (place >= first[part, None]).view(np.int8)
            twice[part] = points.sum(axis=1, dtype=np.uint8)  # at most 254
        return ratio(twice, 2 * length)

    def own(self, column: str, codes: int, window: str) -> I64:
        """Events with the query's own code in each window, for a column of few codes, 0 to ``codes`` - 1."""
        lo, hi = self.bounds(window)
        counts, wanted = self.track.counts(column, codes), getattr(self.at, column)
        found = counts[wanted, hi] - counts[wanted, lo]
        return number(found) if self.is_one else found.astype(np.int64)

    def alike(self, column: str, wanted: I64 | None = None) -> Alike:
        """The events with the query's own code in the column, or with the wanted ones.

        Codes are not negative; a query's -1 is like none.
        """
        return Alike(self, column, getattr(self.at, column) if wanted is None else wanted)


def _once(starts: dict[str, I64], find: Callable[[str], I64], window: str) -> I64:
    found = starts.get(window)
    if found is None:
        found = starts[window] = find(window)
    return found


class Alike:
    """The events of a query's code in its window."""

    def __init__(self, events: Events, column: str, wanted: I64) -> None:
        self._events, self._column = events, column
        self._bits, self._key = events.track.index(column)
        self._query: I64 | None = None
        if not events.is_one:
            # Searches in ascending order walk through the cache: several times as fast.
            asked = np.flatnonzero(wanted >= 0)
            wanted, place = by_code(wanted[asked])
            self._query = asked[place]
        self._wanted = wanted << self._bits
        self._found: dict[str, Bounds] = {}

    def bounds(self, window: str) -> Bounds:
        """First and one past the last such event of each window, in the order of (code, event)."""
        if window not in self._found:
            lo, hi = self._events.bounds(window)
            self._found[window] = self._search(lo), self._search(hi)
        return self._found[window]

    def _search(self, position: I64) -> I64:
        if self._query is None:
            return self._key.searchsorted(self._wanted | position)
        found = np.zeros(len(position), dtype=np.int64)
        found[self._query] = self._key.searchsorted(self._wanted | position[self._query])
        return found

    def count(self, window: str) -> I64:
        """How many there are in each window."""
        lo, hi = self.bounds(window)
        return hi - lo

    def sum(self, column: str, window: str) -> I64:
        """The sum of another column over them."""
        lo, hi = self.bounds(window)
        sums = self._events.track.sums_by(self._column, column)
        return sums[hi] - sums[lo]

    def is_none(self, window: str) -> Bool:
        """Where there is none in the window; half the work of counting them."""
        return self.first(window) < 0

    def first(self, window: str) -> I64:
        """Position of the first of them in each window; -1 where there is none."""
        lo, hi = self._events.bounds(window)
        if not self._events.size:
            return lo - 1  # there is nothing before 0
        if self._query is None:
            return self._first(lo, hi)
        found = np.full(len(lo), -1)
        found[self._query] = self._first(lo[self._query], hi[self._query])
        return found

    def _first(self, lo: I64, hi: I64) -> I64:
        start = self._wanted | lo
        first = self._key[smaller(self._key.searchsorted(start), len(self._key) - 1)]
        is_there = (first >= start) & (first < self._wanted | hi)
        return either(is_there, first & ((1 << self._bits) - 1), -1)

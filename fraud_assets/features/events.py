"""Windows over sorted events: the arithmetic under every feature that looks back.

A window is [t - w, t): events at t itself are outside, so rows of one instant see neither each other. All sums are of
integers, so they do not depend on what else is in the block; where a running sum wraps around, differences stay right
(two's complement) as long as the window's own sum fits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fraud_assets.features.feature import span

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Bounds = tuple[I64, I64]

_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=64)
def micros(window: str) -> int:
    """The length of a window in microseconds."""
    return span(window) // _MICROSECOND


def running(values: npt.NDArray[Any]) -> I64:
    """Running sums with a leading zero; ``running(v)[hi] - running(v)[lo]`` is the sum of ``v[lo:hi]``."""
    sums = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, dtype=np.int64, out=sums[1:])
    return sums


class Events:
    """Events in order, and queries, each asking about the events in a window that ends just before it.

    Attributes
    ----------
    rows
        Positions of the events among those they were selected from, shape (n,).
    size, queries
        How many there are of each.
    """

    def __init__(self, rows: I64, queries: int, find: Callable[[str], Bounds]) -> None:
        self.rows, self.size, self.queries = rows, len(rows), queries
        self._find = find
        self._bounds: dict[str, Bounds] = {}

    @classmethod
    def of(cls, group: I64, time: I64, at_group: I64, at_time: I64) -> Events:
        """Events of groups, asked about the past of instants.

        Parameters
        ----------
        group, time
            The events: dense group numbers and microseconds, shape (n,), sorted by (group, time).
        at_group, at_time
            The queries, shape (q,), sorted by (group, time), each about the events of its group before its instant.
        """
        base, last = (int(time.min()), int(time.max())) if len(time) else (0, 0)
        length = last - base + 1
        groups = max(int(group.max(initial=0)), int(at_group.max(initial=0))) + 2
        if groups > np.iinfo(np.int64).max // length:
            days = length / micros("1d")
            raise ValueError(f"{groups} customers over {days:.0f} days are too many to index; use smaller blocks")
        key, start, asked = group * length + (time - base), at_group * length, at_time - base
        end = np.searchsorted(key, start + np.clip(asked, 0, length))

        def find(window: str) -> Bounds:
            return np.searchsorted(key, start + np.clip(asked - micros(window), 0, length)), end

        return cls(np.arange(len(group)), len(at_group), find)

    def where(self, mask: Bool) -> Events:
        """The events under the mask, with the same queries."""
        index, before = np.flatnonzero(mask), running(mask)

        def find(window: str) -> Bounds:
            lo, hi = self.bounds(window)
            return before[lo], before[hi]

        return Events(self.rows[index], self.queries, find)

    def bounds(self, window: str) -> Bounds:
        """First event of each query's window and first event after it, shape (q,) each; both never decrease."""
        if window not in self._bounds:
            self._bounds[window] = self._find(window)
        return self._bounds[window]

    def count(self, window: str) -> I64:
        """Events in each window."""
        lo, hi = self.bounds(window)
        return hi - lo

    def summer(self, values: npt.NDArray[Any]) -> Callable[[str], I64]:
        """A function from a window to the sums of integer ``values``, shape (n,), in it."""
        sums = running(values)

        def total(window: str) -> I64:
            lo, hi = self.bounds(window)
            return sums[hi] - sums[lo]

        return total

    def previous(self, window: str) -> I64:
        """Position of the last event in each window; -1 where it is empty."""
        lo, hi = self.bounds(window)
        return np.where(hi > lo, hi - 1, -1)

    def distinct(self, codes: I64, window: str) -> I64:
        """Different codes among the events in each window.

        An event counts for the queries whose window holds it but not the event of the same code before it. As both ends
        of the windows only move forward, those queries are neighbours: add one where they begin, take it off where they
        end.
        """
        lo, hi = self.bounds(window)
        code, order = by_code(codes)
        repeated = np.flatnonzero(code[1:] == code[:-1])
        before = np.zeros(self.size, dtype=np.int64)  # one past the event of that code before it, 0 for none
        before[order[repeated + 1]] = order[repeated] + 1
        begun = running(np.bincount(lo, minlength=self.size + 1))  # queries whose window begins before a position
        ended = running(np.bincount(hi, minlength=self.size + 1))  # ... ends before
        stop = begun[1:-1]
        first = np.minimum(np.maximum(ended[1:-1], begun[before]), stop)
        steps = np.bincount(first, minlength=self.queries + 1) - np.bincount(stop, minlength=self.queries + 1)
        return np.cumsum(steps)[: self.queries]

    def summed_counts(self, codes: I64, of_count: Callable[[I64], I64], window: str) -> I64:
        """Sum over the codes in each window of ``of_count(events of that code)``; ``of_count(0)`` is 0.

        From query to query the window first takes in events at its end, then lets go of those at its beginning; each
        changes the count of its own code by one, and the sum by the difference that makes.
        """
        lo, hi = self.bounds(window)
        bits = self.size.bit_length()
        key = np.sort(codes << bits | np.arange(self.size))
        event, place = key & ((1 << bits) - 1), np.arange(self.size)
        same_code = key - event
        come = running(np.bincount(hi, minlength=self.size + 1))[1:][event]  # query that takes the event in
        go = running(np.bincount(lo, minlength=self.size + 1))[1:][event]  # query that lets it go
        # Of its code: how many are there when it comes, and how many when it goes, itself included.
        gone = np.searchsorted(key, same_code | np.concatenate([[0], lo])[come])
        taken = np.searchsorted(key, same_code | np.append(hi, self.size)[go])
        there, left = place - gone, taken - place
        values = of_count(np.arange(int(max(there.max(initial=0), left.max(initial=0))) + 2))
        steps = values[1:] - values[:-1]
        change = np.bincount(come, steps[there], self.queries + 1) - np.bincount(go, steps[left - 1], self.queries + 1)
        return np.cumsum(change)[: self.queries].astype(np.int64)  # floats, but of integers far below 2**53

    def largest(self, values: I64, window: str) -> I64:
        """Largest value in each window, by a sparse table; -1 where the window is empty (values are not negative)."""
        lo, hi = self.bounds(window)
        length = hi - lo
        level = np.where(length > 0, _bit_length(length) - 1, 0)
        out = np.full(self.queries, -1, dtype=np.int64)
        table = values
        for k in range(int(level.max(initial=0)) + 1):
            if k:
                table = np.maximum(table[: -(1 << (k - 1))], table[1 << (k - 1) :])
            here = np.flatnonzero((level == k) & (length > 0))
            out[here] = np.maximum(table[lo[here]], table[hi[here] - (1 << k)])
        return out

    def rank(self, values: I64, at: I64, window: str, most: int) -> F64:
        """Share of the last ``most`` values in each window that are smaller than ``at``, ties counting half.

        NaN where the window is empty. The bound keeps time and memory linear; the standard error of a share over 100
        values is at most 0.05.
        """
        lo, hi = self.bounds(window)
        length = np.minimum(hi - lo, most)
        padded = np.concatenate([np.zeros(most, dtype=np.int64), values])
        last = np.lib.stride_tricks.sliding_window_view(padded, most)
        place = np.arange(most)
        twice = np.zeros(self.queries, dtype=np.int64)
        for start in range(0, self.queries, 4096):  # a slice fits in the cache
            part = slice(start, start + 4096)
            inside = place >= most - length[part, None]
            seen, mine = last[hi[part]], at[part, None]
            twice[part] = np.count_nonzero(inside & (seen < mine), axis=1)
            twice[part] += np.count_nonzero(inside & (seen <= mine), axis=1)
        return ratio(twice, 2 * length)

    def alike(self, codes: I64, wanted: I64) -> Alike:
        """The events whose code is the one the query wants; codes are not negative, -1 wants none."""
        return Alike(self, codes, wanted)


class Alike:
    """The events of the wanted code in each query's window."""

    def __init__(self, events: Events, codes: I64, wanted: I64) -> None:
        self._events = events
        self._bits = events.size.bit_length()
        self._key = np.sort(codes << self._bits | np.arange(events.size))
        # Searches in ascending order walk through the cache: several times as fast.
        self._wanted, self._query = by_code(wanted)

    def _bounds(self, window: str) -> Bounds:
        """First and one past the last such event of each window, in the order of (code, event)."""
        lo, hi = self._events.bounds(window)
        return self._search(lo), self._search(hi)

    def _search(self, position: I64) -> I64:
        found = np.empty(len(position), dtype=np.int64)
        found[self._query] = np.searchsorted(self._key, self._wanted << self._bits | position[self._query])
        return found

    def count(self, window: str) -> I64:
        """How many there are in each window."""
        lo, hi = self._bounds(window)
        return hi - lo

    def totals(self, window: str, *values: I64) -> tuple[I64, ...]:
        """How many there are in each window, and the sums of their integer values."""
        lo, hi = self._bounds(window)
        order = self._key & ((1 << self._bits) - 1)
        sums = [running(v[order]) for v in values]
        return (hi - lo, *(s[hi] - s[lo] for s in sums))


def in_order(group: I64, time: I64) -> tuple[I64, I64]:
    """The order by (group, time), equal ones as they stand, and the keys in that order.

    What consists of a few sorted runs, as several months of a ledger do, is merged rather than sorted.
    """
    start, last = (int(time.min()), int(time.max())) if len(time) else (0, 0)
    key = group * (last - start + 1) + (time - start)
    order = np.argsort(key, kind="stable")
    return order, key[order]


def by_code(codes: I64) -> Bounds:
    """Codes in ascending order and the events' positions in that order, events of one code in their own order."""
    bits = len(codes).bit_length()
    key = np.sort(codes << bits | np.arange(len(codes)))
    return key >> bits, key & ((1 << bits) - 1)


def ratio(numerator: npt.NDArray[Any], denominator: npt.NDArray[Any]) -> F64:
    """Quotient; NaN where the denominator is 0."""
    safe = np.where(denominator == 0, 1, denominator)
    return np.where(denominator == 0, np.nan, numerator / safe)


def missing_where(missing: Bool, values: npt.NDArray[Any]) -> F64:
    """The values, with NaN under the mask."""
    return np.where(missing, np.nan, values)


def _bit_length(numbers: I64) -> I64:
    """Bits of positive integers below 2**53."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)

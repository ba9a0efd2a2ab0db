"""Clocks: what time it is where, and when the clocks change.

Instants are microseconds since the epoch, UTC unless called local; offsets are local time minus UTC in minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.simulation.streams import I64

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000
#: Steps in which a change is looked for within its week, each a tenth or so of the one before.
_NARROWER = (DAY_US, 120 * MINUTE_US, 10 * MINUTE_US, MINUTE_US)
#: Times between which clocks change more often than this are looked up one by one, not change by change.
_PASSES = 12
#: Years around the first month for which clock changes are known: devices look back, runs go on.
_YEARS_BEFORE, _YEARS_AFTER = 12, 25


def microseconds(instant: datetime) -> int:
    """Microseconds since the epoch of an aware instant, exactly."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def utc_offset_minutes(scenario: Scenario, city: npt.ArrayLike, local_us: npt.ArrayLike) -> I64:
    """Local time minus UTC in minutes, from the local wall time.

    Parameters
    ----------
    city
        Indices into ``scenario.cities``.
    local_us
        Local wall time, microseconds; broadcast against ``city``.

    Notes
    -----
    A wall time that occurs twice is the first one; one that the change skips takes the offset before the change (as
    Python's ``fold=0``, PEP 495), so that the instant ``local_us - offset`` lies just after the change.
    """
    return _offset(scenario, city, local_us, local=True)


def offset_at(scenario: Scenario, city: npt.ArrayLike, utc_us: npt.ArrayLike) -> I64:
    """Local time minus UTC in minutes at instants (UTC microseconds), shapes as in :func:`utc_offset_minutes`."""
    return _offset(scenario, city, utc_us, local=False)


@dataclass(frozen=True)
class _Clocks:
    """What the clocks of all cities show: each change in any zone, in order of time."""

    at: I64  # UTC, or wall time
    zone: I64  # of each change
    zones: I64  # of each city
    minutes: I64  # offsets of the cities before the first change and after each; shape (changes + 1, cities)


def _offset(scenario: Scenario, city: npt.ArrayLike, time_us: npt.ArrayLike, *, local: bool) -> I64:
    clocks = _clocks(scenario, local)
    where, times = np.asarray(city, dtype=np.int64), np.asarray(time_us, dtype=np.int64)
    if where.shape != times.shape:
        where, times = np.broadcast_arrays(where, times)
    if not times.size:
        return np.zeros(times.shape, dtype=np.int64)
    first, last = np.searchsorted(clocks.at, [times.min(), times.max()], side="right").tolist()
    if last - first > _PASSES:
        passed = np.searchsorted(clocks.at, times.ravel(), side="right").reshape(times.shape)
        then: I64 = clocks.minutes[passed, where]
        return then
    result: I64 = clocks.minutes[first][where]
    zone = clocks.zones[where] if last > first else result
    for k in range(first, last):  # a month has a change or none in each zone: a pass or two over the rows
        after = clocks.minutes[k + 1][np.argmax(clocks.zones == clocks.zone[k])]
        np.copyto(result, after, where=(zone == clocks.zone[k]) & (times >= clocks.at[k]))
    return result


@lru_cache(maxsize=16)
def _clocks(scenario: Scenario, local: bool) -> _Clocks:
    names, changes = _zones(scenario), _changes(scenario)
    zones = np.array([names.index(c.time_zone) for c in scenario.cities], dtype=np.int64)
    at = np.concatenate([_wall(utc, offsets) if local else utc for utc, offsets in changes])
    zone = np.repeat(np.arange(len(names)), [len(utc) for utc, _ in changes])
    order = np.argsort(at, kind="stable")
    passed = np.cumsum(zone[order][:, None] == np.arange(len(names)), axis=0)
    passed = np.concatenate([np.zeros((1, len(names)), dtype=np.int64), passed])
    minutes = np.stack([offsets[passed[:, k]] for k, (_, offsets) in enumerate(changes)], axis=1)
    return _Clocks(at[order], zone[order], zones, minutes[:, zones])


def _wall(utc: I64, offsets: I64) -> I64:
    """Wall time of changes, read with the later of the two offsets: that is fold=0 in gaps and folds alike."""
    return utc + np.maximum(offsets[:-1], offsets[1:]) * MINUTE_US


@lru_cache(maxsize=16)
def _changes(scenario: Scenario) -> list[tuple[I64, I64]]:
    """When the clocks of each zone change, in UTC, and its offsets in minutes before the first change and after each.

    Zones are in the order of their names. All are asked at once, since what a question costs hardly depends on them.
    """
    zones = _zones(scenario)
    year = scenario.first.year
    start, end = (microseconds(datetime(y, 1, 1, tzinfo=UTC)) for y in (year - _YEARS_BEFORE, year + _YEARS_AFTER))
    width = 7 * DAY_US
    weeks = np.arange(start, end + width, width)
    offsets = _minutes(zones, [weeks] * len(zones))
    moves = [np.flatnonzero(np.diff(some)) for some in offsets]
    low = [weeks[some] for some in moves]
    for step in _NARROWER:  # all places of a step at once
        places = [some[:, None] + np.arange(1, width // step) * step for some in low]
        found = _minutes(zones, [some.ravel() for some in places])
        for k, (then, before) in enumerate(zip(found, offsets, strict=True)):
            low[k] = low[k] + (then.reshape(places[k].shape) == before[moves[k], None]).sum(axis=1) * step
        width = step
    after = [np.concatenate([some[:1], some[moved + 1]]) for some, moved in zip(offsets, moves, strict=True)]
    return [(some + MINUTE_US, minutes) for some, minutes in zip(low, after, strict=True)]


def _zones(scenario: Scenario) -> list[str]:
    """The time zones of the cities, by name."""
    names = sorted({c.time_zone for c in scenario.cities})
    for name in names:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ScenarioError(
                f"scenario {scenario.name}: cities.csv: time_zone is {name!r};"
                " an IANA zone such as America/New_York is needed"
            ) from None
    return names


def _minutes(zones: list[str], utc: list[I64]) -> list[I64]:
    """Local time minus UTC in each zone, at instants of its own."""
    there = [
        pl.lit(pl.Series(some)).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)
        for zone, some in zip(zones, utc, strict=True)
    ]
    offsets = [(some.dt.base_utc_offset() + some.dt.dst_offset()).dt.total_minutes().implode() for some in there]
    found = pl.select(some.alias(zone) for zone, some in zip(zones, offsets, strict=True))
    return [found[zone][0].to_numpy() for zone in zones]

"""Whom campaigns choose: neighbours of somebody, those who hardly use their account, those who have just joined."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.once import once
from fraud_assets.simulation.streams import F64, I64
from fraud_assets.simulation.traits import traits, units

#: Share of the customers who count as new [P].
_NEWEST = 0.10


@dataclass(frozen=True, eq=False)
class _Everybody:
    """Of all customers of a bank: 16 bytes each, found once."""

    city: npt.NDArray[np.int32]
    rate: npt.NDArray[np.float32]
    registered: npt.NDArray[np.int32]  # local day
    by_metro: npt.NDArray[np.int32]  # numbers of the customers, metro by metro
    metro: I64  # of each city
    start: I64  # of each metro in ``by_metro``
    count: I64


@once(kept=4)
def _everybody(scenario: Scenario) -> _Everybody:
    parts = []
    for unit in units(scenario):  # only these columns are kept of everybody
        t = traits(scenario, (unit,))
        parts.append((t.city, t.daily_rate, t.registered_day))
    city, rate, registered = (np.concatenate(column) for column in zip(*parts, strict=True))
    names = sorted({c.metro for c in scenario.cities})
    metro = np.array([names.index(c.metro) for c in scenario.cities], dtype=np.int64)
    count = np.bincount(metro[city], minlength=len(names))
    return _Everybody(
        city=city.astype(np.int32),
        rate=rate.astype(np.float32),
        registered=registered.astype(np.int32),
        by_metro=np.argsort(metro[city], kind="stable").astype(np.int32),
        metro=metro,
        start=np.cumsum(count) - count,
        count=count,
    )


def home_city(scenario: Scenario, index: I64) -> I64:
    """Cities in which the customers of these numbers live."""
    return _everybody(scenario).city[index].astype(np.int64)


def neighbours(scenario: Scenario, index: I64, u: F64) -> I64:
    """Numbers of customers who live in the same metros as the customers of these numbers, perhaps these themselves."""
    everybody = _everybody(scenario)
    metro = everybody.metro[everybody.city[index]]
    return everybody.by_metro[everybody.start[metro] + (u * everybody.count[metro]).astype(np.int64)].astype(np.int64)


def least_active(scenario: Scenario, candidates: I64) -> I64:
    """Of each row of customers' numbers, shape (n, k), the one who pays least often."""
    rate = _everybody(scenario).rate[candidates]
    return candidates[np.arange(len(candidates)), rate.argmin(axis=1)]


def registered_day(scenario: Scenario) -> I64:
    """Local day of joining of every customer."""
    return _everybody(scenario).registered.astype(np.int64)


def newest(scenario: Scenario, day: I64, u: F64) -> I64:
    """Numbers of customers among the newest tenth of those who had joined by the days."""
    order, days = _by_age(scenario)
    there = np.maximum(np.searchsorted(days, day), 1)
    return order[there - 1 - (u * there * _NEWEST).astype(np.int64)]


@lru_cache(maxsize=4)
def _by_age(scenario: Scenario) -> tuple[I64, I64]:
    """Customers in the order in which they joined, and the days."""
    days = registered_day(scenario)
    order = np.argsort(days, kind="stable")
    return order, days[order]

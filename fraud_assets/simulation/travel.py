"""Where people are: at home, in a neighbouring town, or away for some days."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.blocks import Block
from fraud_assets.simulation.intents import NONE, Bank
from fraud_assets.simulation.streams import F64, I64, uniforms


@dataclass(frozen=True)
class Trips:
    """At most one trip a customer and month; days count from 1970-01-01, ``city`` is ``NONE`` without a trip."""

    first_day: I64
    last_day: I64
    city: I64

    def city_on(self, who: I64, day: I64) -> I64:
        """City in which the customer stays on the local day, ``NONE`` where at home."""
        away = (day >= self.first_day[who]) & (day <= self.last_day[who])
        return np.where(away, self.city[who], NONE)


def trips(bank: Bank, block: Block) -> Trips:
    """The trips of the block's month, one draw a customer."""
    scenario = bank.scenario
    month: Month = block.month
    people = scenario.population
    n = len(bank.traits.index)
    u = uniforms(scenario.seed, "travel", month.index, bank.units, bank.counts * 4).reshape(n, 4)
    shortest, longest = people.trip_days
    length = shortest + (u[:, 1] * (longest - shortest + 1)).astype(np.int64)
    start_of_month = (month.start.date() - _EPOCH).days
    first = start_of_month + (u[:, 2] * (month.days - length + 1)).astype(np.int64)
    _, far = _choices(scenario)
    home = bank.traits.city
    goes = u[:, 0] < people.travellers_a_month
    city = np.where(goes, _draw(far, home, u[:, 3]), NONE)
    return Trips(first, first + length - 1, city)


def nearby(scenario: Scenario, home: I64, u: F64) -> I64:
    """Another city of the home's metro by population; the home itself where it stands alone."""
    near, _ = _choices(scenario)
    return _draw(near, home, u)


def _draw(cumulative: F64, home: I64, u: F64) -> I64:
    """A city from row ``home`` of a matrix of cumulative shares."""
    width = cumulative.shape[1]
    flat = (cumulative + np.arange(len(cumulative))[:, None]).ravel()
    return np.minimum(np.searchsorted(flat, home + u, side="right") - home * width, width - 1)


@lru_cache(maxsize=8)
def _choices(scenario: Scenario) -> tuple[F64, F64]:
    """Cumulative shares of the cities seen from each city, nearby and far; shape (cities, cities)."""
    metro = np.array([c.metro for c in scenario.cities])
    population = np.array([c.population for c in scenario.cities], dtype=np.float64)
    same = metro[:, None] == metro[None, :]
    alone = same.sum(axis=1) == 1
    return (
        _cumulative(same & (~np.eye(len(metro), dtype=bool) | alone[:, None]), population),
        _cumulative(~same | np.all(same), population),
    )


def _cumulative(allowed: npt.NDArray[np.bool_], weight: F64) -> F64:
    shares = allowed * weight
    shares = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    shares[:, -1] = 1.0
    return shares


_EPOCH = Month(1970, 1).start.date()

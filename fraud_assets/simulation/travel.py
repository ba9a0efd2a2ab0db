"""Where people are: at home, in a neighbouring town, or away for some days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.calendar import month_days
from fraud_assets.simulation.intents import NONE, Bank
from fraud_assets.simulation.streams import F64, I64, Bools, uniforms


@dataclass(frozen=True)
class Trips:
    """At most one trip a customer and month; days count from 1970-01-01, ``city`` is ``NONE`` without a trip.

    Entry ``m * customers + who`` is that of customer ``who`` in the ``m``-th of the months.
    """

    first_day: I64
    last_day: I64
    city: I64
    is_shared: Bools  # one of two who use the account stays at home

    def city_on(self, entry: I64, day: I64, u: F64 | None = None) -> I64:
        """City in which the customer stays on the local day of that month, ``NONE`` where at home.

        Where draws ``u`` are given, every other one on a shared trip is of the one who stays at home.
        """
        away = (day >= self.first_day[entry]) & (day <= self.last_day[entry])
        if u is not None:
            away &= ~self.is_shared[entry] | (u >= 0.5)
        return np.where(away, self.city[entry], NONE)


def trips(bank: Bank, months: Sequence[Month]) -> Trips:
    """The trips of the months, one draw a customer and month."""
    scenario = bank.scenario
    people = scenario.population
    n = len(bank.traits.index)
    segments = [(month.index, unit) for month in months for unit in bank.units]
    u = uniforms(scenario.seed, "travel", segments, np.tile(bank.counts * 4, len(months))).reshape(n * len(months), 4)
    shortest, longest = people.trip_days
    length = shortest + (u[:, 1] * (longest - shortest + 1)).astype(np.int64)
    start_of_month = np.repeat([month_days(month)[0] for month in months], n)
    days = np.repeat([month.days for month in months], n)
    first = start_of_month + (u[:, 2] * (days - length + 1)).astype(np.int64)
    _, far = _choices(scenario)
    home = np.tile(bank.traits.city, len(months))
    goes = u[:, 0] < people.travellers_a_month
    city = np.where(goes, _draw(far, home, u[:, 3]), NONE)
    shared = u[:, 0] < people.travellers_a_month * people.shared_trips
    return Trips(first, first + length - 1, city, shared)


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

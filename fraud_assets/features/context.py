"""The context of a month: limits, festivals, population figures, start of history; the same for all its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from fraud_assets.features.arrays import F64, I64, Bool, is_one, larger, micros, nothing, number, smaller
from fraud_assets.months import FEATURE_LOOKBACK, Month
from fraud_assets.scenario import Bank

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_LIMIT = 2**56  # cents


def instant(time: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime."""
    return (time - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Figures:
    """What the population did: a row of ``population_statistics``."""

    rows: int
    share: float
    log_mean: float
    log_std: float


@dataclass(frozen=True)
class Context:
    """What every row of a month shares.

    Attributes
    ----------
    limits
        Limits in cents, ascending.
    festivals
        Local days (since 1970-01-01) of festivals, ascending.
    history_start
        Microseconds since the epoch of the first instant whose events may have been seen.
    population
        (dimension, value) -> figures of the three months before; empty where there is no history.
    """

    limits: I64
    festivals: I64
    history_start: int
    population: dict[tuple[str, str], Figures]

    @classmethod
    def of(cls, scenario: Bank, month: Month, population: pl.DataFrame) -> Context:
        """The context of a month, from the scenario and the month's ``population_statistics``."""
        start = max(scenario.first, month - FEATURE_LOOKBACK).start
        days = {
            (holiday.first - date(1970, 1, 1)).days + k
            for holiday in scenario.holidays
            if holiday.is_festival
            for k in range((holiday.last - holiday.first).days + 1)
        }
        figures = population.select("dimension", "value", "rows", "share", "log_amount_mean", "log_amount_std")
        return cls(
            limits=np.array(sorted(round(limit * 100) for limit in scenario.limits), dtype=np.int64),
            festivals=np.array(sorted(days), dtype=np.int64),
            history_start=instant(start),
            population={
                (dimension, value): Figures(
                    rows, share, np.nan if mean is None else mean, np.nan if std is None else std
                )
                for dimension, value, rows, share, mean, std in figures.iter_rows()
            },
        )

    def history_days(self, time: I64) -> I64:
        """Whole days of history before each instant, 0 to 84."""
        return smaller(larger((time - self.history_start) // micros("1d"), 0), 84)

    def is_festival(self, day: I64) -> Bool:
        """Whether each local day (since 1970-01-01) lies in a festival."""
        return self._festivals_and_none[self.festivals.searchsorted(day)] == day

    def limit_above(self, cents: I64) -> I64:
        """The lowest limit above each amount; far more than anybody pays where there is none."""
        return self._limits_and_none[self.limits.searchsorted(cents, side="right")]

    @cached_property
    def _festivals_and_none(self) -> I64:
        return np.append(self.festivals, -1)

    @cached_property
    def _limits_and_none(self) -> I64:
        return np.append(self.limits, _NO_LIMIT)

    def shares(self, dimension: str, names: Sequence[str], codes: I64) -> F64:
        """Population share of each code's name; a name never seen counts as one row; NaN without a population."""
        everything = self.population.get(("all", "all"))
        if everything is None:
            return nothing(codes)
        unseen = Figures(0, 1 / (everything.rows + 1), np.nan, np.nan)
        return self._figures(dimension, names, codes, unseen, lambda f: f.share)

    def log_amounts(self, dimension: str, names: Sequence[str], codes: I64) -> tuple[F64, F64]:
        """Population mean and standard deviation of the logarithm of the amount, for each code's name.

        A name never seen has the figures of all payments; both are NaN without a population.
        """
        everything = self.population.get(("all", "all"), Figures(0, np.nan, np.nan, np.nan))
        mean = self._figures(dimension, names, codes, everything, lambda f: f.log_mean)
        return mean, self._figures(dimension, names, codes, everything, lambda f: f.log_std)

    def _figures(
        self,
        dimension: str,
        names: Sequence[str],
        codes: I64,
        otherwise: Figures,
        figure: Callable[[Figures], float],
    ) -> F64:
        if is_one(codes):  # a single event needs one of them
            return number(figure(self.population.get((dimension, names[int(codes)]), otherwise)), np.float64)
        return np.array([figure(self.population.get((dimension, name), otherwise)) for name in names])[codes]

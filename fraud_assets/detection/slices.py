"""Which part of the past trains, tunes and compares the models of a month.

What lives here: the four time slices before a cut and nothing else. Every slice is an interval in time, so there is no
random split anywhere: a model is always judged on days that come after those it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from fraud_assets.months import TRAINING_WINDOW, Month

#: The days just before the cut: too young for their frauds to have been reported.
EMBARGO = timedelta(days=7)
#: Length of the tuning and of the comparing slice, and what it falls back to with little history.
LONG, SHORT = timedelta(days=14), timedelta(days=7)


@dataclass(frozen=True)
class Interval:
    """A half-open interval of instants, [start, end), UTC."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        return (self.end - self.start) / timedelta(days=1)

    def contains(self, column: str = "event_time") -> pl.Expr:
        """True for rows whose instant lies inside."""
        return (pl.col(column) >= self.start) & (pl.col(column) < self.end)

    def document(self) -> list[str]:
        return [self.start.isoformat(), self.end.isoformat()]

    @classmethod
    def load(cls, document: list[str]) -> Interval:
        return cls(datetime.fromisoformat(document[0]), datetime.fromisoformat(document[1]))


@dataclass(frozen=True)
class Slices:
    """Train, tune, compare and embargo: adjacent, in this order, the last one ending at the cut."""

    train: Interval
    tune: Interval
    compare: Interval
    embargo: Interval

    @property
    def cut(self) -> datetime:
        return self.embargo.end

    def document(self) -> dict[str, list[str]]:
        return {name: getattr(self, name).document() for name in ("train", "tune", "compare", "embargo")}

    @classmethod
    def load(cls, document: dict[str, list[str]]) -> Slices:
        return cls(**{name: Interval.load(interval) for name, interval in document.items()})


def split(month: Month, first: Month) -> Slices | None:
    """The slices for the models of ``month``; the cut is its first instant.

    Parameters
    ----------
    month
        The month whose rows will be scored; nothing of it is used.
    first
        The first month there is.

    Returns
    -------
    The history of at most ``TRAINING_WINDOW`` months, cut into train, tune (14 days), compare (14 days) and embargo
    (7 days). Tune and compare have 7 days each where 14 would leave less than 14 to train. None if there is no earlier
    month.
    """
    start = max(first, month - TRAINING_WINDOW).start
    if start >= month.start:
        return None
    embargo = Interval(month.start - EMBARGO, month.start)
    length = LONG if embargo.start - 2 * LONG - start >= LONG else SHORT
    compare = Interval(embargo.start - length, embargo.start)
    tune = Interval(compare.start - length, compare.start)
    return Slices(Interval(start, tune.start), tune, compare, embargo)

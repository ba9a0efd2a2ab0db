"""Months: the partition key, its interval and every look-back. The only place with offsets.

A month is written ``2024-01`` and is the half-open UTC interval [first instant, first instant of the next month).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

#: What windows and baselines may look back on: the month itself and three before it.
FEATURE_LOOKBACK = 3
#: A chargeback or a charge-off may name a transaction this many months old: credit used up in four months, written off
#: half a year later.
REPORT_LOOKBACK = 11
#: Months of history that a candidate is trained on.
TRAINING_WINDOW = 6
#: Months after which most of what a bank will ever learn about a month is known: 90 days.
REPORT_DELAY = 3

_KEY = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in UTC, ordered in time."""

    year: int
    number: int

    @classmethod
    def parse(cls, key: str) -> Month:
        """The month of a key such as ``2024-01``.

        Raises
        ------
        ValueError
            If the key is not a year and a month.
        """
        found = _KEY.fullmatch(key)
        if not found:
            raise ValueError(f"month {key!r} is not of the form 2024-01")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, instant: datetime) -> Month:
        """The month that contains the (UTC) instant."""
        return cls(instant.year, instant.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def key(self) -> str:
        return str(self)

    @property
    def index(self) -> int:
        """Months since year 0: the number that random streams and state functions use."""
        return self.year * 12 + self.number - 1

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """First instant after the month."""
        return (self + 1).start

    @property
    def days(self) -> int:
        return (self.end - self.start) // timedelta(days=1)

    def __add__(self, months: int) -> Month:
        total = self.index + months
        return Month(total // 12, total % 12 + 1)

    def __sub__(self, months: int) -> Month:
        return self + -months

    def back(self, months: int) -> list[Month]:
        """The ``months`` months before this one, oldest first, without it."""
        return [self - k for k in range(months, 0, -1)]

"""What a portrait is of: a bank's month, its calendar, and the tables that it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Holiday, Scenario


def _holidays(rows: Sequence[Holiday]) -> tuple[tuple[str, date, date], ...]:
    """Name, first and last day of each: what one calls by the same name, in this or that city, is one."""
    spans: dict[str, tuple[date, date]] = {}
    for h in rows:
        first, last = spans.get(h.name, (h.first, h.last))
        spans[h.name] = min(first, h.first), max(last, h.last)
    return tuple((name, first, last) for name, (first, last) in spans.items())


@dataclass(frozen=True)
class Sitter:
    """The bank and the month that are portrayed.

    Attributes
    ----------
    bank, month
        The scenario's title and the month.
    holidays
        (name, first, last local day) of those that touch the month, in their order.
    earlier
        Months before it whose tables are at hand, oldest first, without a gap.
    known_until
        Reports are at hand up to here: the end of this month, or of a later one.
    """

    bank: str
    month: Month
    holidays: tuple[tuple[str, date, date], ...]
    earlier: tuple[Month, ...]
    known_until: datetime

    @classmethod
    def of(cls, scenario: Scenario, month: Month, earlier: Sequence[Month], reported: Month) -> Sitter:
        """As the scenario describes it; ``reported`` is the last month whose reports are at hand."""
        first, last = month.start.date(), month.end.date() - timedelta(days=1)
        return cls(
            bank=scenario.title,
            month=month,
            holidays=_holidays([h for h in scenario.holidays if h.last >= first and h.first <= last]),
            earlier=tuple(earlier),
            known_until=reported.end,
        )


@dataclass(frozen=True)
class Tables:
    """The lake's tables, lazy.

    Attributes
    ----------
    transactions, labeled_anomalies
        Of the month.
    fraud_campaigns, customers, devices
        As of the month.
    incident_reports
        Of the earliest month at hand up to ``Sitter.known_until``.
    earlier_transactions, earlier_anomalies
        Of all of ``Sitter.earlier``, in one frame; without rows where there are none.
    """

    transactions: pl.LazyFrame
    labeled_anomalies: pl.LazyFrame
    fraud_campaigns: pl.LazyFrame
    customers: pl.LazyFrame
    devices: pl.LazyFrame
    incident_reports: pl.LazyFrame
    earlier_transactions: pl.LazyFrame
    earlier_anomalies: pl.LazyFrame

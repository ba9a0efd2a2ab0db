"""The tables of some months of a bank as the measures need them: local clocks, fraud and accidents taken out, joins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario

#: What people decide on the day: neither bills nor what arrives by itself.
_CHOSEN = ["purchase", "transfer", "withdrawal"]
LOCAL = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))


@dataclass(frozen=True)
class View:
    """Months of a bank.

    Attributes
    ----------
    tables
        By name: ``transactions`` and ``labeled_anomalies``, streamed; ``customers`` of the last month; and as far as
        they are at hand ``devices``, ``merchants``, ``logins``, ``fraud_campaigns`` and ``incident_reports``.
    """

    scenario: Scenario
    months: tuple[Month, ...]
    tables: Mapping[str, pl.LazyFrame]

    @property
    def days(self) -> int:
        return sum(month.days for month in self.months)

    @cached_property
    def people(self) -> pl.DataFrame:
        return self.tables["customers"].collect()

    @cached_property
    def truth(self) -> pl.DataFrame:
        return self.tables["labeled_anomalies"].collect()

    @cached_property
    def rows(self) -> pl.LazyFrame:
        """The ledger, with the local ``hour``, ``weekday`` and ``date``."""
        return self.tables["transactions"].with_columns(
            hour=LOCAL.dt.hour(), weekday=LOCAL.dt.weekday(), date=LOCAL.dt.date()
        )

    @cached_property
    def honest(self) -> pl.LazyFrame:
        """Debits and deposits that are neither fraud nor accidents."""
        odd = pl.col("is_fraud") | pl.col("is_high_amount_accident") | pl.col("is_accident_burst")
        out = self.truth.lazy().filter(odd).select("transaction_id")
        return self.rows.filter((pl.col("direction") == "debit") | self._is_deposit).join(
            out, on="transaction_id", how="anti"
        )

    @cached_property
    def chosen(self) -> pl.LazyFrame:
        """Honest payments and deposits that people decided on."""
        return self.honest.filter(self.is_chosen)

    @property
    def is_chosen(self) -> pl.Expr:
        """Whether people decide on a payment when it is made: honest or not, neither a bill nor what arrives."""
        return pl.col("kind").is_in(_CHOSEN) | self._is_deposit

    @property
    def _is_deposit(self) -> pl.Expr:
        sources = [c.category for c in self.scenario.categories if c.recipient in ("source", "sender")]
        return pl.col("category").is_in(sources) & (pl.col("kind") == "income")

    @property
    def has_counters(self) -> bool:
        return any(c.channel == "card_present" for c in self.scenario.categories)

    def with_people(self, rows: pl.LazyFrame, *columns: str) -> pl.LazyFrame:
        """The rows with columns of their customers."""
        return rows.join(self.people.lazy().select("customer_id", *columns), on="customer_id")


def months_of(months: Sequence[Month]) -> tuple[Month, ...]:
    return tuple(sorted(months, key=lambda month: month.index))


def collect(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.collect(engine="streaming")


def value(frame: pl.LazyFrame, figure: pl.Expr) -> float:
    """One number of the rows; 0 where there is none."""
    return as_float(collect(frame.select(figure)).item())


def shares(frame: pl.LazyFrame, by: str) -> dict[str, float]:
    """Share of the rows that have each value of a column."""
    counts = collect(frame.group_by(pl.col(by).cast(pl.String)).len())
    total = max(1, int(counts["len"].sum()))
    return {str(name): n / total for name, n in counts.iter_rows()}


def widest(asked: Mapping[str, float], found: Mapping[str, float]) -> float:
    """Largest difference between a share that was asked for and the one that was found."""
    return max((abs(share - found.get(name, 0.0)) for name, share in asked.items()), default=0.0)


def as_float(figure: object) -> float:
    """A figure of polars as a float; 0 where there is none, or none that is a number."""
    return float(figure) if isinstance(figure, int | float) and isfinite(figure) else 0.0

"""What the rows of a month are scored with: a champion, and the lake's tables as they stood.

What lives here: :class:`Standpoint`, and the sentence for what is missing of it. Of the ledger, the logins and the
reports only the rows of a file's own customers are read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from fraud_assets.assets.files import months_in_lake
from fraud_assets.detection.encoding import require
from fraud_assets.features import registry
from fraud_assets.features.build import build_features
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.months import FEATURE_LOOKBACK, Month
from fraud_assets.scenario import Bank
from fraud_assets.scoring.loose import SCHEMA
from fraud_assets.tables import TABLES, polars_schema

#: Tables of the month as of which rows are scored.
_TABLES = ("customers", "merchants", "population_statistics", "merchant_activity", "shared_entities")
#: Tables of rows by customer, of the month and of those before it.
_ROWS = ("transactions", "logins", "incident_reports")


@dataclass(frozen=True)
class Standpoint:
    """Rows of ``month``, seen with the champion and the tables of ``as_of``, which is that month or an earlier one.

    Attributes
    ----------
    decision
        The decision document of ``as_of``, with a champion.
    months
        Those of the look-back whose rows the lake has.
    """

    lake: Lake
    bank: Bank
    month: Month
    as_of: Month
    decision: dict[str, Any]
    months: tuple[Month, ...]

    @classmethod
    def of(cls, lake: Lake, bank: Bank, month: Month, as_of: Month | None = None) -> Standpoint:
        """Where rows of a month are scored from, by default as of the month itself.

        Raises
        ------
        LakeError
            If the lake lacks a table of it, or no champion had been chosen by then.
        """
        then = as_of or month
        if then > month:
            raise LakeError(
                f"a row of {month} cannot be scored as of {then}, which knows what came after it; name an earlier month"
            )
        there = {name: months_in_lake(lake, bank, name) for name in _ROWS}
        reach = [m for m in (*month.back(FEATURE_LOOKBACK), month) if m >= bank.first]
        lacks = [(name, m) for name in _ROWS for m in reach if m <= then and m.key not in there[name]] + [
            (name, then) for name in _TABLES if not lake.exists(Place(bank.name, name, then.key).parquet)
        ]
        place = Place(bank.name, "champion", then.key).value
        if not lake.exists(place):
            lacks.append(("champion", then))
        if lacks:
            decided = [m for m in months_in_lake(lake, bank, "champion") if m <= month.key]
            or_else = f", or name with --month one that is there, such as {decided[-1]}" if decided else ""
            name, first = lacks[0]
            months = [m.key for m in sorted({m for _, m in lacks})]
            order = " first, oldest first" if len(months) > 1 else ""
            raise LakeError(
                f"rows of {month} are scored with {bank.name}/{name} of {first}, which is not in the lake {lake.url};"
                f" materialize {', '.join(months)}{order}{or_else}"
            )
        decision: dict[str, Any] = json.loads(lake.read_bytes(place))
        if decision["model"] is None:
            raise LakeError(
                f"{bank.name} has no champion in {then}: {decision['why']}; only rows of months that have one, or come"
                " after one, can be scored"
            )
        require(list(registry.schema()), decision["model"]["encoder"]["features"])
        return cls(
            lake, bank, month, then, decision, tuple(m for m in reach if all(m.key in there[name] for name in _ROWS))
        )

    @property
    def keys(self) -> list[str]:
        """Keys of everything that it may read but the decision."""
        read = dict.fromkeys(_ROWS, self.months) | dict.fromkeys(_TABLES, (self.as_of,))
        read["devices"] = (min(self.month - 1, self.as_of),)
        return [key for name, months in read.items() for key in self._keys(name, months)]

    @property
    def customers(self) -> pl.LazyFrame:
        return self._table("customers", [self.as_of])

    def known(self, wanted: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
        """Columns of those transactions that the lake has in the look-back, by ``transaction_id``."""
        return (
            self._table("transactions", self.months)
            .filter(pl.col("transaction_id").is_in(wanted.implode()))
            .select("transaction_id", *(pl.col(name).cast(SCHEMA[name]) for name in columns))
            .collect(engine="streaming")
        )

    def seen(self, customers: pl.Series) -> pl.Series:
        """Those of the customers who are on file, or in the ledger of the look-back."""
        theirs = pl.col("customer_id").is_in(customers.implode())
        tables = (self.customers, self._table("transactions", self.months))
        return pl.concat([t.filter(theirs).select("customer_id") for t in tables]).unique().collect().to_series()

    def features(self, rows: pl.LazyFrame, replaced: pl.Series) -> pl.LazyFrame:
        """The feature table of the month for the customers who have rows of a file in it.

        Parameters
        ----------
        rows
            All rows of the file, columns of ``SCHEMA``; those after the month are not looked at.
        replaced
            Ids of rows of the lake in whose place the file's are taken.
        """
        in_month = rows.filter(pl.col("event_time").is_between(self.month.start, self.month.end, closed="left"))
        customers, merchants = (
            in_month.select(pl.col(name).drop_nulls().unique()).collect().to_series()
            for name in ("customer_id", "merchant_id")
        )
        theirs = pl.col("customer_id").is_in(customers.implode())
        ledger = self._table("transactions", self.months).filter(
            theirs, ~pl.col("transaction_id").is_in(replaced.implode())
        )
        own = rows.filter(theirs, pl.col("event_time") < self.month.end)
        columns = [pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()]
        chunks = build_features(
            self.bank,
            self.month,
            pl.concat([ledger.select(columns), own.select(columns)]),
            self.customers.filter(theirs),
            self._table("incident_reports", self.months).filter(theirs),
            self._table("population_statistics", [self.as_of]),
            logins=self._table("logins", self.months).filter(theirs),
            devices=self._table("devices", [min(self.month - 1, self.as_of)]),
            merchants=self._table("merchants", [self.as_of]),
            merchant_activity=self._table("merchant_activity", [self.as_of]).filter(
                pl.col("merchant_id").is_in(merchants.implode())
            ),
            shared_entities=self._table("shared_entities", [self.as_of]),
            without=self.bank.absent,
        )
        return lazy_chunks(registry.schema(), chunks)

    def _table(self, name: str, months: Sequence[Month]) -> pl.LazyFrame:
        """A table over months that are in the lake; without rows before the bank's first."""
        keys = self._keys(name, months)
        if not keys:
            return pl.LazyFrame(schema=polars_schema(TABLES[name]))
        return self.lake.scan_parquet(keys)

    def _keys(self, name: str, months: Sequence[Month]) -> list[str]:
        return [Place(self.bank.name, name, m.key).parquet for m in months if m >= self.bank.first]

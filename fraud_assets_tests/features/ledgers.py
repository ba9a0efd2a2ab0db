"""Random banks: what the feature build reads for a month, with the tables that the chain makes on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np
import polars as pl

from fraud_assets.features.activity import merchant_activity
from fraud_assets.features.build import build_features
from fraud_assets.features.lookup import devices_at_start
from fraud_assets.features.population import population_statistics
from fraud_assets.features.registry import schema
from fraud_assets.features.sharing import shared_entities
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets_tests.features.made import (
    MAY,
    random_customers,
    random_devices,
    random_ledger,
    random_logins,
    random_merchants,
    random_reports,
)


@dataclass(frozen=True, repr=False, eq=False)  # hypothesis prints the seed it was made from
class Bank:
    """What the feature build reads, for one month."""

    scenario: Scenario
    month: Month
    transactions: pl.DataFrame
    customers: pl.DataFrame
    reports: pl.DataFrame
    logins: pl.DataFrame | None
    devices: pl.DataFrame | None  # of the month before
    merchants: pl.DataFrame | None
    has_activity: bool = True
    has_sharing: bool = True

    @cached_property
    def population(self) -> pl.DataFrame:
        """``population_statistics``, as the chain makes it."""
        return population_statistics(self.month, self.transactions.lazy())

    @cached_property
    def activity(self) -> pl.DataFrame:
        """``merchant_activity``, as the chain makes it."""
        ledger, reports = self.transactions.lazy(), self.reports.lazy()
        return merchant_activity(self.month, ledger, reports, self.population.lazy())

    @cached_property
    def sharing(self) -> pl.DataFrame:
        """``shared_entities``, as the chain makes it."""
        ledger, reports, customers = self.transactions.lazy(), self.reports.lazy(), self.customers.lazy()
        return shared_entities(
            self.month, ledger, reports, customers, None if self.logins is None else self.logins.lazy()
        )

    def tables(self) -> dict[str, pl.LazyFrame | None]:
        """What is looked up; None for what this bank does not have."""
        frames = {
            "devices": self.devices,
            "merchants": self.merchants,
            "merchant_activity": self.activity if self.has_activity else None,
            "shared_entities": self.sharing if self.has_sharing else None,
        }
        return {name: None if frame is None else frame.lazy() for name, frame in frames.items()}

    def features(self, block_rows: int = 200_000) -> pl.DataFrame:
        """The month's feature table."""
        month_of = self.transactions["event_time"].dt.strftime("%Y-%m")
        parts = [part.drop("part") for part in self.transactions.with_columns(part=month_of).partition_by("part")]
        frames = [part.lazy() for part in sorted(parts, key=lambda part: part["event_time"][0])]
        chunks = build_features(
            self.scenario,
            self.month,
            pl.concat(frames) if frames else self.transactions.lazy(),
            self.customers.lazy(),
            self.reports.lazy(),
            self.population.lazy(),
            logins=None if self.logins is None else self.logins.lazy(),
            **self.tables(),  # type: ignore[arg-type]  # frames alone
            block_rows=block_rows,
        )
        return pl.concat([pl.DataFrame(schema=schema()), *(chunk() for chunk in chunks)])

    def with_rows(self, transactions: pl.DataFrame) -> Bank:
        """The bank with another ledger."""
        return replace(self, transactions=transactions.sort("customer_id", "event_time", "transaction_id"))

    def cut(self, instant: datetime) -> Bank:
        """The bank as it was: nothing at or after the instant has happened, been posted or become known."""
        happened = self.transactions.filter(pl.col("event_time") < instant).with_columns(
            # A posting still to come is a date in the future, whatever it will be.
            posted_at=pl.when(pl.col("posted_at") < instant)
            .then("posted_at")
            .otherwise(pl.lit(instant + timedelta(days=9)))
        )
        return replace(
            self.with_rows(happened),
            reports=self.reports.filter(pl.col("reported_at") < instant),
            logins=None if self.logins is None else self.logins.filter(pl.col("event_time") < instant),
        )


@lru_cache(maxsize=1)
def scenario() -> Scenario:
    """The smallest shipped bank, with its history beginning before the ledgers of the tests."""
    return Scenario.load("tiny_bank").model_copy(update={"first_month": "2025-01"})


def bank(seed: int, customers: int = 3, rows: int = 60, *, new: bool = False) -> Bank:
    """A random bank in May 2025 with the three months before.

    Parameters
    ----------
    new
        The bank opened in this May: no earlier rows, no population.
    """
    rng = np.random.default_rng(seed)
    ledger = random_ledger(rng, customers, rows, MAY.start if new else (MAY - 3).start, MAY.end)
    settings = scenario().model_copy(update={"first_month": str(MAY)}) if new else scenario()
    world = Bank(
        scenario=settings,
        month=MAY,
        transactions=ledger,
        customers=random_customers(rng, customers),
        reports=random_reports(rng, ledger),
        logins=random_logins(rng, customers, rows // 3, MAY.start if new else (MAY - 3).start, MAY.end),
        devices=_devices(rng, customers, new),
        merchants=random_merchants(rng),
    )
    without = rng.random(5) < 0.15  # a user's bank may lack tables
    return replace(
        world,
        logins=None if without[0] else world.logins,
        devices=None if without[1] else world.devices,
        merchants=None if without[2] else world.merchants,
        has_activity=not without[3],
        has_sharing=not without[4],
    )


def _devices(rng: np.random.Generator, customers: int, new: bool) -> pl.DataFrame:
    """As of the beginning of May: the table of the month before or, of a new bank, what May's own says of the time."""
    devices = random_devices(rng, customers)
    if not new:
        return devices
    used = pl.col("first_used_at") + pl.duration(days=5)  # some of them in May
    return devices_at_start(MAY, devices.lazy().with_columns(used)).collect()

"""Random banks that conform to the tables: ties, gaps, window edges, refunds, declines, late postings, nulls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.features.build import build_features
from fraud_assets.features.population import population_statistics
from fraud_assets.features.registry import schema
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.tables import (
    CHANNELS,
    DECLINE_REASONS,
    ENTRY_MODES,
    STATUSES,
    Customers,
    IncidentReports,
    Transactions,
    conform,
    polars_schema,
)

#: A month with the shortest three months before it (89 days).
MAY = Month(2025, 5)
#: Lengths of windows in minutes: events exactly that far apart stand on a window's edge.
EDGES = np.array([1, 5, 60, 360, 1440, 7 * 1440, 30 * 1440, 77 * 1440, 84 * 1440])
PLACES = [
    ("Springfield", "IL", "US", 39.8, -89.6),
    ("Springfield", "MA", "US", 42.1, -72.6),
    ("Chicago", "IL", "US", 41.9, -87.6),
    ("Seattle", "WA", "US", 47.6, -122.3),
    ("Toronto", "ON", "CA", 43.7, -79.4),
]
CATEGORIES = ["Grocery", "Coffee", "Electronics", "Person-to-Person", "Rent"]
AMOUNTS = [1.0, 4.5, 9.99, 100.0, 300.0, 450.0, 499.99, 500.0, 950.0]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, repr=False)  # hypothesis prints the seed it was made from
class Bank:
    """What the feature build reads, for one month."""

    scenario: Scenario
    month: Month
    transactions: pl.DataFrame
    customers: pl.DataFrame
    reports: pl.DataFrame
    population: pl.DataFrame

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
            block_rows=block_rows,
        )
        return pl.concat([pl.DataFrame(schema=schema()), *(chunk() for chunk in chunks)])

    def with_rows(self, transactions: pl.DataFrame) -> Bank:
        """The bank with another ledger, and the same population figures."""
        return replace(self, transactions=transactions.sort("customer_id", "event_time", "transaction_id"))

    def cut(self, instant: datetime) -> Bank:
        """The bank as it was: nothing at or after the instant has happened, been posted or become known."""
        happened = self.transactions.filter(pl.col("event_time") < instant).with_columns(
            # A posting still to come is a date in the future, whatever it will be.
            posted_at=pl.when(pl.col("posted_at") < instant)
            .then("posted_at")
            .otherwise(pl.lit(instant + timedelta(days=9)))
        )
        return replace(self.with_rows(happened), reports=self.reports.filter(pl.col("reported_at") < instant))


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
    world = scenario().model_copy(update={"first_month": str(MAY)}) if new else scenario()
    return Bank(
        scenario=world,
        month=MAY,
        transactions=ledger,
        customers=random_customers(rng, customers),
        reports=random_reports(rng, ledger),
        population=population_statistics(MAY, ledger.lazy()),
    )


def random_times(rng: np.random.Generator, rows: int, start: datetime, end: datetime) -> npt.NDArray[np.int64]:
    """Minutes since 1970: a few busy days and long gaps; some rows tie, some stand exactly a window apart."""
    first, last = ((at - _EPOCH) // timedelta(minutes=1) for at in (start, end))
    busy = rng.integers(first, last, max(rows // 12, 1))
    times = busy[rng.integers(0, len(busy), rows)] + rng.integers(0, rng.choice([4, 600, 2 * 1440], rows))
    times = np.where(rng.random(rows) < 0.3, rng.integers(first, last, rows), times)
    edge = rng.random(rows) < 0.3
    other = times[rng.integers(0, rows, rows)]
    times = np.where(edge, other + EDGES[rng.integers(0, len(EDGES), rows)] * rng.integers(0, 2, rows), times)
    return first + (times - first) % (last - first)


def random_ledger(rng: np.random.Generator, customers: int, rows: int, start: datetime, end: datetime) -> pl.DataFrame:
    """``rows`` rows of ``customers`` customers, conforming to ``tables.Transactions`` in types and order."""

    def chosen(values: list[str], weights: list[float] | None = None) -> pl.Series:
        return pl.Series(values, dtype=pl.String).gather(rng.choice(len(values), rows, p=weights))

    time = random_times(rng, rows, start, end) * 60_000_000
    is_credit = rng.random(rows) < 0.2
    credit = chosen(["income", "refund", "reversal"])
    debit = chosen(["purchase", "bill", "transfer"], [0.7, 0.15, 0.15])
    place = rng.choice(len(PLACES), rows, p=[0.4, 0.1, 0.3, 0.1, 0.1])
    status = chosen(STATUSES, [0.75, 0.2, 0.05])
    late = np.where(rng.random(rows) < 0.3, rng.choice([60, 1440, 3 * 1440, 29 * 1440, 30 * 1440, 40 * 1440], rows), 0)
    late -= np.where(rng.random(rows) < 0.05, 30, 0)  # a user's file may date a posting before its payment
    merchant = pl.Series(rng.integers(5_000, 5_006, rows))
    amount = np.where(
        rng.random(rows) < 0.6, rng.choice(AMOUNTS, rows), np.round(rng.lognormal(3, 1.5, rows), 2) + 0.01
    )
    noise = rng.normal(0, 0.02, (2, rows)).round(4)
    frame = pl.DataFrame(
        {
            "transaction_id": rng.permutation(rows * 3)[:rows],
            "customer_id": 1_000 + 7 * rng.integers(0, customers, rows),
            "event_time": time,
            "utc_offset_minutes": rng.choice([-300, -360, 330], rows, p=[0.6, 0.3, 0.1]),
            "posted_at": time + late * 60_000_000,
            "method": chosen(["Credit Card", "Bank Transfer"]),
            "channel": chosen(CHANNELS),
            "kind": pl.select(pl.when(pl.lit(is_credit)).then(credit).otherwise(debit)).to_series(),
            "direction": pl.Series(["debit", "credit"]).gather(is_credit.astype(np.int64)),
            "category": chosen(CATEGORIES, [0.4, 0.25, 0.15, 0.15, 0.05]),
            "amount": np.round(amount, 2),
            "currency": "USD",
            "recipient_entity": "somebody",
            "merchant_id": merchant.set(pl.Series(rng.random(rows) < 0.2), None),
            "payee_id": None,
            "card_id": None,
            "entry_mode": chosen(ENTRY_MODES),
            "device_id": None,
            "terminal_id": None,
            "ip_address": None,
            "city": pl.Series([p[0] for p in PLACES]).gather(place),
            "state": pl.Series([p[1] for p in PLACES]).gather(place),
            "country": pl.Series([p[2] for p in PLACES]).gather(place),
            "latitude": np.array([p[3] for p in PLACES])[place] + noise[0],
            "longitude": np.array([p[4] for p in PLACES])[place] + noise[1],
            "status": status,
            "decline_reason": pl.select(pl.when(status == "declined").then(pl.lit(DECLINE_REASONS[0]))).to_series(),
            "original_transaction_id": None,
            "token": None,
            "delivery_address_id": None,
            "is_express_delivery": None,
        }
    )
    nowhere = pl.Series(rng.random(rows) < 0.05)  # a user's file may not know where
    frame = frame.with_columns(
        pl.when(nowhere).then(None).otherwise(pl.col(name)).alias(name) for name in ("latitude", "longitude", "city")
    )
    return conform(_in_utc(frame, "event_time", "posted_at"), Transactions).sort(
        "customer_id", "event_time", "transaction_id"
    )


def random_customers(rng: np.random.Generator, customers: int) -> pl.DataFrame:
    """Customers on file; now and then one of them is not."""
    on_file = np.flatnonzero(rng.random(customers) < 0.9)
    n = len(on_file)
    place = rng.integers(0, len(PLACES), n)
    others = {
        name: pl.repeat(pl.Series([1 if dtype.is_numeric() else "x"]).cast(dtype)[0], n, dtype=dtype, eager=True)
        for name, dtype in polars_schema(Customers).items()
        if dtype.is_numeric() or dtype == pl.String
    }
    frame = pl.DataFrame(others).with_columns(
        customer_id=1_000 + 7 * pl.Series(on_file),
        registered_at=pl.Series([date(2020, 2, 29), date(2025, 3, 1), date(2025, 5, 2)]).gather(rng.integers(0, 3, n)),
        home_country=pl.Series([p[2] for p in PLACES], dtype=pl.String).gather(place),
        home_latitude=np.array([p[3] for p in PLACES])[place],
        home_longitude=np.array([p[4] for p in PLACES])[place],
        payday=pl.Series(rng.choice([1, 15, 30, 31], n), dtype=pl.Int8).set(pl.Series(rng.random(n) < 0.1), None),
    )
    return conform(frame, Customers)


def random_reports(rng: np.random.Generator, ledger: pl.DataFrame, share: float = 0.15) -> pl.DataFrame:
    """Reports on some rows, minutes to months later, some of them not about fraud."""
    frame = ledger.filter(pl.Series(rng.random(ledger.height) < share))
    n = frame.height
    delay = rng.choice([0, 60, 1440, 7 * 1440, 30 * 1440], n) + rng.integers(0, 3, n)
    frame = frame.with_columns(
        reported_at=pl.col("event_time") + pl.Series(delay * 60_000_000).cast(pl.Duration("us")),
        kind=pl.Series(["fraud", "duplicate"], dtype=pl.String).gather(rng.choice(2, n, p=[0.8, 0.2])),
        reported_type=pl.lit("stolen_card"),
        source=pl.lit("customer"),
    )
    return conform(frame, IncidentReports)


def _in_utc(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    return frame.with_columns(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in names)

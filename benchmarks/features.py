"""How fast the features of a month are built, and with how much memory.

    python benchmarks/features.py [--rows 1000000] [--customers 2800]

A made-up ledger of four months (the month and three of look-back) is written first; then the month's features are
built from it block by block and streamed into a lake on disk. Printed: rows/s and cells/s of the month, peak memory of
the process, and the ratio to merely reading the same columns and writing a finished table of that size; then the time
of one event against 1,000 past ones.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from fraud_assets.features.block import CUSTOMER_COLUMNS, LEDGER_COLUMNS
from fraud_assets.features.build import build_features
from fraud_assets.features.context import Context
from fraud_assets.features.population import population_statistics
from fraud_assets.features.registry import feature_names, schema
from fraud_assets.features.single import Recent, features_of_event
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import write_parquet
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.tables import CHANNELS, IncidentReports, Transactions, conform, polars_schema

MONTH = Month(2024, 4)
ROW_GROUP = 200_000  # as in a simulated ledger: a chunk


def ledger(scenario: Scenario, month: Month, rows: int, customers: int) -> pl.DataFrame:
    """A month with about as many merchants, cities, categories and amounts as a simulated bank has."""
    rng = np.random.default_rng(month.index)
    at = int(month.start.timestamp()) * 1_000_000 + rng.integers(0, month.days * 86_400_000_000, rows)
    late = np.where(rng.random(rows) < 0.03, rng.integers(0, 3 * 86_400_000_000, rows), 0)
    customer = rng.integers(0, customers, rows)
    somewhere = rng.integers(0, len(scenario.cities), rows)
    city = np.where(rng.random(rows) < 0.85, customer % len(scenario.cities), somewhere)
    kind = pl.Series(["purchase", "refund", "income"]).gather(rng.choice(3, rows, p=[0.96, 0.03, 0.01]))
    categories = pl.Series([c.category for c in scenario.categories])
    unused = dict.fromkeys(polars_schema(Transactions))
    frame = pl.DataFrame(
        unused
        | {
            "transaction_id": month.index * 2**40 + rng.permutation(rows),
            "customer_id": 10**9 + customer * 4096,
            "event_time": pl.Series(at).cast(pl.Datetime("us", "UTC")),
            "posted_at": pl.Series(at + late).cast(pl.Datetime("us", "UTC")),
            "utc_offset_minutes": -300,
            "channel": pl.Series(CHANNELS).gather(rng.choice(4, rows, p=[0.6, 0.2, 0.1, 0.1])),
            "method": "Credit Card",
            "kind": kind,
            "direction": pl.Series(["credit", "debit"]).gather((kind == "purchase").cast(pl.Int64)),
            "category": categories.gather(rng.integers(0, len(categories), rows)),
            "amount": np.round(rng.lognormal(3.2, 1.1, rows), 2) + 0.01,
            "merchant_id": pl.Series(rng.zipf(1.3, rows) % 4_000).set(pl.Series(rng.random(rows) < 0.1), None),
            "status": pl.Series(["approved", "declined"]).gather(rng.choice(2, rows, p=[0.93, 0.07])),
            **{
                name: pl.Series([getattr(c, name) for c in scenario.cities]).gather(city)
                for name in ("city", "state", "country", "latitude", "longitude")
            },
        }
    )
    return conform(frame, Transactions).sort("customer_id", "event_time", "transaction_id")


def write(folder: Path, rows: int, customers: int) -> None:
    """The input tables, as Parquet files with row groups of the lake's size."""
    scenario = Scenario.load("us_bank")
    for month in [*MONTH.back(3), MONTH]:
        ledger(scenario, month, rows, customers).write_parquet(folder / f"{month}.parquet", row_group_size=ROW_GROUP)
    home = [scenario.cities[k % len(scenario.cities)] for k in range(customers)]
    pl.DataFrame(
        {
            "customer_id": 10**9 + np.arange(customers) * 4096,
            "registered_at": pl.Series([MONTH.start.date().replace(year=2020)] * customers),
            "home_country": [c.country for c in home],
            "home_latitude": [c.latitude for c in home],
            "home_longitude": [c.longitude for c in home],
            "payday": pl.Series(np.arange(customers) % 31 + 1, dtype=pl.Int8),
        }
    ).select(CUSTOMER_COLUMNS).write_parquet(folder / "customers.parquet")
    reported = pl.read_parquet(folder / f"{MONTH - 1}.parquet")[::500].with_columns(
        reported_at=pl.col("event_time") + pl.duration(days=5),
        kind=pl.lit("fraud"),
        reported_type=pl.lit("stolen_card"),
        source=pl.lit("customer"),
    )
    conform(reported, IncidentReports).write_parquet(folder / "reports.parquet")


def timed(work: Callable[[], int]) -> tuple[int, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="ledger rows a month")
    parser.add_argument("--customers", type=int, default=2_800)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)  # only write the inputs, in a process of its own
    options = parser.parse_args()
    if options.into:
        write(options.into, options.rows, options.customers)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = ["--rows", str(options.rows), "--customers", str(options.customers), "--into", name]
        subprocess.run([sys.executable, __file__, *arguments], check=True)  # noqa: S603
        measure(folder)
        measure_event(folder)


def measure(folder: Path) -> None:
    scenario, lake = Scenario.load("us_bank"), Lake.from_url(folder)
    files = [folder / f"{month}.parquet" for month in [*MONTH.back(3), MONTH]]
    transactions = pl.scan_parquet(files)

    def population() -> int:
        figures = population_statistics(MONTH, pl.scan_parquet(files[:3]))
        figures.write_parquet(folder / "population.parquet")
        return figures.height

    def build() -> int:
        chunks = build_features(
            scenario,
            MONTH,
            transactions,
            pl.scan_parquet(folder / "customers.parquet"),
            pl.scan_parquet(folder / "reports.parquet"),
            pl.scan_parquet(folder / "population.parquet"),
        )
        return write_parquet(lake, "features.parquet", lazy_chunks(schema(), chunks)).rows or 0

    def read_and_write() -> int:
        for file in files:
            pl.read_parquet(file, columns=list(LEDGER_COLUMNS))
        return write_parquet(lake, "copy.parquet", lake.scan_parquet(["features.parquet"])).rows or 0

    _, population_seconds = timed(population)
    rows, seconds = timed(build)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _, least = timed(read_and_write)
    cells = rows * len(feature_names())
    print(f"population figures of three months: {population_seconds:.2f} s")
    print(f"features of {rows:,} rows in {seconds:.2f} s: {rows / seconds:,.0f} rows/s, {cells / seconds:,.0f} cells/s")
    print(f"peak memory: {peak:,.0f} MB")
    print(f"reading the inputs and writing such a table: {least:.2f} s, ratio {seconds / least:.1f}")


def measure_event(folder: Path, past: int = 1_000, events: int = 200) -> None:
    scenario = Scenario.load("us_bank")
    context = Context.of(scenario, MONTH, pl.read_parquet(folder / "population.parquet"))
    rows = pl.concat(pl.read_parquet(folder / f"{month}.parquet") for month in [*MONTH.back(3), MONTH])
    rows = rows.filter(pl.col("customer_id") == pl.col("customer_id").first()).sort("event_time")[-past - 1 :]
    customer = pl.read_parquet(folder / "customers.parquet").row(0, named=True)
    recent, event = Recent.of(rows[:-1]), rows.row(-1, named=True)
    seconds = [timed(lambda: len(features_of_event(event, recent, customer, [], context)))[1] for _ in range(events)]
    convert = [timed(lambda: len(Recent.of(rows[:-1]).numbers))[1] for _ in range(events)]
    print(f"one event against {rows.height - 1:,} past ones: median {np.median(seconds) * 1000:.2f} ms")
    print(f"the past ones from a frame, once: median {np.median(convert) * 1000:.2f} ms")


if __name__ == "__main__":
    main()

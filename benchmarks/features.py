"""How fast the features of a month are built, and with how much memory.

    python benchmarks/features.py [--rows 1000000]

Four months of a simulated us_bank (the month and three of look-back) are written first, in a process of its own; then
the month's features are built from them block by block and streamed into a lake on disk. Printed: rows/s and cells/s of
the month, peak memory of the process, and the ratio to merely reading the same columns and writing a finished table of
that size; then the time of one event against 1,000 past ones.
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

from fraud_assets.features.activity import merchant_activity
from fraud_assets.features.block import LEDGER_COLUMNS
from fraud_assets.features.build import build_features
from fraud_assets.features.context import Context
from fraud_assets.features.lookup import Lookups
from fraud_assets.features.population import population_statistics
from fraud_assets.features.registry import feature_names, schema
from fraud_assets.features.sharing import shared_entities
from fraud_assets.features.single import Recent, features_of_event
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import write_parquet
from fraud_assets.months import FEATURE_LOOKBACK, REPORT_LOOKBACK, Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import generator
from fraud_assets.simulation.fraud.reports import incident_reports
from fraud_assets.tables import TABLES, polars_schema

MONTH = Month(2024, 4)
MONTHS = [*MONTH.back(FEATURE_LOOKBACK), MONTH]
#: Ledger rows of a customer of us_bank in that month.
_ROWS_A_CUSTOMER = 353
#: What is made of the raw tables before the features.
_MADE = ("population", "merchant_activity", "shared_entities")


def write(folder: Path, rows: int) -> None:
    """The raw tables of the months, as the lake has them."""
    base = Scenario.load("us_bank")
    people = base.population.model_copy(update={"customers": max(1, rows // _ROWS_A_CUSTOMER)})
    scenario, lake = base.model_copy(update={"population": people}), Lake.from_url(folder)
    tables = {
        "customers": generator.customer_chunks,
        "devices": generator.device_chunks,
        "merchants": generator.merchant_chunks,
        "logins": generator.login_chunks,
        "transactions": generator.coded_transaction_chunks,
        "labeled_anomalies": generator.label_chunks,
    }
    for month in MONTHS:
        for name, chunks in tables.items():
            coded = generator.transaction_words(scenario) if name == "transactions" else None
            frame = lazy_chunks(polars_schema(TABLES[name]), chunks(scenario, month), coded=coded, waiting=1)
            write_parquet(lake, f"{name}-{month}.parquet", frame)
        known = [past for past in (*month.back(REPORT_LOOKBACK), month) if past >= MONTHS[0]]
        reports = incident_reports(scenario, month, table(folder, "labeled_anomalies", *known))
        write_parquet(lake, f"incident_reports-{month}.parquet", reports)


def table(folder: Path, name: str, *months: Month) -> pl.LazyFrame:
    return pl.scan_parquet([folder / f"{name}-{month}.parquet" for month in months])


def timed(work: Callable[[], int]) -> tuple[int, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="ledger rows a month")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)  # only write the inputs, in a process of its own
    options = parser.parse_args()
    if options.into:
        write(options.into, options.rows)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "--rows", str(options.rows), "--into", name], check=True)  # noqa: S603
        measure(folder)
        measure_event(folder)


def inputs(folder: Path) -> dict[str, pl.LazyFrame]:
    """The tables beside the ledger, by the parameters of ``build_features``."""
    return {
        "customers": table(folder, "customers", MONTH),
        "reports": table(folder, "incident_reports", *MONTHS),
        "logins": table(folder, "logins", *MONTHS),
        "devices": table(folder, "devices", MONTH - 1),
        "merchants": table(folder, "merchants", MONTH),
        **{name: pl.scan_parquet(folder / f"{name}.parquet") for name in _MADE},
    }


def measure(folder: Path) -> None:
    scenario, lake = Scenario.load("us_bank"), Lake.from_url(folder)
    transactions, reports, sessions = (
        table(folder, name, *MONTHS) for name in ("transactions", "incident_reports", "logins")
    )
    customers = table(folder, "customers", MONTH)

    def made(name: str, make: Callable[[], pl.DataFrame]) -> None:
        start = time.perf_counter()
        frame = make()
        print(f"{name}: {frame.height:,} rows in {time.perf_counter() - start:.2f} s")
        frame.write_parquet(folder / f"{name}.parquet")

    def build() -> int:
        chunks = build_features(scenario, MONTH, transactions, **inputs(folder))  # type: ignore[arg-type]  # block_rows is no frame
        return write_parquet(lake, "features.parquet", lazy_chunks(schema(), chunks)).rows or 0

    def read_and_write() -> int:
        for month in MONTHS:
            table(folder, "transactions", month).select(LEDGER_COLUMNS).collect()
        return write_parquet(lake, "copy.parquet", lake.scan_parquet(["features.parquet"])).rows or 0

    made("population", lambda: population_statistics(MONTH, table(folder, "transactions", *MONTHS[:-1])))
    population = pl.scan_parquet(folder / "population.parquet")
    made("merchant_activity", lambda: merchant_activity(MONTH, transactions, reports, population))
    made("shared_entities", lambda: shared_entities(MONTH, transactions, reports, customers, sessions))
    print(f"peak memory so far: {peak():,.0f} MB")
    used = time.process_time()
    rows, seconds = timed(build)
    used = time.process_time() - used
    print(f"peak memory with the features: {peak():,.0f} MB")
    _, least = timed(read_and_write)
    cells = rows * len(feature_names())
    print(
        f"{len(feature_names())} features of {rows:,} rows in {seconds:.2f} s ({used:.2f} s of processor time):"
        f" {rows / seconds:,.0f} rows/s, {cells / seconds:,.0f} cells/s"
    )
    print(f"reading the inputs and writing such a table: {least:.2f} s, ratio {seconds / least:.1f}")


def peak() -> float:
    """Most memory that the process has had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_event(folder: Path, past: int = 1_000, events: int = 500) -> None:
    scenario, tables = Scenario.load("us_bank"), inputs(folder)
    context = Context.of(scenario, MONTH, tables["population"].collect())
    names = ("devices", "merchants", "merchant_activity", "shared_entities")
    lookups = Lookups.of(**{name: tables[name] for name in names})
    ledger = table(folder, "transactions", *MONTHS)
    busy = (
        ledger.group_by("customer_id").len().filter(pl.col("len") > past * 5 // 4).select(pl.col("customer_id").min())
    )
    mine = pl.col("customer_id") == busy.collect().item()
    rows = ledger.filter(mine).sort("event_time").collect()
    last = int(
        np.flatnonzero((rows["direction"] == "debit").to_numpy() & (rows["device_id"].is_not_null()).to_numpy())[-1]
    )
    rows = rows[last - past : last + 1]
    customer = tables["customers"].filter(mine).collect().row(0, named=True)
    sessions = tables["logins"].filter(mine).collect()
    event = rows.row(-1, named=True)
    recent, known = Recent.of(rows[:-1], customer, [], sessions), lookups.at_event(event)
    find = [timed(lambda: len(lookups.at_event(event)))[1] for _ in range(events)]
    first = timed(lambda: len(features_of_event(event, recent, context, known)))[1]
    seconds = [timed(lambda: len(features_of_event(event, recent, context, known)))[1] for _ in range(events)]
    convert = [timed(lambda: len(Recent.of(rows[:-1], customer, [], sessions).codes))[1] for _ in range(50)]
    print(
        f"one event against {rows.height - 1:,} past ones: median {np.median(seconds) * 1000:.2f} ms,"
        f" p99 {np.quantile(seconds, 0.99) * 1000:.2f} ms; the first of a customer {first * 1000:.2f} ms"
    )
    print(f"what is looked up for it: median {np.median(find) * 1000:.2f} ms")
    print(f"the past ones from a frame, once: median {np.median(convert) * 1000:.2f} ms")


if __name__ == "__main__":
    main()

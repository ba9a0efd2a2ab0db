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
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from fraud_assets.codes import CHANNELS, LOGIN_EVENTS
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
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.tables import Devices, IncidentReports, Logins, Merchants, Transactions, conform, polars_schema

MONTH = Month(2024, 4)
ROW_GROUP = 200_000  # as in a simulated ledger: a chunk
PIECE = 1_000_000  # rows of a month that are made at a time


def ledger(scenario: Scenario, month: Month, rows: int, people: range) -> pl.DataFrame:
    """The month of some customers, with as many merchants, cities, categories and amounts as a simulated bank has."""
    rng = np.random.default_rng([month.index, people.start])
    at = int(month.start.timestamp()) * 1_000_000 + rng.integers(0, month.days * 86_400_000_000, rows)
    late = np.where(rng.random(rows) < 0.03, rng.integers(0, 3 * 86_400_000_000, rows), 0)
    customer = rng.integers(people.start, people.stop, rows)
    somewhere = rng.integers(0, len(scenario.cities), rows)
    city = np.where(rng.random(rows) < 0.85, customer % len(scenario.cities), somewhere)
    kind_of = rng.choice(4, rows, p=[0.82, 0.14, 0.03, 0.01])
    kind = pl.Series(["purchase", "transfer", "refund", "income"]).gather(kind_of)
    is_transfer = kind_of == 1
    # Every customer has twenty payees; a quarter of the transfers goes to somebody new.
    payee = np.where(
        rng.random(rows) < 0.25, rng.integers(10**9, 10**10, rows), customer * 100 + rng.integers(0, 20, rows)
    )
    channel = rng.choice(4, rows, p=[0.6, 0.2, 0.1, 0.1])
    remote = channel > 0
    device = 10**6 + customer * 3 + rng.integers(0, 3, rows) + 10**8 * (rng.random(rows) < 0.03)
    address = customer + np.where(rng.random(rows) < 0.8, 0, rng.integers(0, 60_000, rows))
    categories = pl.Series([c.category for c in scenario.categories])
    unused = dict.fromkeys(polars_schema(Transactions))
    frame = pl.DataFrame(
        unused
        | {
            "transaction_id": month.index * 2**40 + people.start * 2**20 + rng.permutation(rows),
            "customer_id": 10**9 + customer * 4096,
            "event_time": pl.Series(at).cast(pl.Datetime("us", "UTC")),
            "posted_at": pl.Series(at + late).cast(pl.Datetime("us", "UTC")),
            "utc_offset_minutes": -300,
            "channel": pl.Series(CHANNELS).gather(channel),
            "method": "Credit Card",
            "kind": kind,
            "direction": pl.Series(["credit", "debit"]).gather((kind_of < 2).astype(np.int64)),
            "category": categories.gather(rng.integers(0, len(categories), rows)),
            "amount": np.round(rng.lognormal(3.2, 1.1, rows), 2) + 0.01,
            "merchant_id": pl.Series(rng.zipf(1.3, rows) % 4_000).set(pl.Series(is_transfer), None),
            "payee_id": pl.Series(payee).set(pl.Series(~is_transfer), None),
            "recipient_entity": pl.select(pl.format("user_{}", pl.lit(pl.Series(payee)))).to_series(),
            "device_id": pl.Series(device).set(pl.Series(~remote), None),
            "ip_address": pl.select(
                pl.when(pl.lit(pl.Series(remote))).then(
                    pl.format("10.{}.{}.7", pl.lit(pl.Series(address // 256 % 256)), pl.lit(pl.Series(address % 256)))
                )
            ).to_series(),
            "delivery_address_id": pl.Series(customer // 2 + rng.integers(0, 3, rows) * 1_000).set(
                pl.Series((channel != 1) | is_transfer), None
            ),
            "is_express_delivery": pl.Series(rng.random(rows) < 0.1).set(pl.Series((channel != 1) | is_transfer), None),
            "card_type": "debit",
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
    pieces = max(1, rows // PIECE)
    edges = [customers * k // pieces for k in range(pieces + 1)]
    for month in [*MONTH.back(3), MONTH]:
        chunks = [
            partial(ledger, scenario, month, rows // pieces, range(first, last)) for first, last in pairwise(edges)
        ]
        pl.concat(pl.defer(chunk, schema=polars_schema(Transactions)) for chunk in chunks).sink_parquet(
            folder / f"{month}.parquet", row_group_size=ROW_GROUP
        )
    home = [scenario.cities[k % len(scenario.cities)] for k in range(customers)]
    pl.DataFrame(
        {
            "customer_id": 10**9 + np.arange(customers) * 4096,
            "registered_at": pl.Series([MONTH.start.date().replace(year=2020)] * customers),
            "home_city": [c.city for c in home],
            "home_state": [c.state for c in home],
            "home_country": [c.country for c in home],
            "home_latitude": [c.latitude for c in home],
            "home_longitude": [c.longitude for c in home],
            "payday": pl.Series(np.arange(customers) % 31 + 1, dtype=pl.Int8),
            "address_id": np.arange(customers) // 2,
            "kyc_level": "full",
            "kyc_status": "verified",
        }
    ).write_parquet(folder / "customers.parquet")
    reported = pl.read_parquet(folder / f"{MONTH - 1}.parquet")[::500].with_columns(
        reported_at=pl.col("event_time") + pl.duration(days=5),
        kind=pl.lit("fraud"),
        reported_type=pl.lit("stolen_card"),
        source=pl.lit("customer"),
    )
    conform(reported, IncidentReports).write_parquet(folder / "reports.parquet")
    pl.concat(logins(month, customers) for month in [*MONTH.back(3), MONTH]).write_parquet(folder / "logins.parquet")
    devices = {
        "device_id": 10**6 + np.arange(3 * customers),
        "customer_id": 10**9 + np.arange(3 * customers) // 3 * 4096,
    }
    conform(
        pl.DataFrame(dict.fromkeys(polars_schema(Devices)) | devices).with_columns(
            app_version=pl.format("4.{}", pl.col("device_id") % 7),
            first_used_at=pl.lit(MONTH.start) - pl.duration(days=pl.col("device_id") % 900 + 31),
        ),
        Devices,
    ).write_parquet(folder / "devices.parquet")
    shops = {
        "merchant_id": np.arange(4_000),
        "reputation": np.linspace(0, 1, 4_000),
        "opened_on": [date(2015, 1, 1)] * 4_000,
    }
    conform(pl.DataFrame(dict.fromkeys(polars_schema(Merchants)) | shops), Merchants).write_parquet(
        folder / "merchants.parquet"
    )


def logins(month: Month, customers: int) -> pl.DataFrame:
    """A login a day for everybody."""
    rng = np.random.default_rng(month.index + 1)
    n = customers * month.days
    customer = rng.integers(0, customers, n)
    at = int(month.start.timestamp()) * 1_000_000 + rng.integers(0, month.days * 86_400_000_000, n)
    columns = {
        "customer_id": 10**9 + customer * 4096,
        "event_time": pl.Series(at).cast(pl.Datetime("us", "UTC")),
        "event": pl.Series(LOGIN_EVENTS).gather(rng.choice(4, n, p=[0.97, 0.01, 0.01, 0.01])),
        "is_success": rng.random(n) < 0.93,
        "device_id": 10**6 + customer * 3 + rng.integers(0, 3, n),
        "ip_address": pl.select(
            pl.format("10.{}.{}.7", pl.lit(pl.Series(customer // 256 % 256)), pl.lit(pl.Series(customer % 256)))
        ).to_series(),
    }
    return conform(pl.DataFrame(dict.fromkeys(polars_schema(Logins)) | columns), Logins).sort(
        "customer_id", "event_time"
    )


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


def inputs(folder: Path) -> dict[str, pl.LazyFrame]:
    """The tables beside the ledger, by the parameters of ``build_features``."""
    names = ("customers", "reports", "population", "logins", "devices", "merchants")
    tables = {name: pl.scan_parquet(folder / f"{name}.parquet") for name in names}
    return tables | {
        name: pl.scan_parquet(folder / f"{name}.parquet") for name in ("merchant_activity", "shared_entities")
    }


def measure(folder: Path) -> None:
    scenario, lake = Scenario.load("us_bank"), Lake.from_url(folder)
    files = [folder / f"{month}.parquet" for month in [*MONTH.back(3), MONTH]]
    transactions = pl.scan_parquet(files)
    customers, reports, sessions = (
        pl.scan_parquet(folder / f"{name}.parquet") for name in ("customers", "reports", "logins")
    )

    def made(name: str, make: Callable[[], pl.DataFrame]) -> None:
        start = time.perf_counter()
        frame = make()
        print(f"{name}: {frame.height:,} rows in {time.perf_counter() - start:.2f} s")
        frame.write_parquet(folder / f"{name}.parquet")

    def build() -> int:
        chunks = build_features(scenario, MONTH, transactions, **inputs(folder))  # type: ignore[arg-type]  # block_rows is no frame
        return write_parquet(lake, "features.parquet", lazy_chunks(schema(), chunks)).rows or 0

    def read_and_write() -> int:
        for file in files:
            pl.read_parquet(file, columns=list(LEDGER_COLUMNS))
        return write_parquet(lake, "copy.parquet", lake.scan_parquet(["features.parquet"])).rows or 0

    made("population", lambda: population_statistics(MONTH, pl.scan_parquet(files[:3])))
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
    rows = pl.concat(pl.read_parquet(folder / f"{month}.parquet") for month in [*MONTH.back(3), MONTH])
    mine = pl.col("customer_id") == rows["customer_id"][0]
    rows = rows.filter(mine).sort("event_time")
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

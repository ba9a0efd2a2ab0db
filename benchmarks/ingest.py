"""How fast a user's own file becomes a month of the ledger, and with how much memory.

    python benchmarks/ingest.py [--rows 10000000]

A foreign file of one month (text ids, local times, cents, codes, a label; a hundredth of a percent of the rows broken,
as many double) is written as Parquet and as CSV, and each is taken in by a process of its own: read, validated, sorted,
written to a lake on disk. Printed: rows a second by the clock and by the processor, and the peak memory of the process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from fraud_assets.ingest import ingest_month
from fraud_assets.ingest.tables import FilesTransactions
from fraud_assets.lake.outside import find
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import write_parquet
from fraud_assets.months import Month
from fraud_assets.scenario.source import FilesScenario
from fraud_assets.tables import polars_schema

MONTH = Month(2024, 2)
#: Rows a second that are asked for, and megabytes that are allowed.
WANTED = {"parquet": 300_000, "csv": 150_000}
MOST_MB = 1500
_PART = 500_000


def bank(location: Path) -> FilesScenario:
    """The scenario of the foreign file."""
    columns = {
        "transaction_id": "BUCHUNG",
        "customer_id": "KUNDE",
        "event_time": "ZEIT",
        "amount": "BETRAG",
        "merchant_id": "HAENDLER",
        "category": "MCC",
        "channel": "ART",
        "is_fraud": "BETRUG",
    }
    files = {
        "location": str(location),
        "time_zone": "Europe/Berlin",
        "amount_unit": "cents",
        "columns": columns,
        "values": {"channel": {"POS": "card_present", "ECOM": "online"}, "is_fraud": {"J": True, "N": False}},
    }
    named = {"name": "foreign", "title": "A foreign bank", "source": "files", "currency": "EUR"}
    return FilesScenario.model_validate({**named, "first_month": "2024-02", "last_month": "2024-02", "files": files})


def foreign(rows: int) -> Iterator[pl.DataFrame]:
    """The file's rows in the order of time, as a bank's export has them."""
    rng = np.random.default_rng(1)
    begin, end = (int(day.timestamp()) for day in (MONTH.start, MONTH.end))
    for first in range(0, rows, _PART):
        size = min(_PART, rows - first)
        number = np.arange(first, first + size)
        number[rng.random(size) < 1e-4] = first  # double
        cents = np.rint(np.exp(rng.normal(8, 1.2, size))).astype(np.int64)
        cents[rng.random(size) < 1e-4] = 0  # broken
        edges = begin + 7200 + (end - begin - 10_800) * np.array([first, first + size]) // rows
        yield pl.DataFrame(
            {
                "BUCHUNG": pl.Series(number).cast(pl.String).str.zfill(12),
                "KUNDE": "K" + pl.Series(rng.integers(0, 100_000, size)).cast(pl.String).str.zfill(7),
                "ZEIT": pl.from_epoch(
                    pl.Series(np.sort(rng.integers(int(edges[0]), int(edges[1]), size)))
                ).dt.to_string("%Y-%m-%dT%H:%M:%S"),
                "BETRAG": cents,
                "HAENDLER": "H" + pl.Series(rng.zipf(1.3, size) % 20_000).cast(pl.String),
                "MCC": pl.Series(rng.choice(["5411", "5812", "5541", "4111", "5999"], size)),
                "ART": pl.Series(rng.choice(["POS", "ECOM"], size)),
                "BETRUG": pl.Series(np.where(rng.random(size) < 0.008, "J", "N")),
            }
        )


def write(rows: int, location: Path) -> None:
    """The foreign file, part by part."""
    if location.suffix == ".csv":
        with location.open("wb") as target:
            for number, part in enumerate(foreign(rows)):
                part.write_csv(target, include_header=number == 0)
        return
    writer = None
    for part in foreign(rows):
        table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(location, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def measure(location: Path, folder: Path) -> dict[str, float]:
    """Seconds, rows and megabytes of taking in one file."""
    scenario, lake = bank(location), Lake.from_url(folder)
    begun, used = time.perf_counter(), _processor_seconds()
    with ingest_month(scenario, MONTH, {None: find(scenario.files.location, folder)}) as found:
        first_pass = time.perf_counter() - begun
        chunks = found.ledger_chunks()
        write_parquet(lake, "ledger.parquet", lazy_chunks(polars_schema(FilesTransactions), chunks))
        found.check()
    return {
        "rows": found.read,
        "kept": found.kept,
        "rejected": found.rejected,
        "seconds": time.perf_counter() - begun,
        "reading, s": first_pass,
        "processor seconds": _processor_seconds() - used,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(options.one, Path(folder))))
        return
    with tempfile.TemporaryDirectory() as folder:
        for kind, wanted in WANTED.items():
            location = Path(folder) / f"foreign.{kind}"
            write(options.rows, location)
            command = [sys.executable, __file__, "--one", str(location)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
            print(
                f"  {kind}: {found['rows']:,} rows of {location.stat().st_size / 1e6:,.0f} MB"
                f" in {found['seconds']:.1f} s"
                f" ({found['reading, s']:.1f} s reading), {found['rows'] / found['seconds']:,.0f} rows/s by the clock,"
                f" {found['rows'] / found['processor seconds']:,.0f} by the processor (wanted: {wanted:,}),"
                f" peak {found['peak MB']:,.0f} MB (allowed: {MOST_MB:,}); rejected {found['rejected']:,}",
                flush=True,
            )
            location.unlink()


if __name__ == "__main__":
    main()

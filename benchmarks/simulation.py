"""How fast a month's raw and label tables are made and written, and with how much memory.

    python benchmarks/simulation.py [--rows 1000000]

The month's six raw tables and its labels are streamed into a lake on disk, each size in a process of its own. Printed:
ledger rows a second, the processor time (which a busy machine changes less), the peak memory of the process, and the
ratio to the yardstick, the time that polars needs merely to write the finished tables from memory (measured in the same
run, for a size that fits).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import write_parquet
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import generator
from fraud_assets.tables import TABLES, polars_schema

MONTH = Month(2024, 2)
#: Ledger rows of a customer of us_bank in that month.
_ROWS_A_CUSTOMER = 357
_YARDSTICK_UP_TO = 2_000_000
_TABLES = {
    "fraud_campaigns": generator.campaign_chunks,
    "merchants": generator.merchant_chunks,
    "customers": generator.customer_chunks,
    "devices": generator.device_chunks,
    "logins": generator.login_chunks,
    "transactions": generator.coded_transaction_chunks,
    "labeled_anomalies": generator.label_chunks,
}


def measure(rows: int, folder: Path) -> dict[str, float]:
    """Seconds, ledger rows and megabytes of one month; the tables are left in the folder."""
    base = Scenario.load("us_bank")
    people = base.population.model_copy(update={"customers": max(1, rows // _ROWS_A_CUSTOMER)})
    scenario = base.model_copy(update={"population": people})
    lake = Lake.from_url(folder)
    start, used = time.perf_counter(), _processor_seconds()
    found: dict[str, float] = {}
    for name, chunks in _TABLES.items():
        begun = time.perf_counter()
        coded = generator.transaction_words(scenario) if name == "transactions" else None
        frame = lazy_chunks(polars_schema(TABLES[name]), chunks(scenario, MONTH), coded=coded, waiting=1, sharing=True)
        written = write_parquet(lake, f"{name}.parquet", frame)
        found[f"{name}, s"] = time.perf_counter() - begun
        found[name] = written.rows or 0
    found["seconds"] = time.perf_counter() - start
    found["processor seconds"] = _processor_seconds() - used
    found["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def yardstick(folder: Path) -> float:
    """Seconds to write the finished tables from memory."""
    tables = {name: pl.read_parquet(folder / f"{name}.parquet") for name in _TABLES}
    start = time.perf_counter()
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.again.parquet", compression="zstd", compression_level=1, statistics=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 20_000_000], help="ledger rows a month")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.rows[0], options.child)))
        return
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as name:
            command = [sys.executable, __file__, "--rows", str(rows), "--child", name]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
            speed = found["transactions"] / found["seconds"]
            print(f"raw and label tables of a month with {found['transactions']:,.0f} ledger rows:")
            print(
                f"  {found['seconds']:.2f} s ({found['processor seconds']:.2f} s of processor time),"
                f" {speed:,.0f} ledger rows/s, peak {found['peak MB']:,.0f} MB"
            )
            print("  " + ", ".join(f"{table} {found[f'{table}, s']:.2f} s" for table in _TABLES))
            if found["transactions"] <= _YARDSTICK_UP_TO:
                written = yardstick(Path(name))
                print(f"  {found['seconds'] / written:.1f} times as long as merely writing them ({written:.2f} s)")


if __name__ == "__main__":
    main()

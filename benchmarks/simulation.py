"""How fast a month's raw and label tables are made and written, and with how much memory.

    python benchmarks/simulation.py [--rows 1000000] [--runs 5]

The month's six raw tables and its labels are streamed into a lake on disk, each time by a process of its own. Printed:
ledger rows a second, the processor time (which a busy machine changes less), the peak memory of the process, and the
ratio to the yardstick, the time that polars needs merely to write the finished tables from memory (measured after each
run, for a size that fits). A month of a second or two is made several times, since machines are faster and slower from
second to second; figures are then medians, with the least and the most.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
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
_SMALL = 2_000_000  # rows up to which a month is made several times, and fits into memory for the yardstick
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
    parser.add_argument(
        "--runs", type=int, default=5, help=f"runs of a size up to {_SMALL:,} rows; larger ones have one"
    )
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(_both(options.rows[0], options.child)))
        return
    for rows in options.rows:
        _report([_run(rows) for _ in range(options.runs if rows <= _SMALL else 1)])


def _run(rows: int) -> dict[str, float]:
    """One run in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, __file__, "--rows", str(rows), "--child", name]
        found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
    return found


def _both(rows: int, folder: Path) -> dict[str, float]:
    """The figures of one month, and the yardstick after them where it fits into memory."""
    found = measure(rows, folder)
    return {**found, "yardstick": yardstick(folder)} if rows <= _SMALL else found


def _report(runs: list[dict[str, float]]) -> None:
    ledger_rows = runs[0]["transactions"]

    def middle(name: str) -> float:
        return statistics.median(run[name] for run in runs)

    def ends(values: list[float], form: str) -> str:
        return f" ({min(values):{form}} to {max(values):{form}} in {len(values)} runs)" if len(values) > 1 else ""

    speeds = [ledger_rows / run["seconds"] for run in runs]
    print(f"raw and label tables of a month with {ledger_rows:,.0f} ledger rows:")
    print(f"  {statistics.median(speeds):,.0f} ledger rows/s{ends(speeds, ',.0f')}")
    print(
        f"  {middle('seconds'):.2f} s ({middle('processor seconds'):.2f} s of processor time),"
        f" peak {max(run['peak MB'] for run in runs):,.0f} MB"
    )
    print("  " + ", ".join(f"{table} {middle(f'{table}, s'):.2f} s" for table in _TABLES))
    if "yardstick" in runs[0]:
        ratios = [run["seconds"] / run["yardstick"] for run in runs]
        print(
            f"  {statistics.median(ratios):.1f} times as long as merely writing them{ends(ratios, '.1f')},"
            f" which takes {middle('yardstick'):.2f} s"
        )


if __name__ == "__main__":
    main()

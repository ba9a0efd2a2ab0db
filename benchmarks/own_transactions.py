"""How long a small bank's own files take from the first byte to the last report.

    python benchmarks/own_transactions.py [--customers 5000]

Six months of CSV with customer, merchant, time, amount and a label, nothing else: about 340 rows a customer, 0.8 % of
them fraud. The world behind them is simulated, the chain is not told of it. Printed: what ``fraud-assets demo`` says,
the seconds of all six months by the clock and by the processor, and the peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from fraud_assets.cli import main as fraud_assets
from fraud_assets.lake.paths import Place
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator

MONTHS = [f"2024-0{number}" for number in range(1, 7)]
#: What the whole may take.
MOST_SECONDS = 360
SCENARIO = """
name: small_bank
title: A small bank's own files
source: files
currency: USD
first_month: 2024-01
last_month: 2024-06
files:
  location: ../../files/{month}.csv
  time_zone: UTC
  columns: {customer_id: customer, merchant_id: merchant, event_time: time, amount: amount, is_fraud: label}
"""


def write_files(customers: int, folder: Path) -> tuple[int, int]:
    """The files, one a month; rows and frauds."""
    base = Scenario.load("us_bank")
    world = base.model_copy(
        update={
            "population": base.population.model_copy(update={"customers": customers}),
            "activity": base.activity.model_copy(update={"daily_mean": (1.1, 2.6), "bills": (1, 3)}),
            "fraud": base.fraud.model_copy(update={"rate": 0.008}),
        }
    )
    bank, rows, frauds = SyntheticDataGenerator(world), 0, 0
    folder.mkdir()
    for month in MONTHS:
        truth = bank.generate_labels(month).filter("is_fraud").select("transaction_id", label=pl.lit(1))
        ledger = bank.generate_transactions(month).filter(direction="debit").sort("event_time")
        found = ledger.join(truth, on="transaction_id", how="left").select(
            customer="customer_id",
            merchant=pl.coalesce("merchant_id", "payee_id"),
            time=pl.col("event_time").dt.strftime("%Y-%m-%d %H:%M:%S"),
            amount="amount",
            label=pl.col("label").fill_null(0),
        )
        found.write_csv(folder / f"{month}.csv")
        rows, frauds = rows + found.height, frauds + int(found["label"].sum())
    return rows, frauds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=5_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rows, frauds = write_files(options.customers, folder / "files")
        print(f"  {options.customers:,} customers, {rows:,} rows, {frauds:,} frauds ({frauds / rows:.2%})", flush=True)
        scenario = folder / "banks" / "small_bank" / "scenario.yaml"
        scenario.parent.mkdir(parents=True)
        scenario.write_text(SCENARIO)
        (folder / "home").mkdir()
        os.environ |= {
            "FRAUD_ASSETS_SCENARIOS": str(folder / "banks"),
            "FRAUD_ASSETS_LAKE": str(folder / "lake"),
            "DAGSTER_HOME": str(folder / "home"),
        }
        begun, used = time.perf_counter(), _processor_seconds()
        code = fraud_assets(["demo", "--scenario", "small_bank", "--months", *MONTHS])
        seconds, used = time.perf_counter() - begun, _processor_seconds() - used
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"  {seconds:.0f} s by the clock (allowed: {MOST_SECONDS}),"
            f" {used:.0f} by the processor, peak {peak:,.0f} MB"
        )
        for month in MONTHS:
            report = json.loads((folder / "lake" / Place("small_bank", "evaluation_report", month).value).read_bytes())
            if report["status"] == "evaluated":
                found = report["headline"]["average_precision"]["value"]
                print(f"  {month}: {report['champion']}, average precision {found:.3f} on {report['labels']}")
        sys.exit(code)


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()

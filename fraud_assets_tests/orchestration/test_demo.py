"""What the demo says at its end."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

import fraud_assets
from fraud_assets.demo import summary
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.lake.writing import write_bytes, write_parquet
from fraud_assets_tests.ingest.banks import bank
from fraud_assets_tests.orchestration.conftest import Quarter


def test_frauds_are_counted_among_the_payments_they_are_said_to_be_among(disk_lake: Lake) -> None:
    def put(asset: str, month: str, frame: pl.DataFrame) -> None:
        write_parquet(disk_lake, Place("foreign", asset, month).parquet, frame)

    def told(month: int, *reports: tuple[int, str]) -> pl.DataFrame:
        ids, kinds = zip(*reports, strict=True)
        when = pl.lit(datetime(2024, month, 20, tzinfo=UTC)).alias("reported_at")
        return pl.DataFrame({"transaction_id": ids, "kind": kinds}).with_columns(when, reported_type=pl.lit("fraud"))

    put("transactions", "2024-01", pl.DataFrame({"transaction_id": [1, 2, 3, 4]}))
    put("transactions", "2024-02", pl.DataFrame({"transaction_id": [5, 6, 7, 8, 9]}))
    put("incident_reports", "2024-01", told(1, (1, "fraud")))
    # Reported in February: two payments of January, one of them again, one of February, and one that is no fraud.
    put("incident_reports", "2024-02", told(2, (2, "fraud"), (1, "fraud"), (5, "fraud"), (6, "duplicate")))
    put("incident_reports", "2024-03", told(3, (7, "fraud")))
    scenario = bank("x.csv")
    for month in ("2024-01", "2024-02"):
        report = {"status": "empty", "month": month, "reason": "none was made"}
        write_bytes(disk_lake, Place("foreign", "evaluation_report", month).value, json.dumps(report).encode())
    months = [scenario.month(key) for key in ("2024-01", "2024-02")]
    said = [summary(scenario, chosen, disk_lake) for chosen in (months, months[1:], months[:1])]
    assert "9 ledger rows, 4 reported as fraud by now (44.44%)" in said[0]
    assert "5 ledger rows, 2 reported as fraud by now (40.00%)" in said[1]
    assert "4 ledger rows, 2 reported as fraud by now (50.00%)" in said[2]


def test_the_hint_at_the_end_of_a_demo_opens_the_instance_and_the_lake_that_it_wrote_to(quarter: Quarter) -> None:
    (hint,) = [line.partition("Look at it: ")[2] for line in quarter.output.splitlines() if "Look at it: " in line]
    words = shlex.split(hint)
    said = dict(word.split("=", 1) for word in words if "=" in word)
    assert said == {"DAGSTER_HOME": quarter.instance.root_directory, "FRAUD_ASSETS_LAKE": quarter.lake.url}
    assert words.index("make") > words.index(f"FRAUD_ASSETS_LAKE={quarter.lake.url}")  # or make would not export it
    repository = Path(fraud_assets.__file__).parent.parent
    where = Path(words[words.index("-C") + 1]) if "-C" in words else Path.cwd()
    assert where.samefile(repository)
    assert "ui" in words

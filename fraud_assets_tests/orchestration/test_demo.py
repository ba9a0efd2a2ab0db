"""What the demo says before it begins, and at its end."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

import fraud_assets
from fraud_assets.cli import main
from fraud_assets.demo import check_months_before, progress_logger, summary, without_home
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import write_bytes, write_parquet
from fraud_assets.months import Month
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


def test_progress_has_a_line_for_each_table_of_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    @dg.multi_asset(name="foreign__files", outs={name: dg.AssetOut(key=["foreign", name]) for name in ("no", "yes")})
    def files() -> Iterator[dg.Output[None]]:
        for rows, name in ((30, "no"), (9_965, "yes")):
            yield dg.Output(None, name, metadata={"dagster/row_count": rows})

    job = dg.Definitions(
        assets=[files],
        jobs=[dg.define_asset_job("all")],
        resources={"io_manager": dg.mem_io_manager},
        loggers={"progress": progress_logger},
    ).resolve_job_def("all")
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, run_config={"loggers": {"progress": {}}})
    lines = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert lines == [["no", "30", "rows"], ["yes", "9,965", "rows"]]


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


def test_demos_that_begin_together_do_not_break_a_new_instance(tmp_path: Path) -> None:
    program = """
import os, sys
from fraud_assets.demo import open_instance
demos = []
for _ in range(4):
    demo = os.fork()
    if not demo:
        with open_instance(sys.argv[1]) as instance:
            os._exit(instance.get_runs_count())
    demos.append(demo)
sys.exit(any([os.waitpid(demo, 0)[1] for demo in demos]))
"""
    variables = os.environ | {"DAGSTER_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], env=variables, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_a_demo_without_an_instance_says_what_to_type_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert without_home() == "The UI knows nothing of it: no DAGSTER_HOME was set"
    (tmp_path / "dagster.yaml").touch()
    assert without_home().endswith("no DAGSTER_HOME was set; before the next time type: export DAGSTER_HOME=$PWD")


@pytest.mark.parametrize(
    ("variable", "value", "months", "words"),
    [
        ("MLFLOW_TRACKING_URI", "http://127.0.0.1:1", ["2024-01"], ["the MLflow server http://127.0.0.1:1 cannot be"]),
        ("FRAUD_ASSETS_THREADS", "abc", ["2024-01"], ["fraud-assets: FRAUD_ASSETS_THREADS is 'abc'; a whole number"]),
        (
            "MLFLOW_TRACKING_URI",
            "",
            ["2024-02", "2024-05"],
            [
                "tiny_bank 2024-02, 2024-05 looks back on 2024-01, 2024-03, 2024-04, which",
                "fraud-assets demo tiny_bank --months 2024-01 2024-02 2024-03 2024-04 2024-05\n",
            ],
        ),
    ],
)
def test_the_demo_says_what_is_missing_before_anything_is_made(
    variable: str,
    value: str,
    months: list[str],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv(variable, value)
    assert main(["demo", "tiny_bank", "--months", *months]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    for word in words:
        assert word in said.err
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_months_before_may_be_in_the_lake_or_chosen(quarter: Quarter) -> None:
    april, may = Month.parse("2024-04"), Month.parse("2024-05")
    check_months_before(quarter.scenario, [april], quarter.lake)
    check_months_before(quarter.scenario, [april, may], quarter.lake)
    with pytest.raises(LakeError, match=r"2024-05 looks back on 2024-04, which .* --months 2024-04 2024-05$"):
        check_months_before(quarter.scenario, [may], quarter.lake)

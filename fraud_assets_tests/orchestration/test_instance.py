"""The Dagster instance of this repository, and a second one: what a run says, and where it keeps its records."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.op_concurrency_limits_counter import GlobalOpConcurrencyLimitsCounter
from sqlalchemy import create_engine

from fraud_assets.errors import Mendable
from fraud_assets.instance import naming_the_instance

ROOT = Path(__file__).parents[2]
#: A run in a process of its own, as those of the UI: it writes to the terminal by itself.
RUN = """
import dagster as dg

@dg.asset
def talkative(context: dg.AssetExecutionContext) -> None:
    context.log.info("a word about progress")
    context.log.warning("mind the gap")
    raise ValueError("no such thing")

with dg.DagsterInstance.get() as instance:
    dg.materialize([talkative], instance=instance, raise_on_error=False)
"""


def test_a_run_says_warnings_and_failures_on_the_terminal_and_keeps_the_rest_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the instance's own file, made one for a second lake as README.md tells."""
    (line,) = re.findall(r"^mkdir -p ~/second && (sed .*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    (tmp_path / "second").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(["sh", "-c", line], cwd=ROOT, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, check=True)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "second"))

    run = subprocess.run([sys.executable, "-c", RUN], cwd=elsewhere, capture_output=True, text=True, check=True)
    # What a step says goes to a file, and from there to the terminal; on a busy machine the run may end before that.
    step = "".join(file.read_text("utf-8") for file in (tmp_path / "second").rglob("*.err"))
    said = run.stdout + run.stderr + step
    assert " - DEBUG - " not in said
    assert "mind the gap" in said
    assert "no such thing" in said
    assert not list(elsewhere.iterdir())
    assert (tmp_path / "second" / ".dagster" / "storage").is_dir()
    with dg.DagsterInstance.get() as instance:
        (found,) = instance.get_runs()
        kept = instance.all_logs(found.run_id)
    assert any("a word about progress" in entry.message for entry in kept)
    assert dg.DagsterEventType.STEP_START in {entry.dagster_event_type for entry in kept}


def test_of_two_runs_of_a_bank_the_second_waits_which_keeps_their_records_apart_on_any_mlflow(
    definitions: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the instance's own file, asked as its daemon asks before it starts a run."""
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    @dg.asset(pool="another_bank")
    def another() -> None: ...

    others = dg.Definitions(assets=[another], jobs=[dg.define_asset_job("others", [another])])
    monthly = definitions.resolve_job_def("tiny_bank_monthly")
    month = {"dagster/partition": "2024-01"}
    with dg.DagsterInstance.get() as instance:
        storage, granularity = (
            instance.event_log_storage,
            instance.get_concurrency_config().pool_config.pool_granularity,
        )

        def waits(run: dg.DagsterRun) -> bool:
            started = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
            keys, limits = storage.get_concurrency_keys(), storage.get_pool_limits()
            counter = GlobalOpConcurrencyLimitsCounter(
                instance, [run], started, keys, limits, pool_granularity=granularity
            )
            return counter.is_blocked(run)

        assert not waits(instance.create_run_for_job(monthly, tags=month))
        instance.create_run_for_job(monthly, tags=month, status=dg.DagsterRunStatus.STARTED)
        assert waits(instance.create_run_for_job(monthly, tags=month))
        assert not waits(instance.create_run_for_job(others.resolve_job_def("others")))


def test_a_disk_that_takes_no_more_of_dagsters_records_is_told_with_their_folder(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/runs.db")
    full = rf"under DAGSTER_HOME {tmp_path}: database or disk is full; see to the disk"
    with engine.connect() as records:
        records.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(Mendable, match=full), naming_the_instance(str(tmp_path)):
            records.exec_driver_sql("CREATE TABLE runs (id INTEGER)")
    engine.dispose()
    read_only = OSError(errno.EROFS, os.strerror(errno.EROFS), "instance.lock")
    with pytest.raises(Mendable, match="Read-only file system; mount it"), naming_the_instance(str(tmp_path)):
        raise read_only

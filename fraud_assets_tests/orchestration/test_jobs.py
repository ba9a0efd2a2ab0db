"""Runs of the monthly job: one month alone, on S3, out of range, without MLflow; and what starts and watches them."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.sensors import failure_sentence, reason_of
from fraud_assets_tests.orchestration.conftest import QUIET, Quarter

#: What a month is made of without any other month.
ALONE = ("fraud_campaigns", "merchants", "customers", "devices", "logins", "transactions", "labeled_anomalies")


@pytest.fixture
def job(definitions: dg.Definitions) -> dg.JobDefinition:
    return definitions.resolve_job_def("tiny_bank_monthly")


def run(job: dg.JobDefinition, instance: dg.DagsterInstance, month: str) -> dg.ExecuteInProcessResult:
    return job.execute_in_process(partition_key=month, instance=instance, run_config=QUIET, raise_on_error=False)


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Name of the asset -> why it failed."""
    failed = [event for event in result.all_events if event.is_step_failure]
    return {str(event.step_key).partition("__")[2]: reason_of(event) for event in failed}


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key}


@pytest.mark.usefixtures("s3_lake")
def test_a_month_alone_on_s3_has_the_bytes_of_the_quarter_on_disk(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    quarter: Quarter,
    s3_lake: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    result = run(job, instance, "2024-02")
    lake = Lake.from_url(s3_lake)
    assert made(result) == set(ALONE)
    for asset in ALONE:
        assert lake.sha256(quarter.key(asset, "2024-02")) == quarter.metadata(asset, "2024-02")["sha256"], asset
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_missing_earlier_month_is_named(
    job: dg.JobDefinition, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    said = failures(run(job, instance, "2024-03"))
    assert said.keys() == {"incident_reports", "population_statistics"}
    for sentence in said.values():
        assert "2024-01, 2024-02" in sentence
        assert "materialize" in sentence


def test_without_mlflow_the_data_is_made_and_the_model_fails_soon(
    job: dg.JobDefinition, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    result = run(job, instance, "2024-01")
    said = failures(result)
    assert said.keys() == {"champion"}
    assert "http://127.0.0.1:9" in said["champion"]
    assert "MLFLOW_TRACKING_URI" in said["champion"]
    assert {*ALONE, "incident_reports", "transaction_features", "labeled_transactions"} <= made(result)
    assert "champion" not in made(result)
    times = {
        entry.dagster_event.event_type: entry.timestamp
        for entry in instance.all_logs(result.run_id)
        if entry.dagster_event and entry.step_key == "tiny_bank__champion"
    }
    assert times[dg.DagsterEventType.STEP_FAILURE] - times[dg.DagsterEventType.STEP_START] < 10
    logs = instance.all_logs(result.run_id)
    warned = next(
        entry.timestamp for entry in logs if entry.level == logging.WARNING and "127.0.0.1:9" in entry.message
    )
    begun = [entry.timestamp for entry in logs if entry.dagster_event and entry.dagster_event.is_step_start]
    assert warned < min(begun)


def test_a_month_out_of_range_is_refused_before_anything_runs(
    job: dg.JobDefinition, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    with pytest.raises(dg.DagsterUnknownPartitionError, match="2023-12"):
        run(job, instance, "2023-12")
    assert not (tmp_path / "lake").exists()


def test_an_unreachable_lake_stops_a_run_before_its_first_step_and_the_sensor_says_why(
    job: dg.JobDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", "s3://nowhere/lake")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    begun = time.monotonic()
    with dg.instance_for_test() as instance:
        result = run(job, instance, "2024-01")
        assert time.monotonic() - begun < 10
        sentence = said_by_the_sensor(result, instance)
    assert not result.success
    assert not made(result)
    assert "tiny_bank 2024-01 failed: lake s3://nowhere/lake at AWS_ENDPOINT_URL http://127.0.0.1:9" in sentence


def said_by_the_sensor(result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance) -> str:
    failed = [event for event in result.all_events if event.event_type_value == "PIPELINE_FAILURE"]
    context = dg.build_run_status_sensor_context("log_failed_runs", failed[0], instance, result.dagster_run)
    return failure_sentence(context.for_run_failure())


def test_the_sensor_says_which_bank_month_and_step_failed_and_why(
    job: dg.JobDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    with dg.instance_for_test() as instance:
        result = run(job, instance, "2024-02")
        sentence = said_by_the_sensor(result, instance)
    assert "tiny_bank 2024-02 failed" in sentence
    assert "incident_reports" in sentence
    assert "2024-01" in sentence
    assert result.dagster_run.run_id in sentence
    assert "\n" not in sentence


def requested(definitions: dg.Definitions, schedule: str, now: datetime) -> list[dg.RunRequest]:
    """What a schedule, which has to be off by default, asks for at an instant."""
    repository = definitions.get_repository_def()
    found = repository.get_schedule_def(schedule)
    assert found.default_status == dg.DefaultScheduleStatus.STOPPED
    context = dg.build_schedule_context(scheduled_execution_time=now, repository_def=repository)
    return list(found.evaluate_tick(context).run_requests or [])


def test_the_month_that_has_just_ended_is_asked_for_once(definitions: dg.Definitions) -> None:
    name = "tiny_bank_month_just_ended"
    ticks = [requested(definitions, name, datetime(2024, 4, day, 3, tzinfo=UTC)) for day in (1, 2)]
    assert [(request.partition_key, request.run_key) for tick in ticks for request in tick] == [
        ("2024-03", "2024-03")
    ] * 2
    assert definitions.get_repository_def().get_schedule_def(name).cron_schedule == "0 3 1 * *"


def test_nothing_is_asked_for_before_a_bank_has_a_month(definitions: dg.Definitions) -> None:
    assert not requested(definitions, "tiny_bank_month_just_ended", datetime(2024, 1, 1, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("today", "months"),
    [
        (datetime(2024, 6, 2, 5, tzinfo=UTC), ["2024-03", "2024-04", "2024-05"]),
        (datetime(2024, 3, 2, 5, tzinfo=UTC), ["2024-01", "2024-02"]),
        (datetime(2024, 1, 2, 5, tzinfo=UTC), []),
    ],
)
def test_the_last_months_run_again_oldest_first(
    definitions: dg.Definitions, today: datetime, months: list[str]
) -> None:
    requests = requested(definitions, "tiny_bank_rerun_last_months", today)
    assert [request.partition_key for request in requests] == months
    assert len({request.run_key for request in requests}) == len(months)


def test_all_runs_of_a_bank_share_one_pool(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    pools = {pool for job in repository.get_all_jobs() for node in job.nodes for pool in [node.definition.pool]}  # type: ignore[attr-defined]
    assert pools == {"tiny_bank"}


def test_no_run_starts_a_process_for_each_step(definitions: dg.Definitions) -> None:
    executors = {job.name: job.executor_def.name for job in definitions.get_repository_def().get_all_jobs()}
    assert set(executors.values()) == {"in_process"}, executors


@pytest.mark.parametrize("asset", ["model_study", "feature_worth", "model_comparison"])
def test_what_is_made_on_demand_is_empty_with_a_reason_in_a_banks_first_month(
    asset: str,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    quarter: Quarter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    everything = definitions.resolve_implicit_global_asset_job_def()
    result = everything.execute_in_process(
        partition_key="2024-01",
        instance=instance,
        run_config=QUIET,
        asset_selection=[dg.AssetKey(["tiny_bank", asset])],
        raise_on_error=False,
    )
    assert failures(result) == {}
    found = json.loads(quarter.lake.read_bytes(Place("tiny_bank", asset, "2024-01").value))
    assert "2024-01" in found["reason"]
    assert not found.keys() & {"candidates", "variants", "months"}

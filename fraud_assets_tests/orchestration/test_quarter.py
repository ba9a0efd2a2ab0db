"""A quarter of the tiny bank from end to end: what the runs left in the lake and in Dagster's records."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
import yaml
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG

from fraud_assets.demo import CODE_LOCATION
from fraud_assets.features import registry
from fraud_assets.lake.paths import Place
from fraud_assets.tables import TABLES, polars_schema
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter

TABULAR = (*TABLES, "transaction_features", "labeled_transactions")


def test_every_month_runs_to_its_end(quarter: Quarter) -> None:
    assert quarter.code == 0, quarter.output
    assert {run.status for run in quarter.instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
    assert sorted(run.tags["dagster/partition"] for run in quarter.instance.get_runs()) == list(MONTHS)


def test_the_ui_lists_the_runs_of_the_demo_with_those_of_its_jobs(quarter: Quarter) -> None:
    """Its timeline and its pages about jobs take only runs of a code location of the workspace."""
    workspace = yaml.safe_load((Path(__file__).parents[2] / "workspace.yaml").read_text("utf-8"))
    location = workspace["load_from"][0]["python_module"]["location_name"]
    assert location == CODE_LOCATION
    label = f"{SINGLETON_REPOSITORY_NAME}@{location}"
    listed = quarter.instance.get_runs(dg.RunsFilter(job_name="tiny_bank_monthly", tags={REPOSITORY_LABEL_TAG: label}))
    assert len(listed) == len(MONTHS)
    for run in listed:
        assert run.remote_job_origin is not None
        assert run.remote_job_origin.repository_origin.get_label() == label


@pytest.mark.parametrize("asset", TABULAR)
def test_what_is_recorded_of_a_table_is_what_is_in_the_lake(quarter: Quarter, asset: str) -> None:
    for month in MONTHS:
        recorded = quarter.metadata(asset, month)
        key = quarter.key(asset, month)
        assert recorded["uri"] == quarter.lake.uri(key)
        assert recorded["lake"] == quarter.lake.url
        assert recorded["sha256"] == quarter.lake.sha256(key)
        assert recorded["dagster/row_count"] == quarter.lake.scan_parquet([key]).select(pl.len()).collect().item()


@pytest.mark.parametrize("month", MONTHS)
def test_all_tables_of_a_month_speak_of_the_same_rows(quarter: Quarter, month: str) -> None:
    def read(asset: str) -> pl.DataFrame:
        return quarter.lake.scan_parquet([quarter.key(asset, month)]).collect()

    ledger, flat, features = read("transactions"), read("labeled_transactions"), read("transaction_features")
    assert flat["transaction_id"].equals(ledger["transaction_id"])
    assert features["transaction_id"].equals(ledger.filter(direction="debit")["transaction_id"])
    assert features.schema == pl.Schema(registry.schema())
    truth = read("labeled_anomalies")
    assert flat["is_fraud"].sum() == truth["is_fraud"].sum() > 0
    assert flat["is_fraud"].null_count() == 0
    assert (
        flat["reported_at"].count()
        == read("incident_reports").join(ledger, on="transaction_id")["transaction_id"].n_unique()
    )
    assert flat["age"].null_count() == 0


def test_the_first_month_says_that_there_is_nothing_to_learn_from(quarter: Quarter) -> None:
    def value(asset: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(quarter.lake.read_bytes(Place("tiny_bank", asset, MONTHS[0]).value))
        return found

    assert value("candidate_models")["models"] == {}
    assert "first month" in str(value("candidate_models")["reason"])
    assert value("champion")["decision"] == "none"
    assert value("evaluation_report")["status"] == "empty"
    assert "first month" in str(value("evaluation_report")["reason"])
    scored = quarter.lake.scan_parquet([quarter.key("scored_transactions", MONTHS[0])]).collect()
    assert scored.is_empty()
    assert scored.schema == pl.Schema(polars_schema(TABLES["scored_transactions"]))


@pytest.mark.parametrize("month", MONTHS[1:])
def test_later_months_are_scored_and_judged_against_the_truth(quarter: Quarter, month: str) -> None:
    report = json.loads(quarter.lake.read_bytes(Place("tiny_bank", "evaluation_report", month).value))
    scored = quarter.lake.scan_parquet([quarter.key("scored_transactions", month)]).collect()
    assert report["status"] == "evaluated"
    assert report["labels"] == "truth"
    assert report["tested"]["rows"] == scored.height > 0
    assert report["headline"]["alerts"] == (scored["decision"] != "APPROVED").sum()
    assert {"prevalence", "small_tree", "logistic", "xgboost"} <= {rung["name"] for rung in report["ladder"]}
    assert quarter.lake.read_bytes(Place("tiny_bank", "evaluation_report", month).file("report.html")).startswith(b"<!")


def test_a_champion_knows_the_one_before(quarter: Quarter) -> None:
    decisions = [json.loads(quarter.lake.read_bytes(Place("tiny_bank", "champion", month).value)) for month in MONTHS]
    assert [decision["decision"] for decision in decisions[:2]] == ["none", "first"]
    assert decisions[2]["previous"]["identity"] == decisions[1]["champion"]["identity"]


def test_the_report_is_in_the_metadata_in_small(quarter: Quarter) -> None:
    summary = str(quarter.metadata("evaluation_report", MONTHS[2])["summary"])
    assert "data:image/png;base64," in summary
    assert "verage precision" in summary
    assert len(summary) < 150_000


def test_checks_passed_in_every_month(quarter: Quarter, definitions: dg.Definitions) -> None:
    keys = definitions.resolve_asset_graph().asset_check_keys
    assert len(keys) > len(TABLES)
    for key in keys:
        records = quarter.instance.event_log_storage.get_asset_check_execution_history(key, limit=10)
        found = [record.event.dagster_event.asset_check_evaluation_data for record in records]  # type: ignore[union-attr]
        assert sorted(str(evaluation.partition) for evaluation in found) == list(MONTHS), key
        assert all(evaluation.passed for evaluation in found), key


def test_the_demo_says_what_came_out(quarter: Quarter) -> None:
    rows = sum(int(str(quarter.metadata("transactions", month)["dagster/row_count"])) for month in MONTHS)
    said = quarter.output
    assert f"{rows:,} ledger rows" in said
    for words in (
        "average precision",
        "alerts (customer-hours)",
        "payments flagged or rejected, ",
        "saved",
        "report.html",
        quarter.lake.url,
        "make ui",
    ):
        assert words in said, words
    for asset in ("customers", "transactions", "evaluation_report"):
        assert said.count(f"  {asset} ") == len(MONTHS)

"""The blocking checks: what they find in a month that was tampered with, and when a gate stops a run."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from fraud_assets.assets.common import Chain
from fraud_assets.checks import all_checks
from fraud_assets.definitions import build_definitions
from fraud_assets.evaluation.gates import GATES, REPORTS
from fraud_assets.lake.store import Lake
from fraud_assets.lake.writing import write_parquet
from fraud_assets.scenario import Scenario
from fraud_assets.tables import TABLES
from fraud_assets_tests.orchestration.conftest import QUIET, Quarter

MONTH = "2024-02"


@pytest.fixture
def copied(quarter: Quarter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """The raw tables and labels of one month, to be tampered with."""
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    lake = Lake.from_url(tmp_path / "lake")
    raw = ("fraud_campaigns", "customers", "merchants", "devices", "logins", "transactions")
    for asset in (*raw, "labeled_anomalies"):
        key = quarter.key(asset, MONTH)
        with lake.open_writer(key) as writer:
            writer.write(quarter.lake.read_bytes(key))
    return lake


def tamper(lake: Lake, key: str, change: pl.DataFrame) -> None:
    write_parquet(lake, key, change)


def check(scenario: Scenario, asset: str, name: str) -> dg.AssetCheckEvaluation:
    """Run the checks of one asset and give the one asked for."""
    chain = Chain(scenario)
    definitions = build_definitions(scenarios=[scenario])
    job = dg.define_asset_job("checks", selection=dg.AssetSelection.checks_for_assets(chain.key(asset)))
    resolved = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).resolve_job_def("checks")
    month = {"dagster/partition": MONTH}
    with dg.DagsterInstance.ephemeral() as instance:
        result = resolved.execute_in_process(instance=instance, tags=month, run_config=QUIET, raise_on_error=False)
    (found,) = [evaluation for evaluation in result.get_asset_check_evaluations() if evaluation.check_name == name]
    return found


def test_every_table_has_a_blocking_schema_check_by_month(tiny_bank: Scenario) -> None:
    specs = {spec.key.to_user_string(): spec for checks in all_checks(Chain(tiny_bank)) for spec in checks.check_specs}
    for table in TABLES:
        assert specs[f"tiny_bank/{table}:schema"].blocking
    assert all(spec.blocking and spec.partitions_def for spec in specs.values())


def test_a_null_a_duplicate_and_a_wrong_order_are_counted(copied: Lake, quarter: Quarter, tiny_bank: Scenario) -> None:
    key = quarter.key("transactions", MONTH)
    ledger = copied.scan_parquet([key]).collect()
    first, second, rest = ledger[:1], ledger[1:2], ledger[2:]
    cheap = second.with_columns(amount=pl.lit(0.0), currency=pl.lit(None, pl.String))
    tamper(copied, key, pl.concat([cheap, first, first, rest]))
    found = check(tiny_bank, "transactions", "schema")
    assert not found.passed
    assert found.blocking
    assert {name: value.value for name, value in found.metadata.items()} == {
        "amount|min": 1,
        "currency|nullability": 1,
        "order": 1,
        "primary_key": 1,
    }
    assert "amount|min: 1 rows break it" in str(found.description)


def test_a_column_of_another_type_is_named(copied: Lake, quarter: Quarter, tiny_bank: Scenario) -> None:
    key = quarter.key("customers", MONTH)
    tamper(copied, key, copied.scan_parquet([key]).with_columns(pl.col("age").cast(pl.Int64)).collect())
    found = check(tiny_bank, "customers", "schema")
    assert not found.passed
    assert found.description == "age is Int64, Int16 was declared"


def test_a_payment_of_an_unknown_customer_is_found(copied: Lake, quarter: Quarter, tiny_bank: Scenario) -> None:
    key = quarter.key("customers", MONTH)
    tamper(copied, key, copied.scan_parquet([key]).collect()[1:])
    found = check(tiny_bank, "transactions", "references")
    assert not found.passed
    assert found.metadata["customer_id not found"].value == 1
    assert found.metadata["device_id not found"].value == 0


def test_a_refund_of_a_payment_that_is_not_there_is_found(copied: Lake, quarter: Quarter, tiny_bank: Scenario) -> None:
    key = quarter.key("transactions", MONTH)
    ledger = copied.scan_parquet([key]).collect()
    before = quarter.key("transactions", "2024-01")
    with copied.open_writer(before) as writer:
        writer.write(quarter.lake.read_bytes(before))
    assert check(tiny_bank, "transactions", "originals").passed
    own = ledger.join(ledger, left_on="transaction_id", right_on="original_transaction_id", how="semi")
    assert own.height
    tamper(copied, key, ledger.filter(pl.col("transaction_id") != own["transaction_id"][0]))
    found = check(tiny_bank, "transactions", "originals")
    assert not found.passed
    assert found.metadata["not found"].value == 1


def test_refunds_of_a_month_that_is_not_there_do_not_stop_a_month_alone(copied: Lake, tiny_bank: Scenario) -> None:
    assert not copied.list("tiny_bank/transactions/month=2024-01")
    assert check(tiny_bank, "transactions", "originals").passed


@pytest.mark.parametrize(
    ("severity", "minimum", "expected"),
    [
        ("error", 0, dg.AssetCheckSeverity.ERROR),
        ("error", 1_000_000, dg.AssetCheckSeverity.WARN),
        ("warn", 0, dg.AssetCheckSeverity.WARN),
    ],
)
@pytest.mark.usefixtures("copied")
def test_a_gate_stops_a_run_only_where_the_scenario_says_so_and_rows_suffice(
    tiny_bank: Scenario,
    severity: str,
    minimum: int,
    expected: dg.AssetCheckSeverity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fraud_assets.checks.gate_markdown", lambda result: result.explanation)  # pictures take long
    gates = tiny_bank.gates.model_copy(update={"severity": severity, "minimum_fraud_rows": minimum})
    # Far more fraud than there is: a gate that has to fail.
    fraud = tiny_bank.fraud.model_copy(update={"rate": 0.2})
    found = check(tiny_bank.model_copy(update={"gates": gates, "fraud": fraud}), "labeled_anomalies", "realised_rate")
    assert not found.passed
    assert found.severity == expected
    assert "was asked for" in str(found.description)


def test_devices_that_are_on_no_file_stop_the_month_and_the_ui_shows_asked_and_realised(
    copied: Lake, quarter: Quarter, tiny_bank: Scenario
) -> None:
    ledger, truth, devices = (
        copied.scan_parquet([quarter.key(asset, MONTH)]).collect()
        for asset in ("transactions", "labeled_anomalies", "devices")
    )
    fraud = truth.filter("is_fraud")["transaction_id"].implode()
    is_fraud = pl.col("transaction_id").is_in(fraud)
    honest, theirs = (ledger.filter(rows)["device_id"].drop_nulls() for rows in (~is_fraud, is_fraud))
    lost = pl.col("device_id").is_in(theirs.implode()) & ~pl.col("device_id").is_in(honest.implode())
    tamper(copied, quarter.key("devices", MONTH), devices.filter(~lost))
    gates = tiny_bank.gates.model_copy(update={"severity": "error", "minimum_fraud_rows": 0})
    found = check(tiny_bank.model_copy(update={"gates": gates}), "labeled_anomalies", "key_coverage")
    assert not found.passed
    assert found.blocking
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert "device_id in devices" in str(found.description)
    shown = str(found.metadata["asked and realised"].value)
    assert "data:image/png;base64," in shown
    assert "| device_id in devices, all fraud | 1 (" in shown
    assert "**no**" in shown


def test_reports_are_judged_as_far_as_the_months_before_are_in_the_lake(
    copied: Lake, quarter: Quarter, tiny_bank: Scenario
) -> None:
    key = quarter.key("incident_reports", MONTH)
    with copied.open_writer(key) as writer:
        writer.write(quarter.lake.read_bytes(key))
    gates = tiny_bank.gates.model_copy(update={"severity": "error"})
    found = check(tiny_bank.model_copy(update={"gates": gates}), "incident_reports", "report_delays")
    assert found.passed
    assert "Not tested" in str(found.description)


def test_gates_that_are_off_are_not_there(tiny_bank: Scenario) -> None:
    def names(severity: str) -> set[str]:
        gates = tiny_bank.gates.model_copy(update={"severity": severity})
        checks = all_checks(Chain(tiny_bank.model_copy(update={"gates": gates})))
        return {key.name for found in checks for key in found.check_keys}

    assert names("error") - names("off") == {*GATES, REPORTS}

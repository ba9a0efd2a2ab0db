"""The asset graph: what is in it, what it says of itself, and who can reach the truth."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from fraud_assets.definitions import build_definitions
from fraud_assets.scenario import EXTRA_SCENARIOS, Scenario, load_all
from fraud_assets_tests.orchestration.conftest import QUIET

ASSETS = {
    "fraud_campaigns",
    "merchants",
    "customers",
    "devices",
    "logins",
    "transactions",
    "labeled_anomalies",
    "incident_reports",
    "population_statistics",
    "merchant_activity",
    "shared_entities",
    "transaction_features",
    "customer_risk",
    "candidate_models",
    "model_study",
    "champion",
    "anomaly_detectors",
    "anomaly_scores",
    "customer_anomalies",
    "scored_transactions",
    "drift_report",
    "data_quality_report",
    "evaluation_report",
    "anomaly_report",
    "model_comparison",
    "feature_worth",
    "recipient_head",
    "mistyped_recipients",
    "accident_head",
    "accident_scores",
    "accident_report",
    "alerts",
    "data_portrait",
    "labeled_transactions",
    "labeled_transactions_csv",
    "labeled_csv",
}
#: The simulator's own tables, which are made from its plans, and what the bank learns of the truth, late and in part.
MADE_FROM_TRUTH = {"customers", "devices", "logins", "transactions", "labeled_anomalies", "incident_reports"}
#: Those who may look at the truth.
JUDGES = {
    "data_quality_report",
    "evaluation_report",
    "anomaly_report",
    "accident_report",
    "model_comparison",
    "feature_worth",
    "data_portrait",
    "labeled_transactions",
    "labeled_transactions_csv",
    "labeled_csv",
}
TRUTH = {"fraud_campaigns", "labeled_anomalies"}
DOCUMENTS = {
    "candidate_models",
    "model_study",
    "champion",
    "anomaly_detectors",
    "drift_report",
    "data_quality_report",
    "evaluation_report",
    "anomaly_report",
    "model_comparison",
    "feature_worth",
    "recipient_head",
    "accident_head",
    "accident_report",
    "data_portrait",
}


def parents(definitions: dg.Definitions) -> dict[str, set[str]]:
    """Asset name -> names of the assets it reads or follows."""
    graph = definitions.resolve_asset_graph()
    return {
        key.path[-1]: {parent.path[-1] for parent in graph.get(key).parent_keys} for key in graph.get_all_asset_keys()
    }


def test_renaming_an_asset_a_job_or_a_schedule_is_a_decision(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    assert {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()} == {
        f"tiny_bank/{name}" for name in ASSETS
    }
    assert {job.name for job in definitions.resolve_all_job_defs()} - {"__ASSET_JOB"} == {
        "tiny_bank_monthly",
        "tiny_bank_labeled_csv",
    }
    assert {schedule.name for schedule in repository.schedule_defs} == {
        "tiny_bank_month_just_ended",
        "tiny_bank_rerun_last_months",
    }
    assert {sensor.name for sensor in repository.sensor_defs} == {"log_failed_runs"}


def test_only_evaluation_gates_and_exports_touch_the_truth(definitions: dg.Definitions) -> None:
    readers = {name for name, above in parents(definitions).items() if above & (TRUTH | JUDGES)}
    assert readers <= MADE_FROM_TRUTH | JUDGES


def test_nothing_a_model_sees_reaches_the_truth_past_ledger_and_reports(definitions: dg.Definitions) -> None:
    above = parents(definitions)
    for name in (
        "population_statistics",
        "merchant_activity",
        "shared_entities",
        "transaction_features",
        "candidate_models",
        "champion",
        "anomaly_detectors",
        "anomaly_scores",
        "customer_anomalies",
        "recipient_head",
        "mistyped_recipients",
        "accident_head",
        "accident_scores",
        "scored_transactions",
        "alerts",
    ):
        reached: set[str] = set()
        ahead = {name}
        while ahead:
            asset = ahead.pop()
            reached.add(asset)
            if asset not in MADE_FROM_TRUTH - TRUTH:
                ahead |= above[asset] - reached
        assert not reached & (TRUTH | JUDGES), name


def test_checks_that_look_at_the_truth_sit_on_it_or_on_what_is_made_from_it(definitions: dg.Definitions) -> None:
    graph = build_definitions(scenarios=[Scenario.load("us_bank")]).resolve_asset_graph()
    for check in graph.asset_check_keys:
        read = {key.path[-1] for key in graph.get(check).parent_entity_keys}
        assert not read & TRUTH or check.asset_key.path[-1] in TRUTH | MADE_FROM_TRUTH, check


def test_every_asset_says_what_it_is(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert 1 <= len(node.kinds) <= 3, key
        assert node.owners == ["team:fraud-data"], key
        assert node.group_name == "tiny_bank", key
        assert node.code_version, key
        assert {"stage", "knowledge"} <= node.tags.keys(), key


def test_every_column_of_every_table_is_described(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        if key.path[-1] in DOCUMENTS:
            continue
        schema = graph.get(key).metadata["dagster/column_schema"]
        assert schema.columns, key
        assert not [column.name for column in schema.columns if not column.description], key


def test_materialize_all_writes_no_csv_of_every_month(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert not graph.get(dg.AssetKey(["tiny_bank", "labeled_csv"])).is_materializable
    assert not [key for key in graph.materializable_asset_keys if graph.get(key).partitions_def is None]


def test_the_flat_export_has_fifty_columns_and_more(definitions: dg.Definitions) -> None:
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["tiny_bank", "labeled_transactions"]))
    names = [column.name for column in node.metadata["dagster/column_schema"].columns]
    assert len(names) == len(set(names)) > 50
    assert {"is_fraud", "report_kind", "age_group", "segment", "device_os", "device_kind"} <= set(names)


def test_all_monthly_assets_of_a_bank_share_its_months(definitions: dg.Definitions, tiny_bank: Scenario) -> None:
    graph = definitions.resolve_asset_graph()
    partitioned = {key.path[-1]: graph.get(key).partitions_def for key in graph.get_all_asset_keys()}
    assert partitioned.pop("labeled_csv") is None
    (months,) = set(partitioned.values())
    assert months is not None
    assert months.get_partition_keys()[:2] == [tiny_bank.first_month, (tiny_bank.first + 1).key]


def test_a_backfill_from_the_graph_stays_within_its_months(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys() - {dg.AssetKey(["tiny_bank", "labeled_csv"])}:
        for parent in graph.get(key).parent_keys:
            assert parent != key
            mapping = graph.get_partition_mapping(key, parent)
            assert isinstance(mapping, dg.TimeWindowPartitionMapping), (key, parent)
            assert (mapping.start_offset, mapping.end_offset) == (0, 0), (key, parent)


def test_a_folder_in_the_scenario_directory_becomes_a_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "village_bank"
    folder.mkdir()
    (folder / "scenario.yaml").write_text(
        "extends: tiny_bank\nname: village_bank\ntitle: A village bank\nlast_month: 2024-02\n"
    )
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path))
    scenarios, _ = load_all()
    definitions = build_definitions(scenarios=scenarios)
    graph = definitions.resolve_asset_graph()
    banks = {key.path[0] for key in graph.get_all_asset_keys()}
    assert banks == {"crypto_wallet", "india_bank", "tiny_bank", "us_bank", "village_bank"}
    months = graph.get(dg.AssetKey(["village_bank", "transactions"])).partitions_def
    assert months is not None
    assert months.get_partition_keys() == ["2024-01", "2024-02"]
    assert definitions.resolve_job_def("village_bank_monthly").partitions_def == months


def test_a_bank_that_cannot_be_loaded_says_why_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    folder = tmp_path / "village-bank"
    folder.mkdir()
    (folder / "scenario.yaml").write_text("extends: tiny_bank\nname: village_bank\nfraud: {rate: 1.7}\nseed: x\n")
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path))
    scenarios, wrong = load_all()
    definitions = build_definitions(scenarios=scenarios[-1:], wrong=wrong)
    key = dg.AssetKey(["village_bank", "cannot_be_loaded"])
    graph = definitions.resolve_asset_graph()
    assert {other.path[0] for other in graph.get_all_asset_keys()} == {"us_bank", "village_bank"}
    for mistake in ("fraud.rate is 1.7", "seed is 'x'"):
        assert mistake in str(graph.get(key).description)
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[key], instance=instance, run_config=QUIET, raise_on_error=False
    )
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "fraud.rate is 1.7" in str(failure.step_failure_data.user_failure_data)


def test_a_mistake_that_only_the_chain_can_see_leaves_the_other_banks_alone(tmp_path: Path) -> None:
    folder = tmp_path / "typo"
    folder.mkdir()
    (folder / "scenario.yaml").write_text(
        "extends: tiny_bank\nname: typo\ntitle: T\nfraud: {types: {card_testing: {parameters: {cardz: 3}}}}\n"
    )
    listed = "print(*sorted({key.path[0] for key in d.defs.resolve_asset_graph().get_all_asset_keys()}))"
    loaded = subprocess.run(
        [sys.executable, "-c", f"import fraud_assets.definitions as d; {listed}"],
        env={**os.environ, EXTRA_SCENARIOS: str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.stdout == "crypto_wallet india_bank tiny_bank typo us_bank\n", loaded.stderr
    (sentence,) = loaded.stderr.splitlines()
    assert "'cardz' is no parameter of family card_testing" in sentence


def test_another_seed_or_another_code_marks_the_assets_as_outdated(tiny_bank: Scenario) -> None:
    other = build_definitions(
        scenarios=[tiny_bank.model_copy(update={"seed": tiny_bank.seed + 1})]
    ).resolve_asset_graph()
    same = build_definitions(scenarios=[tiny_bank]).resolve_asset_graph()
    for key in same.get_all_asset_keys():
        assert same.get(key).code_version != other.get(key).code_version, key


def test_loading_the_chain_warns_of_nothing() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import fraud_assets.definitions"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (loaded.returncode, loaded.stderr) == (0, "")

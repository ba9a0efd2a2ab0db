"""The lake under a real Dagster: one month or several, what is missing, what is recorded."""

# Without annotations as strings, which Dagster does not take for `context`.
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from fraud_assets.lake import io_managers
from fraud_assets.lake.documents import Document, to_json
from fraud_assets.lake.io_managers import BY_MONTH, MONTH_COLUMN, DocumentIOManager, ParquetIOManager
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.tables import Merchants, polars_schema
from fraud_assets_tests.lake.frames import SCHEMA, chunks

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2024-01", end_date="2024-07", fmt="%Y-%m")
BANK = ["bank"]


def back(asset: str, first: int, last: int, **metadata: Any) -> dg.AssetIn:
    mapping = dg.TimeWindowPartitionMapping(start_offset=-first, end_offset=-last)
    return dg.AssetIn([*BANK, asset], partition_mapping=mapping, metadata=metadata)


@dg.asset(key_prefix=BANK, partitions_def=MONTHS, code_version="7", io_manager_key="tables")
def ledger(context: dg.AssetExecutionContext) -> pl.LazyFrame:
    return lazy_chunks(SCHEMA, chunks(2, 10 * int(context.partition_key[-2:])))


@dg.asset(key_prefix=BANK, partitions_def=MONTHS, io_manager_key="tables", ins={"ledger": back("ledger", 2, 0)})
def totals(ledger: pl.LazyFrame) -> pl.DataFrame:
    return ledger.select(pl.len().alias("rows"), pl.col("amount").sum()).collect()


@dg.asset(
    key_prefix=BANK,
    partitions_def=MONTHS,
    io_manager_key="tables",
    ins={"ledger": back("ledger", 2, 1, **{MONTH_COLUMN: True})},
)
def earlier(ledger: pl.LazyFrame) -> pl.DataFrame:
    if "month" not in ledger.collect_schema():
        return pl.DataFrame({"month": [], "rows": []})
    return ledger.group_by("month").agg(pl.len().alias("rows")).sort("month").collect()


@dg.asset(key_prefix=BANK, partitions_def=MONTHS, io_manager_key="tables")
def merchants() -> pl.DataFrame:
    return pl.DataFrame(schema=polars_schema(Merchants))


@dg.asset(key_prefix=BANK, partitions_def=MONTHS, io_manager_key="tables", ins={"merchants": back("merchants", 1, 1)})
def old_merchants(merchants: pl.DataFrame) -> pl.DataFrame:
    assert isinstance(merchants, pl.DataFrame)
    return merchants.select("merchant_id", "name")


@dg.asset(key_prefix=BANK, partitions_def=MONTHS, io_manager_key="documents", ins={"before": back("champion", 1, 1)})
def champion(context: dg.AssetExecutionContext, before: dict[str, Any] | None) -> dict[str, Any]:
    return {"month": context.partition_key, "reign": 1 if before is None else before["reign"] + 1}


@dg.asset(
    key_prefix=BANK,
    partitions_def=MONTHS,
    io_manager_key="documents",
    ins={"champions": back("champion", 2, 0, **{BY_MONTH: True})},
)
def report(champions: dict[str, dict[str, Any]]) -> Document:
    return Document(
        {"reigns": {month: value["reign"] for month, value in champions.items()}},
        files={"report.html": b"<h1>Report</h1>"},
        metadata={"champions": len(champions)},
    )


@dg.asset(key_prefix=BANK, partitions_def=MONTHS, io_manager_key="documents", ins={"champions": back("champion", 1, 0)})
def careless(champions: Any) -> dict[str, Any]:
    return {}


def resources(root: str) -> dict[str, Any]:
    lake = LakeResource(root=root)
    return {"lake": lake, "tables": ParquetIOManager(lake=lake), "documents": DocumentIOManager(lake=lake)}


def run(
    lake: Lake, month: str, *assets: dg.AssetsDefinition, instance: dg.DagsterInstance
) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [ledger, totals, earlier, merchants, old_merchants, champion, report, careless],
        selection=list(assets),
        partition_key=month,
        resources=resources(lake.url),
        instance=instance,
        raise_on_error=False,
    )


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the user reads at the end of the chain of causes."""
    error = next(event for event in result.all_events if event.is_step_failure).step_failure_data.error
    assert error is not None
    while error.cause is not None:
        error = error.cause
    return error.message


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def columns_of(metadata: Mapping[str, dg.MetadataValue[Any]]) -> Sequence[dg.TableColumn]:
    schema = metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchemaMetadataValue)
    return schema.value.columns


def months(lake: Lake, month: str, asset: str) -> dict[str, list[Any]]:
    return lake.scan_parquet([f"bank/{asset}/month={month}/part-0000.parquet"]).collect().to_dict(as_series=False)


def test_several_months_come_as_one_frame_clipped_at_the_first(lake: Lake, instance: dg.DagsterInstance) -> None:
    for month in ("2024-01", "2024-02", "2024-03"):
        assert run(lake, month, ledger, totals, earlier, instance=instance).success
    rows = {month: 2 * 10 * month + 37 for month in (1, 2, 3)}
    assert months(lake, "2024-01", "totals")["rows"] == [rows[1]]
    assert months(lake, "2024-03", "totals")["rows"] == [rows[1] + rows[2] + rows[3]]
    assert months(lake, "2024-01", "earlier") == {"month": [], "rows": []}
    assert months(lake, "2024-02", "earlier") == {"month": ["2024-01"], "rows": [rows[1]]}
    assert months(lake, "2024-03", "earlier") == {"month": ["2024-01", "2024-02"], "rows": [rows[1], rows[2]]}


def test_a_missing_month_is_named_with_the_asset_to_materialize(lake: Lake, instance: dg.DagsterInstance) -> None:
    assert run(lake, "2024-02", ledger, instance=instance).success
    sentence = failure(run(lake, "2024-04", totals, instance=instance))
    assert f"months 2024-03, 2024-04 of bank/ledger is not in the lake {lake.url}" in sentence
    assert "materialize bank/ledger for 2024-03, 2024-04 first" in sentence
    assert "month 2024-03 of bank/champion is not in the lake" in failure(
        run(lake, "2024-04", champion, instance=instance)
    )


def test_an_input_without_months_has_the_columns_of_its_table(disk_lake: Lake, instance: dg.DagsterInstance) -> None:
    assert run(disk_lake, "2024-01", old_merchants, instance=instance).success
    assert months(disk_lake, "2024-01", "old_merchants") == {"merchant_id": [], "name": []}


def test_a_materialization_records_what_was_written(lake: Lake, instance: dg.DagsterInstance) -> None:
    result = run(lake, "2024-01", ledger, merchants, instance=instance)
    recorded = result.asset_materializations_for_node("bank__ledger")[0].metadata
    key = "bank/ledger/month=2024-01/part-0000.parquet"
    assert recorded["uri"].value == lake.uri(key)
    assert recorded["dagster/row_count"].value == 57
    assert recorded["bytes"].value == len(lake.read_bytes(key))
    assert recorded["sha256"].value == lake.sha256(key)
    assert recorded["run_id"].value == result.run_id
    assert recorded["code_version"].value == "7"
    columns = columns_of(recorded)
    assert [column.name for column in columns] == list(SCHEMA)
    assert columns[-1].constraints.other == ["one of approved, declined"]
    known = columns_of(result.asset_materializations_for_node("bank__merchants")[0].metadata)
    assert known[0].description == "Merchant number at the acquirer"
    assert not known[0].constraints.nullable
    assert known[-1].constraints.nullable


def test_documents_carry_values_from_month_to_month(lake: Lake, instance: dg.DagsterInstance) -> None:
    for month in ("2024-01", "2024-02", "2024-03"):
        result = run(lake, month, champion, report, instance=instance)
        assert result.success
    assert json.loads(lake.read_bytes("bank/champion/month=2024-03/metrics.json")) == {"month": "2024-03", "reign": 3}
    assert lake.read_bytes("bank/report/month=2024-03/report.html") == b"<h1>Report</h1>"
    recorded = result.asset_materializations_for_node("bank__report")[0].metadata
    assert recorded["champions"].value == 3
    assert recorded["uri report.html"].value == lake.uri("bank/report/month=2024-03/report.html")
    assert recorded["sha256"].value == lake.sha256("bank/report/month=2024-03/metrics.json")
    assert json.loads(lake.read_bytes("bank/report/month=2024-01/metrics.json")) == {"reigns": {"2024-01": 1}}


def test_several_months_of_documents_have_to_be_asked_for(disk_lake: Lake, instance: dg.DagsterInstance) -> None:
    for month in ("2024-01", "2024-02"):
        assert run(disk_lake, month, champion, instance=instance).success
    assert 'give it metadata={"by_month": True}' in failure(run(disk_lake, "2024-02", careless, instance=instance))


def test_an_unreachable_lake_ends_the_run_before_its_first_step(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    with pytest.raises(dg.DagsterResourceFunctionError) as refused:
        dg.materialize([ledger], partition_key="2024-01", resources=resources("s3://bucket/lake"), instance=instance)
    cause = refused.value.__cause__
    assert f"AWS_ENDPOINT_URL {os.environ['AWS_ENDPOINT_URL']}: the server does not answer" in str(cause)


def test_long_writing_shows_its_progress(
    disk_lake: Lake, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(io_managers, "SECONDS_BETWEEN_PROGRESS", 0.0)
    result = run(disk_lake, "2024-01", ledger, instance=instance)
    messages = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert [message for message in messages if message.startswith("bank/ledger 2024-01: 57 rows in")]


def test_the_root_comes_from_the_variable(s3_lake: str) -> None:
    assert LakeResource().lake.url == s3_lake


@pytest.mark.parametrize("value", [{"ap": float("nan")}, {"model": object()}])
def test_a_value_that_is_no_json_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a document's value has to be JSON"):
        to_json(value)

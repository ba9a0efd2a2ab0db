"""Exports: the labelled ledger, flat, for people and other tools."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

from collections.abc import Sequence
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from fraud_assets.assets import flat
from fraud_assets.assets.common import Chain, code_version
from fraud_assets.assets.files import DEFAULT_KEY, LABELED_TRANSACTIONS, checked_key, chosen_months, export_table
from fraud_assets.lake.formats import format_of
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import Progress, Written
from fraud_assets.scenario import Scenario

LABELED_CSV = "labeled_csv"
_ROOMS = ("assets/circumstances.py", "assets/flat.py", "fields.py")
_CSV_ROOMS = (*_ROOMS, "assets/files.py", "lake/reading.py", "lake/writing.py")


class LabeledCsv(dg.Config):
    """Which months go into the CSV, and where it goes."""

    months: list[str] = Field(default=[], description="Months such as 2024-01; none: all that are in the lake")
    key: str = Field(default=DEFAULT_KEY, description="Where under the lake's root it is written")


def export_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``labeled_transactions``, the same as CSV, and ``labeled_csv`` over several months."""

    @dg.asset(
        **chain.settings(
            LABELED_TRANSACTIONS,
            "exports",
            kinds={"polars", "parquet"},
            rooms=_ROOMS,
            columns=flat.columns(),
            hidden=True,
        ),
        ins=chain.reads(
            "transactions", "labeled_anomalies", "incident_reports", "customers", "devices", "merchants", "logins"
        ),
    )
    def labeled_transactions(
        transactions: pl.LazyFrame,
        labeled_anomalies: pl.LazyFrame,
        incident_reports: pl.LazyFrame,
        customers: pl.LazyFrame,
        devices: pl.LazyFrame,
        merchants: pl.LazyFrame,
        logins: pl.LazyFrame,
    ) -> pl.LazyFrame:
        """A ledger row with its customer, device, merchant and risk signs, then this month's report, then the truth."""
        chunks = flat.flat_chunks(
            transactions, labeled_anomalies, incident_reports, customers, devices, merchants, logins
        )
        return lazy_chunks(flat.schema(), chunks)

    @dg.asset(
        **chain.settings(
            f"{LABELED_TRANSACTIONS}_csv",
            "exports",
            kinds={"polars", "csv"},
            rooms=_CSV_ROOMS,
            columns=flat.columns(),
            hidden=True,
        ),
        deps=chain.keys(LABELED_TRANSACTIONS),
    )
    def labeled_transactions_csv(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
        """The month's labelled transactions as CSV, in a folder of their own."""
        place = Place.of(context.asset_key.path, context.partition_key)
        target = lake.lake, place.csv
        return _materialized(
            export_table(lake.lake, chain.scenario, LABELED_TRANSACTIONS, [context.partition_key], target)
        )

    @dg.asset(
        key=chain.key(LABELED_CSV),
        group_name=chain.scenario.name,
        pool=chain.scenario.name,
        deps=[dg.AssetDep(chain.key(LABELED_TRANSACTIONS), partition_mapping=dg.AllPartitionMapping())],
        kinds={"polars", "csv"},
        owners=["team:fraud-data"],
        tags={"stage": "exports", "knowledge": "truth"},
        metadata={"dagster/column_schema": flat.columns()},
        code_version=code_version(chain.scenario, *_CSV_ROOMS),
    )
    def labeled_csv(
        context: dg.AssetExecutionContext, config: LabeledCsv, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        """The labelled transactions of chosen months as one CSV, streamed to a key of your choice.

        Choose months and key in the launchpad (shift + click on Materialize).
        """
        months = chosen_months(lake.lake, chain.scenario, config.months)
        context.log.info(f"{chain.scenario.name}: {', '.join(months)} to {lake.lake.uri(config.key)}")
        return _materialized(write_labeled_csv(lake.lake, chain.scenario, months, config.key), months=", ".join(months))

    return [labeled_transactions, labeled_transactions_csv, labeled_csv]


def write_labeled_csv(
    lake: Lake, scenario: Scenario, months: Sequence[str], key: str = DEFAULT_KEY, progress: Progress | None = None
) -> Written:
    """Stream the labelled transactions of the months to one CSV in the lake; nothing of it touches the local disk.

    Parameters
    ----------
    months
        Keys such as ``2024-01``; each is written once, the oldest first.
    key
        Where under the lake's root.

    Raises
    ------
    ScenarioError
        If a month is outside the scenario's range.
    LakeError
        If a month has not been materialized or is damaged, there is none, or the key leads out of the lake.
    """
    if format_of(checked_key(key)) != "csv":
        raise LakeError(f"key {key!r} does not end in .csv, for example {DEFAULT_KEY}")
    return export_table(lake, scenario, LABELED_TRANSACTIONS, months, (lake, key), progress=progress)


def _materialized(written: Written, **more: str) -> dg.MaterializeResult[None]:
    metadata: dict[str, Any] = {
        "uri": written.uri,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "dagster/row_count": written.rows,
    }
    return dg.MaterializeResult(metadata={**metadata, **more})

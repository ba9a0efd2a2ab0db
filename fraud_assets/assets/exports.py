"""Exports: the labelled ledger, flat, for people and other tools."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

from collections.abc import Sequence
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from fraud_assets.assets import flat
from fraud_assets.assets.common import OWNER, Chain, code_version
from fraud_assets.assets.files import (
    DEFAULT_KEY,
    LABELED_TRANSACTIONS,
    checked_key,
    chosen_months,
    default_key,
    export_table,
)
from fraud_assets.lake.formats import format_of
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import Progress, Written
from fraud_assets.scenario import Bank

LABELED_CSV = "labeled_csv"
_ROOMS = ("assets/circumstances.py", "assets/flat.py", "fields.py")
_CSV_ROOMS = (*_ROOMS, "assets/files.py", "lake/reading.py", "lake/writing.py")


def export_assets(chain: Chain) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """``labeled_transactions``, the same as CSV, and ``labeled_csv`` over several months, made by a job of its own."""

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
        written = export_table(lake.lake, chain.scenario, LABELED_TRANSACTIONS, [context.partition_key], target)
        return dg.MaterializeResult(metadata=_metadata(lake.lake, written))

    labeled_csv = dg.AssetSpec(
        chain.key(LABELED_CSV),
        description="The labelled transactions of chosen months as one CSV, streamed to a key of your choice.\n\n"
        f"Made by the job `{chain.scenario.name}_{LABELED_CSV}`, in whose launchpad months and key are chosen, and not "
        "by *Materialize all*, which would write every month there is.",
        group_name=chain.scenario.name,
        deps=[dg.AssetDep(chain.key(LABELED_TRANSACTIONS), partition_mapping=dg.AllPartitionMapping())],
        kinds={"polars", "csv"},
        owners=[OWNER],
        tags={"stage": "exports", "knowledge": "truth"},
        metadata={"dagster/column_schema": flat.columns()},
        code_version=code_version(chain.scenario, *_CSV_ROOMS),
    )
    return [labeled_transactions, labeled_transactions_csv, labeled_csv]


def labeled_csv_op(chain: Chain) -> dg.OpDefinition:
    """What makes ``labeled_csv``: the labelled transactions of chosen months as one CSV at a chosen key."""
    scenario = chain.scenario
    place = default_key(scenario, LABELED_TRANSACTIONS)

    class LabeledCsv(dg.Config):
        """Which months go into the CSV, and where it goes."""

        months: list[str] = Field(
            default=[], description=f"Months such as {scenario.first}; an empty list: all that are in the lake"
        )
        key: str = Field(
            default=place, description=f"Where the CSV is written, under the lake's root, for example {place}"
        )

    @dg.op(
        name=f"{scenario.name}__{LABELED_CSV}",
        description="The labelled transactions of chosen months as one CSV, streamed to a key of your choice.",
        pool=scenario.name,
        out=dg.Out(dg.Nothing),
    )
    def labeled_csv(context: dg.OpExecutionContext, config: LabeledCsv, lake: LakeResource) -> None:
        months = chosen_months(lake.lake, scenario, config.months)
        context.log.info(f"{scenario.name}: {', '.join(months)} to {lake.lake.uri(config.key)}")
        written = write_labeled_csv(lake.lake, scenario, months, config.key)
        metadata = {**_metadata(lake.lake, written), "months": ", ".join(months)}
        context.log_event(dg.AssetMaterialization(chain.key(LABELED_CSV), metadata=metadata))

    return labeled_csv


def write_labeled_csv(
    lake: Lake, scenario: Bank, months: Sequence[str], key: str | None = None, progress: Progress | None = None
) -> Written:
    """Stream the labelled transactions of the months to one CSV in the lake; nothing of it touches the local disk.

    Parameters
    ----------
    months
        Keys such as ``2024-01``; each is written once, the oldest first.
    key
        Where under the lake's root; see :func:`~fraud_assets.assets.files.default_key`.

    Raises
    ------
    ScenarioError
        If a month is outside the scenario's range.
    LakeError
        If a month has not been materialized or is damaged, there is none, or the key leads out of the lake.
    """
    key = default_key(scenario, LABELED_TRANSACTIONS) if key is None else checked_key(key, scenario)
    if format_of(key) != "csv":
        raise LakeError(f"key {key!r} does not end in .csv, for example {DEFAULT_KEY}")
    return export_table(lake, scenario, LABELED_TRANSACTIONS, months, (lake, key), progress=progress)


def _metadata(lake: Lake, written: Written) -> dict[str, Any]:
    return {
        "uri": written.uri,
        "lake": lake.url,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "dagster/row_count": written.rows,
    }

"""Exports: the labelled ledger, flat, for people and other tools."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

from collections.abc import Sequence
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from fraud_assets.assets import flat
from fraud_assets.assets.common import Chain, code_version
from fraud_assets.lake.paths import Place, asset_folder
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import Progress, Written, write_csv
from fraud_assets.scenario import Scenario

LABELED_TRANSACTIONS = "labeled_transactions"
LABELED_CSV = "labeled_csv"
#: Where the labelled CSV goes unless its user says otherwise, under the lake's root.
DEFAULT_KEY = "data/synthetic_transactions_labeled.csv"
_ROOMS = ("assets/flat.py", "lake/writing.py")


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
        ins=chain.reads("transactions", "labeled_anomalies", "incident_reports", "customers", "devices"),
    )
    def labeled_transactions(
        transactions: pl.LazyFrame,
        labeled_anomalies: pl.LazyFrame,
        incident_reports: pl.LazyFrame,
        customers: pl.LazyFrame,
        devices: pl.LazyFrame,
    ) -> pl.LazyFrame:
        """A ledger row with its truth, the report of this month about it, its customer and its device, in one line."""
        return flat.flatten(transactions, labeled_anomalies, incident_reports, customers, devices)

    @dg.asset(
        **chain.settings(
            f"{LABELED_TRANSACTIONS}_csv",
            "exports",
            kinds={"polars", "csv"},
            rooms=_ROOMS,
            columns=flat.columns(),
            hidden=True,
        ),
        ins=chain.reads(LABELED_TRANSACTIONS),
    )
    def labeled_transactions_csv(
        context: dg.AssetExecutionContext, lake: LakeResource, labeled_transactions: pl.LazyFrame
    ) -> dg.MaterializeResult[None]:
        """The month's labelled transactions as CSV, in a folder of their own."""
        place = Place.of(context.asset_key.path, context.partition_key)
        return _materialized(write_csv(lake.lake, place.csv, labeled_transactions))

    @dg.asset(
        key=chain.key(LABELED_CSV),
        group_name=chain.scenario.name,
        pool=chain.scenario.name,
        deps=[dg.AssetDep(chain.key(LABELED_TRANSACTIONS), partition_mapping=dg.AllPartitionMapping())],
        kinds={"polars", "csv"},
        owners=["team:fraud-data"],
        tags={"stage": "exports", "knowledge": "truth"},
        metadata={"dagster/column_schema": flat.columns()},
        code_version=code_version(chain.scenario, *_ROOMS),
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


def months_in_lake(lake: Lake, scenario: Scenario) -> list[str]:
    """The months of which the lake has labelled transactions, oldest first."""
    keys = lake.list(asset_folder(scenario.name, LABELED_TRANSACTIONS))
    return sorted({part.removeprefix("month=") for key in keys for part in key.split("/") if part.startswith("month=")})


def chosen_months(lake: Lake, scenario: Scenario, months: Sequence[str] | None) -> list[str]:
    """The months somebody asks for, each once and oldest first; without any, those in the lake.

    Raises
    ------
    ScenarioError
        If a month is outside the scenario's range.
    """
    return sorted({scenario.month(month).key for month in months or months_in_lake(lake, scenario)})


def tables_in_lake(lake: Lake, scenario: Scenario, asset: str, months: Sequence[str]) -> list[str]:
    """The keys of an asset's tables, in the order of the months.

    Raises
    ------
    LakeError
        If there is no month, or one has not been materialized.
    """
    places = [Place(scenario.name, asset, month) for month in months]
    missing = [place.month for place in places if not lake.exists(place.parquet)]
    if missing or not places:
        what = f"months {', '.join(missing)} of " if missing else ""
        raise LakeError(
            f"{what}{scenario.name}/{asset} not in the lake {lake.url}; "
            f"run the job {scenario.name}_monthly for them first"
        )
    return [place.parquet for place in places]


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
    parts = key.split("/")
    if not key.endswith(".csv") or any(part in ("", ".", "..") for part in parts):
        raise LakeError(f"key {key!r} is not one under the lake's root that ends in .csv, for example {DEFAULT_KEY}")
    wanted = sorted({scenario.month(month).key for month in months})
    tables = tables_in_lake(lake, scenario, LABELED_TRANSACTIONS, wanted)
    with lake.naming_what_is_broken(tables):
        return write_csv(lake, key, lake.scan_parquet(tables), progress=progress)


def _materialized(written: Written, **more: str) -> dg.MaterializeResult[None]:
    metadata: dict[str, Any] = {
        "uri": written.uri,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "dagster/row_count": written.rows,
    }
    return dg.MaterializeResult(metadata={**metadata, **more})

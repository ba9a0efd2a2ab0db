"""Raw tables and labels of a bank of files: the user's own transactions, what of them is none, and what was reported.

What the files cannot say is not guessed: tables that only a simulated bank can fill are there without rows, so that
everything after them is the same chain.
"""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import inspect
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain
from fraud_assets.counting import counted
from fraud_assets.ingest import FILES_TABLES, Ingested, IngestError, ingest_month
from fraud_assets.lake import outside
from fraud_assets.lake.io_managers import column_schema
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.months import REPORT_LOOKBACK, Month
from fraud_assets.scenario import FilesScenario
from fraud_assets.tables import TABLES, IncidentReports, conform, polars_schema

_KINDS = {"python", "polars", "parquet"}
_ROOMS = ("ingest", "lake/outside.py")
#: Tables that files do not give, and why they are there all the same.
EMPTY = {
    "customers": "Empty: the files say nothing of customers but their numbers. What needs more of them is null.",
    "devices": "Empty: the files say nothing of devices but their numbers. What needs more of them is null.",
    "merchants": "Empty: the files say nothing of merchants but their numbers. What needs more of them is null.",
    "logins": "Empty: the files have no logins. What needs them is null.",
    "labeled_anomalies": "Empty: nobody knows the truth about real transactions. Reports take its place.",
}
_TOLD = 5


def ingest_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``transactions``, ``rejected_transactions``, ``source_labels``, ``incident_reports``, and the empty tables."""
    scenario = chain.scenario
    assert isinstance(scenario, FilesScenario)  # noqa: S101 - the definitions ask no other
    return [_files(chain, scenario), _reports(chain), *(_empty(chain, name) for name in EMPTY)]


def _files(chain: Chain, scenario: FilesScenario) -> dg.AssetsDefinition:
    ledger = chain.key("transactions")
    specs = [_spec(chain, name, hidden=name == "source_labels") for name in FILES_TABLES]
    with warnings.catch_warnings():
        # Checks by partition are a preview in Dagster 1.13; without them a backfill would show only its last month.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        checks = [
            dg.AssetCheckSpec(
                "rejected_share",
                asset=ledger,
                description=f"At most {scenario.files.rejected_share:.2%} of the month's rows are rejected.",
                partitions_def=chain.partitions,
                blocking=True,
            ),
            dg.AssetCheckSpec(
                "every_row_accounted_for",
                asset=ledger,
                description="Rows read are rows of the ledger, rejected ones, and rows of other months.",
                partitions_def=chain.partitions,
                blocking=True,
            ),
        ]

    @dg.multi_asset(
        name=f"{scenario.name}__files",
        outs={
            name: dg.AssetOut(
                key=spec["key"],
                io_manager_key="parquet",
                kinds=_KINDS,
                owners=spec["owners"],
                tags=spec["tags"],
                metadata=spec["metadata"],
                group_name=spec["group_name"],
                code_version=spec["code_version"],
                description=inspect.getdoc(FILES_TABLES[name]),
                dagster_type=pl.LazyFrame,
            )
            for name, spec in zip(FILES_TABLES, specs, strict=True)
        },
        check_specs=checks,
        partitions_def=chain.partitions,
        pool=chain.scenario.name,
    )
    def files(context: dg.AssetExecutionContext) -> Iterator[Any]:
        month = chain.month(context)
        with ingest_month(scenario, month, _found(scenario, month)) as found:
            for name in found.files:
                context.log.info(f"read {name}")
            rejected = lazy_chunks(polars_schema(FILES_TABLES["rejected_transactions"]), found.rejected_chunks())
            yield dg.Output(rejected, "rejected_transactions")
            # Before the ledger, which stays as it was where too much would be missing from it.
            share = _share_check(found, ledger)
            yield share
            if not share.passed:
                raise IngestError(f"{scenario.name}, {month}: {share.description}")
            if share.description:
                context.log.warning(f"{month}: {share.description}")
            ledger_rows = lazy_chunks(polars_schema(FILES_TABLES["transactions"]), found.ledger_chunks())
            yield dg.Output(ledger_rows, "transactions", metadata=_figures(found))
            labels = found.labels()
            late = labels.filter(pl.col("reported_at") >= (month + REPORT_LOOKBACK).end).height
            yield dg.Output(labels.lazy(), "source_labels", metadata={"reports that come too late": late})
            if late:
                context.log.warning(
                    f"{late:,} of {counted(labels.height, 'fraud')} of {month} are reported later than"
                    f" {REPORT_LOOKBACK} months after it: no incident report tells of them, and they count as honest;"
                    " is reported_at the right column?"
                )
            for sentence in found.missing:
                context.log.warning(sentence)
            found.check()
            yield dg.AssetCheckResult(
                asset_key=ledger,
                check_name="every_row_accounted_for",
                passed=True,
                description="; ".join(found.missing) or None,
                metadata=_figures(found),
            )

    return files


def _spec(chain: Chain, name: str, *, hidden: bool) -> Any:
    columns = column_schema(name, pl.Schema(polars_schema(FILES_TABLES[name])))
    return chain.settings(name, "raw", kinds=_KINDS, rooms=_ROOMS, columns=columns, hidden=hidden)


def _found(scenario: FilesScenario, month: Month) -> dict[Month | None, Sequence[outside.OutsideFile]]:
    """The files that may hold rows of a month, by month; under None those that may hold any."""
    files = scenario.files
    if not files.is_monthly:
        return {None: outside.find(files.location, scenario.folder)}
    months = (month + k for k in (-1, 0, 1))
    return {
        other: outside.find(files.of_month(other.key), scenario.folder) for other in months if scenario.holds(other)
    }


def _figures(found: Ingested) -> dict[str, Any]:
    return {
        "files": len(found.files),
        "rows read": found.read,
        "rows of other months": found.elsewhere,
        "rows rejected": found.rejected,
        "rows that repeat another": found.duplicates,
        "hours that are missing": "; ".join(found.missing) or "none",
        "inputs the files do not have": ", ".join(found.scenario.absent),
    }


def _share_check(found: Ingested, ledger: dg.AssetKey) -> dg.AssetCheckResult:
    share, most = found.rejected_share, found.scenario.files.rejected_share
    reasons = found.reasons(_TOLD)
    table = "\n".join(["| reason | rows |", "|---|---|", *(f"| {reason} | {rows:,} |" for reason, rows in reasons)])
    return dg.AssetCheckResult(
        asset_key=ledger,
        check_name="rejected_share",
        passed=share <= most,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{share:.2%} of the rows are rejected, {most:.2%} may be (files.rejected_share);"
        f" {'most often' if reasons[0][1] > 1 else 'such as'}: {reasons[0][0]}; all are in rejected_transactions"
        if reasons
        else None,
        metadata={"share": share, "limit": most, "reasons": dg.MetadataValue.md(table)},
    )


def _reports(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings("incident_reports", "labels", kinds=_KINDS, rooms=_ROOMS),
        deps=chain.keys("source_labels"),
    )
    def incident_reports(context: dg.AssetExecutionContext, lake: LakeResource) -> pl.DataFrame:
        """Something the bank learned in this month about a transaction of this or an earlier month.

        The files' labels, each from the day on which the bank knew: what models learn from and are judged by.
        """
        month = chain.month(context)
        labels = chain.table(lake, "source_labels", [*month.back(REPORT_LOOKBACK), month])
        if not labels.collect_schema().names():
            return pl.DataFrame(schema=polars_schema(IncidentReports))
        known = labels.filter(pl.col("reported_at").is_between(month.start, month.end, closed="left"))
        found = known.with_columns(kind=pl.lit("fraud"), source=pl.lit("bank")).sort("transaction_id").collect()
        return conform(found, IncidentReports)

    return incident_reports


def _empty(chain: Chain, name: str) -> dg.AssetsDefinition:
    stage, hidden = ("labels", True) if name == "labeled_anomalies" else ("raw", False)
    settings = chain.settings(name, stage, kinds={"parquet"}, rooms=(), hidden=hidden)  # type: ignore[arg-type]

    @dg.asset(**settings, description=EMPTY[name])
    def empty() -> pl.DataFrame:
        return pl.DataFrame(schema=polars_schema(TABLES[name]))

    return empty

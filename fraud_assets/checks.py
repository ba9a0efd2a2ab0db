"""Asset checks: what must hold of a month before anything reads it.

What lives here: which tables are checked for what, and what a broken rule means. What does not: the counting (rules)
and the figures of the gates (evaluation). All are blocking and partitioned by month: an ERROR stops what is downstream
in the run, a WARN does not.
"""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import warnings
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

import dagster as dg
import dataframely as dy
import polars as pl

from fraud_assets.assets.common import Chain
from fraud_assets.evaluation.gates import GATES, REPORTS, Result, judge, report_delays
from fraud_assets.evaluation.gates.picture import gate_markdown
from fraud_assets.ingest import FILES_TABLES
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.months import REPORT_LOOKBACK, Month
from fraud_assets.rules import SORTED_BY, broken_columns, broken_rows, missing_keys
from fraud_assets.scenario import Scenario
from fraud_assets.tables import TABLES, polars_schema

#: Table -> column -> the table and column in which each of its values has to be found, in the same month.
REFERENCES: dict[str, dict[str, tuple[str, str]]] = {
    "logins": {"customer_id": ("customers", "customer_id"), "device_id": ("devices", "device_id")},
    "transactions": {
        "customer_id": ("customers", "customer_id"),
        "merchant_id": ("merchants", "merchant_id"),
        "device_id": ("devices", "device_id"),
        "terminal_id": ("devices", "device_id"),
    },
}


#: What the gates read beside the ledger and its truth, and what of the month before.
_JUDGED_WITH = ("fraud_campaigns", "customers", "merchants", "devices", "logins")
_BEFORE = ("transactions", "labeled_anomalies", "fraud_campaigns")


def all_checks(chain: Chain) -> list[dg.AssetChecksDefinition]:
    """All checks of a chain."""
    with warnings.catch_warnings():
        # Checks by partition are a preview in Dagster 1.13; without them a backfill would show only its last month.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            *(_schema_check(chain, name, table) for name, table in _tables(chain).items()),
            *(_of_a_world(chain, chain.scenario) if isinstance(chain.scenario, Scenario) else []),
        ]


def _tables(chain: Chain) -> dict[str, type[dy.Schema]]:
    """The tables of a chain with their rules: a bank of files has no campaigns, and may know less of a transaction."""
    if isinstance(chain.scenario, Scenario):
        return TABLES
    return {name: table for name, table in TABLES.items() if name != "fraud_campaigns"} | FILES_TABLES


def _of_a_world(chain: Chain, scenario: Scenario) -> list[dg.AssetChecksDefinition]:
    """Checks of what only a simulated bank has: customers, devices and merchants in tables, and the truth."""
    return [
        *(_reference_check(chain, name, columns) for name, columns in REFERENCES.items()),
        _original_check(chain),
        *([_gates(chain, scenario), _reports_gate(chain, scenario)] if scenario.gates.severity != "off" else []),
    ]


def _schema_check(chain: Chain, name: str, table: type[dy.Schema]) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=chain.key(name),
        name="schema",
        description="Columns, types, nulls, ranges, a unique primary key and the order of rows, as declared.",
        partitions_def=chain.partitions,
        pool=chain.scenario.name,
        blocking=True,
    )
    def schema(frame: pl.LazyFrame) -> dg.AssetCheckResult:
        broken: Mapping[str, int | str] = broken_columns(frame, polars_schema(table))
        if not broken:
            broken = broken_rows(frame, table, SORTED_BY.get(name, ()))
        return dg.AssetCheckResult(
            passed=not broken, metadata=dict(broken), description=_listed(broken, "rows break it") if broken else None
        )

    return schema


def _reference_check(chain: Chain, name: str, columns: Mapping[str, tuple[str, str]]) -> dg.AssetChecksDefinition:
    targets = {target for target, _ in columns.values()}

    @dg.asset_check(
        asset=chain.key(name),
        name="references",
        description=f"Each {', '.join(columns)} is found in its table.",
        additional_deps=chain.keys(*sorted(targets)),
        partitions_def=chain.partitions,
        pool=chain.scenario.name,
        blocking=True,
    )
    def references(
        context: dg.AssetCheckExecutionContext, frame: pl.LazyFrame, lake: LakeResource
    ) -> dg.AssetCheckResult:
        def table(name: str) -> pl.LazyFrame:
            return lake.lake.scan_parquet([Place(chain.scenario.name, name, context.partition_key).parquet])

        missing = {column: missing_keys(frame, column, table(name), key=key) for column, (name, key) in columns.items()}
        broken = {column: count for column, count in missing.items() if count}
        return dg.AssetCheckResult(
            passed=not broken,
            metadata={f"{column} not found": count for column, count in missing.items()},
            description=_listed(broken, "values are in no row of their table") if broken else None,
        )

    return references


def _original_check(chain: Chain) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=chain.key("transactions"),
        name="originals",
        description="What a refund or reversal refers to is in the ledger of its month or of the month before.",
        partitions_def=chain.partitions,
        pool=chain.scenario.name,
        blocking=True,
    )
    def originals(
        context: dg.AssetCheckExecutionContext, frame: pl.LazyFrame, lake: LakeResource
    ) -> dg.AssetCheckResult:
        month = chain.month(context)
        before = Place(chain.scenario.name, "transactions", (month - 1).key).parquet
        is_known = month > chain.scenario.first and lake.lake.exists(before)
        ledgers = [frame, lake.lake.scan_parquet([before])] if is_known else [frame]
        missing = missing_keys(frame, "original_transaction_id", *ledgers, key="transaction_id")
        if is_known or not missing:
            return dg.AssetCheckResult(passed=not missing, metadata={"not found": missing})
        return dg.AssetCheckResult(
            passed=True,
            metadata={"refer to a month that is not in the lake": missing},
            description=f"{missing:,} refunds or reversals refer to payments before {month}. The lake has nothing of "
            f"{month - 1}, so whether those are there cannot be looked up.",
        )

    return originals


def _gates(chain: Chain, scenario: Scenario) -> dg.AssetChecksDefinition:
    truth = chain.key("labeled_anomalies")

    @dg.multi_asset_check(
        name=f"{chain.scenario.name}_gates",
        specs=[
            dg.AssetCheckSpec(
                name,
                asset=truth,
                description=description,
                additional_deps=chain.keys("transactions", *_JUDGED_WITH),
                partitions_def=chain.partitions,
                blocking=True,
            )
            for name, description in GATES.items()
        ],
        pool=chain.scenario.name,
    )
    def run(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> Iterator[dg.AssetCheckResult]:
        month = chain.month(context)

        def tables(month: Month, names: Iterable[str]) -> dict[str, pl.LazyFrame]:
            return {name: chain.table(lake, name, [month]) for name in names}

        places = [Place(chain.scenario.name, name, (month - 1).key).parquet for name in _BEFORE]
        is_known = month > chain.scenario.first and all(lake.lake.exists(place) for place in places)
        before = tables(month - 1, _BEFORE) if is_known else None
        found = judge(scenario, month, tables(month, ("transactions", "labeled_anomalies", *_JUDGED_WITH)), before)
        for result in found:
            yield _verdict(scenario, result, truth)

    return run


def _reports_gate(chain: Chain, scenario: Scenario) -> dg.AssetChecksDefinition:
    reports = chain.key("incident_reports")

    @dg.asset_check(
        asset=reports,
        name=REPORTS,
        description="The bank learns of fraud as fast as asked for.",
        additional_deps=chain.keys("labeled_anomalies"),
        partitions_def=chain.partitions,
        pool=chain.scenario.name,
        blocking=True,
    )
    def delays(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> dg.AssetCheckResult:
        """Watches the fraud of this month and of those before it that are in the lake without a gap."""
        month = chain.month(context)

        def is_known(month: Month) -> bool:
            tables = ("labeled_anomalies", "incident_reports")
            return all(lake.lake.exists(Place(chain.scenario.name, name, month.key).parquet) for name in tables)

        earlier = (other for other in reversed(month.back(REPORT_LOOKBACK)) if other >= chain.scenario.first)
        months = [*reversed(list(takewhile(is_known, earlier))), month]
        labeled, filed = (chain.table(lake, name, months) for name in ("labeled_anomalies", "incident_reports"))
        return _verdict(scenario, report_delays(labeled, filed, month.end), reports)

    return delays


def _verdict(scenario: Scenario, found: Result, asset: dg.AssetKey) -> dg.AssetCheckResult:
    """A gate's result as the UI shows it; an ERROR only where the scenario asks for one and the rows suffice."""
    gates, closest = scenario.gates, found.closest
    is_error = gates.severity == "error" and found.n >= gates.minimum_fraud_rows
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=found.name,
        passed=found.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=found.explanation,
        metadata={
            "asked and realised": dg.MetadataValue.md(gate_markdown(found)),
            **({"value": closest.realised, "value is": closest.name, "allowed": closest.allowed} if closest else {}),
            "rule": found.limit,
            "fraud rows": found.n,
            **({"details": found.details} if found.details else {}),
        },
    )


def _listed(broken: Mapping[str, int | str], what: str) -> str:
    counts = [
        f"{rule}: {count:,} {what}" if isinstance(count, int) else f"{rule} {count}" for rule, count in broken.items()
    ]
    return "; ".join(counts)

"""The demo: a bank's first months through the whole chain in one process, with progress, and what came out of it.

The runs are ordinary runs of the monthly job on the instance of ``DAGSTER_HOME``, so the UI shows them afterwards.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

import dagster as dg
import polars as pl
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

from fraud_assets.assets.trial import months_of_reports
from fraud_assets.counting import counted
from fraud_assets.definitions import build_definitions
from fraud_assets.instance import dagster_home, naming_the_instance, open_instance
from fraud_assets.knowledge import known_at
from fraud_assets.lake.paths import Place
from fraud_assets.lake.preflight import check_lake_reachable
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.months import FEATURE_LOOKBACK, REPORT_LOOKBACK, TRAINING_WINDOW, Month
from fraud_assets.partitions import monthly
from fraud_assets.scenario import Bank, ScenarioError
from fraud_assets.sensors import error_of, reason_of
from fraud_assets.tracking import check_reachable

_TRUTH, _LABELS, _REPORTS = "labeled_anomalies", "source_labels", "incident_reports"
_LEDGER, _REPORT = "transactions", "evaluation_report"
_FIRST_MONTHS = 3
#: What a run of a month reads of the months before it, and of how many: of each the table that looks back furthest.
_EARLIER = ((_LEDGER, FEATURE_LOOKBACK), (_REPORTS, TRAINING_WINDOW), ("transaction_features", TRAINING_WINDOW))
#: What progress adds to a table's name where the name alone says something else than the summary's word.
_COUNTED = {"alerts": "alerts (customer-hours)"}
#: As ``workspace.yaml`` calls it.
CODE_LOCATION = "fraud_assets"
#: Where the Makefile is, unless the package was installed without it.
_REPOSITORY = Path(__file__).resolve().parent.parent


def demo_months(scenario: Bank, chosen: Sequence[str] = ()) -> list[Month]:
    """The chosen months, each once and oldest first; without any, the first three of those that have ended.

    Raises
    ------
    ScenarioError
        If a month is outside the scenario's range or has not ended yet, or none has.
    """
    ended = [Month.parse(key) for key in monthly(scenario).get_partition_keys()]
    months = sorted({scenario.month(key) for key in chosen})
    if (months and months[-1] not in ended) or not ended:
        last = f"the last one that has is {ended[-1]}" if ended else "it is the first one"
        raise ScenarioError(f"scenario {scenario.name}: month {(months or [scenario.first])[-1]} has not ended; {last}")
    return months or ended[:_FIRST_MONTHS]


def run_demo(scenario: Bank, months: Sequence[Month]) -> bool:
    """Run the months, of :func:`demo_months`, in their order and print what came out; true if all of them finished.

    The environment variable DAGSTER_HOME names the instance; without it nothing but the lake keeps a trace of the runs.

    Raises
    ------
    Mendable
        If lake or MLflow cannot be reached, or the lake lacks a month that a chosen one looks back on.
    ValueError
        If DAGSTER_HOME is not an existing folder.
    KeyboardInterrupt
        If the user stops a run, which Dagster itself takes for a failure.
    """
    begun = time.monotonic()
    home = dagster_home()
    lake = LakeResource().lake
    check_lake_reachable(lake)
    check_months_before(scenario, months, lake)
    check_reachable()  # MLflow; what is made before it is needed would have been replaced for nothing
    print(f"{scenario.title}, {months[0]} to {months[-1]}, into {lake.url}")
    definitions = dg.Definitions.merge(
        build_definitions(scenarios=[scenario]), dg.Definitions(loggers={"progress": progress_logger})
    )
    job = definitions.resolve_job_def(f"{scenario.name}_monthly")
    with naming_the_instance(home), open_instance(home) as instance:
        _launched_from_the_ui(instance, job.name)
        for month in months:
            print(f"\n{month}", flush=True)
            run = job.execute_in_process(
                partition_key=month.key,
                instance=instance,
                run_config={"loggers": {"progress": {}}},
                raise_on_error=False,
            )
            if any(map(_interrupted, run.all_events)):
                raise KeyboardInterrupt
            if not run.success:
                print(f"\n{scenario.name} {month} did not finish; every table is whole, as it was before or new.")
                return False
    look = f"Look at it: {_ui(home, lake)}" if home else without_home()
    print(f"\n{summary(scenario, months, lake)}\n\nDone in {time.monotonic() - begun:.0f} s. {look}")
    return True


def check_months_before(scenario: Bank, months: Sequence[Month], lake: Lake) -> None:
    """See that the lake has the earlier months on which the chosen ones look back, or that those are chosen, too.

    Raises
    ------
    LakeError
        If it lacks one; the sentence names the command that makes all that are needed.
    """
    needed, unseen = set(months), list(months)
    while unseen:
        lacking = set(_lacking(scenario, unseen.pop(), needed, lake))
        needed |= lacking
        unseen += lacking
    if missing := sorted(needed - set(months)):
        which = ", ".join(map(str, missing))
        command = f"fraud-assets demo {scenario.name} --months {' '.join(map(str, sorted(needed)))}"
        raise LakeError(
            f"{scenario.name} {', '.join(map(str, months))} looks back on {which}, which the lake {lake.url} lacks;"
            f" run the missing, too: {command}"
        )


def _lacking(scenario: Bank, month: Month, made: Iterable[Month], lake: Lake) -> Iterable[Month]:
    """Earlier months of which something that a month's run reads is not there and will not be made before it."""
    told = (_TRUTH if scenario.has_truth else _LABELS, REPORT_LOOKBACK)
    for before in month.back(REPORT_LOOKBACK):
        places = (
            Place(scenario.name, asset, before.key) for asset, many in (*_EARLIER, told) if month - many <= before
        )
        if before >= scenario.first and before not in made and not all(lake.exists(p.parquet) for p in places):
            yield before


def without_home() -> str:
    """What to say of runs that no instance kept, with the remedy where the working directory can be one."""
    remedy = "; before the next time type: export DAGSTER_HOME=$PWD" if Path("dagster.yaml").is_file() else ""
    return f"The UI knows nothing of it: no DAGSTER_HOME was set{remedy}"


def _ui(home: str, lake: Lake) -> str:
    """The command that opens the UI on this instance, this lake and this bank, from whatever shell in this folder."""
    said = [f"FRAUD_ASSETS_LAKE={quote(lake.url)}"] if os.environ.get("FRAUD_ASSETS_LAKE") else []
    if folder := os.environ.get("FRAUD_ASSETS_SCENARIOS"):
        said.append(f"FRAUD_ASSETS_SCENARIOS={quote(str(Path(folder).expanduser().resolve()))}")
    # `make` takes DAGSTER_HOME for its own folder, whatever the environment says, but not what stands behind it.
    is_elsewhere = Path.cwd().resolve() != _REPOSITORY and (_REPOSITORY / "Makefile").is_file()
    said += ["make", *(["-C", quote(str(_REPOSITORY))] if is_elsewhere else []), "ui"]
    instance = Path(home).expanduser().resolve()
    return " ".join([*said, *([f"DAGSTER_HOME={quote(str(instance))}"] if instance != _REPOSITORY else [])])


def _launched_from_the_ui(instance: dg.DagsterInstance, job: str) -> None:
    """Have the runs of this instance say that they are of the UI's code location.

    Its timeline, its pages about jobs and its re-execution take only such runs, and Dagster has no public way to say so
    of runs in this process.
    """
    location = RegisteredCodeLocationOrigin(CODE_LOCATION)
    origin = RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME).get_job_origin(job)
    instance.create_run_for_job = partial(instance.create_run_for_job, remote_job_origin=origin)  # type: ignore[method-assign]


def _interrupted(event: dg.DagsterEvent) -> bool:
    """Whether a step or a run failed since the user stopped it."""
    error = error_of(event)
    while error is not None:
        if error.cls_name in (dg.DagsterExecutionInterruptedError.__name__, KeyboardInterrupt.__name__):
            return True
        error = error.cause
    return False


def summary(scenario: Bank, months: Sequence[Month], lake: Lake) -> str:
    """What the months hold and how well fraud was found in the last of them, with the places of report and lake."""
    rows, frauds = _rows(scenario, months, lake)
    called = "of them fraud" if scenario.has_truth else "reported as fraud by now"
    place = Place(scenario.name, _REPORT, months[-1].key)
    report = json.loads(lake.read_bytes(place.value))
    lines = [
        ("payments", f"{counted(rows, 'ledger row')}, {frauds:,} {called} ({frauds / max(1, rows):.2%})"),
        *_found(report),
        ("report", lake.uri(place.file("report.html"))),
        ("lake", lake.url),
    ]
    return "\n".join(f"{name:>10}  {text}" for name, text in lines)


def _rows(scenario: Bank, months: Sequence[Month], lake: Lake) -> tuple[int, int]:
    def scan(asset: str, of: Iterable[Month] = months) -> pl.LazyFrame:
        return lake.scan_parquet([Place(scenario.name, asset, month.key).parquet for month in of])

    ledger = scan(_LEDGER).select("transaction_id")
    rows = int(ledger.select(pl.len()).collect(engine="streaming").item())
    if scenario.has_truth:
        return rows, int(scan(_TRUTH).select("is_fraud").collect()["is_fraud"].sum())
    told = sorted({late for month in months for late in months_of_reports(lake, scenario.name, month)})
    known = known_at(scan(_REPORTS, told), told[-1].end)  # about rows of any month
    return rows, ledger.join(known, on="transaction_id", how="semi").collect(engine="streaming").height


def _found(report: dict[str, Any]) -> list[tuple[str, str]]:
    if report["status"] == "empty":
        return [("model", f"none for {report['month']}: {report['reason']}")]
    headline, currency = report["headline"], report["settings"]["currency"]
    precision, savings = headline["average_precision"], headline["savings"]
    has_interval = precision["low"] is not None
    tested = counted(report["tested"]["rows"], "unseen payment")
    return [
        ("model", f"{report['champion']}, tested on {tested} of {report['month']}"),
        ("AP", f"{_interval(precision, '.3f')} (average precision{', 95 % interval' if has_interval else ''})"),
        (
            "alerts",
            f"{counted(headline['alerts'], 'payment')} flagged or rejected{_share(headline['alert_precision'])}",
        ),
        ("saved", f"{currency} {_interval(savings, ',.0f')}"),
    ]


def _share(share: float | None) -> str:
    return "" if share is None else f", {share:.0%} of them fraud"


def _interval(estimate: dict[str, float | None], form: str) -> str:
    """A figure with its interval; a month with too little fraud has neither."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None:
        return "none"
    return f"{value:{form}}" if low is None or high is None else f"{value:{form}} ({low:{form}} to {high:{form}})"


@dg.logger
def progress_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """A line for each finished step: rows and time; and why a step or a check failed."""
    logger = logging.getLogger("fraud_assets.progress")
    logger.setLevel(logging.DEBUG)  # the level of most of Dagster's events
    logger.propagate = False
    logger.handlers = [_Progress()]
    return logger


class _Progress(logging.Handler):
    """Prints Dagster's events as a person wants to read them."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[str, float] = {}
        self._rows: dict[str, dict[str, str]] = {}  # of each step, by table

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event: dg.DagsterEvent | None = meta.get("dagster_event")
        if event is None:
            if record.levelno in (logging.INFO, logging.WARNING):
                said = "warning: " if record.levelno == logging.WARNING else ""
                print(f"    {said}{meta.get('orig_message')}", flush=True)
            return
        step = event.step_key or ""
        name = step.partition("__")[2] or step
        match event.event_type:
            case dg.DagsterEventType.STEP_START:
                self._begun[step] = time.monotonic()
                self._rows.pop(step, None)
            case dg.DagsterEventType.ASSET_MATERIALIZATION:
                made = event.step_materialization_data.materialization
                rows = made.metadata.get("dagster/row_count")
                tables = self._rows.setdefault(step, {})
                tables[made.asset_key.path[-1]] = f"{rows.value:>12,} rows" if rows else ""
            case dg.DagsterEventType.STEP_SUCCESS if step in self._rows:
                took = f"{time.monotonic() - self._begun[step]:>8.1f} s"  # of all its tables, where there are several
                for table, counted in self._rows[step].items():
                    print(f"  {_COUNTED.get(table, table):<26}{counted:>18}{took}", flush=True)
                    took = ""
            case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                found = event.asset_check_evaluation_data
                if not found.passed:
                    print(
                        f"  {found.severity.value}: {found.asset_key.path[-1]}, {found.check_name}: {found.description}"
                    )
            case dg.DagsterEventType.STEP_FAILURE if not _interrupted(event):
                print(f"  {name}: {reason_of(event)}", flush=True)
            case dg.DagsterEventType.RESOURCE_INIT_FAILURE if not _interrupted(event):
                print(f"  {reason_of(event)}", flush=True)
            case _:
                pass

"""Sensors: one clear sentence for each run that fails."""

from __future__ import annotations

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

_SCENARIO, _MONTH = "scenario", "dagster/partition"


def failure_sentence(context: dg.RunFailureSensorContext) -> str:
    """Which bank and month failed, at which step, why, and which run to open."""
    run = context.dagster_run
    steps = {event.step_key: reason_of(event) for event in context.get_step_failure_events() if event.step_key}
    # Runs from the asset graph are of no job of a bank; their assets are.
    banks = sorted({key.path[0] for key in run.asset_selection or ()})
    where = f"{run.tags.get(_SCENARIO) or ', '.join(banks) or run.job_name} {run.tags.get(_MONTH, '')}".strip()
    what = "; ".join(f"{step}: {reason}" for step, reason in steps.items()) or _why_none_began(context)
    return f"{where} failed: {what} (run {run.run_id})"


def _why_none_began(context: dg.RunFailureSensorContext) -> str:
    """Of a run that failed outside its steps, such as while it opened the lake."""
    event = context.failure_event
    return reason_of(event) if error_of(event) else event.message or "no reason recorded"


def reason_of(event: dg.DagsterEvent) -> str:
    """Why a step, a resource or a run failed: the first line of what was raised, without what Dagster wraps it in."""
    error = error_of(event)
    if error is None:
        return "no reason recorded"
    while error.cause is not None and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    sentence = error.message.strip().splitlines()[0]
    # Our own errors are whole sentences; of others the class says something.
    return sentence.partition(": ")[2] if sentence.startswith("fraud_assets.") else sentence


def error_of(event: dg.DagsterEvent) -> SerializableErrorInfo | None:
    """What was raised, if the event tells of a failure."""
    match event.event_type:
        case dg.DagsterEventType.STEP_FAILURE:
            return event.step_failure_data.error
        case dg.DagsterEventType.RESOURCE_INIT_FAILURE:
            return event.engine_event_data.error
        case dg.DagsterEventType.RUN_FAILURE:
            return event.job_failure_data.error
        case _:
            return None


@dg.run_failure_sensor(
    description="Logs one sentence for each failed run: bank, month, step and reason.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def log_failed_runs(context: dg.RunFailureSensorContext) -> None:
    context.log.error(failure_sentence(context))

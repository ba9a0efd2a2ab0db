"""Sensors: one clear sentence for each run that fails."""

from __future__ import annotations

import dagster as dg

_SCENARIO, _MONTH = "scenario", "dagster/partition"


def failure_sentence(context: dg.RunFailureSensorContext) -> str:
    """Which bank and month failed, at which step, why, and which run to open."""
    run = context.dagster_run
    steps = {event.step_key: reason_of(event) for event in context.get_step_failure_events() if event.step_key}
    # Runs from the asset graph are of no job of a bank; their assets are.
    banks = sorted({key.path[0] for key in run.asset_selection or ()})
    where = f"{run.tags.get(_SCENARIO) or ', '.join(banks) or run.job_name} {run.tags.get(_MONTH, '')}".strip()
    what = "; ".join(f"{step}: {reason}" for step, reason in steps.items()) or context.failure_event.message
    return f"{where} failed: {what} (run {run.run_id})"


def reason_of(event: dg.DagsterEvent) -> str:
    """Why a step failed: the first line of what the asset itself raised, without what Dagster wraps around it."""
    error = event.step_failure_data.error
    if error is None:
        return "no reason recorded"
    while error.cause is not None and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    sentence = error.message.strip().splitlines()[0]
    # Our own errors are whole sentences; of others the class says something.
    return sentence.partition(": ")[2] if sentence.startswith("fraud_assets.") else sentence


@dg.run_failure_sensor(
    description="Logs one sentence for each failed run: bank, month, step and reason.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def log_failed_runs(context: dg.RunFailureSensorContext) -> None:
    context.log.error(failure_sentence(context))

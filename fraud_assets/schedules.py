"""Schedules: when a scenario's months run. All are off until switched on in the UI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from fraud_assets.months import FEATURE_LOOKBACK, Month
from fraud_assets.partitions import monthly
from fraud_assets.scenario import Bank

if TYPE_CHECKING:  # what define_asset_job returns has no public name
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

#: How many months are run again: those whose rows the features of the running month still look back on.
RERUN_MONTHS = FEATURE_LOOKBACK


def month_just_ended(scenario: Bank, job: AssetJob) -> dg.ScheduleDefinition:
    """Runs the month that has just ended, on the first of the next at 03:00 UTC, once: the run key is the month."""

    @dg.schedule(
        name=f"{scenario.name}_month_just_ended",
        job=job,
        cron_schedule="0 3 1 * *",
        execution_timezone="UTC",
        description=f"{scenario.title}: the month that has just ended.",
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        ended = Month.of(context.scheduled_execution_time) - 1
        if ended.key not in monthly(scenario).get_partition_keys(current_time=context.scheduled_execution_time):
            return dg.SkipReason(f"{ended} is not a month of {scenario.name}")
        return dg.RunRequest(run_key=ended.key, partition_key=ended.key)

    return schedule


def rerun_last_months(scenario: Bank, job: AssetJob) -> dg.ScheduleDefinition:
    """Runs the last months again, oldest first: for a bank whose reports and corrections come late."""

    @dg.schedule(
        name=f"{scenario.name}_rerun_last_months",
        job=job,
        cron_schedule="0 5 2 * *",
        execution_timezone="UTC",
        description=f"{scenario.title}: the last {RERUN_MONTHS} months again, oldest first.",
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        today = context.scheduled_execution_time
        ended = monthly(scenario).get_partition_keys(current_time=today)
        for key in ended[-RERUN_MONTHS:]:
            yield dg.RunRequest(run_key=f"{today:%Y-%m-%d}/{key}", partition_key=key)

    return schedule

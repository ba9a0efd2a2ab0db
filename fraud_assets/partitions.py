"""Dagster's view of months: one partitions definition a scenario.

Dagster is told that a month follows the same month of what it is made from, and nothing of look-backs: those the assets
read from the lake themselves (``Chain.table``), with the constants of :mod:`fraud_assets.months`. A look-back told as a
partition mapping would extend a backfill of three months, started from the asset graph, to every later month that looks
back on them, none of which is there yet; and it would cut each month's run into pieces. The order of months comes from
the queue: the runs of a backfill start one by one, oldest first (``dagster.yaml``), and a month whose predecessors are
missing says so.
"""

from __future__ import annotations

import dagster as dg

from fraud_assets.scenario import Bank


def monthly(scenario: Bank) -> dg.MonthlyPartitionsDefinition:
    """The months of a scenario, keys such as ``2024-01``: from its first one to its last or to the month just ended."""
    return dg.MonthlyPartitionsDefinition(
        start_date=scenario.first.key,
        end_date=(scenario.last + 1).key if scenario.last else None,
        fmt="%Y-%m",
        timezone="UTC",
        end_offset=0,
    )

"""Jobs: a scenario's month from end to end, and its labelled CSV.

What lives here: which assets run together. What does not: when (schedules) and what they do (assets).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from fraud_assets.assets.exports import LABELED_CSV
from fraud_assets.scenario import Scenario

if TYPE_CHECKING:  # what define_asset_job returns has no public name
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob


def monthly_job(scenario: Scenario) -> AssetJob:
    """Everything of one month."""
    everything = dg.AssetSelection.groups(scenario.name)
    return dg.define_asset_job(
        f"{scenario.name}_monthly",
        selection=everything - dg.AssetSelection.assets([scenario.name, LABELED_CSV]),
        description=f"{scenario.title}: one month from customers to evaluation report.",
        tags={"scenario": scenario.name},
    )


def labeled_csv_job(scenario: Scenario) -> AssetJob:
    """The labelled data of chosen months as one CSV; months and key are chosen in the launchpad."""
    return dg.define_asset_job(
        f"{scenario.name}_labeled_csv",
        selection=dg.AssetSelection.assets([scenario.name, LABELED_CSV]),
        description=f"{scenario.title}: the labelled transactions of chosen months, streamed to the lake as one CSV.",
        tags={"scenario": scenario.name},
    )

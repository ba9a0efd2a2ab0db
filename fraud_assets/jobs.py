"""Jobs: a scenario's month from end to end, and its labelled CSV.

What lives here: which assets run together. What does not: when (schedules) and what they do (assets).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from fraud_assets.assets.common import Chain
from fraud_assets.assets.exports import LABELED_CSV, labeled_csv_op
from fraud_assets.assets.review import FEATURE_WORTH, MODEL_COMPARISON
from fraud_assets.assets.study import MODEL_STUDY
from fraud_assets.scenario import Bank

if TYPE_CHECKING:  # what define_asset_job returns has no public name
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob


def monthly_job(scenario: Bank) -> AssetJob:
    """Everything of one month but what is made when somebody asks for it."""
    everything = dg.AssetSelection.groups(scenario.name)
    names = [MODEL_COMPARISON, FEATURE_WORTH, MODEL_STUDY, *([LABELED_CSV] if scenario.has_truth else [])]
    apart = [[scenario.name, name] for name in names]
    return dg.define_asset_job(
        f"{scenario.name}_monthly",
        selection=everything - dg.AssetSelection.assets(*apart),
        description=f"{scenario.title}: one month from customers to evaluation report.",
        tags={"scenario": scenario.name},
    )


def labeled_csv_job(chain: Chain) -> dg.JobDefinition:
    """The labelled data of chosen months as one CSV; months and key are chosen in the launchpad."""
    scenario = chain.scenario
    write = labeled_csv_op(chain)

    @dg.job(
        name=f"{scenario.name}_{LABELED_CSV}",
        description=f"{scenario.title}: the labelled transactions of chosen months, streamed to the lake as one CSV.",
        tags={"scenario": scenario.name},
    )
    def labeled_csv() -> None:
        write()

    return labeled_csv

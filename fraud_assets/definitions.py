"""What Dagster loads: the chain of every scenario there is, with the resources of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from fraud_assets.assets.alerts import alert_assets
from fraud_assets.assets.anomalies import anomaly_assets, anomaly_report_assets
from fraud_assets.assets.broken import broken_scenario
from fraud_assets.assets.common import Chain
from fraud_assets.assets.drift import drift_assets
from fraud_assets.assets.exports import export_assets
from fraud_assets.assets.features import feature_assets
from fraud_assets.assets.ingest import ingest_assets
from fraud_assets.assets.labels import label_assets
from fraud_assets.assets.models import model_assets
from fraud_assets.assets.portrait import portrait_assets
from fraud_assets.assets.quality import quality_assets
from fraud_assets.assets.raw import raw_assets
from fraud_assets.assets.reports import report_assets
from fraud_assets.assets.review import review_assets
from fraud_assets.assets.study import study_assets
from fraud_assets.checks import all_checks
from fraud_assets.jobs import labeled_csv_job, monthly_job
from fraud_assets.lake.io_managers import DocumentIOManager, ParquetIOManager
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.root import DEFAULT_ROOT, VARIABLE
from fraud_assets.scenario import Bank, ScenarioError, load_all
from fraud_assets.schedules import month_just_ended, rerun_last_months
from fraud_assets.sensors import log_failed_runs
from fraud_assets.tracking import MlflowResource

#: By where the transactions come from. Truth, and what is made from it, only a simulated bank has.
_STAGES = {
    "simulated": (
        raw_assets,
        label_assets,
        feature_assets,
        model_assets,
        study_assets,
        anomaly_assets,
        drift_assets,
        quality_assets,
        report_assets,
        anomaly_report_assets,
        alert_assets,
        review_assets,
        portrait_assets,
        export_assets,
    ),
    "files": (
        ingest_assets,
        feature_assets,
        model_assets,
        study_assets,
        anomaly_assets,
        drift_assets,
        quality_assets,
        report_assets,
        alert_assets,
        review_assets,
    ),
}


def default_resources() -> dict[str, Any]:
    """The resources as the environment configures them: FRAUD_ASSETS_LAKE, AWS_*, MLFLOW_TRACKING_URI."""
    lake = LakeResource()
    return {
        "lake": lake,
        "parquet": ParquetIOManager(lake=lake),
        "document": DocumentIOManager(lake=lake),
        "mlflow": MlflowResource(lake_root=os.environ.get(VARIABLE) or DEFAULT_ROOT),
    }


def build_definitions(
    *,
    scenarios: Iterable[Bank],
    wrong: Mapping[str, ScenarioError] | None = None,
    resources: Mapping[str, Any] | None = None,
) -> dg.Definitions:
    """The chains of some scenarios.

    Parameters
    ----------
    scenarios
        One chain each: assets, checks, jobs and schedules carry its name.
    wrong
        Scenarios that cannot be loaded, by name: an asset each that says why.
    resources
        Replace single ones of :func:`default_resources`.

    Raises
    ------
    ScenarioError
        If a fraud type of one of the scenarios does not fit its family.
    """
    return _together([_chain(scenario) for scenario in scenarios], wrong or {}, resources or {})


def _together(
    chains: Sequence[dg.Definitions], wrong: Mapping[str, ScenarioError], resources: Mapping[str, Any]
) -> dg.Definitions:
    definitions = dg.Definitions(
        assets=[broken_scenario(name, why) for name, why in wrong.items()],
        resources={**default_resources(), **resources},
        sensors=[log_failed_runs],
        # For runs from the asset graph as for those of jobs: a process for each step costs 6 seconds, whatever it does.
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(definitions, *chains)


def _chain(scenario: Bank) -> dg.Definitions:
    chain = Chain(scenario)
    month = monthly_job(scenario)
    return dg.Definitions(
        assets=[asset for stage in _STAGES[scenario.source] for asset in stage(chain)],
        asset_checks=all_checks(chain),
        jobs=[month, *([labeled_csv_job(chain)] if scenario.source == "simulated" else [])],
        schedules=[month_just_ended(scenario, month), rerun_last_months(scenario, month)],
    )


def _load() -> dg.Definitions:
    scenarios, wrong = load_all()
    chains = []
    for scenario in scenarios:
        try:
            chains.append(_chain(scenario))
        except ScenarioError as error:  # what a scenario says of fraud, only its chain can judge
            wrong[scenario.name] = error
    for why in wrong.values():
        sys.stderr.write(f"fraud_assets: {why}; the other banks are loaded without it\n")
    return _together(chains, wrong, {})


defs = _load()

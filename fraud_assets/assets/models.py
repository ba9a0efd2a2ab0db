"""Models: candidates trained on what was known before the month, and the decision which of them scores it."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import json
import sys
from typing import Any

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain, code_version
from fraud_assets.assets.trial import with_amounts
from fraud_assets.detection.candidates import CANDIDATES
from fraud_assets.detection.decide import decide_champion
from fraud_assets.detection.rollback import standing
from fraud_assets.detection.train import train_candidates
from fraud_assets.detection.trained import CandidateSet
from fraud_assets.features import registry
from fraud_assets.lake.documents import Document
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.months import TRAINING_WINDOW, Month
from fraud_assets.tracking import Logged, MlflowResource

_ROOMS = ("features", "detection", "knowledge.py", "costs.py")
#: What is learned from, of the months before.
_HISTORY = ("transaction_features", "transactions", "incident_reports")


def model_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``candidate_models`` and ``champion``."""
    scenario = chain.scenario

    def history(lake: LakeResource, month: Month) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        """Features with amounts, and reports, of the months before."""
        features, ledger, reports = (chain.table(lake, name, month.back(TRAINING_WINDOW)) for name in _HISTORY)
        return with_amounts(features, ledger), reports

    def people(lake: LakeResource, month: Month) -> pl.DataFrame:
        """The groups in which false alarms are watched, as the bank knew its customers the month before."""
        return chain.table(lake, "customers", [month - 1]).select("customer_id", "segment", "age_group").collect()

    @dg.asset(
        **chain.settings(
            "candidate_models", "models", kinds={"xgboost", "scikitlearn", "json"}, rooms=_ROOMS, io_manager="document"
        ),
        deps=chain.keys("transaction_features", "incident_reports"),
    )
    def candidate_models(context: dg.AssetExecutionContext, lake: LakeResource) -> Document:
        """The month's candidates, from the prevalence to boosted trees, trained on what was reported before it.

        Explicitly empty, with the reason, where there is no earlier month or no reported fraud in it.
        """
        month = chain.month(context)
        features, reports = history(lake, month)
        candidates = train_candidates(
            features,
            reports,
            month,
            scenario.first,
            scenario.learning,
            registry.feature_names(),
            code_version=code_version(scenario, *_ROOMS),
        )
        return Document(candidates.document(), metadata=_candidates_metadata(candidates))

    @dg.asset(
        **chain.settings("champion", "models", kinds={"mlflow", "json"}, rooms=_ROOMS, io_manager="document"),
        ins=chain.reads("candidate_models"),
    )
    def champion(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        mlflow: MlflowResource,
        candidate_models: dict[str, Any],
    ) -> Document:
        """The decision who scores the month, why, and with which thresholds: the best candidate or the last champion.

        Follows the champion of the month before, which has to be there. A rollback that was ordered against the same
        winner stands when the month is made again.
        The document counts, not the registry: MLflow gets the models, the winner's version and its aliases first.
        """
        candidates = CandidateSet.load(candidate_models)
        month = chain.month(context)
        features, reports = history(lake, month)
        before = chain.value(lake, "champion", month - 1)
        own = Place(scenario.name, "champion", month.key).value
        ordered = json.loads(lake.lake.read_bytes(own)) if lake.lake.exists(own) else None
        decision = standing(
            decide_champion(candidates, features, reports, before, scenario.learning, people(lake, month)), ordered
        )
        if "mlflow.pyfunc" not in sys.modules:
            context.log.info("opening MLflow; this takes a while, and longer if it has to make its tables")
        logged = mlflow.log_candidates(scenario.name, candidate_models, decision, context.run.run_id)
        return Document(decision, metadata=_decision_metadata(decision, logged))

    return [candidate_models, champion]


def _candidates_metadata(candidates: CandidateSet) -> dict[str, Any]:
    if not candidates.models:
        return {"none, because": candidates.reason}
    rows = {f"rows to {part}": size["rows"] for part, size in candidates.sizes.items()}
    figures = {f"average precision, {name}": found["average_precision"] for name, found in candidates.metrics.items()}
    lines = [
        f"| {CANDIDATES[name].title} | {found['average_precision']:.3f} |" for name, found in candidates.metrics.items()
    ]
    table = "\n".join(["| candidate | average precision, comparing slice |", "|---|---|", *lines])
    return {**rows, **figures, "candidates": dg.MetadataValue.md(table)}


def _decision_metadata(decision: dict[str, Any], logged: Logged) -> dict[str, Any]:
    found = {
        "decision": decision["decision"],
        "why": decision["why"],
        "champion": decision["champion"]["name"] if decision["champion"] else None,
        "registered model": logged.model,
        "version": logged.version,
        "champion's version": logged.champion_version,
        "MLflow run": dg.MetadataValue.url(logged.run_url) if logged.run_url else logged.run_id,
    }
    return {name: value for name, value in found.items() if value is not None}

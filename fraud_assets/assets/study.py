"""The model study: what else could be tried for a month, made when somebody asks for it."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import dagster as dg

from fraud_assets.assets.common import Chain
from fraud_assets.assets.trial import with_amounts
from fraud_assets.detection.study import run_study, study_table
from fraud_assets.features import registry
from fraud_assets.lake.documents import Document
from fraud_assets.lake.resource import LakeResource
from fraud_assets.months import TRAINING_WINDOW
from fraud_assets.tracking import MlflowResource

#: On demand: not part of the monthly job.
MODEL_STUDY = "model_study"
_HISTORY = ("transaction_features", "transactions", "incident_reports")


def study_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``model_study``."""
    scenario = chain.scenario

    @dg.asset(
        **chain.settings(
            MODEL_STUDY,
            "models",
            kinds={"xgboost", "scikitlearn", "mlflow"},
            rooms=("features", "detection", "knowledge.py"),
            io_manager="document",
        ),
        deps=chain.keys("transaction_features", "incident_reports"),
    )
    def model_study(context: dg.AssetExecutionContext, lake: LakeResource, mlflow: MlflowResource) -> Document:
        """What other models, ensembles, searches, features and samplings would have done for the month.

        Made on demand, in minutes; its options are logged to MLflow, and none of them is ever registered.
        """
        month = chain.month(context)
        features, ledger, reports = (chain.table(lake, name, month.back(TRAINING_WINDOW)) for name in _HISTORY)
        study = run_study(
            with_amounts(features, ledger),
            reports,
            month,
            scenario.first,
            registry.feature_names(),
            progress=context.log.info,
        )
        run = mlflow.log_study(scenario.name, study, context.run.run_id)
        metadata = {"study": dg.MetadataValue.md(study_table(study)), **({"MLflow run": run} if run else {})}
        return Document(study, metadata=metadata)

    return [model_study]

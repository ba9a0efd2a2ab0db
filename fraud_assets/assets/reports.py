"""Reports: the month scored by its champion, and how well that went."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import base64
import json
from typing import Any

import dagster as dg
import polars as pl

from fraud_assets.assets.analysis import analyse
from fraud_assets.assets.common import Chain
from fraud_assets.assets.review import FEATURE_WORTH
from fraud_assets.assets.trial import months_of_reports, trial_rows, with_amounts, with_champion
from fraud_assets.detection.scoring import score_candidates, score_month
from fraud_assets.detection.trained import CandidateSet
from fraud_assets.evaluation.picture import small_picture, summary_markdown
from fraud_assets.evaluation.render import render_html
from fraud_assets.evaluation.report import evaluate, no_model
from fraud_assets.evaluation.settings import Settings
from fraud_assets.features.registry import REGISTRY
from fraud_assets.lake.documents import Document
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake
from fraud_assets.months import Month

_TRIED = (
    "scored_transactions",
    "transaction_features",
    "candidate_models",
    "champion",
    "transactions",
    "customers",
    "labeled_anomalies",
    "anomaly_scores",
    "drift_report",
)
_FAMILIES = {feature.name: feature.family for feature in REGISTRY.values()}


def report_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``scored_transactions`` and ``evaluation_report``."""
    scenario = chain.scenario

    @dg.asset(
        **chain.settings("scored_transactions", "reports", kinds={"xgboost", "polars", "parquet"}, rooms=["detection"]),
        ins=chain.reads("transaction_features", "champion"),
    )
    def scored_transactions(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        transaction_features: pl.LazyFrame,
        champion: dict[str, Any],
    ) -> pl.LazyFrame:
        """A payment of the month with the champion's probability of fraud, the decision and its reasons.

        Without rows where there is no champion yet.
        """
        ledger = chain.table(lake, "transactions", [chain.month(context)])
        return score_month(with_amounts(transaction_features, ledger), champion, _FAMILIES)

    @dg.asset(
        **chain.settings(
            "evaluation_report",
            "reports",
            kinds={"html", "json", "plotly"},
            rooms=["evaluation"],
            hidden=True,
            io_manager="document",
        ),
        ins=chain.reads(*_TRIED),
        deps=chain.keys("incident_reports"),
    )
    def evaluation_report(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        scored_transactions: pl.LazyFrame,
        transaction_features: pl.LazyFrame,
        candidate_models: dict[str, Any],
        champion: dict[str, Any],
        transactions: pl.LazyFrame,
        customers: pl.LazyFrame,
        labeled_anomalies: pl.LazyFrame,
        anomaly_scores: pl.LazyFrame,
        drift_report: dict[str, Any],
    ) -> Document:
        """How the models did on the unseen month: against the truth, and what the bank knew at its end and later.

        And what goes with fraud: features, how they hang together and differ, anomalies, drift.

        Made again when later months are there, it says what their reports change.
        """
        month = chain.month(context)
        if champion["model"] is None:
            return _document(no_model(scenario.title, month, champion["why"]))
        candidates = CandidateSet.load(candidate_models)
        known = months_of_reports(lake.lake, scenario.name, month)
        rows = trial_rows(
            scored_transactions,
            score_candidates(with_amounts(transaction_features, transactions), candidates),
            transactions,
            customers,
            chain.table(lake, "incident_reports", known),
            labeled_anomalies if scenario.has_truth else None,
            known[-1],
        )
        rows, subject = with_champion(rows, scenario, month, champion, candidates, known[-1])
        report = evaluate(rows, subject, Settings.of(scenario))
        report["analysis"] = analyse(
            _labelled(rows, scenario.has_truth, known[-1]),
            transaction_features,
            anomaly_scores,
            transactions,
            labeled_anomalies.filter("is_fraud").select("transaction_id", "fraud_severity"),
            champion,
            candidate_models["models"].get("xgboost"),
            drift_report,
        )
        report["feature_worth"] = _on_demand(lake.lake, Place(scenario.name, FEATURE_WORTH, month.key))
        return _document(report)

    return [scored_transactions, evaluation_report]


def _on_demand(lake: Lake, place: Place) -> dict[str, Any] | None:
    """A document that is made when somebody asks for it; None if nobody has, or if it had nothing to say."""
    if not lake.exists(place.value):
        return None
    value: dict[str, Any] = json.loads(lake.read_bytes(place.value))
    return None if value.get("status") == "empty" else value


def _labelled(rows: pl.DataFrame, has_truth: bool, known_until: Month) -> pl.DataFrame:
    """The payments with the label that the report judges by: the truth, or the reports received so far."""
    if not has_truth:
        reported = (pl.col("reported_at") < known_until.end).fill_null(value=False)
        rows = rows.with_columns(is_fraud=reported, fraud_type=pl.lit(None, dtype=pl.String))
    kept = ("transaction_id", "customer_id", "event_time", "score", "is_fraud")
    return rows.select(*kept, pl.col("fraud_type").cast(pl.String))


def _document(report: dict[str, Any]) -> Document:
    picture = base64.b64encode(small_picture(report)).decode()
    summary = f"![Precision and recall](data:image/png;base64,{picture})\n\n{summary_markdown(report)}"
    return Document(
        report,
        files={"report.html": render_html(report).encode()},
        metadata={"summary": dg.MetadataValue.md(summary), **_plotted(report)},
    )


def _plotted(report: dict[str, Any]) -> dict[str, float]:
    """The figures that the UI plots over the months."""
    if report["status"] == "empty":
        return {}
    headline = report["headline"]
    figures = {
        "average precision": headline["average_precision"]["value"],
        "recall at the alert budget": headline["recall_at_budget"]["value"],
        "alerts": headline["alerts"],
        "money saved": headline["savings"]["value"],
    }
    return {name: value for name, value in figures.items() if value is not None}

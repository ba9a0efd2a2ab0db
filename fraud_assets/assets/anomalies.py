"""Anomalies: unusual payments and customers found without labels, and how well that goes."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

from typing import Any

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain, code_version, described
from fraud_assets.detection.anomaly import (
    CUSTOMER_SCORES,
    DETECTORS,
    SCORES,
    DetectorSet,
    customer_scores,
    fit_detectors,
)
from fraud_assets.detection.anomaly import score_anomalies as scored
from fraud_assets.evaluation.detectors import best_single, judge_detectors
from fraud_assets.evaluation.detectors_page import detectors_markdown, detectors_page
from fraud_assets.features.registry import REGISTRY
from fraud_assets.lake.documents import Document
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.months import TRAINING_WINDOW
from fraud_assets.scenario import Scenario

_ROOMS = ("features", "detection/anomaly", "knowledge.py")
_TRUTH = ("is_fraud", "campaign_id", "fraud_type", "fraud_severity", "anomaly_type", "lookalike_of")


def anomaly_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``anomaly_detectors``, ``anomaly_scores`` and ``customer_anomalies``."""
    return [_detectors(chain), _scores(chain), _customers(chain)]


def anomaly_report_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``anomaly_report``, of a bank whose truth is known."""
    return [_report(chain)]


def _detectors(chain: Chain) -> dg.AssetsDefinition:
    scenario = chain.scenario

    @dg.asset(
        **chain.settings(
            "anomaly_detectors", "models", kinds={"scikitlearn", "json"}, rooms=_ROOMS, io_manager="document"
        ),
        deps=chain.keys("transaction_features"),
    )
    def anomaly_detectors(context: dg.AssetExecutionContext, lake: LakeResource) -> Document:
        """Isolation forest, one-class SVM and tail probabilities, fitted on earlier months; they never see a label.

        Explicitly empty, with the reason, where there is no earlier month.
        """
        month = chain.month(context)
        past = chain.table(lake, "transaction_features", month.back(TRAINING_WINDOW))
        # The rate of anomalies is what people can look at.
        rate = scenario.learning.alerts_per_10000 / 10_000
        found = fit_detectors(past, month, rate, code_version=code_version(scenario, *_ROOMS))
        facts: dict[str, Any] = {
            "none, because" if found.reason else "rows fitted on": found.reason or found.origin["rows_used"],
            "rate of anomalies": rate,
        }
        if not found.reason:
            lines = [
                f"| {aspect} | {', '.join(s.feature for s in of)} |" for aspect, of in found.surprises.sensors.items()
            ]
            facts["aspects"] = dg.MetadataValue.md("\n".join(["| aspect | features |", "|---|---|", *lines]))
        return Document(found.document(), metadata=facts)

    return anomaly_detectors


def _scores(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings(
            "anomaly_scores",
            "models",
            kinds={"polars", "parquet"},
            rooms=["detection/anomaly"],
            columns=described(SCORES),
        ),
        ins=chain.reads("transaction_features", "anomaly_detectors"),
    )
    def anomaly_scores(transaction_features: pl.LazyFrame, anomaly_detectors: dict[str, Any]) -> pl.LazyFrame:
        """A payment of the month with its rank by each detector and by all, whether it is an anomaly, and in what.

        Without rows where there are no detectors yet.
        """
        return scored(transaction_features, DetectorSet.load(anomaly_detectors))

    return anomaly_scores


def _customers(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings(
            "customer_anomalies",
            "models",
            kinds={"polars", "parquet"},
            rooms=["detection/anomaly"],
            columns=described(CUSTOMER_SCORES),
        ),
        ins=chain.reads("anomaly_scores"),
    )
    def customer_anomalies(anomaly_scores: pl.LazyFrame) -> pl.DataFrame:
        """A customer's, or wallet's, month: how unusual it was, without labels."""
        return customer_scores(anomaly_scores)

    return customer_anomalies


def _report(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings(
            "anomaly_report",
            "reports",
            kinds={"html", "json"},
            rooms=["evaluation"],
            hidden=True,
            io_manager="document",
        ),
        ins=chain.reads("anomaly_scores", "scored_transactions", "transactions", "labeled_anomalies"),
        deps=chain.keys("transaction_features"),
    )
    def anomaly_report(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        anomaly_scores: pl.LazyFrame,
        scored_transactions: pl.LazyFrame,
        transactions: pl.LazyFrame,
        labeled_anomalies: pl.LazyFrame,
    ) -> Document:
        """The detectors against a truth they never saw, beside the best single feature and the champion."""
        rows = judged_rows(anomaly_scores, scored_transactions, transactions, labeled_anomalies)
        names = [n for n, f in REGISTRY.items() if f.dtype != pl.String]
        place = Place(chain.scenario.name, "transaction_features", chain.month(context).key)
        # A column at a time: the features of a month are wider than memory should be.
        features = lake.lake.scan_parquet([place.parquet])
        there = features.collect_schema().names()
        single = best_single(
            lambda name: features.select(name).collect().to_series(),
            [name for name in names if name in there] if rows.height else [],
            rows["is_fraud"].to_numpy(),
        )
        are_asked = isinstance(chain.scenario, Scenario) and bool(chain.scenario.tokens)
        verdict = judge_detectors(rows, [*DETECTORS, "anomaly_score"], single, are_asked=are_asked)
        html = detectors_page(chain.scenario.title, chain.month(context).key, verdict)
        metadata: dict[str, Any] = {"summary": dg.MetadataValue.md(detectors_markdown(verdict))}
        if verdict["status"] == "judged":
            metadata["average precision"] = verdict["average_precision"]["anomaly_score"]["value"]
        return Document(verdict, files={"report.html": html.encode()}, metadata=metadata)

    return anomaly_report


def judged_rows(
    anomaly_scores: pl.LazyFrame,
    scored_transactions: pl.LazyFrame,
    transactions: pl.LazyFrame,
    labeled_anomalies: pl.LazyFrame,
) -> pl.DataFrame:
    """The scored payments, in their order, with the champion's score, the city and the truth."""
    return (
        anomaly_scores.drop("reasons")
        .join(
            scored_transactions.select("transaction_id", champion="raw_score"),
            on="transaction_id",
            how="left",
            maintain_order="left",
        )
        .join(transactions.select("transaction_id", "city"), on="transaction_id", how="left", maintain_order="left")
        .join(
            labeled_anomalies.select("transaction_id", *_TRUTH), on="transaction_id", how="left", maintain_order="left"
        )
        .with_columns(pl.col("is_fraud").fill_null(value=False))
        .collect(engine="streaming")
    )

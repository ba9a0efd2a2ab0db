"""Accidents: the heads that learn them from reports, what they say of the month, and how right they were."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

from datetime import timedelta
from typing import Any

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain, described
from fraud_assets.detection.accidents import (
    ACCIDENT_SCORES,
    AccidentHead,
    RecipientHead,
    likely_intended,
    score_accidents,
)
from fraud_assets.detection.accidents.head import FAMILIES
from fraud_assets.evaluation.accidents import TRUTH, accidents_markdown, judge_accidents
from fraud_assets.features.registry import REGISTRY
from fraud_assets.lake.documents import Document
from fraud_assets.lake.resource import LakeResource
from fraud_assets.months import FEATURE_LOOKBACK, TRAINING_WINDOW

_ROOMS = ("features", "detection", "knowledge.py")
_INSTANT = pl.Datetime("us", "UTC")
#: Columns of a payment whose payee looks like a known one: type and meaning.
MISTYPED: dict[str, tuple[pl.DataType, str]] = {
    "transaction_id": (pl.Int64(), "The ledger row"),
    "customer_id": (pl.Int64(), "Whose account"),
    "event_time": (_INSTANT, "The ledger row's time"),
    "recipient_entity": (pl.String(), "The payee as entered, whom the customer had not paid before"),
    "intended_entity": (pl.String(), "The customer's payee that was most likely meant, if it was a mistake"),
    "probability": (pl.Float64(), "That it was a mistake; null where too few were reported to learn from"),
    "is_alarm": (pl.Boolean(), "Whether to ask the customer: as probable as 70 to 85 % of the reported mistakes"),
}
#: A bank's first days, in which every payee is new.
_SETTLING = timedelta(days=7)


def accident_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``recipient_head``, ``mistyped_recipients``, ``accident_head`` and ``accident_scores``.

    And ``accident_report``, of a bank whose truth is known.
    """
    assets = [_recipient_head(chain), _mistyped(chain), _head(chain), _scores(chain)]
    return [*assets, _report(chain)] if chain.scenario.has_truth else assets


def _recipient_head(chain: Chain) -> dg.AssetsDefinition:
    scenario = chain.scenario

    @dg.asset(
        **chain.settings(
            "recipient_head",
            "models",
            kinds={"scikitlearn", "json"},
            rooms=["detection/accidents", "knowledge.py"],
            io_manager="document",
        ),
        deps=chain.keys("transactions", "incident_reports"),
    )
    def recipient_head(context: dg.AssetExecutionContext, lake: LakeResource) -> Document:
        """How likely a payment to a look-alike of a known payee is a mistake, and from when on to ask the customer.

        Learned from mistakes of the three months before that were reported by their end. Explicitly empty, with the
        reason, where there were too few.
        """
        month = chain.month(context)
        before = [m for m in month.back(FEATURE_LOOKBACK) if m >= scenario.first]
        head = RecipientHead(f"{month} is the first month")
        if before:
            ledger = chain.table(lake, "transactions", before)
            past = likely_intended(ledger, before[0].start + _SETTLING, month.start)
            head = RecipientHead.fit(past, chain.table(lake, "incident_reports", before), month.start)
        facts = {"none, because": head.reason} if head.reason else {"threshold": head.threshold}
        return Document({"month": str(month), **head.document()}, metadata=facts)

    return recipient_head


def _mistyped(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings(
            "mistyped_recipients",
            "reports",
            kinds={"polars", "parquet"},
            rooms=["detection/accidents"],
            columns=described(MISTYPED),
        ),
        ins=chain.reads("recipient_head"),
        deps=chain.keys("transactions"),
    )
    def mistyped_recipients(
        context: dg.AssetExecutionContext, lake: LakeResource, recipient_head: dict[str, Any]
    ) -> pl.DataFrame:
        """A payment to a new payee who is a slip away from a known one: who was meant, and was it a mistake?"""
        month = chain.month(context)
        head = RecipientHead.load(recipient_head)
        ledger = chain.table(lake, "transactions", [*month.back(FEATURE_LOOKBACK), month])
        asked = likely_intended(ledger, month.start, month.end)
        probability = pl.Series(head.probability(asked))
        made = asked.with_columns(
            probability=pl.lit(None) if head.reason else probability,
            is_alarm=pl.Series(probability.to_numpy() >= head.threshold),
        )
        return made.select(pl.col(name).cast(dtype) for name, (dtype, _) in MISTYPED.items())

    return mistyped_recipients


def _head(chain: Chain) -> dg.AssetsDefinition:
    scenario = chain.scenario

    @dg.asset(
        **chain.settings("accident_head", "models", kinds={"xgboost", "json"}, rooms=_ROOMS, io_manager="document"),
        deps=chain.keys("transaction_features", "incident_reports"),
    )
    def accident_head(context: dg.AssetExecutionContext, lake: LakeResource) -> Document:
        """How likely a payment is a duplicate or of a wrong amount, learned from what was reported before the month.

        Explicitly empty, with the reason, for each kind of which there were too few reports.
        """
        month = chain.month(context)
        features, reports = (
            chain.table(lake, name, month.back(TRAINING_WINDOW))
            for name in ("transaction_features", "incident_reports")
        )
        names = [name for name, feature in REGISTRY.items() if feature.family in FAMILIES]
        head = AccidentHead.fit(features, reports, month, scenario.first, names)
        return Document(head.document(), metadata=_head_metadata(head))

    return accident_head


def _head_metadata(head: AccidentHead) -> dict[str, Any]:
    facts: dict[str, Any] = {f"no {kind}, because": why for kind, why in head.reasons.items()}
    lines = []
    for kind, found in head.recognizers.items():
        figures = found.figures
        shown = [figures[name] for name in ("average_precision", "precision", "recall", "expected_over_reported")]
        cells = " | ".join("—" if value is None else f"{value:.2f}" for value in shown)
        lines.append(f"| {kind} | {figures['reported']:,.0f} | {cells} |")
    if lines:
        top = "| kind | reported | average precision | precision | recall | expected / reported |"
        facts["on the comparing slice"] = dg.MetadataValue.md("\n".join([top, "|---|---|---|---|---|---|", *lines]))
    return facts


def _scores(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings(
            "accident_scores",
            "models",
            kinds={"polars", "parquet"},
            rooms=["detection"],
            columns=described(ACCIDENT_SCORES),
        ),
        ins=chain.reads("transaction_features", "accident_head", "recipient_head", "mistyped_recipients"),
    )
    def accident_scores(
        transaction_features: pl.LazyFrame,
        accident_head: dict[str, Any],
        recipient_head: dict[str, Any],
        mistyped_recipients: pl.LazyFrame,
    ) -> pl.LazyFrame:
        """A payment of the month with the probability of each kind of accident, and which one it is if any.

        Without rows where nothing was learned of any kind.
        """
        heads = AccidentHead.load(accident_head), RecipientHead.load(recipient_head)
        return score_accidents(transaction_features, *heads, mistyped_recipients)

    return accident_scores


def _report(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings(
            "accident_report",
            "reports",
            kinds={"json"},
            rooms=["evaluation"],
            hidden=True,
            io_manager="document",
        ),
        ins=chain.reads("accident_scores", "scored_transactions", "labeled_anomalies"),
    )
    def accident_report(
        accident_scores: pl.LazyFrame, scored_transactions: pl.LazyFrame, labeled_anomalies: pl.LazyFrame
    ) -> Document:
        """What was said to be an accident against what it was: fraud, a burst, a high amount, mistyped, or ordinary."""
        verdict = judge_accidents(judged_rows(accident_scores, scored_transactions, labeled_anomalies))
        metadata: dict[str, Any] = {"summary": dg.MetadataValue.md(accidents_markdown(verdict))}
        for kind, found in verdict.get("kinds", {}).items():
            if found is not None and found["average_precision"] is not None:
                metadata[f"average precision, {kind}"] = found["average_precision"]["value"]
        return Document(verdict, metadata=metadata)

    return accident_report


def judged_rows(
    accident_scores: pl.LazyFrame, scored_transactions: pl.LazyFrame, labeled_anomalies: pl.LazyFrame
) -> pl.DataFrame:
    """The scored payments, in their order, with the champion's decision and the truth."""
    decided = scored_transactions.select("transaction_id", is_alert=pl.col("decision") != "APPROVED")
    truth = labeled_anomalies.select("transaction_id", *TRUTH)
    flags = [name for name, dtype in truth.collect_schema().items() if dtype == pl.Boolean]
    return (
        accident_scores.join(decided, on="transaction_id", how="left", maintain_order="left")
        .join(truth, on="transaction_id", how="left", maintain_order="left")
        .with_columns(pl.col(flags).fill_null(value=False))
        .collect(engine="streaming")
    )

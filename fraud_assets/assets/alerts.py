"""Alerts: mistyped recipients with the model that tells them, and everything worth a person's time, in its order."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

from datetime import timedelta
from typing import Any

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain, type_name
from fraud_assets.detection.accidents import RecipientHead, likely_intended
from fraud_assets.detection.alerting import ALERTS, make_alerts
from fraud_assets.lake.documents import Document
from fraud_assets.lake.resource import LakeResource
from fraud_assets.months import FEATURE_LOOKBACK
from fraud_assets.scenario import Costs

_INSTANT = pl.Datetime("us", "UTC")
#: Columns of a payment whose payee looks like a known one: type and meaning.
MISTYPED: dict[str, tuple[pl.DataType, str]] = {
    "transaction_id": (pl.Int64(), "The ledger row"),
    "customer_id": (pl.Int64(), "Whose account"),
    "event_time": (_INSTANT, "The ledger row's time"),
    "recipient_entity": (pl.String(), "The payee as entered, whom the customer had not paid before"),
    "intended_entity": (pl.String(), "The customer's payee that was most likely meant, if it was a mistake"),
    "probability": (pl.Float64(), "That it was a mistake; null where too few were reported to learn from"),
    "is_alarm": (pl.Boolean(), "Whether to ask the customer: as probable as seven in ten of the reported mistakes"),
}
#: A bank's first days, in which every payee is new.
_SETTLING = timedelta(days=7)


def alert_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``recipient_head``, ``mistyped_recipients`` and ``alerts``."""
    return [_head(chain), _mistyped(chain), _alerts(chain)]


def _head(chain: Chain) -> dg.AssetsDefinition:
    scenario = chain.scenario

    @dg.asset(
        **chain.settings(
            "recipient_head",
            "models",
            kinds={"scikitlearn", "json"},
            rooms=["detection/accidents.py"],
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
            rooms=["detection/accidents.py"],
            columns=_columns(MISTYPED),
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


def _alerts(chain: Chain) -> dg.AssetsDefinition:
    learning = chain.scenario.learning

    @dg.asset(
        **chain.settings(
            "alerts",
            "reports",
            kinds={"polars", "parquet"},
            rooms=["detection/alerting.py", "detection/policy.py"],
            columns=_columns(ALERTS),
        ),
        ins=chain.reads("scored_transactions", "anomaly_scores", "mistyped_recipients", "champion", "transactions"),
    )
    def alerts(
        context: dg.AssetExecutionContext,
        scored_transactions: pl.LazyFrame,
        anomaly_scores: pl.LazyFrame,
        mistyped_recipients: pl.LazyFrame,
        champion: dict[str, Any],
        transactions: pl.LazyFrame,
    ) -> pl.DataFrame:
        """Something worth a person's time: one alert for a customer's hour, ranked for the day, with its reasons."""
        month = chain.month(context)
        rate = learning.alerts_per_10000 / 10_000
        payments = transactions.filter(pl.col("direction") == "debit").select(pl.len()).collect(engine="streaming")
        capacity = max(1, round(int(payments.item()) * rate / month.days))
        if champion["thresholds"]:
            capacity = champion["thresholds"]["daily_queue"]["alerts_a_day"]
        found = make_alerts(
            scored_transactions,
            anomaly_scores,
            mistyped_recipients,
            transactions,
            costs=Costs.model_validate(champion["costs"]) if champion["costs"] else learning.costs,
            rate=rate,
            capacity=capacity,
        )
        levels = found.group_by("level").len().sort("level")
        lines = [f"| {level} | {count:,} |" for level, count in levels.iter_rows()]
        context.add_output_metadata(
            {
                "a day's capacity": capacity,
                "within capacity": int(found["is_within_capacity"].sum()),
                "levels": dg.MetadataValue.md("\n".join(["| level | alerts |", "|---|---|", *lines])),
            }
        )
        return found

    return alerts


def _columns(columns: dict[str, tuple[pl.DataType, str]]) -> dg.TableSchema:
    return dg.TableSchema(
        [dg.TableColumn(name, type=type_name(dtype), description=text) for name, (dtype, text) in columns.items()]
    )

"""Alerts: everything worth a person's time, in its order."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

from typing import Any

import dagster as dg
import polars as pl

from fraud_assets.assets.accidents import accident_assets
from fraud_assets.assets.common import Chain, described
from fraud_assets.detection.alerting import ALERTS, make_alerts
from fraud_assets.scenario import Costs


def alert_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``alerts``, and the accidents that it speaks of."""
    return [*accident_assets(chain), _alerts(chain)]


def _alerts(chain: Chain) -> dg.AssetsDefinition:
    learning = chain.scenario.learning

    @dg.asset(
        **chain.settings(
            "alerts",
            "reports",
            kinds={"polars", "parquet"},
            rooms=["detection/alerting.py", "detection/policy.py", "detection/accidents"],
            columns=described(ALERTS),
        ),
        ins=chain.reads(
            "scored_transactions",
            "anomaly_scores",
            "mistyped_recipients",
            "accident_scores",
            "champion",
            "transactions",
        ),
    )
    def alerts(
        context: dg.AssetExecutionContext,
        scored_transactions: pl.LazyFrame,
        anomaly_scores: pl.LazyFrame,
        mistyped_recipients: pl.LazyFrame,
        accident_scores: pl.LazyFrame,
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
            accident_scores,
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

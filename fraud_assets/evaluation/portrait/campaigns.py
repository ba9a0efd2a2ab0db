"""One campaign of each type, with what its victims did honestly at the same time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import polars as pl

from fraud_assets.evaluation.portrait.rows import collect, ledger
from fraud_assets.evaluation.portrait.subject import Sitter, Tables

_MOST_VICTIMS = 12
_MOST_HONEST = 350
_MOST_FRAUD = 250
_SHORTEST_MARGIN, _LONGEST_MARGIN = timedelta(hours=18), timedelta(days=10)
_POINT = ("local", "amount", "status", "direction", "method", "recipient_entity", "customer_id")


def campaigns(sitter: Sitter, tables: Tables) -> list[dict[str, Any]]:
    """A dictionary a type of fraud with rows in the month: the campaign at the upper quartile of the type's sizes.

    Rows of earlier months at hand belong to it. Of many victims those with the most fraud are drawn; of many honest
    rows every k-th.
    """
    labels = pl.concat([tables.earlier_anomalies, tables.labeled_anomalies])
    fraud = collect(
        labels.filter("is_fraud").select(
            "transaction_id",
            "customer_id",
            "event_time",
            "campaign_id",
            "fraud_evidence",
            pl.col("fraud_type").cast(pl.String),
        )
    ).drop_nulls("campaign_id")
    chosen = _typical(fraud, sitter)
    victims = _victims(fraud.join(chosen, on="campaign_id", how="semi"))
    if victims.is_empty():
        return []
    everything = pl.concat([tables.earlier_transactions, tables.transactions])
    rows = collect(
        ledger(
            everything.join(victims.lazy().select("customer_id").unique(), on="customer_id", how="semi"), labels
        ).select("transaction_id", "event_time", "is_fraud", "campaign_id", *_POINT)
    ).sort("event_time", "transaction_id")
    plans = collect(tables.fraud_campaigns.with_columns(pl.col("skill").cast(pl.String)))
    kinds = dict(
        collect(tables.fraud_campaigns.select("campaign_id", pl.col("fraud_type").cast(pl.String))).iter_rows()
    )
    drawn = []
    for kind, campaign, size in chosen.iter_rows():
        own = fraud.filter(campaign_id=campaign)
        shown = victims.filter(campaign_id=campaign).with_row_index("who")
        drawn.append(
            {
                "fraud_type": kind,
                "rows": size,
                "victims": own["customer_id"].n_unique(),
                "drawn_victims": shown.height,
                **_plan(plans.filter(campaign_id=campaign), kinds),
                "evidence": _json(
                    own.sort("event_time", "transaction_id")["fraud_evidence"].drop_nulls().to_list()[-1:]
                ),
                **_points(
                    rows.join(shown.select("customer_id", "who"), on="customer_id", maintain_order="left"), campaign
                ),
            }
        )
    return drawn


def _typical(fraud: pl.DataFrame, sitter: Sitter) -> pl.DataFrame:
    """Columns fraud_type, campaign_id, rows: of each type the campaign nearest to the upper quartile of sizes."""
    sizes = (
        fraud.filter(pl.col("campaign_id").is_in(_of_month(fraud, sitter).implode()))
        .group_by("fraud_type", "campaign_id")
        .agg(rows=pl.len())
    )
    apart = (pl.col("rows") - pl.col("rows").quantile(0.75).over("fraud_type")).abs()
    return (
        sizes.with_columns(apart=apart)
        .sort("fraud_type", "apart", "rows", "campaign_id", descending=[False, False, True, False])
        .group_by("fraud_type", maintain_order=True)
        .first()
        .select("fraud_type", "campaign_id", "rows")
    )


def _of_month(fraud: pl.DataFrame, sitter: Sitter) -> pl.Series:
    return fraud.filter(pl.col("event_time") >= sitter.month.start)["campaign_id"].unique()


def _victims(fraud: pl.DataFrame) -> pl.DataFrame:
    """Columns campaign_id, customer_id: of each campaign the customers with the most fraud, in the order of time."""
    each = fraud.group_by("campaign_id", "customer_id").agg(rows=pl.len(), first=pl.col("event_time").min())
    most = each.sort("rows", "first", "customer_id", descending=[True, False, False])
    return (
        most.group_by("campaign_id", maintain_order=True)
        .head(_MOST_VICTIMS)
        .sort("campaign_id", "first", "customer_id")
        .select("campaign_id", "customer_id")
    )


def _plan(plan: pl.DataFrame, kinds: dict[int, str]) -> dict[str, Any]:
    """Skill, parameters and origin, where the plan is at hand: a bank's own data have none."""
    if plan.is_empty():
        return {"skill": None, "parameters": {}, "parent": None, "planned_rows": None}
    row = plan.row(0, named=True)
    parent = row["parent_campaign_id"]
    return {
        "skill": row["skill"],
        "parameters": _json([row["parameters"]]),
        "parent": None if parent is None else kinds.get(parent, "an earlier campaign"),
        "planned_rows": row["planned_rows"],
    }


def _json(texts: list[str | None]) -> dict[str, Any]:
    found = json.loads(texts[0]) if texts and texts[0] else {}
    return found if isinstance(found, dict) else {"value": found}


def _points(rows: pl.DataFrame, campaign: int) -> dict[str, Any]:
    """Fraud and honest rows of the victims, within the campaign's time and a margin around it."""
    own = rows.filter((pl.col("campaign_id") == campaign) & pl.col("is_fraud"))
    if own.is_empty():
        return {"fraud": _columns(own), "honest": _columns(own)}
    first, last = own["event_time"].min(), own["event_time"].max()
    margin = min(max((last - first) * 0.3, _SHORTEST_MARGIN), _LONGEST_MARGIN)  # type: ignore[operator]
    inside = pl.col("event_time").is_between(first - margin, last + margin)  # type: ignore[operator]
    honest = rows.filter(inside, ~pl.col("is_fraud"))
    return {"fraud": _columns(_thinned(own, _MOST_FRAUD)), "honest": _columns(_thinned(honest, _MOST_HONEST))}


def _thinned(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    return rows.gather_every(max(1, -(-rows.height // most)))


def _columns(rows: pl.DataFrame) -> dict[str, list[Any]]:
    return (
        rows.select(
            "amount", "status", "direction", "who",
            time=pl.col("local").dt.strftime("%Y-%m-%dT%H:%M:%S"),
            what=pl.concat_str(pl.col("method"), pl.lit(", "), pl.col("recipient_entity").fill_null("?")),
        ).to_dict(as_series=False)
    )  # fmt: skip

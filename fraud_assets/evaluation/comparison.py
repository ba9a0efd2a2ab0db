"""Every candidate beside every other, month by month and over all months, on the same rows and the same replicates.

What lives here: the figures and their tables. What does not: scoring and deciding, which is done before.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.costs import losses
from fraud_assets.counting import counted
from fraud_assets.evaluation.intervals import Resampler, clusters, interval
from fraud_assets.evaluation.money import net_savings
from fraud_assets.evaluation.ranking import Floats, Steps
from fraud_assets.evaluation.report import plain
from fraud_assets.evaluation.settings import Settings
from fraud_assets.evaluation.words import formatted

#: The champion's column: whoever that was in the month.
CHAMPION = "champion"
_FIGURES = {
    "average_precision": ("average precision", ".3f"),
    "recall_at_budget": ("recall at {alerts:g} per 10,000", ".3f"),
    "card_precision": ("card-precision@{customers}", ".3f"),
    "savings": ("net savings, {currency}", ",.0f"),
}


def compare_candidates(rows: pl.DataFrame, settings: Settings) -> dict[str, Any]:
    """The figures of every candidate, each with a 95 % interval, and the paired differences of all pairs.

    Parameters
    ----------
    rows
        A row a scored debit: month (its key), transaction_id, customer_id, event_time, amount, status, is_fraud,
        campaign_id (null outside campaigns), and for each candidate ``score_<name>`` (probability) and
        ``decision_<name>``.
    settings
        Alert budget, costs, length of the daily list, replicates.

    Returns
    -------
    A document: ``months`` (a list), ``pooled`` (the same for all of them together) and ``paired``: for each two
    candidates, the better one over all months first, the difference of their pooled average precision. Intervals are by
    a bootstrap over campaigns and customers, paired; see :mod:`fraud_assets.evaluation.intervals`.
    """
    names = [column.removeprefix("score_") for column in rows.columns if column.startswith("score_")]
    keys = rows["month"].unique().sort().to_list()
    pooled, drawn = _figures(rows, names, settings)
    months = [{"month": key, **_figures(rows.filter(pl.col("month") == key), names, settings)[0]} for key in keys]
    found = pooled["candidates"]
    ranked = sorted(names, key=lambda name: -found[name]["average_precision"]["value"])
    paired = []
    for better, worse in combinations(ranked, 2):
        ahead = found[better]["average_precision"]["value"] - found[worse]["average_precision"]["value"]
        paired.append(
            {"better": better, "worse": worse, "ahead_by": interval(ahead, drawn[better] - drawn[worse]).document()}
        )
    document: dict[str, Any] = plain(
        {
            "settings": {
                "alerts": settings.alerts_per_10000,
                "customers": settings.daily_customers,
                "currency": settings.currency,
                "replicates": settings.replicates,
            },
            "months": months,
            "pooled": pooled,
            "paired": paired,
        }
    )
    return document


def comparison_table(document: dict[str, Any]) -> str:
    """The document as Markdown: a table a month, one for all months, and the paired differences."""
    parts = [_table(f"## {month['month']}", month, document["settings"]) for month in document["months"]]
    parts.append(_table("## All months together", document["pooled"], document["settings"]))
    lines = ["## Average precision, paired, all months together", "", "| better | worse | ahead by |", "|---|---|---|"]
    lines += [
        f"| {pair['better']} | {pair['worse']} | {formatted(pair['ahead_by'], '+.3f')} |" for pair in document["paired"]
    ]
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


def _figures(rows: pl.DataFrame, names: list[str], settings: Settings) -> tuple[dict[str, Any], dict[str, Floats]]:
    """The figures of some rows, and the replicates of each candidate's average precision."""
    is_fraud, amount = rows["is_fraud"].to_numpy(), rows["amount"].cast(pl.Float64).to_numpy()
    is_live = (rows["status"].cast(pl.String) != "declined").fill_null(value=True).to_numpy()
    campaign = rows["campaign_id"].fill_null(-1).to_numpy()
    draws = Resampler(clusters(rows["customer_id"].to_numpy(), campaign, is_fraud), settings.replicates, settings.seed)
    budget = settings.alerts_per_10000 / 10_000
    found: dict[str, Any] = {}
    drawn: dict[str, Floats] = {}
    for name in names:
        score = rows[f"score_{name}"].to_numpy()
        steps, ranking = Steps.of(score, is_fraud), draws.ranking(score, is_fraud, budget)
        saved = net_savings(
            rows[f"decision_{name}"].cast(pl.String).to_numpy().astype("<U8"), amount, is_fraud, is_live, settings.costs
        )
        drawn[name] = ranking.average_precision
        recall = float(steps.caught_at_budget(budget)[0][0])
        found[name] = {
            "average_precision": interval(float(steps.average_precision()[0]), ranking.average_precision).document(),
            "recall_at_budget": interval(recall, ranking.recall_at_budget).document(),
            "card_precision": _card_precision(rows, f"score_{name}", draws, settings.daily_customers),
            "savings": draws.total(saved, is_fraud).document(),
        }
    return {
        "rows": rows.height,
        "frauds": int(is_fraud.sum()),
        "lost_without_decisions": float(losses(amount, is_fraud, is_live, settings.costs).sum()),
        "candidates": found,
    }, drawn


def _card_precision(rows: pl.DataFrame, score: str, draws: Resampler, length: int) -> dict[str, float]:
    """The share of victims among the day's ``length`` most suspicious customers, over all days.

    A customer's place in the resampling is that of the row that put them on the list.
    """
    listed = (
        rows.select(
            "customer_id",
            "is_fraud",
            day=pl.col("event_time").dt.date(),
            score=pl.col(score),
            row=pl.int_range(pl.len()),
        )
        .sort("score", "row", descending=[True, False])
        .group_by("day", "customer_id", maintain_order=True)
        .agg(pl.col("score").first(), pl.col("row").first(), is_victim=pl.col("is_fraud").any())
        .sort("day", "score", "customer_id", descending=[False, True, False])
        .group_by("day", maintain_order=True)
        .head(length)
    )
    hit, chosen = np.zeros(rows.height), np.zeros(rows.height)
    chosen[listed["row"].to_numpy()] = 1.0
    hit[listed["row"].to_numpy()] = listed["is_victim"].to_numpy()
    return draws.quotient(hit, chosen).document()


def _table(title: str, part: dict[str, Any], settings: dict[str, Any]) -> str:
    heads = [words.format(**settings) for words, _ in _FIGURES.values()]
    lost = f"{settings['currency']} {part['lost_without_decisions']:,.0f}"
    lines = [
        title,
        "",
        f"{counted(part['rows'], 'payment')}, {part['frauds']:,} of them fraud; approving everything loses {lost}.",
        "",
        f"| candidate | {' | '.join(heads)} |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for name, figures in part["candidates"].items():
        cells = [formatted(figures[key], form) for key, (_, form) in _FIGURES.items()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)

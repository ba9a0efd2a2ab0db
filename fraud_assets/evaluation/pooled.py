"""What the champion was worth over several months, each scored by the champion of its day.

What lives here: what a single month has too few campaigns to say: calibration, the alerts that fixed thresholds give,
money, recall by type and false alarms on look-alikes, pooled over the months. What does not: the candidates beside one
another (``comparison``), and what may be asked of the figures (``gates.models``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.evaluation import breakdown, money
from fraud_assets.evaluation.calibration import brier_skill, calibration
from fraud_assets.evaluation.intervals import Estimate, Resampler, clusters, interval
from fraud_assets.evaluation.ranking import Bools, Floats, Steps, top_share
from fraud_assets.evaluation.report import plain
from fraud_assets.evaluation.settings import Settings
from fraud_assets.evaluation.words import formatted

#: Columns with the scores of models that are measured beside the champion and decide nothing.
YARDSTICK = "yardstick_"


def judge_champion(rows: pl.DataFrame, settings: Settings) -> dict[str, Any]:
    """The champions' figures over all months.

    Parameters
    ----------
    rows
        A row a scored debit: month (its key), transaction_id, customer_id, event_time, amount, status, is_fraud,
        fraud_type, campaign_id, lookalike_of (null where there is none), ``score`` (probability), ``decision`` as it
        was made by the fixed threshold, ``is_over_threshold`` (the score exceeds the fixed one that was to give the
        budget), ``alerts_a_day`` (length of the daily queue), and ``yardstick_<name>`` scores, if there are any.
    settings
        Alert budget, costs, replicates.

    Returns
    -------
    A document: ``ranking`` (average precision, ROC-AUC, recall at the budget), ``calibration`` with intervals,
    ``threshold`` and ``queue`` by month and over all, ``policies``, ``fraud_types``, ``look_alikes`` and
    ``yardsticks``, the average precision of each. Intervals are 95 %, by campaign and customer.
    """
    frame = _prepared(rows, settings)
    is_fraud, score = frame["is_fraud"].to_numpy(), frame["score"].to_numpy()
    transaction_id = frame["transaction_id"].to_numpy()
    campaign = frame["campaign_id"].fill_null(-1).to_numpy()
    draws = Resampler(clusters(frame["customer_id"].to_numpy(), campaign, is_fraud), settings.replicates, settings.seed)
    budget = settings.alerts_per_10000 / 10_000
    found = calibration(score, is_fraud, transaction_id, draws)
    yardsticks = [name for name in rows.columns if name.startswith(YARDSTICK)]
    document: dict[str, Any] = plain(
        {
            "rows": frame.height,
            "frauds": int(is_fraud.sum()),
            "ranking": _ranking(score, is_fraud, budget, draws),
            "calibration": found | {"brier_skill": _brier_skill(score, is_fraud, draws).document()},
            "threshold": _thresholds(frame, settings),
            "queue": _queues(frame),
            "policies": money.policies(
                frame["decision"].to_numpy().astype("<U8"),
                score,
                frame["amount"].to_numpy(),
                is_fraud,
                frame["is_live"].to_numpy(),
                transaction_id,
                budget,
                settings.costs,
                draws,
            ),
            "fraud_types": breakdown.by_fraud_type(frame, draws),
            "look_alikes": breakdown.look_alikes(frame, draws),
            "yardsticks": {
                name.removeprefix(YARDSTICK): _ranking(frame[name].to_numpy(), is_fraud, budget, draws)[
                    "average_precision"
                ]
                for name in yardsticks
            },
        }
    )
    return document


def champion_table(document: dict[str, Any]) -> str:
    """The document as Markdown: figures, alerts by month, policies, types of fraud, look-alikes."""
    ranking, calibrated, queue = (document[name] for name in ("ranking", "calibration", "queue"))
    figures = [
        ("average precision", formatted(ranking["average_precision"], ".3f")),
        ("ROC-AUC", formatted(ranking["roc_auc"], ".3f")),
        ("recall at the alert budget", formatted(ranking["recall_at_budget"], ".3f")),
        *((f"average precision, {_words(name)}", formatted(of, ".3f")) for name, of in document["yardsticks"].items()),
        ("expected / observed, 1 % highest scores", formatted(calibrated["top_percent_detail"], ".2f")),
        ("calibration slope", _number(calibrated["slope"], ".2f")),
        ("Brier skill", formatted(calibrated["brier_skill"], ".3f")),
        ("daily queues filled", f"{queue['days_filled']} of {queue['days']} days"),
    ]
    thresholds = [*document["threshold"]["months"], {"month": "all"} | document["threshold"]["pooled"]]
    parts = [
        _rows("The champions of the months", ("figure", "value (95 %)"), figures),
        _rows(
            "Alerts of the fixed thresholds, in shares of the budget",
            ("month", "rows over the score", "reviews", "refusals"),
            [
                (row["month"], *(_number(row[key], ".2f") for key in ("rows_over_score", "reviews", "refusals")))
                for row in thresholds
            ],
        ),
        _rows(
            "Money",
            ("policy", "reviews", "refusals", "saved (95 %)", "of the ideal"),
            [
                (
                    _words(row["policy"]),
                    f"{row['reviews']:,}",
                    f"{row['refusals']:,}",
                    formatted(row["savings"], ",.0f"),
                    _number(row["share_of_ideal"], ".0%"),
                )
                for row in document["policies"]
            ],
        ),
        _rows(
            "Recall by type of fraud",
            ("type", "frauds", "campaigns", "recall at the budget (95 %)"),
            [
                (
                    _words(row["fraud_type"]),
                    f"{row['frauds']:,}",
                    f"{row['campaigns']:,}",
                    formatted(row["recall_at_budget"], ".2f"),
                )
                for row in document["fraud_types"]
            ],
        ),
        _rows(
            "False alarms on honest payments that resemble a fraud",
            ("like", "rows", "false-positive rate (95 %)", "times that of others"),
            [
                (
                    _words(row["lookalike_of"]),
                    f"{row['rows']:,}",
                    formatted(row["false_positive_rate"], ".4f"),
                    _number(row["times_the_usual"], ".1f"),
                )
                for row in document["look_alikes"]
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _rows(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"## {title}", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _number(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"


def _prepared(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    frame = rows.with_columns(
        pl.col("status", "decision", "fraud_type", "lookalike_of").cast(pl.String),
        pl.col("campaign_id").cast(pl.Int64),
        pl.col("amount").cast(pl.Float64),
        is_live=(pl.col("status").cast(pl.String) != "declined").fill_null(value=True),
        is_alert=pl.col("decision").cast(pl.String) != "APPROVED",
    )
    # The budget is a month's: a month of high scores must not use up that of the others.
    chosen = [
        part.select(
            "transaction_id",
            in_budget=pl.Series(
                top_share(
                    part["score"].to_numpy(), part["transaction_id"].to_numpy(), settings.alerts_per_10000 / 10_000
                )
            ),
        )
        for part in frame.partition_by("month", maintain_order=True)
    ]
    return frame.join(pl.concat(chosen), on="transaction_id", how="left", maintain_order="left")


def _ranking(score: Floats, is_fraud: Bools, budget: float, draws: Resampler) -> dict[str, Any]:
    steps, drawn = Steps.of(score, is_fraud), draws.ranking(score, is_fraud, budget)
    recall = float(steps.caught_at_budget(budget)[0][0])
    return {
        "average_precision": interval(float(steps.average_precision()[0]), drawn.average_precision).document(),
        "roc_auc": interval(float(steps.roc_auc()[0]), drawn.roc_auc).document(),
        "recall_at_budget": interval(recall, drawn.recall_at_budget).document(),
    }


def _brier_skill(score: Floats, is_fraud: Bools, draws: Resampler) -> Estimate:
    """1 - Brier score / that of always saying the prevalence, with its interval."""
    rows = draws.sums(np.ones(len(score)))
    share = draws.sums(is_fraud.astype(np.float64)) / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        skill = 1 - draws.sums((score - is_fraud) ** 2) / rows / (share * (1 - share))
    return interval(brier_skill(score, is_fraud), skill)


def _thresholds(frame: pl.DataFrame, settings: Settings) -> dict[str, Any]:
    """Rows above the fixed score, and reviews that the decisions asked for, in shares of the budget."""
    budget = settings.alerts_per_10000 / 10_000
    filled = (
        (pl.col("is_over_threshold").mean() / budget).alias("rows_over_score"),
        ((pl.col("decision") == "FLAGGED").mean() / budget).alias("reviews"),
        ((pl.col("decision") == "REJECTED").mean() / budget).alias("refusals"),
    )
    return {
        "months": frame.group_by("month").agg(*filled).sort("month").to_dicts(),
        "pooled": frame.select(*filled).to_dicts()[0],
    }


def _queues(frame: pl.DataFrame) -> dict[str, Any]:
    """Are the daily queues, filled with the highest scores of the day, as long as they are to be?"""
    days = (
        frame.group_by("month", pl.col("event_time").dt.date().alias("day"))
        .agg(rows=pl.len(), asked=pl.col("alerts_a_day").first())
        .with_columns(filled=pl.min_horizontal("rows", "asked"))
    )
    return {
        "days": days.height,
        "days_filled": int((days["filled"] == days["asked"]).sum()),
        "asked": int(days["asked"].sum()),
        "filled": int(days["filled"].sum()),
    }

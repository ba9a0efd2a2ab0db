"""The rows on which a month's models are tried: scores, decisions, ledger columns, knowledge and truth side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from fraud_assets.assets.common import at_hand
from fraud_assets.detection.candidates import CANDIDATES
from fraud_assets.detection.trained import CandidateSet
from fraud_assets.evaluation.settings import TRUTH_COLUMNS, Subject
from fraud_assets.features.needs import did_without
from fraud_assets.knowledge import known_at
from fraud_assets.lake.store import Lake
from fraud_assets.months import REPORT_DELAY, Month
from fraud_assets.scenario import Bank


def months_of_reports(lake: Lake, bank: str, month: Month) -> list[Month]:
    """The month and those after it whose reports are in the lake without a gap, as many as are of use."""
    later = [month + k for k in range(1, REPORT_DELAY + 1)]
    return [month, *at_hand(lake, bank, later, "incident_reports")]


def with_amounts(features: pl.LazyFrame, transactions: pl.LazyFrame) -> pl.LazyFrame:
    """The feature rows, in their order, with the ledger's amount (major units) and status, on which costs depend."""
    amounts = transactions.select("transaction_id", "amount", "status")
    return features.join(amounts, on="transaction_id", how="left", maintain_order="left")


def trial_rows(
    scored_transactions: pl.LazyFrame,
    candidate_scores: pl.LazyFrame,
    transactions: pl.LazyFrame,
    customers: pl.LazyFrame,
    incident_reports: pl.LazyFrame,
    labeled_anomalies: pl.LazyFrame | None,
    known_until: Month,
) -> pl.DataFrame:
    """The scored rows of a month as :func:`fraud_assets.evaluation.report.evaluate` takes them.

    Parameters
    ----------
    scored_transactions
        With the champion's score and decision.
    candidate_scores
        With a ``score_<candidate>`` column a candidate.
    incident_reports
        Of the month and of later ones, the last one being ``known_until``.
    labeled_anomalies
        None where nobody knows the truth; then reports take its place.
    """
    ledger = transactions.select("transaction_id", "status", "channel", "category")
    scores = candidate_scores.select("transaction_id", pl.col("^score_.*$"))
    known = known_at(incident_reports, known_until.end).select("transaction_id", "reported_at")
    rows = (
        scored_transactions.join(scores, on="transaction_id", how="left", maintain_order="left")
        .join(ledger, on="transaction_id", how="left", maintain_order="left")
        .join(
            customers.select("customer_id", "segment", "age_group"), on="customer_id", how="left", maintain_order="left"
        )
        .join(known, on="transaction_id", how="left", maintain_order="left")
    )
    if labeled_anomalies is not None:
        truth = labeled_anomalies.select("transaction_id", *TRUTH_COLUMNS)
        flags = [name for name, dtype in truth.collect_schema().items() if dtype == pl.Boolean]
        rows = rows.join(truth, on="transaction_id", how="left", maintain_order="left")
        rows = rows.with_columns(pl.col(flags).fill_null(value=False))
    return rows.collect(engine="streaming")


def with_champion(
    rows: pl.DataFrame,
    scenario: Bank,
    month: Month,
    decision: Mapping[str, Any],
    candidates: CandidateSet,
    known_until: Month,
) -> tuple[pl.DataFrame, Subject]:
    """The rows and the subject of the trial; a champion of an earlier month gets a score column of its own.

    Parameters
    ----------
    rows
        As :func:`trial_rows` gives them.
    decision
        The month's decision document, with a champion.
    """
    champion = decision["champion"]
    notes = {name: kind.title for name, kind in CANDIDATES.items()}
    name = champion["name"]
    own = candidates.models.get(name)
    if own is None or own.identity != champion["identity"]:
        name = f"{champion['name']}_{champion['month']}"
        notes[name] = f"The champion since {champion['month']}: {notes[champion['name']]}"
        rows = rows.with_columns(pl.col("score").alias(f"score_{name}"))
    cut = Month.parse(champion["month"]).start
    subject = Subject(
        bank=scenario.title,
        month=month,
        champion=name,
        trained_on=f"{_days(champion['training_window'])}, with the reports known on {cut:%Y-%m-%d}",
        known_until=known_until.end,
        version=champion["identity"][:12],
        did_without=did_without(scenario.absent),
        ladder_notes={candidate: note for candidate, note in notes.items() if f"score_{candidate}" in rows.columns},
    )
    return rows, subject


def _days(window: str) -> str:
    """A training window without the time of day."""
    return " to ".join(instant[:10] for instant in window.split(" to "))

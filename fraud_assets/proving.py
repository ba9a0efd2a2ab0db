"""Does a world hold? Months of a simulated bank before the gates, for one seed or many, without a lake.

What lives here: making the months and putting them to the gates, and the table of what came out. What the gates ask is
in :mod:`fraud_assets.evaluation.gates`; asset checks ask the same of months in the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from fraud_assets.evaluation.gates import GATES, REPORTS, Result, judge, report_delays
from fraud_assets.evaluation.gates.result import written
from fraud_assets.months import REPORT_LOOKBACK, Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import generator
from fraud_assets.simulation.fraud.reports import incident_reports

_TABLES: dict[str, Callable[[Scenario, Month], list[generator.Chunk]]] = {
    "transactions": generator.transaction_chunks,
    "labeled_anomalies": generator.label_chunks,
    "fraud_campaigns": generator.campaign_chunks,
    "customers": generator.customer_chunks,
    "devices": generator.device_chunks,
    "merchants": generator.merchant_chunks,
    "logins": generator.login_chunks,
}
_BEFORE = ("transactions", "labeled_anomalies", "fraud_campaigns")


@dataclass(frozen=True)
class Proof:
    """What the gates said of one month of one seed."""

    seed: int
    month: Month
    results: tuple[Result, ...]
    minimum_fraud_rows: int

    def failed(self) -> list[Result]:
        """The gates that failed with enough fraud rows behind them to say so."""
        return [result for result in self.results if not result.passed and result.n >= self.minimum_fraud_rows]

    def doubtful(self) -> list[Result]:
        """The gates that failed with too few fraud rows for a verdict."""
        return [result for result in self.results if not result.passed and result.n < self.minimum_fraud_rows]


def tables_of(scenario: Scenario, month: Month) -> dict[str, pl.LazyFrame]:
    """All tables of a month that the gates look at, in memory."""
    return {name: pl.concat([make() for make in chunks(scenario, month)]).lazy() for name, chunks in _TABLES.items()}


def prove(scenario: Scenario, first: Month, months: int) -> Iterator[Proof]:
    """Make consecutive months and put each before all gates, the month before and all reports at hand.

    Memory holds two months and the labels of seven; each proof is given as soon as it is there.
    """
    before: dict[str, pl.LazyFrame] | None = None
    labels: list[pl.LazyFrame] = []
    filed: list[pl.LazyFrame] = []
    for month in (first + k for k in range(months)):
        tables = tables_of(scenario, month)
        results = judge(scenario, month, tables, before)
        labels = [*labels[-REPORT_LOOKBACK:], tables["labeled_anomalies"]]
        filed = [*filed[-REPORT_LOOKBACK:], incident_reports(scenario, month, pl.concat(labels))]
        results.append(report_delays(pl.concat(labels), pl.concat(filed), month.end))
        yield Proof(scenario.seed, month, tuple(results), scenario.gates.minimum_fraud_rows)
        before = {name: tables[name] for name in _BEFORE}


def proof_table(proofs: Sequence[Proof]) -> str:
    """A row a gate, as Markdown: the figure that came nearest to its limit, that limit, and in how many months it held.

    Limits leave room for chance, so each month has its own; the row shows the month in which least room was left.
    """
    lines = [
        "| gate | the closest call | its figure | allowed | held | failed | too few frauds to say | not tested |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in (*GATES, REPORTS):
        of_gate = [(proof, result) for proof in proofs for result in proof.results if result.name == name]
        found = [result for _, result in of_gate]
        calls = [(line, proof) for proof, result in of_gate if (line := result.closest) is not None]
        closest = "– | – | –"
        if calls:
            line, proof = max(calls, key=lambda call: (not call[0].holds, call[0].used))
            closest = (
                f"{line.name} (seed {proof.seed}, {proof.month}) | {written(line.realised)} | {line.allowed or '–'}"
            )
        tested = sum(result.value is not None for result in found)
        failed = sum(name in (r.name for r in proof.failed()) for proof in proofs)
        doubtful = sum(name in (r.name for r in proof.doubtful()) for proof in proofs)
        held = tested - failed - doubtful
        lines.append(f"| {name} | {closest} | {held} | {failed} | {doubtful} | {len(found) - tested} |")
    return "\n".join(lines) + "\n"

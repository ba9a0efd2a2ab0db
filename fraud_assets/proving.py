"""Does a world hold? Months of a simulated bank before the gates, for one seed or many, without a lake.

What lives here: making the months and putting them to the gates, and the table of what came out. What the gates ask is
in :mod:`fraud_assets.evaluation.gates`; asset checks ask the same of months in the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import polars as pl

from fraud_assets.evaluation.gates import GATES, REPORTS, Result, judge, report_delays
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
    """A row a gate, as Markdown: in how many months it held, and its figure's lowest, median and highest value."""
    lines = [
        "| gate | allowed | lowest | median | highest | held | failed | too few frauds to say | not tested |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in (*GATES, REPORTS):
        found = [result for proof in proofs for result in proof.results if result.name == name]
        values = [result.value for result in found if result.value is not None]
        spread = (min(values), median(values), max(values)) if values else ()
        failed = sum(name in (r.name for r in proof.failed()) for proof in proofs)
        doubtful = sum(name in (r.name for r in proof.doubtful()) for proof in proofs)
        figures = " | ".join(f"{value:.3g}" for value in spread) or "– | – | –"
        limit = found[0].limit if len({result.limit for result in found}) == 1 else "by month"
        held = len(values) - failed - doubtful
        lines.append(f"| {name} | {limit} | {figures} | {held} | {failed} | {doubtful} | {len(found) - len(values)} |")
    return "\n".join(lines) + "\n"

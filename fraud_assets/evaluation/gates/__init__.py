"""Gates on a simulated month: is the world what was asked for, and is its fraud as hard to see as real fraud is?

What lives here: everything about a month that needs no model, each gate a module of its own, and :func:`judge`, which
asks them all. Pure functions of lazy tables; honest rows beyond 750,000 are sampled, so memory stays bounded. What does
not: where tables come from, and what a failed gate means (asset checks, the command line).
"""

from __future__ import annotations

import polars as pl

from fraud_assets.evaluation.gates.alike import Alike
from fraud_assets.evaluation.gates.asked import active_types, realised_habits, realised_mix, realised_rate
from fraud_assets.evaluation.gates.columns import column_auc
from fraud_assets.evaluation.gates.delays import NAME as REPORTS
from fraud_assets.evaluation.gates.delays import report_delays
from fraud_assets.evaluation.gates.giveaways import giveaways, owned
from fraud_assets.evaluation.gates.information import information, told
from fraud_assets.evaluation.gates.keys import key_coverage
from fraud_assets.evaluation.gates.patterns import patterns
from fraud_assets.evaluation.gates.result import Line, Result
from fraud_assets.evaluation.gates.reversals import reversals
from fraud_assets.evaluation.gates.sample import Sample, Tables, Truth
from fraud_assets.evaluation.gates.shares import night_share, top_amount_share
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario

__all__ = ["GATES", "REPORTS", "Line", "Result", "Tables", "judge", "report_delays"]

#: Name of each gate, in the order in which :func:`judge` answers, and what it asks.
GATES = {
    "column_auc": "No column of the ledger alone separates fraud from honest payments.",
    "giveaways": "No value or pattern belongs mostly to one type of fraud.",
    "information": "Given what is done, how a row is written tells nothing of a type of fraud.",
    "key_coverage": "Customers, merchants, devices and logins are on file as often for fraud as for honest payments.",
    "top_amount_share": "Fraud is neither rare nor rife among the largest amounts.",
    "night_share": "Fraud is not much more nocturnal than honest payments.",
    "realised_rate": "As much fraud as the scenario asks for.",
    "realised_mix": "The fraud types in the mix that the scenario asks for.",
    "active_types": "No type of fraud that should have rows is without them.",
    "realised_habits": "Honest customers as faithful to their city and their shops as the scenario asks for.",
    "reversals": "What speaks for fraud in one month does not speak against it in the next.",
}


def judge(scenario: Scenario, month: Month, tables: Tables, before: Tables | None = None) -> list[Result]:
    """Ask every gate about a month.

    Parameters
    ----------
    scenario, month
        What was asked for, and which month the tables are of.
    tables
        By name, the month's ``transactions`` and ``labeled_anomalies``, and as far as there are any ``customers``,
        ``devices``, ``merchants``, ``logins`` and ``fraud_campaigns``.
    before
        ``transactions``, ``labeled_anomalies`` and ``fraud_campaigns`` of the month before, if they are at hand.

    Returns
    -------
    One result for each of :data:`GATES`. ``n`` is the number of fraud rows behind it; what too few of them mean is the
    caller's decision.
    """
    truth = Truth.of(tables)
    sample = Sample.of(tables, truth)
    campaigns = _campaigns(tables, before)
    earlier = None if before is None else Truth.of(before)
    return [
        column_auc(sample, truth),
        *_patterns(sample, truth),
        key_coverage(sample, truth, tables),
        top_amount_share(sample, truth),
        night_share(sample, truth),
        realised_rate(truth, scenario, month, campaigns),
        realised_mix(truth, scenario, month, campaigns),
        active_types(truth, scenario, month, campaigns, earlier),
        realised_habits(truth, scenario, tables, before),
        reversals(sample, truth, before, scenario, month),
    ]


def _patterns(sample: Sample, truth: Truth) -> list[Result]:
    """The two gates that look at every pattern."""
    looked_at = patterns(sample)
    found = owned(looked_at, sample.fraud, sample.honest, sample.weight)
    traces = [one for p, fraud, honest in Alike.of(sample).compared(looked_at) for one in told(p.name, fraud, honest)]
    return [giveaways(found, truth, len(looked_at)), information(traces, truth)]


def _campaigns(tables: Tables, before: Tables | None) -> pl.DataFrame:
    parts = [t["fraud_campaigns"] for t in (tables, before) if t is not None and "fraud_campaigns" in t]
    if not parts:
        return pl.DataFrame(schema={"fraud_type": pl.String, "planned_rows": pl.Int32})
    return pl.concat([part.select(pl.col("fraud_type").cast(pl.String), "planned_rows") for part in parts]).collect()

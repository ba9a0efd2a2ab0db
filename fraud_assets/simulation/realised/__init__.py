"""What the scenario asks for beside what the tables show: one line a figure.

What lives here: measures of finished tables, so of what users get, not of what the emitters meant. What is asked for
comes from the scenario wherever it says so; the rest (hours at which nobody is up, a share of refunds that name their
purchase) stands beside its measure. Several months are measured together. What does not live here: whether a month may
be used, which is for the gates to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.realised.accidents import accidents
from fraud_assets.simulation.realised.figure import Figure, table
from fraud_assets.simulation.realised.fraud import fraud
from fraud_assets.simulation.realised.money import endings, money
from fraud_assets.simulation.realised.people import activity, people, profiles
from fraud_assets.simulation.realised.reports import reports
from fraud_assets.simulation.realised.rhythm import rhythm
from fraud_assets.simulation.realised.things import devices, merchants
from fraud_assets.simulation.realised.view import View, months_of

__all__ = ["NEEDED", "USED", "Figure", "figures", "table"]

#: Tables without which nothing can be said, and others that say more.
NEEDED = ("transactions", "labeled_anomalies", "customers")
USED = (*NEEDED, "devices", "merchants", "logins", "fraud_campaigns", "incident_reports")

_SECTIONS = {
    "People": people,
    "How much they do": activity,
    "When": rhythm,
    "What they pay, and how": money,
    "How it ends": endings,
    "Behaviour follows the profile": profiles,
    "Devices and logins": devices,
    "Merchants": merchants,
    "Accidents": accidents,
    "Fraud": fraud,
    "Reports": reports,
}


def figures(scenario: Scenario, months: Sequence[Month], tables: Mapping[str, pl.LazyFrame]) -> list[Figure]:
    """The figures of the months together, section by section; what does not apply to the bank is left out.

    Parameters
    ----------
    tables
        By name, those of :data:`USED` that there are, :data:`NEEDED` among them: all months of each, but of
        ``customers``, ``devices`` and ``merchants`` the last month's alone. The ledger is read by streaming aggregates,
        the labels are held.
    """
    view = View(scenario, months_of(months), tables)
    return [replace(line, section=name) for name, measure in _SECTIONS.items() for line in measure(view)]

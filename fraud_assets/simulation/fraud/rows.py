"""The rows and logins of all campaigns on the accounts of some units, cut to a ledger month."""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.fraud.campaigns import Plan
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.families.base import Emission, Sessions
from fraud_assets.simulation.fraud.plan import alive, victims
from fraud_assets.simulation.intents import APPROVED, DAY, Bank
from fraud_assets.simulation.streams import F64


def campaign_rows(bank: Bank, month: Month) -> list[tuple[Plan, Emission, F64]]:
    """For each plan that is alive: its emission in the month and, row by row, what the victim loses to it in all.

    The loss (major units, over the campaign's whole life on the account) is what severity is measured by.
    """
    found: list[tuple[Plan, Emission, F64]] = []
    index = bank.traits.index
    if not len(index):
        return []
    start, end = int(month.start.timestamp()) * 1_000_000, int(month.end.timestamp()) * 1_000_000
    for plan in alive(bank.scenario, month):
        family = FAMILIES[plan.kind.family]
        hit = victims(bank.scenario, plan, int(index[0]), int(index[-1]) + 1)
        # What ended before the month is over; takeovers may be put off by a day, and the logins lie before the rows.
        hit = hit.take(plan.ends_us[hit.campaign] + DAY >= start)
        if not len(hit.index):
            continue
        emission = family.emit(bank, plan, hit)
        rows = emission.rows
        pair = rows.campaign * np.int64(len(index)) + rows.who
        _, group = np.unique(pair, return_inverse=True)
        amount = np.where(rows.status == APPROVED, rows.cents, 0) / 100
        lost = np.bincount(group, weights=amount)[group].astype(np.float64)
        inside = (rows.event_us >= start) & (rows.event_us < end)
        cut = Emission(rows.take(inside), {k: v[inside] for k, v in emission.evidence.items()}, emission.sessions)
        found.append((plan, cut, lost[inside]))
    return found


def campaign_sessions(bank: Bank, month: Month) -> list[tuple[Plan, Sessions]]:
    """The logins that the campaigns make on the accounts of the units; not cut to the month."""
    return [(p, e.sessions) for p, e, _ in campaign_rows(bank, month) if e.sessions is not None]

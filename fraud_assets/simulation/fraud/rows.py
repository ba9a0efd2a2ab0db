"""What all campaigns do to the accounts of some units: rows and logins, cut to a ledger month."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.clocks import microseconds
from fraud_assets.simulation.fraud.campaigns import Plan
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.families.base import Emission, Sessions
from fraud_assets.simulation.fraud.plan import alive, victims
from fraud_assets.simulation.groups import FRAUD, by_customer, by_group, rows_of
from fraud_assets.simulation.intents import APPROVED, DAY, INCOME, Bank, Intents, concat
from fraud_assets.simulation.possible import is_shut
from fraud_assets.simulation.prices import charged
from fraud_assets.simulation.streams import F64, Bools

#: Groups of which it is kept what campaigns do, 3 MB each: those of some 50 million ledger rows, so that logins, ledger
#: and labels, which all ask for it, find it.
_KEPT = 10


@dataclass(frozen=True)
class Carried:
    """What one plan's campaigns do in a month to the accounts of a group."""

    plan: Plan
    emission: Emission
    lost: F64  # to the campaign by the row's victim, over its whole life, major units; one a row


def campaign_rows(bank: Bank, month: Month) -> Intents:
    """The ledger rows of the month that campaigns cause, fraud and what honestly goes with it, customer by customer."""
    return rows_of(bank, month, group_rows)


def campaign_logins(bank: Bank, month: Month) -> Sessions:
    """The logins of campaigns in the month; ``campaign`` is the campaign's id."""
    found = []
    for share, sessions in _sessions.of(bank, month):
        mine = _chosen(sessions, (sessions.who >= share.first) & (sessions.who < share.end))
        found.append({**vars(mine), "who": mine.who + share.shift})
    return Sessions(**{f.name: np.concatenate([part[f.name] for part in found]) for f in fields(Sessions)})


@by_group(FRAUD, kept=_KEPT)
def carried_out(group: Bank, month: Month) -> list[Carried]:
    """Of each plan that is alive: what it does in the month to the accounts of the group."""
    index = group.traits.index
    if not len(index):
        return []
    start, end = microseconds(month.start), microseconds(month.end)
    found = []
    for plan in alive(group.scenario, month):
        hit = victims(group.scenario, plan, int(index[0]), int(index[-1]) + 1)
        # What ended before the month is over; takeovers may be put off by a day, and the logins lie before the rows.
        hit = hit.take(plan.ends_us[hit.campaign] + DAY >= start)
        if not len(hit):
            continue
        emission = FAMILIES[plan.kind.family].emit(group, plan, hit)
        rows = emission.rows
        _, pair = np.unique(rows.campaign * np.int64(len(index)) + rows.who, return_inverse=True)
        # What comes in only to go out again, or is bought only to be refunded, is lost once.
        paid = charged(group, rows.category, rows.merchant, rows.cents)
        moved = np.where(rows.status == APPROVED, paid, 0) / 100
        into, out = (np.bincount(pair, weights=moved * way) for way in (rows.kind >= INCOME, rows.kind < INCOME))
        lost = np.maximum(into, out)[pair]
        inside = (rows.event_us >= start) & (rows.event_us < end) & ~is_shut(group, rows)
        found.append(Carried(plan, emission.take(inside), lost.astype(np.float64)[inside]))
    return found


@by_group(FRAUD)
def group_rows(group: Bank, month: Month) -> Intents:
    """All rows of a group, sorted by customer."""
    done = [carried.emission for carried in carried_out(group, month)]
    honest = [emission.honest for emission in done if emission.honest is not None]
    return by_customer(concat([Intents.make(0), *(emission.rows for emission in done), *honest]))


@by_group(FRAUD)
def _sessions(group: Bank, month: Month) -> Sessions:
    """All logins of a group in the month."""
    start, end = microseconds(month.start), microseconds(month.end)
    nothing = np.empty(0, dtype=np.int64)
    found = [Sessions(nothing, nothing, nothing, nothing, nothing.astype(bool), nothing, nothing, nothing)]
    for carried in carried_out(group, month):
        sessions = carried.emission.sessions
        if sessions is not None:
            mine = _chosen(sessions, (sessions.event_us >= start) & (sessions.event_us < end))
            found.append(Sessions(**{**vars(mine), "campaign": carried.plan.campaign_id[mine.campaign]}))
    return Sessions(**{f.name: np.concatenate([getattr(s, f.name) for s in found]) for f in fields(Sessions)})


def _chosen(sessions: Sessions, rows: Bools) -> Sessions:
    return Sessions(**{f.name: getattr(sessions, f.name)[rows] for f in fields(Sessions)})

"""Delays: when somebody first learns of a fraud, as a function of campaign and customer alone.

Without any state the plan (a reported victim gets a new card, a campaign is cut short) and the reports that are filed
months later (``reports.py``) agree.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from fraud_assets.codes import REPORT_SOURCES
from fraud_assets.scenario import CampaignType, Scenario
from fraud_assets.simulation.fraud.campaigns import Plan
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms

NEVER = np.iinfo(np.int64).max
#: No report of a customer comes later than this after the first row that it is about.
LONGEST_DAYS = 120.0
#: Ways to find fraud that are slow and take the same time whatever the type: fewest and most days [S].
_SLOW = {"charge_off": (90.0, 180.0), "merchant_audit": (30.0, 120.0), "law_enforcement": (14.0, 90.0)}
#: Victims who never look at their statement and learn of it from a chargeback cycle: 20 days + lognormal(25, .6) [S].
_CHARGEBACK_SHARE, _CHARGEBACK_DAYS, _CHARGEBACK_MEDIAN, _CHARGEBACK_SIGMA = 0.06, 20.0, 25.0, 0.6
_NEVER_NOTICED = 0.10


def counts_from_end(kind: CampaignType) -> bool:
    """Whether the delay begins when the campaign is over: a debt is written off so long after the last payment."""
    return kind.reporting == "charge_off"


def delays(scenario: Scenario, kind: CampaignType, campaign_id: I64, customer: I64, large: I64) -> tuple[I64, I64]:
    """Microseconds from a victim's first row to the report, and its source (index into REPORT_SOURCES).

    From the campaign's end, where :func:`counts_from_end`. The largest integer where the fraud is never reported.

    Parameters
    ----------
    campaign_id, customer
        The campaign and the number (index) of the customer; shape (n,).
    large
        1 for the payments that stand out on a statement, 0 for the small ones; they are noticed apart.
    """
    seed = scenario.seed
    by_customer = kind.reporting == "customer"
    never = np.full(len(campaign_id), kind.never_reported)
    if by_customer:
        never = np.where(large == 1, np.minimum(never, _NEVER_NOTICED), never)
    told = hashed_uniforms(seed, "report.told", campaign_id, customer, large) >= never
    u = np.clip(hashed_uniforms(seed, "report.delay", campaign_id, customer, large), 1e-9, 1 - 1e-9)
    source = np.full(len(campaign_id), REPORT_SOURCES.index(kind.reporting))
    if kind.reporting in _SLOW:
        # What the bank or the police find, they find for the whole campaign at once.
        low, high = _SLOW[kind.reporting]
        days = low + (high - low) * hashed_uniforms(seed, "report.found_out", campaign_id)
    else:
        z = ndtri(u)
        cycle = hashed_uniforms(seed, "report.cycle", campaign_id, customer, large) < _CHARGEBACK_SHARE
        disputed = cycle if by_customer else np.ones(len(cycle), dtype=bool)
        own = kind.report_delay_median_days * np.exp(kind.report_delay_sigma * z)
        days = np.clip(np.where(disputed, chargeback_days(z), own), 0.02, LONGEST_DAYS)
        source[disputed] = REPORT_SOURCES.index("chargeback")
    return np.where(told, seconds(days), NEVER), source


def chargeback_days(z: F64) -> F64:
    """Days from a payment to its dispute, by standard normal draws."""
    return np.minimum(_CHARGEBACK_DAYS + _CHARGEBACK_MEDIAN * np.exp(_CHARGEBACK_SIGMA * z), LONGEST_DAYS)


def stopped_at(scenario: Scenario, plan: Plan, campaign: I64, customer: I64, first_us: I64) -> I64:
    """Instant at which a report of the small payments stops the campaign on the account; the largest if never."""
    zero = np.zeros(len(campaign), dtype=np.int64)
    delay, _ = delays(scenario, plan.kind, plan.campaign_id[campaign], customer, zero)
    since = plan.ends_us[campaign] if counts_from_end(plan.kind) else first_us
    return np.where(delay == NEVER, NEVER, since + np.minimum(delay, seconds(np.array(400.0))))


def seconds(days: F64) -> I64:
    """Days as microseconds, to the full second."""
    return np.rint(np.asarray(days) * 86_400).astype(np.int64) * 1_000_000

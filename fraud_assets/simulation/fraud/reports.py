"""Who learns what, when: the bank's knowledge of fraud and of accidents, late, partly and sometimes wrong.

Delays are keyed by campaign and customer, so that the plan (a reported victim gets a new card, a campaign is cut
short) and the reports that are filed months later agree without any state.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import ndtri

from fraud_assets.months import Month
from fraud_assets.scenario import CampaignType, Scenario
from fraud_assets.simulation.fraud.campaigns import Plan
from fraud_assets.simulation.intents import DAY, HOUR
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms
from fraud_assets.tables import REPORT_SOURCES, IncidentReports, conform

#: No report of a customer comes later than this after the first row that it is about.
_LONGEST_DELAY_DAYS = 120.0
#: Ways to find fraud that are slow and take the same time whatever the type: fewest and most days [S].
_SLOW = {"charge_off": (90.0, 180.0), "merchant_audit": (30.0, 120.0), "law_enforcement": (14.0, 90.0)}
#: Victims who never look at their statement and learn of it from a chargeback cycle: 20 days + lognormal(25, .6) [S].
_CHARGEBACK_SHARE, _CHARGEBACK_DAYS, _CHARGEBACK_MEDIAN, _CHARGEBACK_SIGMA = 0.22, 20.0, 25.0, 0.6
#: A payment of this size is noticed as other fraud is, a smaller one as rarely as the type says [P].
_NOTICED_FROM = 20.0
_NEVER_NOTICED = 0.10
#: Declined attempts: the processor flags some runs in bulk, days later [P].
_BULK_SHARE = 0.5
_NEVER = np.iinfo(np.int64).max
#: Accidents: who tells the bank, and how fast (lognormal, days) [P].
_ACCIDENT_TOLD, _ACCIDENT_MEDIAN, _ACCIDENT_SIGMA = 0.8, 0.6, 1.2
_FALSE_MEDIAN, _FALSE_SIGMA = 6.0, 1.0
#: The type as the bank's staff file it is coarse, and wrong in this share of reports [P].
_MISFILED = 0.08


def delays(scenario: Scenario, kind: CampaignType, campaign_id: I64, customer: I64, large: I64) -> tuple[I64, I64]:
    """Microseconds from a victim's first row to the report, and its source (index into REPORT_SOURCES).

    The largest integer where the fraud is never reported.

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
        late = _CHARGEBACK_DAYS + _CHARGEBACK_MEDIAN * np.exp(_CHARGEBACK_SIGMA * z)
        cycle = hashed_uniforms(seed, "report.cycle", campaign_id, customer, large) < _CHARGEBACK_SHARE
        disputed = cycle if by_customer else np.ones(len(cycle), dtype=bool)
        own = kind.report_delay_median_days * np.exp(kind.report_delay_sigma * z)
        days = np.clip(np.where(disputed, late, own), 0.02, _LONGEST_DELAY_DAYS)
        source[disputed] = REPORT_SOURCES.index("chargeback")
    return np.where(told, _seconds(days), _NEVER), source


def stopped_at(scenario: Scenario, plan: Plan, campaign: I64, customer: I64, first_us: I64) -> I64:
    """Instant at which a report of the small payments stops the campaign on the account; the largest if never."""
    zero = np.zeros(len(campaign), dtype=np.int64)
    delay, _ = delays(scenario, plan.kind, plan.campaign_id[campaign], customer, zero)
    return np.where(delay == _NEVER, _NEVER, first_us + np.minimum(delay, _seconds(np.array(400.0))))


def incident_reports(scenario: Scenario, month: Month, labeled: pl.LazyFrame) -> pl.LazyFrame:
    """What the bank learns in the month; columns of :class:`IncidentReports`, sorted by (reported_at, transaction_id).

    Parameters
    ----------
    labeled
        ``labeled_anomalies`` of the month and of the six before it (as far as they exist). Memory grows with these
        rows, about half a per cent of the ledger.
    """
    rows = labeled.select(
        "transaction_id", "event_time", "customer_id", "merchant_id", "payee_id", "device_id", "amount", "status",
        "is_fraud", "fraud_type", "campaign_id", "is_accident_burst", "is_high_amount_accident",
        "is_mistyped_entity_accident", "is_false_report",
    ).collect()  # fmt: skip
    parts = [_fraud(scenario, rows), _accidents(scenario, rows), _false(scenario, rows)]
    filed = pl.concat(parts).filter((pl.col("reported_at") >= month.start) & (pl.col("reported_at") < month.end))
    return conform(filed.sort("reported_at", "transaction_id", "kind"), IncidentReports).lazy()


def _fraud(scenario: Scenario, rows: pl.DataFrame) -> pl.DataFrame:
    """Approved rows when their victim reports; declined ones when the processor flags the run."""
    parts = []
    for name, kind in sorted(scenario.fraud.types.items()):
        fraud = rows.filter(pl.col("is_fraud") & (pl.col("fraud_type") == name)).with_columns(
            (pl.col("amount") >= _NOTICED_FROM).cast(pl.Int64).alias("large")
        )
        campaign, index = _i64(fraud, "campaign_id"), (_i64(fraud, "customer_id") - 1_000_000_000) // 4096
        large = _i64(fraud, "large")
        delay, teller = delays(scenario, kind, campaign, index, large)
        first = _us(fraud.select(pl.col("event_time").min().over("campaign_id", "customer_id", "large"))["event_time"])
        event = _us(fraud["event_time"])
        approved = (fraud["status"] != "declined").to_numpy()
        # A row after the report is found when the account is looked through, within hours.
        found = event + _seconds(0.1 + 0.9 * _u(scenario, "report.found", _i64(fraud, "transaction_id")))
        told = np.where(delay == _NEVER, _NEVER, np.maximum(first + np.where(delay == _NEVER, 0, delay), found))
        bulk = _u(scenario, "report.bulk", campaign) < _BULK_SHARE
        wait = 1 + np.floor(5 * _u(scenario, "report.bulk.days", campaign))
        morning = (event // DAY + wait.astype(np.int64)) * DAY + 9 * HOUR
        reported = np.where(approved, told, np.where(bulk, morning, _NEVER))
        source = np.where(approved, np.array(REPORT_SOURCES)[teller], "processor")
        coarse = np.where(_u(scenario, "report.misfiled", _i64(fraud, "transaction_id")) < _MISFILED, "other", name)
        parts.append(_reports(fraud, reported, "fraud", coarse, source))
    return (
        pl.concat(parts)
        if parts
        else _reports(rows.head(0), np.empty(0, dtype=np.int64), "fraud", np.empty(0), np.empty(0))
    )


def _accidents(scenario: Scenario, rows: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for column, kind in (
        ("is_accident_burst", "duplicate"),
        ("is_high_amount_accident", "wrong_amount"),
        ("is_mistyped_entity_accident", "wrong_recipient"),
    ):
        hit = rows.filter(pl.col(column))
        number = _i64(hit, "transaction_id")
        bounced = (hit["status"] == "declined").to_numpy()
        told = _u(scenario, f"accident.{kind}.told", number) < _ACCIDENT_TOLD
        z = ndtri(np.clip(_u(scenario, f"accident.{kind}.delay", number), 1e-9, 1 - 1e-9))
        wait = np.where(bounced, 0.005, np.clip(_ACCIDENT_MEDIAN * np.exp(_ACCIDENT_SIGMA * z), 0.002, 30.0))
        reported = np.where(told | bounced, _us(hit["event_time"]) + _seconds(wait), _NEVER)
        parts.append(_reports(hit, reported, kind, None, np.where(bounced, "bank", "customer")))
    return pl.concat(parts)


def _false(scenario: Scenario, rows: pl.DataFrame) -> pl.DataFrame:
    """Honest rows reported as fraud: forgotten subscriptions, a relative's purchase, an unknown name."""
    hit = rows.filter(pl.col("is_false_report"))
    number = _i64(hit, "transaction_id")
    z = ndtri(np.clip(_u(scenario, "false.delay", number), 1e-9, 1 - 1e-9))
    days = np.clip(_FALSE_MEDIAN * np.exp(_FALSE_SIGMA * z), 0.05, _LONGEST_DELAY_DAYS)
    types = np.array([*sorted(scenario.fraud.types), "other"])
    filed = types[(_u(scenario, "false.type", number) * len(types)).astype(np.int64)]
    return _reports(hit, _us(hit["event_time"]) + _seconds(days), "fraud", filed, np.full(len(hit), "customer"))


def _reports(
    rows: pl.DataFrame, reported_us: I64, kind: str, filed: np.ndarray | None, source: np.ndarray
) -> pl.DataFrame:
    known = reported_us != _NEVER
    return rows.filter(known).select(
        "transaction_id",
        "event_time",
        "customer_id",
        "merchant_id",
        "payee_id",
        "device_id",
        pl.Series("reported_at", reported_us[known], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
        pl.lit(kind).alias("kind"),
        pl.Series(
            "reported_type", [None] * int(known.sum()) if filed is None else filed[known].tolist(), dtype=pl.String
        ),
        pl.Series("source", source[known].tolist(), dtype=pl.String),
    )


def _u(scenario: Scenario, salt: str, number: I64) -> F64:
    return hashed_uniforms(scenario.seed, salt, number)


def _seconds(days: F64) -> I64:
    """Days as microseconds, to the full second."""
    return np.rint(np.asarray(days) * 86_400).astype(np.int64) * 1_000_000


def _i64(frame: pl.DataFrame, column: str) -> I64:
    return frame[column].cast(pl.Int64).to_numpy()


def _us(instants: pl.Series) -> I64:
    return instants.dt.epoch("us").to_numpy()

"""Who learns what, when: the bank's knowledge of fraud and of accidents, late, partly and sometimes wrong."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl
from scipy.special import ndtri

from fraud_assets.codes import REPORT_SOURCES
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.fraud.delays import LONGEST_DAYS, NEVER, chargeback_days, counts_from_end, delays, seconds
from fraud_assets.simulation.fraud.plan import campaign_ends
from fraud_assets.simulation.intents import DAY, HOUR
from fraud_assets.simulation.merchants import directory
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms
from fraud_assets.tables import IncidentReports, conform

#: A payment of this size is noticed as other fraud is, a smaller one as rarely as the type says: 20 dollars where
#: people usually pay 23, as a share of what is usual [P].
_NOTICED_FROM = 0.87
#: Declined attempts: the processor flags some runs in bulk, days later [P].
_BULK_SHARE = 0.5
#: Accidents: who tells the bank, and how fast (lognormal, days) [P].
_ACCIDENT_TOLD, _ACCIDENT_MEDIAN, _ACCIDENT_SIGMA = 0.8, 0.6, 1.2
_FALSE_MEDIAN, _FALSE_SIGMA = 6.0, 1.0
#: Honest purchases online that, if they are reported at all, come back as disputes [P].
_DISPUTED = 0.5
#: The type as the bank's staff file it is coarse, and wrong in this share of reports [P].
_MISFILED = 0.08


def incident_reports(scenario: Scenario, month: Month, labeled: pl.LazyFrame) -> pl.LazyFrame:
    """What the bank learns in the month; columns of :class:`IncidentReports`, sorted by (reported_at, transaction_id).

    Parameters
    ----------
    labeled
        ``labeled_anomalies`` of the month and of the eleven before it (as far as they exist). Memory grows with these
        rows, about two per cent of a month's ledger each.
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
    noticed = _NOTICED_FROM * _usual(scenario)
    for name, kind in sorted(scenario.fraud.types.items()):
        fraud = rows.filter(pl.col("is_fraud") & (pl.col("fraud_type") == name)).with_columns(
            (pl.col("amount") >= noticed).cast(pl.Int64).alias("large")
        )
        campaign, index = _i64(fraud, "campaign_id"), (_i64(fraud, "customer_id") - 1_000_000_000) // 4096
        large = _i64(fraud, "large")
        delay, teller = delays(scenario, kind, campaign, index, large)
        since = _us(fraud.select(pl.col("event_time").min().over("campaign_id", "customer_id", "large"))["event_time"])
        if counts_from_end(kind) and len(fraud):
            since = _ends(scenario, name, fraud, campaign)
        event = _us(fraud["event_time"])
        approved = (fraud["status"] != "declined").to_numpy()
        # A row after the report is found when the account is looked through, within hours.
        found = event + seconds(0.1 + 0.9 * _u(scenario, "report.found", _i64(fraud, "transaction_id")))
        told = np.where(delay == NEVER, NEVER, np.maximum(since + np.where(delay == NEVER, 0, delay), found))
        bulk = _u(scenario, "report.bulk", campaign) < _BULK_SHARE
        wait = 1 + np.floor(5 * _u(scenario, "report.bulk.days", campaign))
        morning = (event // DAY + wait.astype(np.int64)) * DAY + 9 * HOUR
        reported = np.where(approved, told, np.where(bulk, morning, NEVER))
        source = np.where(approved, np.array(REPORT_SOURCES)[teller], "processor")
        coarse = np.where(_u(scenario, "report.misfiled", _i64(fraud, "transaction_id")) < _MISFILED, "other", name)
        parts.append(_reports(fraud, reported, "fraud", coarse, source))
    return (
        pl.concat(parts)
        if parts
        else _reports(rows.head(0), np.empty(0, dtype=np.int64), "fraud", np.empty(0), np.empty(0))
    )


@lru_cache(maxsize=8)
def _usual(scenario: Scenario) -> float:
    """What people usually pay: the geometric mean of the categories' medians, as often as each is chosen."""
    chosen = [c for c in scenario.categories if c.recipient not in ("biller", "employer")]
    share = {m.name: m.share for m in scenario.methods}
    total = {name: sum(c.weight for c in chosen if c.method == name) for name in share}
    weight = [share[c.method] * c.weight / max(total[c.method], 1e-9) for c in chosen]
    return float(np.exp(np.average(np.log([c.median for c in chosen]), weights=weight)))


def _ends(scenario: Scenario, fraud_type: str, fraud: pl.DataFrame, campaign: I64) -> I64:
    """When the campaign of each row is over."""
    instants = fraud["event_time"]
    first, last = Month.of(instants.min()), Month.of(instants.max())  # type: ignore[arg-type]  # a column of instants
    known, end = campaign_ends(scenario, fraud_type, first, last)
    return end[np.searchsorted(known, campaign)]


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
        reported = np.where(told | bounced, _us(hit["event_time"]) + seconds(wait), NEVER)
        parts.append(_reports(hit, reported, kind, None, np.where(bounced, "bank", "customer")))
    return pl.concat(parts)


def _false(scenario: Scenario, rows: pl.DataFrame) -> pl.DataFrame:
    """Honest rows reported as fraud: forgotten subscriptions, a relative's purchase, goods that never came."""
    hit = rows.filter(pl.col("is_false_report"))
    number = _i64(hit, "transaction_id")
    z = ndtri(np.clip(_u(scenario, "false.delay", number), 1e-9, 1 - 1e-9))
    days = np.clip(_FALSE_MEDIAN * np.exp(_FALSE_SIGMA * z), 0.05, LONGEST_DAYS)
    # What was bought without being there, where there is nowhere to be, is often disputed with the shop's bank rather
    # than reported; whether a shop tells the device has nothing to do with it.
    shops = directory(scenario)
    remote = np.isin(
        _i64(hit.select(pl.col("merchant_id").fill_null(-1)), "merchant_id"), shops.merchant_id[shops.city < 0]
    )
    disputed = remote & (_u(scenario, "false.disputed", number) < _DISPUTED)
    days = np.where(disputed, chargeback_days(z), days)
    types = np.array([*sorted(scenario.fraud.types), "other"])
    filed = types[(_u(scenario, "false.type", number) * len(types)).astype(np.int64)]
    source = np.where(disputed, "chargeback", "customer")
    return _reports(hit, _us(hit["event_time"]) + seconds(days), "fraud", filed, source)


def _reports(
    rows: pl.DataFrame, reported_us: I64, kind: str, filed: np.ndarray | None, source: np.ndarray
) -> pl.DataFrame:
    known = reported_us != NEVER
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


def _i64(frame: pl.DataFrame, column: str) -> I64:
    return frame[column].cast(pl.Int64).to_numpy()


def _us(instants: pl.Series) -> I64:
    return instants.dt.epoch("us").to_numpy()

"""Hourly tiles of merchants: what went on at each in an hour, and what was known of it when the hour began.

A tile is written for each hour in which a merchant has a row of the month. Its counts are of the hour itself, for
people to read; its other columns look back from the hour's beginning and are what features take: known when the hour
before had closed, whatever else the hour brings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from fraud_assets.features.arrays import F64, I64, ratio
from fraud_assets.features.context import instant
from fraud_assets.features.events import Events
from fraud_assets.features.tracks import Instants, Timeline
from fraud_assets.months import Month
from fraud_assets.tables import MerchantActivity, conform, polars_schema

#: Reports count once they are a week old, and run over the time of report.
REPORT_DELAY = "7d"
RATE_WINDOWS = ("1d", "7d", "30d")
#: Prior of a merchant's rate of known fraud: so many payments at the bank's own rate [P].
RATE_PRIOR = 200
#: The bank's own rate where it knows of no fraud at all yet, and the least of it [P].
LEAST_RATE = 1e-4
#: A small amount: at most this share of what is usual (the mean of the logarithms) in the merchant's category [P].
SMALL_SHARE = 0.15
#: How far back a tile looks.
TILE_REACH = timedelta(days=37)
_HOURS_30D = 720
#: Whole days that are counted at a time: telling customers apart takes memory for every row.
_SPAN = timedelta(days=9)

_COUNTS = {
    "attempts": pl.col("is_debit").sum(),
    "approved": (pl.col("is_debit") & ~pl.col("is_declined")).sum(),
    "declined": (pl.col("is_debit") & pl.col("is_declined")).sum(),
    "small": (pl.col("is_debit") & pl.col("is_small")).sum(),
    "refunds": pl.col("is_refund").sum(),
    "customers": pl.col("customer_id").filter("is_debit").n_unique(),
}


@dataclass(frozen=True)
class _Tiles(Instants):
    """The counts of every merchant's hours, sorted by (merchant, hour)."""

    attempts: I64
    approved: I64
    declined: I64
    small: I64
    refunds: I64
    customers: I64

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline.of(self)


def merchant_activity(
    month: Month, transactions: pl.LazyFrame, reports: pl.LazyFrame, population: pl.LazyFrame
) -> pl.DataFrame:
    """The tiles of a month.

    Parameters
    ----------
    transactions
        ``transactions`` of the month and of the two before.
    reports
        ``incident_reports`` of the same months.
    population
        ``population_statistics`` of the month: what is usual in a category. Without it no amount is known to be small.

    Returns
    -------
    :class:`fraud_assets.tables.MerchantActivity`, sorted by (merchant_id, hour). Memory grows with merchants times
    hours, which do not grow with customers, and with the rows of a few days.
    """
    usual = population.collect()
    frame = _counted(month, transactions, usual)
    time = frame["hour"].to_physical().to_numpy()
    merchants, group = np.unique(frame["merchant_id"].to_numpy(), return_inverse=True)
    tiles = _Tiles(group, time, *(frame[name].to_numpy() for name in _COUNTS))
    asked = np.flatnonzero(time >= instant(month.start))
    if not len(asked):
        return pl.DataFrame(schema=polars_schema(MerchantActivity))
    hours = Instants(group[asked], time[asked])
    past = Events.of(tiles.timeline, hours)
    attempts = past.sum("attempts", "1h")
    # Hours that are known to the bank: fewer than 720 in its first month.
    known = np.clip((hours.time - time.min()) // 3_600_000_000, 1, _HOURS_30D)
    mean = past.sum("attempts", "30d") / known
    small = past.sum("small", "1h") if usual.height else np.full(len(asked), np.nan)
    found = {
        **_fraud_rates(tiles, hours, merchants, reports),
        # Poisson: the variance of an hour's count is its mean; one more, so that a quiet merchant is no sensation.
        "count_1h_z": (attempts - mean) / np.sqrt(mean + 1),
        "decline_rate_1h": ratio(past.sum("declined", "1h"), attempts),
        "small_amount_share_1h": ratio(small, attempts),
        "refund_rate_30d": ratio(past.sum("refunds", "30d"), past.sum("approved", "30d")),
        "customers_per_hour": past.sum("customers", "24h") / 24,
    }
    values = {name: pl.Series(column, nan_to_null=True) for name, column in found.items()}
    return conform(frame[asked].with_columns(**values), MerchantActivity)


def _counted(month: Month, transactions: pl.LazyFrame, population: pl.DataFrame) -> pl.DataFrame:
    """Counts of every hour of every merchant from the look-back on, sorted by (merchant, hour)."""
    usual = population.filter(pl.col("dimension") == "category").select(
        pl.col("value").alias("category"), pl.col("log_amount_mean").alias("usual")
    )
    is_debit = pl.col("direction").cast(pl.String) == "debit"
    rows = (
        transactions.filter(pl.col("merchant_id").is_not_null())
        .join(usual.lazy(), on="category", how="left")
        .select(
            "event_time",
            "merchant_id",
            "customer_id",
            hour=pl.col("event_time").dt.truncate("1h"),
            is_debit=is_debit,
            is_declined=pl.col("status").cast(pl.String) == "declined",
            is_refund=~is_debit & (pl.col("kind").cast(pl.String) == "refund"),
            is_small=(pl.col("amount").log() < pl.col("usual") + math.log(SMALL_SHARE)).fill_null(False),
        )
    )
    tiles = (
        rows.filter(pl.col("event_time").is_between(start, min(start + _SPAN, month.end), closed="left"))
        .group_by("merchant_id", "hour")
        .agg(**{name: how.cast(pl.Int64) for name, how in _COUNTS.items()})
        .collect(engine="streaming")
        for start in _starts(month)
    )
    return pl.concat(tiles).sort("merchant_id", "hour")


def _starts(month: Month) -> list[datetime]:
    first = month.start - TILE_REACH
    return [first + k * _SPAN for k in range(-((first - month.end) // _SPAN))]


def _fraud_rates(tiles: _Tiles, hours: Instants, merchants: I64, reports: pl.LazyFrame) -> dict[str, F64]:
    """Known frauds per payment, drawn towards the bank's own rate; both as of a week before the hour."""
    known = (
        reports.filter(pl.col("kind").cast(pl.String) == "fraud", pl.col("merchant_id").is_not_null())
        .select("merchant_id", "reported_at")
        .sort("merchant_id", "reported_at")
        .collect()
    )
    reported, merchant = known["reported_at"].to_physical().to_numpy(), known["merchant_id"].to_numpy()
    rate = _bank_rate(tiles, reported, hours)
    here = np.flatnonzero(np.isin(merchant, merchants))
    frauds = Events.of(
        Timeline.of(Instants(merchants.searchsorted(merchant[here]), reported[here])), hours, REPORT_DELAY
    )
    payments = Events.of(tiles.timeline, hours, REPORT_DELAY)
    return {
        f"known_fraud_rate_{w}": (frauds.count(w) + RATE_PRIOR * rate) / (payments.sum("approved", w) + RATE_PRIOR)
        for w in RATE_WINDOWS
    }


def _bank_rate(tiles: _Tiles, reported: I64, hours: Instants) -> F64:
    """Frauds at all merchants that became known, per payment, in the 30 days up to a week before each hour."""
    instants, place = np.unique(hours.time, return_inverse=True)
    order = np.argsort(tiles.time, kind="stable")
    paid = np.append(0, np.cumsum(tiles.approved[order]))
    end = instants - 7 * 86_400_000_000
    start = end - 30 * 86_400_000_000
    time, known = tiles.time[order], np.sort(reported)
    payments = paid[time.searchsorted(end)] - paid[time.searchsorted(start)]
    frauds = known.searchsorted(end) - known.searchsorted(start)
    return np.maximum(np.nan_to_num(ratio(frauds, payments)), LEAST_RATE)[place]

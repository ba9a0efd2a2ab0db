"""Family velocity: how often and how much the customer has paid in the last minutes to weeks."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from fraud_assets.features.block import PAST, Block
from fraud_assets.features.events import F64, Events, in_order, micros, missing_where, ratio
from fraud_assets.features.feature import Columns, Family, Feature, Inputs

COUNT_WINDOWS = ("5m", "1h", "6h", "24h", "7d", "30d")
AMOUNT_WINDOWS = ("1h", "6h", "24h", "7d", "30d")
DECLINED_WINDOWS = ("1h", "24h")
#: What is posted later than this is a correction rather than a posting, and is left out of the mean delay.
LATEST_POSTING = "30d"

_count = partial(Feature, family="velocity", dtype=pl.Int32)
_float = partial(Feature, family="velocity", dtype=pl.Float32)

# fmt: off
FEATURES = (
    *(_count(f"c_count_{w}", "rows", f"The customer's attempts in the {w} before, declined ones included", window=w)
      for w in COUNT_WINDOWS),
    *(_float(f"c_amount_{w}", "major units", f"Sum of the customer's payments in the {w} before", window=w)
      for w in AMOUNT_WINDOWS),
    *(_count(f"c_declined_{w}", "rows", f"The customer's declined attempts in the {w} before", window=w)
      for w in DECLINED_WINDOWS),
    _float("c_seconds_since_previous", "seconds", "Time since the customer's previous attempt; null without one",
           window=PAST),
    _count("c_same_amount_24h", "rows", "The customer's attempts in the 24h before with the same amount to the cent",
           window="24h", cost="keyed"),
    _count("c_distinct_merchants_24h", "merchants", "Different merchants of the customer's attempts in the 24h before",
           window="24h", cost="keyed"),
    _float("c_daily_amount_mean_30d", "major units", "Sum of the customer's payments in the 30d before per local day "
           "that has one; null without one", window="30d", cost="keyed"),
    _float("posting_delay_mean_30d", "hours", "Mean time from payment to posting over the customer's payments that "
           "were posted in the 30d before, at most 30 days late; null without one",
           window="30d", baseline=LATEST_POSTING),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block = inputs.block
    attempts, spending, target = block.attempts, block.spending, block.targets
    declined = block.events.where(block.debit & block.declined)
    spent = spending.summer(block.cents[spending.rows])
    at_merchant = block.events.where(block.debit & (block.merchant >= 0))
    previous = attempts.rows[attempts.previous(PAST)] if attempts.size else np.zeros_like(target)
    gap = (block.time[target] - block.time[previous]) / micros("1m") * 60
    same = attempts.alike(block.cents[attempts.rows], block.cents[target])
    return {
        **{f"c_count_{w}": attempts.count(w) for w in COUNT_WINDOWS},
        **{f"c_amount_{w}": spent(w) / 100 for w in AMOUNT_WINDOWS},
        **{f"c_declined_{w}": declined.count(w) for w in DECLINED_WINDOWS},
        "c_seconds_since_previous": missing_where(attempts.count(PAST) == 0, gap),
        "c_same_amount_24h": same.count("24h"),
        "c_distinct_merchants_24h": at_merchant.distinct(block.merchant[at_merchant.rows], "24h"),
        "c_daily_amount_mean_30d": ratio(spent("30d") / 100, spending.distinct(block.local_day[spending.rows], "30d")),
        "posting_delay_mean_30d": _posting_delay(block),
    }


def _posting_delay(block: Block) -> F64:
    """Mean delay in hours over what had been posted by the time of each target: windows run over time of posting."""
    known = np.maximum(block.posted, block.time)  # a posting dated before its payment is not known before it
    delay = known - block.time
    rows = np.flatnonzero(block.debit & ~block.declined & (delay <= micros(LATEST_POSTING)))
    rows = rows[in_order(block.group[rows], known[rows])[0]]
    target = block.targets
    posted = Events.of(block.group[rows], known[rows], block.group[target], block.time[target])
    return ratio(posted.summer(delay[rows])("30d") / micros("1h"), posted.count("30d"))


FAMILY = Family("velocity", FEATURES, compute)

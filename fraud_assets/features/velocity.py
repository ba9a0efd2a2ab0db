"""Family velocity: how often and how much the customer has paid in the last minutes to weeks."""

from __future__ import annotations

from functools import partial

import polars as pl

from fraud_assets.features.arrays import micros, missing_where, ratio
from fraud_assets.features.events import Events
from fraud_assets.features.feature import Columns, Family, Feature, Inputs
from fraud_assets.features.history import LATEST_POSTING, PAST

COUNT_WINDOWS = ("5m", "1h", "6h", "24h", "7d", "30d")
AMOUNT_WINDOWS = ("1h", "6h", "24h", "7d", "30d")
DECLINED_WINDOWS = ("1h", "24h")

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
    attempts, spending, at = block.attempts, block.spending, block.at
    declined = attempts.where("declined")
    posted = Events.of(block.history.postings, at)
    previous = attempts.latest("time", PAST)
    delay = ratio(posted.sum("posting_delay", "30d") / micros("1h"), posted.count("30d"))
    days = spending.distinct("local_day", "30d")
    return {
        **{f"c_count_{w}": attempts.count(w) for w in COUNT_WINDOWS},
        **{f"c_amount_{w}": spending.sum("cents", w) / 100 for w in AMOUNT_WINDOWS},
        **{f"c_declined_{w}": declined.count(w) for w in DECLINED_WINDOWS},
        "c_seconds_since_previous": missing_where(previous < 0, (at.time - previous) / 1_000_000),
        "c_same_amount_24h": attempts.alike("cents").count("24h"),
        "c_distinct_merchants_24h": attempts.where("has_merchant").distinct("merchant", "24h"),
        "c_daily_amount_mean_30d": ratio(spending.sum("cents", "30d") / 100, days),
        "posting_delay_mean_30d": delay,
    }


FAMILY = Family("velocity", FEATURES, compute)

"""Family anomaly: whether the payment is out of the ordinary for its customer, and how often that has been so lately.

The rules are in ``judging``: four kinds, over the customer's payments of the 54 days before each attempt. Attempts with
too few payments before them to compare with count as ordinary in what looks back.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from fraud_assets.codes import ANOMALY_TYPES
from fraud_assets.features.arrays import (
    F64,
    constant,
    either,
    entropy,
    larger,
    micros,
    missing_where,
    n_ln_n,
    nothing,
    opposite,
    ratio,
    smaller,
)
from fraud_assets.features.block import Block
from fraud_assets.features.events import Events
from fraud_assets.features.feature import Columns, Family, Feature, Inputs
from fraud_assets.features.judging import BASELINE, BURST, DAY_PARTS, DEVIATIONS, ENOUGH, RARE, SEVERITY_SCALE

COUNT_WINDOWS = ("1h", "24h", "7d")
#: How far the verdicts on past attempts go back.
LATELY = "30d"

_feature = partial(Feature, family="anomaly", window=LATELY, baseline=BASELINE)
_float = partial(_feature, dtype=pl.Float32)
_count = partial(_feature, dtype=pl.Int32)
_RULES = {
    "behavioural": f"a category that the customer has not paid for over this channel, or more than {BURST} attempts in "
    "an hour, this one included",
    "geographic": "more than 100 km from home in a city where the customer has not paid",
    "temporal": f"a {24 // DAY_PARTS}-hour part of the local day with less than {RARE:.0%} of the customer's payments, "
    "this one included",
    "amount": f"a log amount {DEVIATIONS} standard deviations (at least 0.1) above the mean of the customer's",
}

# fmt: off
FEATURES = (
    *(_feature(f"anomaly_{kind}_now", "0 or 1", f"Out of the ordinary, {_RULES[kind]}; null with fewer than {ENOUGH} "
               f"payments{' or where the place is unknown' if kind == 'geographic' else ''}", dtype=pl.Int8,
               window=BASELINE, baseline="", cost="keyed") for kind in ANOMALY_TYPES),
    *(_float(f"anomaly_{kind}_rate_30d", "0 to 1", f"Share of the customer's attempts that were {kind} anomalies; null "
             "without one") for kind in ANOMALY_TYPES),
    *(_count(f"anomaly_count_{w}", "attempts", "The customer's attempts that were out of the ordinary in any way",
             window=w) for w in COUNT_WINDOWS),
    _float("anomaly_trend", "-1 to 1", "Anomalous share of the customer's attempts in 7 days less that in 30; null "
           "without one in 7 days"),
    _float("hours_since_last_anomaly", "hours", "Time since the customer's last anomalous attempt; null without one"),
    _float("days_since_first_anomaly", "days", "Time since the first anomalous attempt in the window; null without "
           "one"),
    _float("anomaly_severity_mean_30d", "0 to 1", "How far the anomalous attempts were beyond the rules' limits, their "
           "mean; null without one"),
    _float("anomaly_severity_max_30d", "0 to 1", "How far the worst anomalous attempt was beyond the rules' limits; "
           "null without one"),
    _float("anomaly_type_entropy_30d", "nats", "Entropy of the kinds of the anomalies; null without one"),
    _float("anomaly_streak", "hours", "Time since the unbroken run of anomalous attempts began that leads up to the "
           "payment; 0 if the last attempt was ordinary, null without one"),
    _count("anomaly_consecutive", "attempts", "Anomalous attempts in the unbroken run of them that leads up to "
           "the payment"),
    _float("anomaly_persistence_30d", "0 to 1", "Share of anomalous attempts whose next attempt was anomalous, too; "
           "null without one that had a next"),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block = inputs.block
    attempts, now = block.attempts, block.judged
    unknown = opposite(now.is_known)
    anomalous = attempts.where("is_anomalous")
    attempted, found = attempts.count(LATELY), anomalous.count(LATELY)
    by_kind = {kind: attempts.sum(f"is_{kind}", LATELY) for kind in ANOMALY_TYPES}
    week = ratio(attempts.sum("is_anomalous", "7d"), attempts.count("7d"))
    last, time = anomalous.latest("time", LATELY), block.at.time
    severity, worst = anomalous.sum("severity", LATELY), anomalous.largest("severity", LATELY)
    counts = np.array(list(by_kind.values()))
    kinds, summed = counts.sum(axis=0), n_ln_n(counts).sum(axis=0)
    return {
        **{f"anomaly_{kind}_now": missing_where(unknown, now.flags[kind]) for kind in ANOMALY_TYPES},
        "anomaly_geographic_now": missing_where(
            unknown | (block.at.metres_from_home < 0) | (block.at.city < 0), now.flags["geographic"]
        ),
        **{f"anomaly_{kind}_rate_30d": ratio(by_kind[kind], attempted) for kind in ANOMALY_TYPES},
        **{f"anomaly_count_{w}": attempts.sum("is_anomalous", w) for w in COUNT_WINDOWS},
        "anomaly_trend": week - ratio(found, attempted),
        "hours_since_last_anomaly": missing_where(last < 0, (time - last) / micros("1h")),
        "days_since_first_anomaly": _since_first(block, anomalous),
        "anomaly_severity_mean_30d": ratio(severity / SEVERITY_SCALE, found),
        "anomaly_severity_max_30d": missing_where(worst < 0, worst / SEVERITY_SCALE),
        "anomaly_type_entropy_30d": entropy(kinds, summed),
        **_run(block, attempts),
        "anomaly_persistence_30d": _persistence(attempts),
    }


def _since_first(block: Block, anomalous: Events) -> F64:
    lo, hi = anomalous.bounds(LATELY)
    if not anomalous.size:
        return nothing(block.at.time)
    first = anomalous.track.column("time")[smaller(lo, anomalous.size - 1)]
    return missing_where(hi == lo, (block.at.time - first) / micros("1d"))


def _run(block: Block, attempts: Events) -> Columns:
    """The unbroken run of anomalous attempts that leads up to each target."""
    lo, hi = attempts.bounds(LATELY)
    if not attempts.size:
        time = block.at.time
        return {"anomaly_streak": nothing(time), "anomaly_consecutive": constant(time, 0)}
    start = larger(attempts.track.after_last("is_ordinary")[hi], lo)
    hours = (block.at.time - attempts.track.column("time")[smaller(start, attempts.size - 1)]) / micros("1h")
    streak = missing_where(hi == lo, either(start < hi, hours, 0))
    return {"anomaly_streak": streak, "anomaly_consecutive": hi - start}


def _persistence(attempts: Events) -> F64:
    """Pairs of neighbours within the window that both are anomalous, over those whose first is."""
    lo, hi = attempts.bounds(LATELY)
    pairs, ones = attempts.track.sums("is_anomalous_again"), attempts.track.sums("is_anomalous")
    return ratio(pairs[hi] - pairs[smaller(lo + 1, hi)], ones[larger(hi - 1, lo)] - ones[lo])


FAMILY = Family("anomaly", FEATURES, compute)

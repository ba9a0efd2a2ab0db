"""Family network: to whom the money goes, where it came from, and with whom the customer shares what.

Null where the recipient is a merchant, as far as it is about the recipient. What other customers did is known up to the
end of the day before (``shared_entities``).
"""

from __future__ import annotations

from functools import partial
from statistics import median

import numpy as np
import polars as pl
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from fraud_assets.features.arrays import (
    F64,
    I64,
    Bool,
    coded,
    constant,
    either,
    is_one,
    larger,
    like,
    micros,
    missing_where,
    nothing,
    ratio,
    smaller,
)
from fraud_assets.features.block import Block
from fraud_assets.features.events import Events
from fraud_assets.features.feature import Columns, Family, Feature, Inputs
from fraud_assets.features.history import LONGEST_HOLD, PAST

#: Payments to people whose names a new payee's is compared with.
COMPARED = 100
#: Past times of holding money that the median is taken of, beside the payment's own.
HOLDS = 10

_NONE = np.iinfo(np.int64).max  # is sorted behind all that there are

_float = partial(Feature, family="network", window="24h", dtype=pl.Float32)
_int = partial(Feature, family="network", dtype=pl.Int32, cost="keyed")
_INCOME = "money that came in (salary, transfers from others)"

# fmt: off
FEATURES = (
    _int("is_new_payee_c", "0 or 1", "The customer has not paid this payee; null where the recipient is no payee",
         window=PAST, dtype=pl.Int8),
    _float("payee_age_days_c", "days", "Days since the customer first paid this payee; 0 if never, null where the "
           "recipient is no payee", window=PAST, cost="keyed"),
    *(_int(f"r_distinct_senders_{w}", "customers", f"Customers who tried to pay this payee in the {w} before the day "
           "(UTC), at least 1; null where the recipient is no payee", key="recipient", window=w, delay="1d")
      for w in ("24h", "30d")),
    _float("c_inflow_24h", "major units", f"The customer's {_INCOME}"),
    _float("c_passthrough_24h", "0 to 1", "Money that the customer sent to persons and accounts or took out in cash, "
           f"over {_INCOME}, at most 1; null without any"),
    _float("c_median_hold_minutes", "minutes", f"Median time from the last {_INCOME}, at most 7 days ago, to the money "
           f"sent on or taken out, over this payment and the last {HOLDS} such; null without one", window="30d",
           baseline=LONGEST_HOLD),
    _float("c_out_over_in_24h", "ratio", f"This amount and the customer's payments over {_INCOME}; null without any"),
    _int("ring_size_previous_day", "customers", "Customers connected with this one by shared devices, addresses or new "
         "payees at the end of the day before (UTC); 1 for a customer without", window="60d", delay="1d"),
    _float("ring_known_fraud_share", "0 to 1", "Share of the customers so connected with a fraud report that the "
           "bank had for 7 days by then; null without a ring", window="76d", delay="8d", cost="keyed"),
    _int("payee_min_edit_distance", "characters", "Edits (optimal string alignment) from a new payee's name to the "
         f"nearest of the customer's last {COMPARED} payments to payees; null if not new or without one", window=PAST,
         dtype=pl.Int16),
    _int("payee_nearest_use_count", "payments", "The customer's payments to the payee with the nearest name, the most "
         "where several are as near", window=PAST),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block, at = inputs.block, inputs.block.at
    to_payees = block.spending.where("has_payee")
    no_payee, found = at.payee < 0, to_payees.alike("payee").first(PAST)
    is_new = found < 0
    times = to_payees.track.column("time")
    age = either(found >= 0, at.time - times[found], 0) if len(times) else constant(at.time, 0)
    senders = {w: larger(block.looked_up(f"payee_customers_{w}", unlisted=1), 1) for w in ("24h", "30d")}
    inflow = block.events.where("received").sum("cents", "24h")
    sent = block.events.where("sent").sum("cents", "24h")
    distance, uses = _nearest(block, to_payees, is_new & (at.payee >= 0))
    return {
        "is_new_payee_c": missing_where(no_payee, is_new),
        "payee_age_days_c": missing_where(no_payee, age / micros("1d")),
        **{f"r_distinct_senders_{w}": missing_where(no_payee, count) for w, count in senders.items()},
        "c_inflow_24h": inflow / 100,
        "c_passthrough_24h": ratio(smaller(sent, inflow), inflow),
        "c_median_hold_minutes": _median_hold(block),
        "c_out_over_in_24h": ratio(at.cents + block.spending.sum("cents", "24h"), inflow),
        "ring_size_previous_day": block.looked_up("customer_ring_size", unlisted=1),
        "ring_known_fraud_share": block.looked_up("customer_ring_known_fraud_share"),
        "payee_min_edit_distance": distance,
        "payee_nearest_use_count": uses,
    }


def _median_hold(block: Block) -> F64:
    """Minutes; the middle two of an even number halved."""
    sent = block.events.where("was_held")
    (lo, hi), own = sent.bounds("30d"), either(block.at.is_sending, block.hold, -1)
    if is_one(own):  # the few numbers of one event are sorted faster than arrays of them are made
        past = sent.track.column("hold")[larger(lo, hi - HOLDS) : hi].tolist()
        return median(past if own < 0 else [*past, own]) / micros("1m") if past or own >= 0 else nothing(own)
    # Most payments send nothing on and have the same ones before them as the payment before.
    is_other = np.ones(len(own), dtype=np.bool_)
    is_other[1:] = (own[1:] >= 0) | (hi[1:] != hi[:-1]) | (lo[1:] != lo[:-1]) | (own[:-1] >= 0)
    asked = np.flatnonzero(is_other)
    past, there = sent.last("hold", "30d", HOLDS, asked)
    mine = own[asked, None]
    holds = np.concatenate([np.where(there, past, _NONE), np.where(mine < 0, _NONE, mine)], axis=1)
    holds.sort(axis=1)
    n = there.sum(axis=1) + (own[asked] >= 0)
    row = np.arange(len(n))
    low, high = (np.where(n > 0, holds[row, middle], 0) for middle in (np.maximum(n - 1, 0) // 2, n // 2))
    return missing_where(n == 0, (low + high) / 2 / micros("1m"))[is_other.cumsum() - 1]


def _nearest(block: Block, payments: Events, is_new: Bool) -> tuple[F64, F64]:
    """Distance from each new payee's name to the nearest that the customer has paid, and how often that was paid."""
    track, at = payments.track, block.at
    first, end = payments.bounds(PAST)
    asked = np.flatnonzero(is_new & (end > first))
    if not len(asked):
        return nothing(first), nothing(first)
    first, end, recipient = (np.atleast_1d(values) for values in (first, end, at.recipient))
    distance, uses = nothing(first), nothing(first)
    lo, hi = first[asked, None], end[asked, None]
    back = hi - 1 - np.arange(COMPARED)
    is_last = (back >= lo) & (track.after("payee")[np.maximum(back, 0)] >= hi)  # a payee's last payment stands for it
    query, place = np.nonzero(is_last)
    event = back[query, place]
    # Names are many times those of the few payees, and a text costs more to make than to compare.
    paid, which = coded(event)
    new = np.array(block.recipients(recipient[asked]), dtype=object).repeat(np.count_nonzero(is_last, axis=1))
    old = np.array(block.recipients(track.column("recipient")[paid]), dtype=object)[which]
    edits: I64 = cpdist(new, old, scorer=OSA.distance, dtype=np.int64)
    starts = np.flatnonzero(np.diff(query, prepend=-1))  # each has one at least: the customer's last
    least = np.minimum.reduceat(edits, starts)
    nearest = np.flatnonzero(edits == least[query])  # one in many
    query, event = query[nearest], event[nearest]
    bits, key = track.index("payee")
    payee = track.column("payee")[event] << bits
    times = key.searchsorted(payee | hi[query, 0]) - key.searchsorted(payee | lo[query, 0])
    distance[asked] = least
    uses[asked] = np.maximum.reduceat(times, np.flatnonzero(np.diff(query, prepend=-1)))
    return like(at.time, distance), like(at.time, uses)


FAMILY = Family("network", FEATURES, compute)

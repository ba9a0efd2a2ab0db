"""Family transaction: what the row itself says, before it is decided."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
import polars as pl

from fraud_assets.features.arrays import F64, I64, LOG_SCALE, either, is_one, micros, missing_where, smaller
from fraud_assets.features.feature import Columns, Family, Feature, Inputs

NIGHT_ENDS = 5  # local hour
JUST_BELOW = 10  # per cent of a limit

_ANGLE = 2 * np.pi * np.arange(1440) / 1440  # of the minutes of a day
_SIN, _COS = np.sin(_ANGLE), np.cos(_ANGLE)

_feature = partial(Feature, family="transaction", key="row", cost="row")
_small = partial(_feature, dtype=pl.Int8)
_float = partial(_feature, dtype=pl.Float32)

# fmt: off
FEATURES = (
    _float("amount_log", "ln(major units)", "Natural logarithm of the amount, to four decimals"),
    _small("amount_has_cents", "0 or 1", "The amount is not a whole number of major units"),
    _small("is_round_100", "0 or 1", "The amount is a multiple of 100 major units"),
    _small("is_just_below_limit", "0 or 1", "The amount is below one of the scenario's limits by at most "
           f"{JUST_BELOW} % of it"),
    _float("hour_sin", "-1 to 1", "Sine of the local minute of the day as an angle"),
    _float("hour_cos", "-1 to 1", "Cosine of the local minute of the day as an angle"),
    _small("day_of_week", "0 = Monday", "Local day of the week"),
    _small("is_night", "0 or 1", "Local time is between 00:00 and 05:00"),
    _small("is_weekend", "0 or 1", "The local day is a Saturday or a Sunday"),
    _small("days_since_payday", "days", "Local days since the customer's last payday, which is the last day of a month "
           "too short for it; null without one on file"),
    _small("is_festival", "0 or 1", "The local day lies in one of the scenario's festivals"),
    _feature("channel", "name", "Channel of the payment", dtype=pl.String),
    _feature("category", "name", "Kind of recipient", dtype=pl.String),
    _feature("card_type", "name", "Kind of card; null where none was used", dtype=pl.String),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    at, context = inputs.block.at, inputs.context
    cents, day, hour = at.cents, at.local_day, at.local_hour
    minute = at.local % micros("1d") // micros("1m")
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    # The lowest limit above the amount is the one it could be just below.
    limit = context.limit_above(cents)
    return {
        "amount_log": at.log_amount / LOG_SCALE,
        "amount_has_cents": cents % 100 != 0,
        "is_round_100": cents % 10_000 == 0,
        "is_just_below_limit": 100 * cents >= (100 - JUST_BELOW) * limit,
        "hour_sin": _SIN[minute],
        "hour_cos": _COS[minute],
        "day_of_week": weekday,
        "is_night": hour < NIGHT_ENDS,
        "is_weekend": weekday >= 5,
        "days_since_payday": _days_since_payday(day, at.people.payday[at.group]),
        "is_festival": context.is_festival(day),
        "channel": at.channel,
        "category": at.category,
        "card_type": at.card_type,
    }


def _days_since_payday(day: I64, payday: I64) -> F64:
    """Days since the latest payday at or before the local day; NaN where payday is 0."""
    if not day.size:
        return np.empty(0)
    first, last_day = (int(day), int(day)) if is_one(day) else (int(day.min()), int(day.max()))
    number, length, before = (figures[day - first] for figures in _calendar(first, last_day))
    this, last = smaller(payday, length), smaller(payday, before)
    since = either(number >= this, number - this, number + before - last)
    return missing_where(payday == 0, since)


@lru_cache(maxsize=16)
def _calendar(first: int, last: int) -> tuple[I64, I64, I64]:
    """Day of the month, length of the month and of the month before, for each day from the first to the last."""
    days = np.arange(first, last + 1).astype("M8[D]")
    months = days.astype("M8[M]")
    starts = months.astype("M8[D]")
    length = ((months + 1).astype("M8[D]") - starts).astype(np.int64)
    before = (starts - (months - 1).astype("M8[D]")).astype(np.int64)
    return (days - starts).astype(np.int64) + 1, length, before


FAMILY = Family("transaction", FEATURES, compute)

"""Family geography: where the payment happens against home and against the payments before.

An online payment happens where its network address is; only ``card_present`` payments put a person in a place, so speed
and time away from home are about them alone.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from fraud_assets.features.arrays import (
    F64,
    I64,
    Bool,
    either,
    is_nan,
    larger,
    micros,
    missing_where,
    nothing,
    opposite,
    ratio,
    smaller,
)
from fraud_assets.features.block import Block
from fraud_assets.features.distance import AWAY_METRES, metres
from fraud_assets.features.events import Events
from fraud_assets.features.feature import Columns, Family, Feature, Inputs
from fraud_assets.features.history import PAST

#: Faster than an airliner, and further than coordinates of one metropolis can scatter.
IMPOSSIBLE_KMH, IMPOSSIBLE_METRES = 900, 100_000
#: Shortest time a speed is computed over: clocks of terminals differ.
LEAST_SECONDS = 60
RECENT = 10

_float = partial(Feature, family="geography", window=PAST, dtype=pl.Float32)
_int = partial(Feature, family="geography", window=PAST)

# fmt: off
FEATURES = (
    _float("km_from_home", "km", "Great-circle distance from the customer's home; null where either place is unknown",
           key="row", window="", cost="row"),
    _float("km_from_previous", "km", "Distance from the customer's last attempt in a known place; null without one"),
    _float("speed_kmh_previous", "km/h", "Speed from the customer's previous card-present attempt, over at least a "
           "minute; null unless both are card-present in known places"),
    _int("is_impossible_travel", "0 or 1", "Speed from the previous card-present attempt exceeds "
         f"{IMPOSSIBLE_KMH} km/h over more than {IMPOSSIBLE_METRES // 1000} km; null where there is no speed",
         dtype=pl.Int8),
    _float("mean_km_last_10", "km", "Mean distance from home of the customer's last 10 payments; null without one"),
    _float("std_km_last_10", "km", "Standard deviation of the distances from home of the customer's last 10 "
           "payments; null with fewer than 2"),
    _int("is_new_city_c", "0 or 1", "The customer has no payment in this city; null where the city is unknown",
         dtype=pl.Int8, cost="keyed"),
    _int("distinct_cities_7d", "cities", "Different cities of the customer's attempts", dtype=pl.Int32, window="7d",
         cost="keyed"),
    _int("is_cross_border", "0 or 1", "The country is not the customer's country of residence; null where either is "
         "unknown", dtype=pl.Int8, key="row", window="", cost="row"),
    _float("days_away_streak", "days", f"Time since the customer's card-present payments have all been more than "
           f"{AWAY_METRES // 1000} km from home; 0 if the last was not, null without one"),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block, at = inputs.block, inputs.block.at
    home = at.metres_from_home
    placed = block.attempts.where("is_placed")
    step, _ = _step(block, placed)
    speed, far = _speed(block, placed.where("in_person"))
    mean, std = _last_distances(block)
    country, home_country = at.country, block.people.home_country[at.group]
    new_city = block.spending.where("has_city").alike("city").is_none(PAST)
    return {
        "km_from_home": missing_where(home < 0, home / 1000),
        "km_from_previous": missing_where(step < 0, step / 1000),
        "speed_kmh_previous": speed,
        "is_impossible_travel": missing_where(is_nan(speed), (speed > IMPOSSIBLE_KMH) & far),
        "mean_km_last_10": mean,
        "std_km_last_10": std,
        "is_new_city_c": missing_where(at.city < 0, new_city),
        "distinct_cities_7d": block.attempts.where("has_city").distinct("city", "7d"),
        "is_cross_border": missing_where((country < 0) | (home_country < 0), country != home_country),
        "days_away_streak": _away(block),
    }


def _step(block: Block, places: Events) -> tuple[I64, I64]:
    """Metres and microseconds from the last of the places before each target; metres -1 where there is none."""
    at, history = block.at, block.history
    found = places.previous(PAST)
    if not places.size:
        return found, at.time
    row = places.rows[found]
    distance = metres(history.latitude[row], history.longitude[row], at.latitude, at.longitude)
    return either(found >= 0, distance, -1), at.time - history.time[row]


def _speed(block: Block, presences: Events) -> tuple[F64, Bool]:
    distance, time = _step(block, presences)
    unknown = (distance < 0) | opposite(block.at.in_person)
    hours = larger(time, LEAST_SECONDS * 1_000_000) / micros("1h")
    return missing_where(unknown, distance / 1000 / hours), distance > IMPOSSIBLE_METRES


def _last_distances(block: Block) -> tuple[F64, F64]:
    """Mean and standard deviation in km over the last ten payments with a known distance from home."""
    payments = block.spending.where("has_distance")
    lo, hi = payments.bounds(PAST)
    lo = larger(lo, hi - RECENT)
    n = hi - lo
    sums, squares = payments.track.sums("metres_from_home"), payments.track.sums("square_from_home")
    mean = ratio(sums[hi] - sums[lo], n)
    variance = larger(ratio(squares[hi] - squares[lo], n) - mean * mean, 0)
    return mean / 1000, missing_where(n < 2, np.sqrt(variance) / 1000)


def _away(block: Block) -> F64:
    """Days since the first of the unbroken run of card-present payments away from home that leads up to each target."""
    seen = block.spending.where("has_distance").where("in_person")
    lo, hi = seen.bounds(PAST)
    if not seen.size:
        return nothing(block.at.time)
    start = larger(seen.track.after_last("is_near_home")[hi], lo)  # after the last one near home
    days = (block.at.time - seen.track.column("time")[smaller(start, seen.size - 1)]) / micros("1d")
    return missing_where(hi == lo, either(start < hi, days, 0))


FAMILY = Family("geography", FEATURES, compute)

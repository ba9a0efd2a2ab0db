"""Family geography: where the payment happens against home and against the payments before.

An online payment happens where its network address is; only ``card_present`` payments put a person in a place, so speed
and time away from home are about them alone.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.features.block import CARD_PRESENT, PAST, Block, metres
from fraud_assets.features.events import F64, I64, Events, micros, missing_where, ratio, running
from fraud_assets.features.feature import Columns, Family, Feature, Inputs

#: Faster than an airliner, and further than coordinates of one metropolis can scatter.
IMPOSSIBLE_KMH, IMPOSSIBLE_METRES = 900, 100_000
#: Shortest time a speed is computed over: clocks of terminals differ.
LEAST_SECONDS = 60
#: Further from home than this is away.
AWAY_METRES = 100_000
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
    _int("is_impossible_travel", "0 or 1", f"That speed exceeds {IMPOSSIBLE_KMH} km/h over more than "
         f"{IMPOSSIBLE_METRES // 1000} km; null where there is no speed", dtype=pl.Int8),
    _float("mean_km_last_10", "km", "Mean distance from home of the customer's last 10 payments; null without one"),
    _float("std_km_last_10", "km", "Standard deviation of those distances; null with fewer than 2"),
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
    block = inputs.block
    target = block.targets
    home = block.metres_from_home[target]
    placed = block.debit & ~np.isnan(block.latitude) & ~np.isnan(block.longitude)
    step, _ = _step(block, block.events.where(placed))
    speed, far = _speed(block, block.events.where(placed & (block.channel == CARD_PRESENT)))
    mean, std = _last_distances(block)
    cities = block.events.where(block.debit & (block.city >= 0))
    known = block.events.where(block.debit & ~block.declined & (block.city >= 0))
    city = block.city[target]
    country, home_country = block.country[target], block.home_country[block.group[target]]
    return {
        "km_from_home": missing_where(home < 0, home / 1000),
        "km_from_previous": missing_where(step < 0, step / 1000),
        "speed_kmh_previous": speed,
        "is_impossible_travel": missing_where(np.isnan(speed), (speed > IMPOSSIBLE_KMH) & far),
        "mean_km_last_10": mean,
        "std_km_last_10": std,
        "is_new_city_c": missing_where(city < 0, known.alike(block.city[known.rows], city).count(PAST) == 0),
        "distinct_cities_7d": cities.distinct(block.city[cities.rows], "7d"),
        "is_cross_border": missing_where((country < 0) | (home_country < 0), country != home_country),
        "days_away_streak": _away(block),
    }


def _step(block: Block, places: Events) -> tuple[I64, I64]:
    """Metres and microseconds from the last of the places before each target; metres -1 where there is none."""
    target = block.targets
    found = places.previous(PAST)
    row = places.rows[found] if places.size else np.zeros_like(target)
    distance = metres(block.latitude[row], block.longitude[row], block.latitude[target], block.longitude[target])
    return np.where(found >= 0, distance, -1), block.time[target] - block.time[row]


def _speed(block: Block, presences: Events) -> tuple[F64, npt.NDArray[np.bool_]]:
    distance, time = _step(block, presences)
    unknown = (distance < 0) | (block.channel[block.targets] != CARD_PRESENT)
    hours = np.maximum(time, LEAST_SECONDS * 1_000_000) / micros("1h")
    return missing_where(unknown, distance / 1000 / hours), distance > IMPOSSIBLE_METRES


def _last_distances(block: Block) -> tuple[F64, F64]:
    """Mean and standard deviation in km over the last ten payments with a known distance from home."""
    payments = block.events.where(block.debit & ~block.declined & (block.metres_from_home >= 0))
    distance = block.metres_from_home[payments.rows]
    lo, hi = payments.bounds(PAST)
    lo = np.maximum(lo, hi - RECENT)
    n = hi - lo
    sums, squares = running(distance), running(distance * distance)
    mean = ratio(sums[hi] - sums[lo], n)
    variance = np.maximum(ratio(squares[hi] - squares[lo], n) - mean * mean, 0)
    return mean / 1000, missing_where(n < 2, np.sqrt(variance) / 1000)


def _away(block: Block) -> F64:
    """Days since the first of the unbroken run of card-present payments away from home that leads up to each target."""
    distance = block.metres_from_home
    seen = block.events.where(block.debit & ~block.declined & (block.channel == CARD_PRESENT) & (distance >= 0))
    lo, hi = seen.bounds(PAST)
    at_home = distance[seen.rows] <= AWAY_METRES
    after_home = np.append(0, np.maximum.accumulate(np.where(at_home, np.arange(1, seen.size + 1), 0)))
    start = np.maximum(after_home[hi], lo)  # the run begins after the last payment near home
    time = np.append(block.time[seen.rows], 0)
    days = (block.time[block.targets] - time[start]) / micros("1d")
    return missing_where(hi == lo, np.where(start < hi, days, 0))


FAMILY = Family("geography", FEATURES, compute)

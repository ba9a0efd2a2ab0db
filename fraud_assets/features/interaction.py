"""Family interaction: two signs that say more together than each alone, and a score that weighs the plain ones.

Products of other families' columns: null where one of them is, unless the definition says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, reduce
from operator import add
from typing import Any

import numpy.typing as npt
import polars as pl

from fraud_assets.codes import ANOMALY_TYPES
from fraud_assets.features.arrays import F64, either, is_nan, larger, opposite, ratio
from fraud_assets.features.feature import MONTH_BEFORE, Columns, Family, Feature, Inputs
from fraud_assets.features.history import CARD_PRESENT, PAST

#: Signs that are there when a column is at least so much, and how much each weighs [P: an analyst's ranking].
SIGNS: dict[str, tuple[float, int]] = {
    "is_new_device_c": (1, 10),
    "is_new_payee_c": (1, 10),
    "is_new_merchant_c": (1, 5),
    "is_new_delivery_address_c": (1, 5),
    "is_night": (1, 5),
    "is_impossible_travel": (1, 15),
    "ip_city_mismatch": (1, 5),
    "failed_logins_24h": (3, 10),
    "c_declined_1h": (1, 10),
    "is_just_below_limit": (1, 5),
    "amount_z_c": (3, 10),
    "anomaly_count_24h": (2, 5),
    "ring_known_fraud_share": (0.01, 10),
}


_float = partial(Feature, family="interaction", dtype=pl.Float32, cost="row")

# fmt: off
FEATURES = (
    _float("new_device_x_amount_z", "deviations", "`is_new_device_c` times `amount_z_c`", window=PAST),
    _float("new_payee_x_credential_change", "1/hours", "`is_new_payee_c` over 1 + `credential_change_age_hours`; 0 "
           "without a change, null for a bank without logins", window=PAST),
    _float("night_x_new_merchant", "0 or 1", "`is_night` times `is_new_merchant_c`", window=PAST),
    _float("velocity_x_declines", "rows^2", "`c_count_1h` times `c_declined_1h`", window="1h"),
    _float("dormant_x_amount_ratio", "days", "`days_dormant` times `amount_over_c_max`", window=PAST),
    _float("speed_x_card_present", "km/h", "`speed_kmh_previous` of a card-present payment, 0 for others", window=PAST),
    _float("ring_x_passthrough", "customers", "`ring_size_previous_day` less the customer, times `c_passthrough_24h`; "
           "0 without money that came in", window="60d", delay="1d"),
    _float("anomaly_x_merchant_risk", "ratio", "Kinds in which the payment is out of the ordinary times "
           "`m_known_fraud_rate_30d`", window="54d"),
    _float("round_x_new_merchant", "0 or 1", "`is_round_100` times `is_new_merchant_c`", window=PAST),
    _float("small_amount_x_merchant_burst", "deviations", "`m_small_amount_share_1h` times `m_count_1h_z`, where that "
           "is positive", key="merchant", window="1h", baseline="30d", table_age=MONTH_BEFORE),
    _float("refund_x_velocity", "rows", "`refund_share_c_30d` times `c_count_24h`", window="30d"),
    _float("mismatch_x_new_device", "0 or 1", "`ip_city_mismatch` times `is_new_device_c`", window=PAST),
    _float("weighted_risk_score", "0 to 1", "Signs that are there, by weight, over those that are known: "
           + ", ".join(f"`{name}` {weight}" if least == 1 else f"`{name}` from {least} {weight}"
                       for name, (least, weight) in SIGNS.items()), window="76d", delay="8d"),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    c = inputs.columns
    changed = _or_zero(1 / (1 + c["credential_change_age_hours"])) + 0 * c["failed_logins_24h"]
    passed = _or_zero(c["c_passthrough_24h"])
    kinds = sum(c[f"anomaly_{kind}_now"] for kind in ANOMALY_TYPES if kind != "geographic")
    kinds = kinds + _or_zero(c["anomaly_geographic_now"])
    return {
        "new_device_x_amount_z": c["is_new_device_c"] * c["amount_z_c"],
        "new_payee_x_credential_change": c["is_new_payee_c"] * changed,
        "night_x_new_merchant": c["is_night"] * c["is_new_merchant_c"],
        "velocity_x_declines": c["c_count_1h"] * c["c_declined_1h"],
        "dormant_x_amount_ratio": c["days_dormant"] * c["amount_over_c_max"],
        "speed_x_card_present": either(c["channel"] == CARD_PRESENT, c["speed_kmh_previous"], 0.0),
        "ring_x_passthrough": (c["ring_size_previous_day"] - 1) * passed,
        "anomaly_x_merchant_risk": kinds * c["m_known_fraud_rate_30d"],
        "round_x_new_merchant": c["is_round_100"] * c["is_new_merchant_c"],
        "small_amount_x_merchant_burst": c["m_small_amount_share_1h"] * larger(c["m_count_1h_z"], 0),
        "refund_x_velocity": c["refund_share_c_30d"] * c["c_count_24h"],
        "mismatch_x_new_device": c["ip_city_mismatch"] * c["is_new_device_c"],
        "weighted_risk_score": _score(c),
    }


def _or_zero(values: F64) -> F64:
    return either(opposite(is_nan(values)), values, 0)


def _score(columns: Mapping[str, npt.NDArray[Any]]) -> F64:
    """Sums of whole numbers, so that their order does not matter."""
    there = reduce(add, (weight * (columns[name] >= least) for name, (least, weight) in SIGNS.items()))
    known = reduce(add, (weight * opposite(is_nan(columns[name])) for name, (_, weight) in SIGNS.items()))
    return ratio(there, known)


FAMILY = Family("interaction", FEATURES, compute)

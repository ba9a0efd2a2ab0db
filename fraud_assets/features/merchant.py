"""Family merchant: what had been going on at the merchant when the hour began, from the tiles of ``merchant_activity``.

Null where the recipient is no merchant.
"""

from __future__ import annotations

from functools import partial

import polars as pl

from fraud_assets.features.activity import RATE_PRIOR, RATE_WINDOWS, REPORT_DELAY, SMALL_SHARE
from fraud_assets.features.arrays import missing_where
from fraud_assets.features.feature import MONTH_BEFORE, Columns, Family, Feature, Inputs

_feature = partial(Feature, family="merchant", key="merchant", cost="keyed")
_float = partial(_feature, dtype=pl.Float32)

# fmt: off
FEATURES = (
    *(_float(f"m_known_fraud_rate_{w}", "ratio", f"Frauds at the merchant reported in {w} per payment of as long, "
             f"drawn towards the bank's own rate by {RATE_PRIOR} payments; all of it as of a week before the hour",
             window=w, delay=REPORT_DELAY) for w in RATE_WINDOWS),
    _float("m_count_1h_z", "deviations", "Attempts at the merchant in the hour before the hour against the hourly mean "
           "of 30 days, in the deviations of a Poisson count of one more than that", window="1h", baseline="30d"),
    _float("m_decline_rate_1h", "ratio", "Declined share of the attempts at the merchant in the hour before the hour; "
           "null without one", window="2h"),
    _float("m_small_amount_share_1h", "ratio", "Share of the attempts at the merchant in the hour before the hour "
           f"below {SMALL_SHARE:.0%} of what is usual in the category; null without one", window="2h",
           table_age=MONTH_BEFORE),
    _float("m_refund_rate_30d", "ratio", "Refunds by the merchant per payment in the 30 days before the hour; null "
           "without a payment", window="30d"),
    _float("m_reputation", "0 to 1", "The acquirer's standing of the merchant", cost="row"),
    _feature("m_age_days", "days", "Local days since the merchant opened; null if it is said to open later",
             dtype=pl.Int32, cost="row"),
    _float("m_customers_per_hour", "customers/hour", "Different customers of each of the 24 hours before the hour, "
           "their mean", window="25h"),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block = inputs.block
    age = block.at.local_day - block.looked_up("opened_on")
    return {
        **{f"m_known_fraud_rate_{w}": block.looked_up(f"known_fraud_rate_{w}") for w in RATE_WINDOWS},
        "m_count_1h_z": block.looked_up("count_1h_z"),
        "m_decline_rate_1h": block.looked_up("decline_rate_1h"),
        "m_small_amount_share_1h": block.looked_up("small_amount_share_1h"),
        "m_refund_rate_30d": block.looked_up("refund_rate_30d"),
        "m_reputation": block.looked_up("reputation"),
        "m_age_days": missing_where(age < 0, age),
        "m_customers_per_hour": block.looked_up("customers_per_hour"),
    }


FAMILY = Family("merchant", FEATURES, compute)

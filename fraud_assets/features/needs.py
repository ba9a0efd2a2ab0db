"""What features need that a bank may not have: without it they are null, and not a number that means something else.

What is null by itself, since a column or a table is empty, stands here too: so it can be said beforehand what a bank
does without. ``weighted_risk_score`` weighs what there is and needs nothing.
"""

from __future__ import annotations

from collections.abc import Collection

from fraud_assets.features.registry import REGISTRY

_MERCHANT = tuple(name for name, feature in REGISTRY.items() if feature.family == "merchant")
_SPEED = ("speed_kmh_previous", "is_impossible_travel", "days_away_streak", "speed_x_card_present")
_RINGS = ("ring_size_previous_day", "ring_known_fraud_share", "ring_x_passthrough")
_GEOGRAPHIC = ("anomaly_geographic_now", "anomaly_geographic_rate_30d")
_DELIVERY = tuple(name for name, feature in REGISTRY.items() if feature.family == "delivery")

#: Input -> features that are null without it.
NEEDS: dict[str, tuple[str, ...]] = {
    "status": ("c_declined_1h", "c_declined_24h", "m_decline_rate_1h", "velocity_x_declines"),
    "channel": ("channel", "channel_rarity_c", "ip_city_mismatch", "mismatch_x_new_device", *_SPEED),
    "category": (
        "category", "amount_z_c_category", "category_rarity_c", "category_entropy_c_30d", "m_small_amount_share_1h",
        "small_amount_x_merchant_burst",
    ),
    "merchant": (
        *_MERCHANT, "c_distinct_merchants_24h", "merchant_repeat_share_c", "is_new_merchant_c", "night_x_new_merchant",
        "anomaly_x_merchant_risk", "round_x_new_merchant", "small_amount_x_merchant_burst",
    ),
    "payee": (
        "is_new_payee_c", "payee_age_days_c", "r_distinct_senders_24h", "r_distinct_senders_30d",
        "payee_min_edit_distance", "payee_nearest_use_count", "source_address_age_days", "transfer_fanout_1h",
        "new_payee_x_credential_change",
    ),
    "device": (
        "device_age_days_c", "is_new_device_c", "d_distinct_customers_30d", "c_distinct_devices_30d",
        "app_version_rarity", "new_device_x_amount_z", "mismatch_x_new_device",
    ),
    "ip": ("ip_is_new_c", "ip_distinct_customers_24h", "ip_city_mismatch", "mismatch_x_new_device"),
    "city": ("is_new_city_c", "distinct_cities_7d", "ip_city_mismatch", "mismatch_x_new_device", *_GEOGRAPHIC),
    "country": ("is_cross_border",),
    "coordinates": (
        "km_from_home", "km_from_previous", "mean_km_last_10", "std_km_last_10", *_SPEED, *_GEOGRAPHIC,
    ),
    "posted_at": ("posting_delay_mean_30d",),
    "kind": (
        "refund_share_c_30d", "m_refund_rate_30d", "refund_x_velocity", "c_inflow_24h", "c_passthrough_24h",
        "c_median_hold_minutes", "c_out_over_in_24h", "ring_x_passthrough", "source_address_age_days",
        "transfer_fanout_1h", "redemptions_24h", "deposit_to_redeem_minutes",
    ),
    "reports": (
        "known_reports_c", "m_known_fraud_rate_1d", "m_known_fraud_rate_7d", "m_known_fraud_rate_30d",
        "ring_known_fraud_share", "anomaly_x_merchant_risk",
    ),
    "customers": (
        "days_since_payday", "tenure_days", "km_from_home", "mean_km_last_10", "std_km_last_10", "is_cross_border",
        "days_away_streak", "is_delivery_elsewhere", "kyc_level", "kyc_age_days", "ip_city_mismatch",
        "mismatch_x_new_device", *_GEOGRAPHIC,
    ),
    "devices": ("device_age_days_c", "app_version_rarity"),
    "merchants": ("m_reputation", "m_age_days"),
    "logins": (
        "seconds_since_login", "failed_logins_24h", "credential_change_age_hours", "login_new_ip_24h",
        "new_payee_x_credential_change",
    ),
    "delivery": _DELIVERY,
    "holidays": ("is_festival",),
    "limits": ("is_just_below_limit",),
}  # fmt: skip
#: Features that are null where none of the inputs is there.
_NEED_ONE_OF: dict[str, tuple[str, ...]] = dict.fromkeys(_RINGS, ("device", "payee"))


def missing(without: Collection[str]) -> list[str]:
    """The features that are null for a bank without these inputs, in the order of the feature table."""
    lost = {name for one in without for name in NEEDS.get(one, ())}
    lost |= {name for name, some in _NEED_ONE_OF.items() if set(some) <= set(without)}
    return [name for name in REGISTRY if name in lost]


def did_without(without: Collection[str]) -> dict[str, tuple[int, int]]:
    """Family -> how many of its features are null, and how many it has; only families that lack some."""
    lost = set(missing(without))
    found: dict[str, tuple[int, int]] = {}
    for name, feature in REGISTRY.items():
        null, total = found.get(feature.family, (0, 0))
        found[feature.family] = (null + (name in lost), total + 1)
    return {family: counts for family, counts in found.items() if counts[0]}

"""What of a payment can be suspicious, aspect by aspect: a page for an analyst.

A feature is listed with the direction in which it grows suspicious, as a person who knows fraud would say before seeing
any: a younger device, a longer way, a fuller hour. No label decided any of it. Features that move together stand in one
aspect, of which only the most surprising counts: ten windows over the same burst are one surprise, not ten. What is
merely rare is not listed; a cheap payment at noon is not suspicious, however rare.
"""

from __future__ import annotations

from collections.abc import Collection

#: Suspicious where it is high, or where it is low.
HIGH, LOW = 1, -1

#: Aspect -> feature -> direction.
ASPECTS: dict[str, dict[str, int]] = {
    "amount": {
        "amount_z_c": HIGH,
        "amount_over_c_mean_30d": HIGH,
        "amount_over_c_max": HIGH,
        "amount_z_c_category": HIGH,
        "amount_rank_c": HIGH,
        "is_just_below_limit": HIGH,
    },
    "velocity": {
        "c_count_5m": HIGH,
        "c_count_1h": HIGH,
        "c_count_6h": HIGH,
        "count_24h_over_30d": HIGH,
        "c_amount_6h": HIGH,
        "c_amount_24h": HIGH,
        "c_same_amount_24h": HIGH,
        "c_seconds_since_previous": LOW,
        "redemptions_24h": HIGH,
    },
    "refusals": {"c_declined_1h": HIGH, "c_declined_24h": HIGH, "failed_logins_24h": HIGH},
    "habit": {
        "hour_rarity_c": HIGH,
        "category_rarity_c": HIGH,
        "channel_rarity_c": HIGH,
        "days_dormant": HIGH,
        "is_new_merchant_c": HIGH,
    },
    "place": {
        "km_from_home": HIGH,
        "km_from_previous": HIGH,
        "speed_kmh_previous": HIGH,
        "is_new_city_c": HIGH,
        "distinct_cities_7d": HIGH,
        "ip_city_mismatch": HIGH,
    },
    "device": {"device_age_days_c": LOW, "is_new_device_c": HIGH, "c_distinct_devices_30d": HIGH},
    "address": {"ip_is_new_c": HIGH, "ip_distinct_customers_24h": HIGH, "login_new_ip_24h": HIGH},
    "company": {"d_distinct_customers_30d": HIGH, "ring_size_previous_day": HIGH, "ring_known_fraud_share": HIGH},
    "credentials": {"credential_change_age_hours": LOW},
    "login": {"seconds_since_login": LOW},
    "merchant": {
        "m_known_fraud_rate_1d": HIGH,
        "m_known_fraud_rate_7d": HIGH,
        "m_known_fraud_rate_30d": HIGH,
        "m_count_1h_z": HIGH,
        "m_decline_rate_1h": HIGH,
        "m_small_amount_share_1h": HIGH,
    },
    "payee": {
        "is_new_payee_c": HIGH,
        "payee_age_days_c": LOW,
        "r_distinct_senders_24h": HIGH,
        "r_distinct_senders_30d": HIGH,
    },
    "flow": {
        "c_inflow_24h": HIGH,
        "c_passthrough_24h": HIGH,
        "c_median_hold_minutes": LOW,
        "c_out_over_in_24h": HIGH,
        "deposit_to_redeem_minutes": LOW,
        "transfer_fanout_1h": HIGH,
        "source_address_age_days": LOW,
    },
    "acquaintance": {"tenure_days": LOW, "kyc_level": LOW, "kyc_age_days": LOW},
}


def aspects_of(numbers: Collection[str]) -> dict[str, dict[str, int]]:
    """The aspects of a bank, as far as the numeric features ``numbers`` of its table tell of them."""
    known = {
        aspect: {name: sign for name, sign in features.items() if name in numbers}
        for aspect, features in ASPECTS.items()
    }
    return {aspect: features for aspect, features in known.items() if features}

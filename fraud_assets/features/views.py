"""Named selections of features, for comparisons with other systems.

``synfinance`` has the three groups of an earlier system, as many in each: 32 about fraud, 24 about anomalies, 13
interactions. Several of its own were computed from fraud labels; these come from rules and detectors alone.
"""

from __future__ import annotations

from fraud_assets.features import anomaly, interaction

#: Scores of detectors, as ranks against the months they were fitted on; they join the features at training.
DETECTOR_SCORES = ("isolation_forest", "one_class_svm", "ecdf", "rank_mean")

_FRAUD = (
    # aggregates
    "c_count_24h", "c_count_7d", "c_count_30d", "c_amount_24h", "c_amount_7d", "c_amount_30d",
    "amount_over_c_mean_30d", "amount_over_c_max",
    # velocity
    "c_count_1h", "c_count_6h", "c_amount_1h", "c_declined_24h", "c_seconds_since_previous",
    # geography
    "km_from_home", "km_from_previous", "speed_kmh_previous", "is_impossible_travel", "distinct_cities_7d",
    "is_new_city_c",
    # time
    "hour_sin", "hour_cos", "is_night", "is_weekend", "hour_rarity_c",
    # behaviour
    "amount_z_c", "category_rarity_c", "channel_rarity_c", "is_new_merchant_c",
    # network
    "d_distinct_customers_30d", "r_distinct_senders_30d", "ring_size_previous_day", "m_known_fraud_rate_30d",
)  # fmt: skip

#: View -> group -> columns: features, and scores of detectors.
VIEWS: dict[str, dict[str, tuple[str, ...]]] = {
    "synfinance": {
        "fraud": _FRAUD,
        "anomaly": (*(f.name for f in anomaly.FEATURES), *DETECTOR_SCORES),
        "interaction": tuple(f.name for f in interaction.FEATURES),
    }
}


def view(name: str) -> list[str]:
    """The columns of a view, group by group.

    Raises
    ------
    ValueError
        If there is no such view.
    """
    if name not in VIEWS:
        raise ValueError(f"view {name!r} is none of {', '.join(VIEWS)}")
    return [column for group in VIEWS[name].values() for column in group]

"""Risk analysis: a customer's month in one row: how risky it looks, what drives that, and whether it grows.

For people and for reports, never an input of a model: it looks at a whole month, its last day included. The score is a
sum that can be done by hand. Each sign is measured over the customer's payments of the month, compared with a value at
which an analyst would call it full-blown, and weighed.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from fraud_assets.codes import ANOMALY_TYPES, RISK_LEVELS
from fraud_assets.tables import CustomerRisk, conform

#: Points from which the second, third and fourth of the levels begin [P].
LEVELS_FROM = (15.0, 30.0, 50.0)
#: Points that the score must have moved since the month before to be more than noise [P].
STEADY = 5.0
#: Signs that are named.
MOST_DRIVERS = 3


@dataclass(frozen=True)
class Sign:
    """Something that makes a month look risky.

    Attributes
    ----------
    name
        What a driver is called.
    value
        Over the rows of a customer's month; null where nothing is known.
    full
        The value from which on it counts in full [P].
    weight
        Points it can give, before they are scaled to 100 [P].
    """

    name: str
    value: pl.Expr
    full: float
    weight: int


def _share(condition: pl.Expr) -> pl.Expr:
    """Share of the rows for which it holds, of those for which it is known."""
    return condition.cast(pl.Float64).mean()


def _is_anomalous() -> pl.Expr:
    return pl.any_horizontal(pl.col(f"anomaly_{kind}_now") == 1 for kind in ANOMALY_TYPES)


def _is_just_changed() -> pl.Expr:
    """Within a day of a change of credentials; null where no table of logins could tell."""
    is_recent = (pl.col("credential_change_age_hours") <= 24).fill_null(value=False)
    return pl.when(pl.col("failed_logins_24h").is_not_null()).then(is_recent)


SIGNS: tuple[Sign, ...] = (
    Sign("anomalous_payments", _share(_is_anomalous()), 0.25, 20),
    Sign("worst_anomaly", pl.col("anomaly_severity_max_30d").max().cast(pl.Float64), 0.8, 5),
    Sign("unusual_amounts", _share(pl.col("amount_z_c") > 3), 0.05, 10),
    Sign("declines", _share(pl.col("c_declined_24h") > 0), 0.5, 10),
    Sign("new_devices", _share(pl.col("is_new_device_c") == 1), 0.25, 10),
    Sign("new_payees", _share(pl.col("is_new_payee_c") == 1), 0.5, 5),
    Sign("impossible_travel", _share(pl.col("is_impossible_travel") == 1), 0.02, 10),
    Sign("failed_logins", _share(pl.col("failed_logins_24h") >= 3), 0.1, 5),
    Sign("credential_changes", _share(_is_just_changed()), 0.1, 10),
    Sign("strange_addresses", _share(pl.col("is_new_delivery_address_c") == 1), 0.5, 5),
    Sign("money_passing_through", pl.col("c_passthrough_24h").mean().cast(pl.Float64), 0.9, 10),
    Sign("risky_merchants", pl.col("m_known_fraud_rate_30d").mean().cast(pl.Float64), 0.02, 10),
    Sign("reported_ring", pl.col("ring_known_fraud_share").max().cast(pl.Float64), 0.5, 10),
    Sign("own_reports", pl.col("known_reports_c").max().cast(pl.Float64), 2.0, 20),
)


def customer_risk(features: pl.LazyFrame, before: pl.LazyFrame | None = None) -> pl.DataFrame:
    """The risk of each customer with a payment in the month.

    Parameters
    ----------
    features
        ``transaction_features`` of the month.
    before
        The same of the month before; None in a bank's first.

    Returns
    -------
    :class:`fraud_assets.tables.CustomerRisk`, sorted by customer_id.
    """
    measured = _measured(features)
    points = _points(measured)
    earlier = None if before is None else _measured(before)
    scores_before = (
        pl.DataFrame(schema={"customer_id": pl.Int64, "score_before": pl.Float64})
        if earlier is None
        else earlier.select("customer_id", score_before=_score(earlier))
    )
    score, change = pl.col("risk_score"), pl.col("risk_score") - pl.col("score_before")
    level = pl.lit(RISK_LEVELS[0])
    for name, least in zip(RISK_LEVELS[1:], LEVELS_FROM, strict=True):
        level = pl.when(score >= least).then(pl.lit(name)).otherwise(level)
    frame = (
        measured.select("customer_id", "payments", "anomalous_count", risk_score=_score(measured))
        .rename({"anomalous_count": "anomalous_payments"})
        .join(_drivers(points), on="customer_id", how="left")
        .join(scores_before, on="customer_id", how="left")
        .with_columns(
            pl.col("drivers").fill_null("[]"),
            risk_level=level,
            trend=pl.when(change > STEADY)
            .then(pl.lit("rising"))
            .when(change < -STEADY)
            .then(pl.lit("falling"))
            .when(change.is_not_null())
            .then(pl.lit("steady")),
        )
        .sort("customer_id")
    )
    return conform(frame, CustomerRisk)


def _measured(features: pl.LazyFrame) -> pl.DataFrame:
    """The signs of each customer's month, sorted by customer."""
    return (
        features.group_by("customer_id")
        .agg(
            pl.len().alias("payments"),
            _is_anomalous().sum().alias("anomalous_count"),
            *(sign.value.alias(sign.name) for sign in SIGNS),
        )
        .sort("customer_id")
        .collect(engine="streaming")
    )


def _score(measured: pl.DataFrame) -> pl.Series:
    """Points in 100 of those that the known signs could give."""
    given = pl.sum_horizontal((pl.col(s.name) / s.full).clip(0, 1) * s.weight for s in SIGNS)
    possible = pl.sum_horizontal(pl.col(s.name).is_not_null() * s.weight for s in SIGNS)
    return measured.select((100 * given / possible).fill_nan(0).round(2)).to_series()


def _points(measured: pl.DataFrame) -> pl.DataFrame:
    """A row for each customer and sign that gives any points: value, and points as in the score."""
    possible = pl.sum_horizontal(pl.col(s.name).is_not_null() * s.weight for s in SIGNS)
    parts = [
        measured.select(
            "customer_id",
            pl.lit(s.name).alias("sign"),
            pl.col(s.name).alias("value"),
            (100 * (pl.col(s.name) / s.full).clip(0, 1) * s.weight / possible).alias("points"),
        )
        for s in SIGNS
    ]
    return pl.concat(parts).filter(pl.col("points") > 0)


def _drivers(points: pl.DataFrame) -> pl.DataFrame:
    """The strongest signs of each customer as JSON text."""
    entry = pl.format(
        '{{"sign": "{}", "value": {}, "points": {}}}',
        "sign",
        pl.col("value").round_sig_figs(4),
        pl.col("points").round(1),
    )
    return (
        points.sort("customer_id", "points", "sign", descending=[False, True, False])
        .group_by("customer_id", maintain_order=True)
        .agg(entry.head(MOST_DRIVERS).str.join(", ").alias("text"))
        .select("customer_id", pl.format("[{}]", "text").alias("drivers"))
    )

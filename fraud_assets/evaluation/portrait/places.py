"""Where people pay: cities with their payments and their fraud, and how far from home that is."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from fraud_assets.codes import ANOMALY_TYPES
from fraud_assets.evaluation.portrait.rows import PAID, collect, in_order, is_kind, month_ledger, share, summable
from fraud_assets.evaluation.portrait.subject import Tables

_MOST_CITIES = 400
_CITIES_IN_TABLE = 15
_EARTH_KM = 6371.0088
#: Kilometres from home; the first bin is the neighbourhood, the last another part of the country or the world.
DISTANCES = (0, 5, 25, 100, 500, 2000)


def places(tables: Tables) -> dict[str, Any]:
    """Cities with payments, fraud and people living there, and the share of payments by distance from home."""
    paid = month_ledger(tables).filter(is_kind(*PAID))
    cities = collect(
        paid.filter(pl.col("city").is_not_null(), pl.col("latitude").is_not_null())
        .group_by("city", "state", "country")
        .agg(
            rows=pl.len(),
            fraud=pl.col("is_fraud").sum(),
            latitude=summable(pl.col("latitude")).mean(),
            longitude=summable(pl.col("longitude")).mean(),
            **{kind: (pl.col("anomaly_type") == kind).sum() for kind in ANOMALY_TYPES},
        )
    ).sort("rows", "city", "state", "country", descending=[True, False, False, False])
    homes = collect(
        tables.customers.group_by(city="home_city", state="home_state", country="home_country").agg(homes=pl.len())
    )
    cities = cities.join(homes, on=["city", "state", "country"], how="left", maintain_order="left")
    cities = cities.with_columns(pl.col("homes").fill_null(0))
    shown = cities.head(_MOST_CITIES)
    return {
        "cities": shown.select(
            "city", "state", "country", "rows", "fraud", "homes", "latitude", "longitude"
        ).to_dicts(),
        "city_count": cities.height,
        "country_count": cities["country"].n_unique(),
        "anomalies": cities.head(_CITIES_IN_TABLE).select("city", "rows", "fraud", *ANOMALY_TYPES).to_dicts(),
        "correlation_of_homes_and_rows": _correlation(cities),
        **_distances(tables, paid),
    }


def _correlation(cities: pl.DataFrame) -> float | None:
    lived = cities.filter(pl.col("homes") > 0)
    if lived.height < 3:
        return None
    return float(np.corrcoef(lived["homes"].to_numpy(), lived["rows"].to_numpy())[0, 1])


def _distances(tables: Tables, paid: pl.LazyFrame) -> dict[str, Any]:
    """By channel, distance and truth: rows and declined ones; ``distance`` is the number of the bin."""
    home = tables.customers.select("customer_id", "home_latitude", "home_longitude", "home_city")
    found = collect(
        paid.filter(pl.col("latitude").is_not_null())
        .join(home, on="customer_id", how="inner")
        .with_columns(distance=_bin(_kilometres()))
        .group_by("channel", "distance", "is_fraud")
        .agg(
            rows=pl.len(),
            declined=(pl.col("status") == "declined").sum(),
            at_home=(pl.col("city") == pl.col("home_city")).sum(),
        )
        .sort("channel", "is_fraud", "distance")
    )
    honest = found.filter(~pl.col("is_fraud"))
    return {
        "distances": found.drop("at_home").to_dicts(),
        "home_share": {
            channel: _at_home(honest.filter(channel=channel)) for channel in in_order(honest["channel"].to_list())
        },
    }


def _at_home(rows: pl.DataFrame) -> float | None:
    return share(int(rows["at_home"].sum()), int(rows["rows"].sum()))


def _kilometres() -> pl.Expr:
    """Great-circle distance from home (haversine)."""
    from_, to = (pl.col(name).radians() for name in ("home_latitude", "latitude"))
    east = (pl.col("longitude") - pl.col("home_longitude")).radians()
    half = ((to - from_) / 2).sin() ** 2 + from_.cos() * to.cos() * (east / 2).sin() ** 2
    return 2 * _EARTH_KM * half.clip(0, 1).sqrt().arcsin()


def _bin(kilometres: pl.Expr) -> pl.Expr:
    return pl.sum_horizontal((kilometres >= border).cast(pl.Int32) for border in DISTANCES[1:])

"""What a bank can say about a payment at its instant, from tables of its month: place, time, device, credentials.

What lives here: the risk columns of the flat table. Each looks at the row itself and at what happened before it, never
at what came after, nor at any truth. What does not: features for models, which also look months back (``features``).
"""

from __future__ import annotations

import dataframely as dy
import polars as pl

from fraud_assets.tables import COUNT, DAYS, HOURS, KILOMETRES, RATIO

_NEW_DEVICE = pl.duration(hours=24)
_FAILURES_BACK = pl.duration(hours=24)
_EARTH_KM = 6371.0
_MONTHS = 12


class Circumstances(dy.Schema):
    """The risk columns, in the order of the flat table."""

    local_hour = dy.Int8(min=0, max=23, metadata=HOURS, description="Hour of the day where it happened")
    local_weekday = dy.Int8(min=1, max=7, metadata=DAYS, description="Day of the week where it happened, 1 = Monday")
    is_weekend = dy.Bool(description="Saturday or Sunday where it happened")
    is_night = dy.Bool(description="0 to 5 o'clock where it happened")
    tenure_days = dy.Int32(metadata=DAYS, description="Local days since the customer joined")
    merchant_age_days = dy.Int32(
        nullable=True, metadata=DAYS, description="Local days since the merchant's first day of business"
    )
    km_from_home = dy.Float64(min=0, metadata=KILOMETRES, description="Great-circle distance from the residence")
    is_home_city = dy.Bool(description="In the city of the residence")
    is_abroad = dy.Bool(description="In another country than the residence")
    hours_since_previous = dy.Float64(
        min=0, nullable=True, metadata=HOURS, description="Since the customer's row before; null for the month's first"
    )
    km_from_previous = dy.Float64(
        min=0, nullable=True, metadata=KILOMETRES, description="From where the customer's row before happened"
    )
    device_age_days = dy.Float64(
        min=0, nullable=True, metadata=DAYS, description="Since the bank first saw the device or terminal"
    )
    is_new_device = dy.Bool(
        nullable=True, description="The customer's device was first seen in the 24 hours before; null at a terminal"
    )
    is_borrowed_device = dy.Bool(
        nullable=True, description="Another customer was the device's first owner; null at a terminal"
    )
    hours_since_credential_change = dy.Float64(
        min=0,
        nullable=True,
        metadata=HOURS,
        description="Since the customer's last change of password or phone number this month; null without one",
    )
    failed_logins_24h = dy.Int16(
        min=0, metadata=COUNT, description="Failed logins of the customer in the 24 hours before, within this month"
    )
    share_of_limit = dy.Float64(
        min=0, nullable=True, metadata=RATIO, description="Amount to the customer's limit for a single payment"
    )
    share_of_income = dy.Float64(
        min=0, nullable=True, metadata=RATIO, description="Amount to a twelfth of the customer's yearly income"
    )


def with_previous(transactions: pl.LazyFrame) -> pl.LazyFrame:
    """The ledger with ``hours_since_previous`` and ``km_from_previous``.

    Parameters
    ----------
    transactions
        Whole customers, sorted by customer and time as the ledger is.
    """
    time, latitude, longitude = map(pl.col, ("event_time", "latitude", "longitude"))
    same = pl.col("customer_id") == pl.col("customer_id").shift(1)
    return transactions.with_columns(
        hours_since_previous=pl.when(same).then(_hours(time - time.shift(1))),
        km_from_previous=pl.when(same).then(_km(latitude.shift(1), longitude.shift(1), latitude, longitude)),
    )


def with_credentials(transactions: pl.LazyFrame, logins: pl.LazyFrame) -> pl.LazyFrame:
    """The ledger, in its order, with ``hours_since_credential_change`` and ``failed_logins_24h``.

    Only what was strictly before a row counts for it.
    """
    changes = logins.filter(pl.col("event") != "login", "is_success")
    failures = logins.filter(~pl.col("is_success")).sort("customer_id", "event_time")
    number = pl.int_range(1, pl.len() + 1).over("customer_id")
    rows = transactions.with_columns(_back=pl.col("event_time") - _FAILURES_BACK)
    rows = _last_before(rows, "event_time", changes, _changed=pl.col("event_time"))
    rows = _last_before(rows, "event_time", failures, _failures=number)
    rows = _last_before(rows, "_back", failures, _earlier=number)
    return rows.with_columns(
        hours_since_credential_change=_hours(pl.col("event_time") - pl.col("_changed")),
        failed_logins_24h=pl.col("_failures").fill_null(0) - pl.col("_earlier").fill_null(0),
    )


def circumstances() -> list[pl.Expr]:
    """The other risk columns, for a frame with the columns of ledger, customer, device and merchant as they are called
    in the flat table, and with ``_owner``, the device's first owner.
    """
    local = pl.col("event_time").dt.replace_time_zone(None) + pl.duration(minutes="utc_offset_minutes")
    today, has_device = local.dt.date(), pl.col("device_id").is_not_null()
    device_age = pl.col("event_time") - pl.col("device_first_used_at")
    return [
        local.dt.hour().alias("local_hour"),
        local.dt.weekday().alias("local_weekday"),
        (local.dt.weekday() >= 6).alias("is_weekend"),
        (local.dt.hour() < 6).alias("is_night"),
        (today - pl.col("registered_at")).dt.total_days().cast(pl.Int32).alias("tenure_days"),
        (today - pl.col("merchant_opened_on")).dt.total_days().cast(pl.Int32).alias("merchant_age_days"),
        _km(*map(pl.col, ("home_latitude", "home_longitude", "latitude", "longitude"))).alias("km_from_home"),
        ((pl.col("city") == pl.col("home_city")) & (pl.col("state") == pl.col("home_state"))).alias("is_home_city"),
        (pl.col("country") != pl.col("home_country")).alias("is_abroad"),
        (_hours(device_age) / 24).round(3).alias("device_age_days"),
        pl.when(has_device).then(device_age < _NEW_DEVICE).alias("is_new_device"),
        pl.when(has_device).then(pl.col("_owner") != pl.col("customer_id")).alias("is_borrowed_device"),
        _ratio("transaction_limit", 1).alias("share_of_limit"),
        _ratio("annual_income", _MONTHS).alias("share_of_income"),
    ]


def _last_before(rows: pl.LazyFrame, at: str, events: pl.LazyFrame, **value: pl.Expr) -> pl.LazyFrame:
    """The rows, in their order, with the value of their customer's last event before the instant in column ``at``."""
    return rows.join_asof(
        events.select("customer_id", _time="event_time", **value).sort("_time"),
        left_on=at,
        right_on="_time",
        by="customer_id",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,  # polars could not check it: the ledger is sorted within each customer
        coalesce=False,
    ).drop("_time")


def _hours(duration: pl.Expr) -> pl.Expr:
    return (duration.dt.total_milliseconds() / 3_600_000).round(3)


def _ratio(of: str, parts: int) -> pl.Expr:
    """Amount to a part of another amount; null where that is zero."""
    return pl.when(pl.col(of) > 0).then((pl.col("amount") * parts / pl.col(of)).round(4))


def _km(latitude_1: pl.Expr, longitude_1: pl.Expr, latitude_2: pl.Expr, longitude_2: pl.Expr) -> pl.Expr:
    """Great-circle distance in kilometres with three decimals (haversine formula)."""
    up = ((latitude_2 - latitude_1).radians() / 2).sin().pow(2)
    along = ((longitude_2 - longitude_1).radians() / 2).sin().pow(2)
    chord = up + latitude_1.radians().cos() * latitude_2.radians().cos() * along
    return (2 * _EARTH_KM * chord.clip(0, 1).sqrt().arcsin()).round(3)

"""A customer's month in one row."""

from __future__ import annotations

import json

import polars as pl
import pytest

from fraud_assets.features.registry import schema
from fraud_assets.features.risk import SIGNS, STEADY, customer_risk
from fraud_assets.tables import CustomerRisk
from fraud_assets_tests.features.ledgers import bank


def month(**rows: list[float | None]) -> pl.LazyFrame:
    """Feature rows of customer 1, null but for the columns given."""
    height = len(next(iter(rows.values())))
    nulls = {name: pl.Series([None] * height, dtype=dtype) for name, dtype in schema().items()}
    frame = pl.DataFrame(nulls | {name: pl.Series(values) for name, values in rows.items()}, strict=False)
    return frame.with_columns(customer_id=pl.lit(1, dtype=pl.Int64)).cast(schema()).lazy()  # type: ignore[arg-type]


def test_every_customer_with_a_payment_has_a_row_that_keeps_the_table() -> None:
    features = bank(3, customers=5, rows=300).features()
    risk = customer_risk(features.lazy())
    CustomerRisk.validate(risk)
    assert risk["customer_id"].to_list() == sorted(features["customer_id"].unique())
    assert risk["payments"].sum() == features.height
    assert risk["trend"].null_count() == risk.height
    assert risk["risk_score"].n_unique() > 1


def test_the_score_is_the_sum_that_its_drivers_say() -> None:
    """Two of four payments from a new device (full at a quarter), one of four at an unusual amount (full at 5 %)."""
    risk = customer_risk(
        month(is_new_device_c=[1, 1, 0, 0], amount_z_c=[0.0, 4.0, 0.0, 0.0], c_declined_24h=[0] * 4)
    ).row(0, named=True)
    weight = {sign.name: sign.weight for sign in SIGNS}
    known = weight["new_devices"] + weight["unusual_amounts"] + weight["declines"]
    given = weight["new_devices"] + weight["unusual_amounts"]
    assert risk["risk_score"] == pytest.approx(100 * given / known, abs=0.01)
    drivers = json.loads(risk["drivers"])
    assert {d["sign"]: d["value"] for d in drivers} == {"new_devices": 0.5, "unusual_amounts": 0.25}
    assert sum(d["points"] for d in drivers) == pytest.approx(risk["risk_score"], abs=0.1)
    assert risk["risk_level"] == "critical"


def test_the_trend_is_against_the_month_before_and_null_without_one() -> None:
    quiet, loud = month(is_new_device_c=[0, 0]), month(is_new_device_c=[1, 1])
    rising, falling, same = (customer_risk(now, before) for now, before in ((loud, quiet), (quiet, loud), (loud, loud)))
    assert [r["trend"][0] for r in (rising, falling, same)] == ["rising", "falling", "steady"]
    assert rising["risk_score"][0] - rising["score_before"][0] > STEADY
    assert customer_risk(loud, quiet.filter(pl.lit(value=False)))["trend"][0] is None


def test_a_month_without_payments_has_no_rows() -> None:
    CustomerRisk.validate(customer_risk(month(is_night=[0]).filter(pl.lit(value=False))))

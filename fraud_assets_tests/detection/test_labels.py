from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import numpy as np
import polars as pl
from hypothesis import given, settings

from fraud_assets import tables
from fraud_assets.detection.labels import LARGEST_FACTOR, DelayCurve, label
from fraud_assets.knowledge import known_at
from fraud_assets_tests.detection.synthetic import bank

START, CUT = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)


def reports(ages: list[float], delays: list[float], kind: str | None = None) -> pl.LazyFrame:
    """Fraud reports of events so many days before the cut, so many days after the event, filed as of that type."""
    frame = pl.DataFrame({"age": ages, "delay": delays}, schema={"age": pl.Float64, "delay": pl.Float64})
    event = pl.lit(CUT) - pl.duration(seconds=(pl.col("age") * 86_400).round().cast(pl.Int64))
    return tables.conform(
        frame.with_row_index("transaction_id").select(
            "transaction_id",
            event_time=event,
            customer_id="transaction_id",
            merchant_id=None,
            payee_id=None,
            device_id=None,
            reported_at=event + pl.duration(seconds=(pl.col("delay") * 86_400).round().cast(pl.Int64)),
            kind=pl.lit("fraud"),
            reported_type=pl.lit(kind, dtype=pl.String),
            source=pl.lit("customer"),
        ),
        tables.IncidentReports,
    ).lazy()


def test_a_report_after_the_cut_labels_nothing() -> None:
    world = bank()
    cut = datetime(2024, 2, 1, tzinfo=UTC)
    labelled = label(world.features, known_at(world.reports, cut).collect()).collect()
    late = world.reports.filter(pl.col("reported_at") >= cut).collect()["transaction_id"].implode()
    early = world.reports.filter(pl.col("reported_at") < cut).collect()
    assert labelled["transaction_id"].equals(world.features.collect()["transaction_id"])
    assert not labelled.filter(pl.col("transaction_id").is_in(late))["is_fraud"].any()
    assert labelled["is_fraud"].sum() == early.height > 0


@given(
    st.lists(st.tuples(st.floats(0.01, 59.9), st.floats(0, 80)), max_size=60),
    st.lists(st.floats(0, 400), min_size=2, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_a_report_stands_for_at_least_one_fraud_and_for_fewer_the_older_it_is(
    delays: list[tuple[float, float]], ages: list[float]
) -> None:
    curve = DelayCurve.estimate(reports([a for a, _ in delays], [d for _, d in delays]), START, CUT)
    factor = curve.factor(np.sort(np.array(ages)))
    assert (factor >= 1).all()
    assert (factor <= LARGEST_FACTOR).all()
    assert (np.diff(factor) <= 1e-12).all()


def test_the_delay_curve_is_not_fooled_by_what_has_not_arrived_yet() -> None:
    rng = np.random.default_rng(3)
    ages, delays = rng.uniform(0, 60, 8_000), rng.exponential(10, 8_000)
    curve = DelayCurve.estimate(reports(ages.tolist(), delays.tolist()), START, CUT)
    for age in (7.0, 14.0, 30.0):
        true = 1 - np.exp(-age / 10)
        assert abs(1 / curve.factor(np.array([age]))[0] - true) < 0.03
    seen = delays[delays < ages]
    assert (seen < 7).mean() > 1 - np.exp(-0.7) + 0.05  # what the plain distribution would have claimed


def test_every_report_stands_for_those_too_that_nobody_files() -> None:
    ages, delays = [50.0] * 40, [float(k) for k in range(40)]
    plain, audited = (DelayCurve.estimate(reports(ages, delays), START, CUT, share) for share in (0.0, 0.2))
    old = np.array([1.0, 20.0, 60.0])
    assert np.allclose(audited.factor(old), plain.factor(old) / 0.8)
    assert np.allclose(DelayCurve.estimate(reports([], []), START, CUT, 0.2).factor(old), 1.25)


def test_a_quick_type_does_not_stand_for_frauds_of_a_slow_one() -> None:
    rng = np.random.default_rng(5)
    ages = rng.uniform(0, 60, (2, 4_000))
    delays = np.stack([rng.exponential(2, 4_000), rng.exponential(40, 4_000)])
    both = [reports(ages[k].tolist(), delays[k].tolist(), kind) for k, kind in enumerate(("lost", "audited"))]
    filed = pl.concat(both).with_columns(transaction_id=pl.int_range(pl.len()))
    curve = DelayCurve.estimate(filed, START, CUT)
    three_weeks = np.full(4, 21.0)
    lost, audited, rare, unknown = curve.factor(three_weeks, pl.Series(["lost", "audited", "seldom", None]))
    assert lost < 1.05
    assert audited > 1.5
    assert rare == unknown == curve.factor(three_weeks)[0]
    again = DelayCurve.load(json.loads(json.dumps(vars(curve))))
    assert again == curve


def test_without_reports_nothing_is_corrected() -> None:
    curve = DelayCurve.estimate(reports([], []), START, CUT)
    assert (curve.factor(np.array([0.0, 3.0, 100.0])) == 1).all()


def test_events_before_the_window_do_not_enter_the_delay_curve() -> None:
    early = reports([100.0, 90.0], [80.0, 85.0])
    assert DelayCurve.estimate(early, START, CUT).reports == 0
    assert DelayCurve.estimate(early, CUT - timedelta(days=95), CUT).reports == 1

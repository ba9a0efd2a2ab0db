"""Rows prepared for other models: the document gives the same numbers again, and the future enters neither scale nor
label."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from fraud_assets import tables
from fraud_assets.detection.labels import DelayCurve
from fraud_assets.detection.prepared import KEYS, Preparation, Prepared, prepare
from fraud_assets_tests.detection.synthetic import FEATURES, JANUARY, MARCH, bank

UNTIL = MARCH.end + timedelta(days=30)


def made(features: pl.LazyFrame | None = None, reports: pl.LazyFrame | None = None) -> Prepared:
    return prepare(
        bank().features if features is None else features,
        bank().reports if reports is None else reports,
        MARCH,
        JANUARY,
        FEATURES,
        UNTIL,
    )


def test_the_document_gives_the_same_numbers_again() -> None:
    prepared = made()
    rows = prepared.rows.collect()
    again = Preparation.load(json.loads(json.dumps(prepared.preparation.document())))
    features = rows.select("transaction_id").join(
        bank().features.collect(), on="transaction_id", how="left", maintain_order="left"
    )
    assert again.apply(features).equals(rows.select(again.columns))
    one_by_one = pl.concat([again.apply(features[k]) for k in range(0, 500, 7)])
    assert one_by_one.equals(again.apply(features[0:500:7]))


def test_the_numbers_have_no_gaps_and_the_training_rows_one_scale() -> None:
    rows = made().rows.collect()
    assert rows.null_count().sum_horizontal().item() == 0
    assert np.isfinite(rows.drop(KEYS).to_numpy()).all()
    train = rows.filter(pl.col("split") == "train")
    for name in ("amount_log", "km_from_home", "noise"):
        assert train[name].mean() == pytest.approx(0, abs=1e-3)
        assert train[name].std() == pytest.approx(1, abs=1e-3)
    missing = bank().features.filter(pl.col("days_dormant").is_null()).select("transaction_id").collect()
    flagged = rows.filter(pl.col("days_dormant__missing") == 1)
    assert set(flagged["transaction_id"]) <= set(missing["transaction_id"])
    assert flagged.height > 100
    assert (rows["channel__online"] + rows["channel__card_present"] == 1).all()


def test_the_splits_are_those_of_the_chain_in_time() -> None:
    prepared = made()
    rows = prepared.rows.collect()
    times = rows.group_by(pl.col("split").cast(pl.String)).agg(
        first=pl.col("event_time").min(), last=pl.col("event_time").max()
    )
    ends = {name: (first, last) for name, first, last in times.iter_rows()}
    assert ends["train"][1] < ends["tune"][0] < ends["tune"][1] < ends["compare"][0] < ends["compare"][1]
    assert ends["compare"][1] < prepared.slices.embargo.start
    assert ends["test"][0] >= MARCH.start
    features = bank().features.filter(~prepared.slices.embargo.contains(), pl.col("event_time") < MARCH.end)
    assert rows["transaction_id"].equals(features.collect()["transaction_id"])


def test_nothing_after_the_training_rows_enters_the_scale() -> None:
    prepared = made()
    after = pl.col("event_time") >= prepared.slices.tune.start
    numbers = [name for name in FEATURES if name not in ("channel", "category")]
    other = bank().features.with_columns(
        *(pl.when(after).then(pl.col(name) * 1000 + 5).otherwise(pl.col(name)).alias(name) for name in numbers),
        channel=pl.when(after).then(pl.lit("never seen")).otherwise("channel"),
    )
    assert made(other).preparation == prepared.preparation
    assert (
        made(other)
        .rows.filter(pl.col("split") == "train")
        .collect()
        .equals(prepared.rows.filter(pl.col("split") == "train").collect())
    )


def test_labels_are_what_had_been_reported() -> None:
    rows = made().rows.collect()
    first = bank().reports.group_by("transaction_id").agg(pl.col("reported_at").min())
    told = rows.lazy().join(first, on="transaction_id", how="left", maintain_order="left").collect()
    cut = pl.when(pl.col("split") == "test").then(pl.lit(UNTIL)).otherwise(pl.lit(MARCH.start))
    expected = told.select((pl.col("reported_at") < cut).fill_null(value=False).cast(pl.Int8)).to_series()
    assert rows["y"].equals(expected.alias("y"))
    late = bank().reports.with_columns(
        reported_at=pl.when(pl.col("reported_at") >= MARCH.start).then(pl.lit(UNTIL)).otherwise("reported_at")
    )
    before = pl.col("split") != "test"
    assert made(reports=late).rows.filter(before).collect().equals(rows.filter(before))


def test_a_reported_fraud_stands_for_those_that_will_be() -> None:
    prepared = made()
    rows = prepared.rows.collect()
    assert (rows.filter(pl.col("y") == 0)["weight"] == 1).all()
    delays = DelayCurve.estimate(bank().reports, prepared.slices.train.start, prepared.slices.cut)
    compare = rows.filter((pl.col("split") == "compare") & (pl.col("y") == 1))
    age = (MARCH.start - compare["event_time"]).dt.total_seconds().to_numpy() / 86_400
    assert np.allclose(compare["weight"].to_numpy(), delays.factor(age), rtol=1e-6)
    assert (compare["weight"] > 1).any()


def test_the_truth_is_told_of_the_test_alone_and_on_request() -> None:
    frauds = bank().features.filter(pl.Series(bank().is_fraud)).select("transaction_id")
    rows = prepare(bank().features, bank().reports, MARCH, JANUARY, FEATURES, UNTIL, frauds).rows.collect()
    assert rows.columns[: len(KEYS) + 1] == [*KEYS, "y_truth"]
    test = rows.filter(pl.col("split") == "test")
    assert rows.filter(pl.col("split") != "test")["y_truth"].null_count() == rows.height - test.height
    assert set(test.filter(pl.col("y_truth") == 1)["transaction_id"]) == set(
        test.join(frauds.collect(), on="transaction_id", how="semi")["transaction_id"]
    )
    assert "y_truth" not in made().rows.collect_schema()


def test_the_first_month_has_nothing_to_learn_from() -> None:
    nothing = pl.LazyFrame(schema=tables.polars_schema(tables.IncidentReports))
    with pytest.raises(ValueError, match="is the first month"):
        prepare(bank().features, nothing, JANUARY, JANUARY, FEATURES, JANUARY.end)

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest

from fraud_assets.detection import train as training
from fraud_assets.detection.sample import kept_share
from fraud_assets.detection.train import train_candidates
from fraud_assets.detection.trained import CandidateSet
from fraud_assets_tests.detection.synthetic import (
    FEATURES,
    FEBRUARY,
    JANUARY,
    LEARNING,
    MARCH,
    bank,
    candidates,
    train,
)


def test_the_first_month_yields_an_empty_set_that_says_why() -> None:
    found = train(bank(), JANUARY)
    assert not found.models
    assert found.reason == "2024-01 is the first month: there is no earlier one to learn from"
    assert CandidateSet.load(json.loads(json.dumps(found.document()))) == found


def test_without_a_reported_fraud_the_set_is_empty_and_says_why() -> None:
    found = train(replace(bank(), reports=bank().reports.clear()), FEBRUARY)
    assert not found.models
    assert found.reason is not None
    assert "no fraud among the " in found.reason
    assert "was reported before the cut" in found.reason


def test_with_nothing_but_reported_frauds_the_set_is_empty_and_says_why() -> None:
    world = bank()
    told = world.features.select(
        "transaction_id",
        "event_time",
        reported_at=pl.col("event_time"),
        kind=pl.lit("fraud"),
        reported_type=pl.lit(None, dtype=pl.String),
    )
    found = train(replace(world, reports=told), FEBRUARY)
    assert not found.models
    assert found.reason is not None
    assert found.reason.startswith("all ")
    assert "are reported as fraud" in found.reason
    assert CandidateSet.load(json.loads(json.dumps(found.document()))) == found


def test_without_rows_the_set_says_that_there_are_too_few_months() -> None:
    world = bank()
    late = replace(world, features=world.features.filter(pl.col("event_time") >= FEBRUARY.start))
    reason = train(late, FEBRUARY).reason
    assert reason is not None
    assert reason.startswith("there are too few months to learn from yet: no payments to train with from 20")
    assert str(FEBRUARY) not in reason  # who says it names the month


def test_what_comes_after_the_cut_changes_nothing() -> None:
    world = bank()
    past = replace(
        world,
        features=world.features.filter(pl.col("event_time") < FEBRUARY.start),
        reports=world.reports.filter(pl.col("reported_at") < FEBRUARY.start),
    )
    assert train(past, FEBRUARY).document() == candidates(FEBRUARY).document()


def test_the_set_survives_json() -> None:
    found = candidates(MARCH)
    document = json.loads(json.dumps(found.document()))
    assert json.loads(json.dumps(CandidateSet.load(document).document())) == document


def test_other_data_other_features_or_other_code_make_another_model() -> None:
    world, known = bank(), candidates(FEBRUARY)
    changed = world.features.with_columns(
        noise=pl.when(pl.col("event_time").is_between(JANUARY.start, known.slices.tune.end))
        .then(pl.col("noise") * 2)
        .otherwise("noise")
        if known.slices
        else "noise"
    )
    other_data = train(replace(world, features=changed), FEBRUARY)
    other_code = train(world, FEBRUARY, code_version="2")
    fewer = train_candidates(
        world.features, world.reports, FEBRUARY, JANUARY, LEARNING, FEATURES[:-1], code_version="1"
    )
    assert other_data.origin["data_sha256"] != known.origin["data_sha256"]
    assert other_code.origin["data_sha256"] == known.origin["data_sha256"]
    assert fewer.origin["feature_set_hash"] != known.origin["feature_set_hash"]
    sets = (known, other_data, other_code, fewer)
    assert len({found.models["xgboost"].identity for found in sets}) == len(sets)


def test_a_sample_of_the_honest_rows_gives_the_same_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    world = bank()
    monkeypatch.setattr(training, "kept_share", partial(kept_share, most=3_000))
    sampled = train(world, MARCH)
    whole = candidates(MARCH)
    assert sampled.sizes["train"]["used"] < 0.5 * whole.sizes["train"]["used"]
    assert sampled.sizes["tune"]["used"] < 0.7 * whole.sizes["tune"]["used"]
    march = world.features.filter(pl.col("event_time") >= MARCH.start).collect()
    for name in ("logistic", "xgboost"):
        means = []
        for found in (sampled, whole):
            model = found.models[name]
            means.append(np.mean(model.calibration.apply(model.raw_scores(model.encoder.codes(march)))))
        assert means[0] == pytest.approx(means[1], rel=0.2)
        assert sampled.models[name].kept < 0.6


def test_a_missing_feature_is_named() -> None:
    world = bank()
    with pytest.raises(ValueError, match="lacks no_such_feature"):
        train_candidates(
            world.features, world.reports, MARCH, JANUARY, LEARNING, [*FEATURES, "no_such_feature"], code_version="1"
        )


def test_training_twice_gives_the_same_document() -> None:
    assert train(bank(), MARCH).document() == candidates(MARCH).document()

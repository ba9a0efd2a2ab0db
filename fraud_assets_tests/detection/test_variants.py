"""Variants of features: what they are fitted on, what they may see, and that their scores fit the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score

from fraud_assets.detection.study.variants import Variant, score_variants, without_each
from fraud_assets_tests.detection.synthetic import FAMILIES, FEATURES, JANUARY, MARCH, Bank, bank

ALL = Variant(FEATURES)


def scored(of: Bank, truth: pl.LazyFrame | None = None, **variants: Variant) -> pl.DataFrame:
    fraud = of.features.filter(pl.Series(of.is_fraud)).select("transaction_id") if truth is None else truth
    unseen = of.features.filter(pl.col("event_time") >= MARCH.start)
    found = score_variants(variants, of.features, of.reports, fraud, unseen, MARCH, JANUARY)
    assert found is not None
    assert found["transaction_id"].equals(unseen.select("transaction_id").collect()["transaction_id"])
    is_fraud = pl.DataFrame({"is_fraud": of.is_fraud}).with_columns(of.features.select("transaction_id").collect())
    return found.join(is_fraud, on="transaction_id", how="left", maintain_order="left")


def precision(found: pl.DataFrame, name: str) -> float:
    return float(average_precision_score(found["is_fraud"], found[f"score_{name}"]))


def test_a_model_of_noise_alone_is_worse_than_one_of_everything() -> None:
    found = scored(bank(), every=ALL, noise=Variant(("noise",)))
    assert precision(found, "every") > 3 * precision(found, "noise")


def test_every_family_is_left_out_once_and_nothing_else() -> None:
    families = {name: FAMILIES.get(name, "other") for name in FEATURES}
    variants = without_each(families)
    assert set(variants.pop("all").features) == set(FEATURES)
    assert {name: {families[f] for f in set(FEATURES) - set(v.features)} for name, v in variants.items()} == {
        f"without {family}": {family} for family in set(families.values())
    }


def test_what_happens_in_the_month_and_later_changes_no_score() -> None:
    world = bank()
    past = replace(world, reports=world.reports.filter(pl.col("reported_at") < MARCH.start))
    assert scored(world, every=ALL).equals(scored(past, every=ALL))


def test_only_who_is_taught_the_truth_sees_it() -> None:
    world = bank()
    nobody = world.features.select("transaction_id").filter(pl.lit(value=False))
    with_truth = scored(world, every=ALL, taught=Variant(FEATURES, taught_truth=True))
    assert with_truth["score_every"].equals(scored(world, nobody, every=ALL)["score_every"])
    assert not np.array_equal(with_truth["score_taught"], with_truth["score_every"])


def test_there_is_nothing_to_learn_from_in_the_first_month_or_without_reports() -> None:
    world = bank()
    truth = world.features.select("transaction_id")
    arguments = ({"every": ALL}, world.features)
    assert score_variants(*arguments, world.reports, truth, world.features, JANUARY, JANUARY) is None
    assert score_variants(*arguments, world.reports.clear(), truth, world.features, MARCH, JANUARY) is None

"""The accident confusion: each payment is counted once, under what it was and what was said of it."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from fraud_assets.evaluation.accidents import KINDS, accidents_markdown, judge_accidents

FLAGS = [flag for flag, _ in KINDS.values()]


def month(rows: int = 2_000) -> pl.DataFrame:
    """Ten payments of each kind of accident, all told; every tenth fraud is taken for a duplicate."""
    place = np.arange(rows)
    flags = {flag: (place // 10) == k for k, flag in enumerate(FLAGS)}
    fraud = (place >= 100) & (place < 150)
    taken = fraud & (place % 10 == 0)
    said = np.select([*flags.values(), taken], [*KINDS, "duplicate"], default="none")
    scores = {
        f"p_{kind}": np.where(said == kind, 0.9, 0.001) - 0.1 * np.where(taken, 1, 0) * (said == kind) for kind in KINDS
    }
    return pl.DataFrame(
        {
            "customer_id": place % 97,
            "is_fraud": fraud,
            "campaign_id": np.where(fraud, place % 5, -1),
            "fraud_type": pl.Series(["transaction_replay" if yes else None for yes in fraud], dtype=pl.String),
            "lookalike_of": pl.Series([None] * rows, dtype=pl.String),
            "is_alert": fraud,
            "accident": said,
            **flags,
            **scores,
        }
    ).with_columns(pl.col("accident").replace({"none": None}))


def test_the_confusion_counts_every_payment_once() -> None:
    verdict = judge_accidents(month(), replicates=20)
    said = [*KINDS, "none"]
    counts = {row["truth"]: [row[name] for name in said] for row in verdict["confusion"]}
    assert counts["burst"] == [10, 0, 0, 0]
    assert counts["high amount"] == [0, 10, 0, 0]
    assert counts["mistyped"] == [0, 0, 10, 0]
    assert counts["fraud"] == [5, 0, 0, 45]
    assert sum(sum(row) for row in counts.values()) == 2_000
    assert [row["is_alert"] for row in verdict["confusion"]] == [50, 0, 0, 0, 0]


def test_a_kind_that_frauds_are_taken_for_loses_precision_and_no_rank() -> None:
    kinds = judge_accidents(month(), replicates=20)["kinds"]
    assert kinds["duplicate"]["average_precision"]["value"] == 1
    assert (kinds["duplicate"]["precision"], kinds["duplicate"]["recall"]) == (pytest.approx(10 / 15), 1)
    assert kinds["wrong_amount"]["precision"] == 1


def test_what_was_taken_for_an_accident_is_named() -> None:
    (mistaken,) = judge_accidents(month(), replicates=20)["mistaken"]
    assert mistaken == {"said": "duplicate", "truth": "fraud", "what": "transaction_replay", "rows": 5}


def test_a_kind_that_was_not_learned_a_month_without_champion_and_one_without_scores_are_said() -> None:
    rows = month().with_columns(p_wrong_amount=pl.lit(None, dtype=pl.Float64), is_alert=pl.lit(None, dtype=pl.Boolean))
    verdict = judge_accidents(rows, replicates=20)
    assert verdict["kinds"]["wrong_amount"] is None
    assert {row["is_alert"] for row in verdict["confusion"]} == {None}
    assert "not learned" in accidents_markdown(verdict)
    json.dumps(verdict, allow_nan=False)
    empty = judge_accidents(month().head(0))
    assert empty["status"] == "empty"
    assert "no payment was scored" in accidents_markdown(empty)
    none = judge_accidents(month().with_columns(is_accident_burst=pl.lit(value=False)), replicates=20)
    assert none["kinds"]["duplicate"]["recall"] is None
    json.dumps(none, allow_nan=False)

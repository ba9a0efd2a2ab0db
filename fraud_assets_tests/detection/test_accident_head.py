"""Duplicates and wrong amounts: learned from reports that were known, told from ordinary payments, kept as JSON."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from fraud_assets import tables
from fraud_assets.detection.accidents import ACCIDENT_SCORES, AccidentHead, RecipientHead, score_accidents
from fraud_assets.detection.accidents.head import FEWEST_TO_TRAIN
from fraud_assets.detection.judging import average_precision
from fraud_assets.months import Month
from fraud_assets_tests.detection.synthetic import JANUARY, MARCH, START

FEATURES = ("amount_log", "c_seconds_since_previous", "category")
NOBODY = RecipientHead("nobody mistyped")
MISTYPED = {"transaction_id": pl.Int64, "probability": pl.Float64, "is_alarm": pl.Boolean}


@cache
def payments(rows: int = 60_000) -> pl.DataFrame:
    """A quarter of payments: one in 60 repeats the one a few seconds before, one in 60 is far too high."""
    rng = np.random.default_rng(7)
    duplicate, high = rng.random(rows) < 1 / 60, rng.random(rows) < 1 / 60
    wait = np.where(duplicate, rng.uniform(1, 20, rows), np.exp(rng.normal(9, 2, rows)))
    return pl.DataFrame(
        {
            "transaction_id": rng.permutation(rows).astype(np.int64) * 31 + 7,
            "customer_id": rng.integers(0, 900, rows),
            "event_time": pl.Series(rng.integers(0, 91 * 86_400_000_000, rows)).cast(pl.Duration("us")) + START,
            "amount_log": (rng.normal(3.5, 1.0, rows) + 5 * high).astype(np.float32),
            "c_seconds_since_previous": wait.astype(np.float32),
            "category": rng.choice(["Grocery", "Fuel", "Travel"], rows),
            "duplicate": duplicate,
            "wrong_amount": high & ~duplicate,
            "told": rng.random(rows) < 0.8,
            "days": np.exp(rng.normal(np.log(0.6), 1.2, rows)),
        }
    ).sort("customer_id", "event_time")


def reports(of: pl.DataFrame) -> pl.LazyFrame:
    parts = [
        of.filter(pl.col(kind) & pl.col("told")).select(
            "transaction_id", "event_time", "customer_id", merchant_id=None, payee_id=None, device_id=None,
            reported_at=pl.col("event_time") + pl.duration(seconds=(pl.col("days") * 86_400).cast(pl.Int64)),
            kind=pl.lit(kind), reported_type=None, source=pl.lit("customer"),
        )
        for kind in ("duplicate", "wrong_amount")
    ]  # fmt: skip
    return tables.conform(pl.concat(parts), tables.IncidentReports).lazy()


def fitted(of: pl.DataFrame, told: pl.LazyFrame, month: Month = MARCH) -> AccidentHead:
    return AccidentHead.fit(of.lazy().drop("duplicate", "wrong_amount"), told, month, JANUARY, FEATURES)


@cache
def head() -> AccidentHead:
    return fitted(payments(), reports(payments()))


def nobody() -> pl.LazyFrame:
    return pl.LazyFrame(schema=MISTYPED)


def march() -> pl.DataFrame:
    return payments().filter(pl.col("event_time") >= MARCH.start)


def test_each_kind_is_found_among_the_payments_of_the_month_after() -> None:
    rows = march()
    scores = score_accidents(rows.lazy(), head(), NOBODY, nobody()).collect()
    assert scores["transaction_id"].equals(rows["transaction_id"])
    for kind in ("duplicate", "wrong_amount"):
        found = scores[f"p_{kind}"].to_numpy()
        assert average_precision(rows[kind].to_numpy(), found) > 0.75
        # The probability is of a report, and four accidents in five are reported.
        assert 0.7 < found.sum() / (rows[kind] & rows["told"]).sum() < 1.4
        said = (scores["accident"].cast(pl.String) == kind).fill_null(value=False).to_numpy()
        true = rows[kind].to_numpy()
        right = int((said & true).sum())
        assert right > 0.6 * int(true.sum())
        assert right > 0.6 * int(said.sum())
    assert scores["p_wrong_recipient"].null_count() == scores.height


def test_what_comes_or_is_told_after_the_cut_changes_nothing() -> None:
    past = payments().filter(pl.col("event_time") < MARCH.start)
    known = reports(payments()).filter(pl.col("reported_at") < MARCH.start)
    assert fitted(past, known).document() == head().document()


def test_reports_of_fraud_are_no_accidents() -> None:
    fraud = reports(payments()).with_columns(
        pl.when(pl.col("transaction_id") % 2 == 0).then(pl.lit("fraud")).otherwise("kind").alias("kind")
    )
    told = head().sizes["train"]["duplicate"]
    assert (
        fitted(payments(), tables.conform(fraud.collect(), tables.IncidentReports).lazy()).sizes["train"]["duplicate"]
        < 0.6 * told
    )


def test_a_kept_head_gives_the_same_probabilities_row_by_row() -> None:
    kept = AccidentHead.load(json.loads(json.dumps(head().document())))
    rows = march().head(500)
    together = head().probabilities(rows)
    for kind, found in kept.probabilities(rows).items():
        assert np.array_equal(found, together[kind])
        assert found[17] == kept.probabilities(rows[17:18])[kind][0]


def test_without_earlier_months_or_enough_reports_the_head_says_why() -> None:
    first = fitted(payments(), reports(payments()), JANUARY)
    assert set(first.reasons) == {"duplicate", "wrong_amount"}
    assert "first month" in first.reasons["duplicate"]
    assert score_accidents(march().lazy(), first, NOBODY, nobody()).collect().is_empty()
    few = reports(payments()).filter((pl.col("kind") == "duplicate") | (pl.col("transaction_id") % 50 == 0))
    some = fitted(payments(), few)
    assert set(some.recognizers) == {"duplicate"}
    assert f"{FEWEST_TO_TRAIN}" in some.reasons["wrong_amount"]
    scores = score_accidents(march().lazy(), some, NOBODY, nobody()).collect()
    assert scores["p_wrong_amount"].null_count() == scores.height
    assert scores["p_duplicate"].null_count() == 0


@pytest.mark.parametrize("is_alarm", [True, False])
def test_a_mistyped_recipient_is_said_where_its_own_head_alarms(is_alarm: bool) -> None:
    rows = march().filter(~pl.col("duplicate") & ~pl.col("wrong_amount")).head(20)
    one = rows["transaction_id"][3]
    slip = pl.LazyFrame({"transaction_id": [one], "probability": [0.3], "is_alarm": [is_alarm]})
    recipients = RecipientHead(None, threshold=0.25)
    nothing = AccidentHead.empty(MARCH, "no report")
    found = score_accidents(rows.lazy(), nothing, recipients, slip).collect()
    assert found.columns == list(ACCIDENT_SCORES)
    assert found["p_wrong_recipient"].to_list() == [0.3 if number == one else 0.0 for number in rows["transaction_id"]]
    said = found.filter(pl.col("accident").is_not_null())["transaction_id"].to_list()
    assert said == ([one] if is_alarm else [])


def test_the_thinned_rows_stand_for_all_of_their_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fraud_assets.detection.accidents.head.MOST_ROWS", 4_000)
    thin = fitted(payments(), reports(payments()))
    assert thin.sizes["train"]["used"] < 4_500 < thin.sizes["train"]["rows"]
    rows = march()
    expected = thin.probabilities(rows)["duplicate"].sum() / (rows["duplicate"] & rows["told"]).sum()
    assert 0.6 < expected < 1.5
    assert thin.slices is not None
    assert thin.slices.cut - thin.slices.compare.end == timedelta(days=7)

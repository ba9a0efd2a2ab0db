"""Data quality: what is missing, repeated, far out or refers to nothing is counted as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from fraud_assets.evaluation.quality import (
    label_completeness,
    link,
    profile,
    quality_document,
    quality_figures,
    quality_markdown,
    quality_page,
    quality_picture,
    twins,
)
from fraud_assets_tests.evaluation.pages import Page, assert_self_contained

START = datetime(2024, 1, 1, tzinfo=UTC)


def table(rows: int = 1_000) -> pl.DataFrame:
    amount = np.linspace(10, 20, rows)
    amount[:20] = 5_000
    return pl.DataFrame(
        {
            "row_id": np.arange(rows),
            "amount": amount,
            "country": ["US"] * rows,
            "channel": ["app", "bank"] * (rows // 2),
            "half": [None, 1.5] * (rows // 2),
            "nothing": pl.Series([None] * rows, dtype=pl.Float64),
            "when": [START] * rows,
        }
    )


def test_a_column_is_counted_as_it_is() -> None:
    found = profile("ledger", table().lazy(), ["row_id"])
    columns = {column["name"]: column for column in found["columns"]}
    assert (found["rows"], found["duplicates"], found["alike"]) == (1_000, 0, 18)  # twenty of two channels
    assert columns["half"]["missing"] == 0.5
    assert columns["nothing"]["missing"] == 1
    assert [name for name, column in columns.items() if column["is_constant"]] == ["country", "half", "when"]
    assert columns["amount"]["outliers"] == pytest.approx(0.02)
    assert columns["amount"]["high"] == 5_000
    assert columns["channel"]["diversity"] == pytest.approx(1)
    assert (columns["channel"]["distinct"], columns["country"]["distinct"], columns["nothing"]["distinct"]) == (2, 1, 0)
    assert columns["country"]["most_frequent_share"] == 1


def of_column(found: dict[str, Any], name: str) -> tuple[int, str]:
    return next((c["distinct"], c["distinct_is"]) for c in found["columns"] if c["name"] == name)


def test_different_values_are_counted_one_by_one_and_without_null() -> None:
    rows = 30_000
    frame = pl.DataFrame(
        {
            "row_id": np.arange(rows) * 7,
            "kind": [None, *(f"kind {k}" for k in range(15))] * (rows // 16) + [None] * (rows % 16),
            "flag": [None, True, False] * (rows // 3),
            "shop": np.arange(rows) % 8_475,
        }
    )
    expected = {"row_id": (rows, "exact"), "kind": (15, "exact"), "flag": (2, "exact"), "shop": (8_475, "exact")}
    wide = frame.with_columns(pl.lit(k).alias(f"f{k}") for k in range(100))
    for one in (frame, wide):
        found = profile("ledger", one.lazy(), ["row_id"])
        assert found["every"] == 2
        assert {name: of_column(found, name) for name in expected} == expected
    page = quality_page(quality_document("A bank", "2024-01", [found], [], labels(None), []))
    assert "every 2nd row of ledger" in page
    assert "30,000" in page
    assert "≈" not in page
    assert "≥" not in page


def test_in_a_long_table_an_estimate_is_called_one() -> None:
    rows = 1_000_001
    number = pl.int_range(pl.len())
    frame = pl.DataFrame({"row_id": np.arange(rows)}).with_columns(
        shop=number % 50_000,
        kind=pl.when(number % 16 > 0).then(number % 16).cast(pl.String),
        flag=pl.when(number % 3 > 0).then(number % 3 == 1),
    )
    found = profile("ledger", frame.lazy(), ["row_id"])
    assert of_column(found, "row_id") == (rows, "exact")  # no row repeats it
    assert of_column(found, "kind") == (15, "exact")
    assert of_column(found, "flag") == (2, "exact")
    shops, how = of_column(found, "shop")
    assert how == "about"
    assert shops == pytest.approx(50_000, rel=0.1)
    wide = profile("wide", frame.with_columns(pl.lit(k).alias(f"f{k}") for k in range(60)).lazy(), ["row_id"])
    assert of_column(wide, "row_id") == (rows, "exact")
    fewest, how = of_column(wide, "shop")
    assert how == "at least"
    assert 0 < fewest <= 50_000
    page = quality_page(quality_document("A bank", "2024-01", [found, wide], [], labels(None), []))
    assert f"≈ {shops:,}" in page
    assert f"≥ {fewest:,}" in page
    assert "every 51st row of ledger" in page


def test_rows_with_the_key_of_another_and_numbers_that_are_none_are_found() -> None:
    frame = pl.concat([table(10), table(10).head(3)]).with_columns(amount=pl.lit(float("nan")))
    found = profile("ledger", frame.lazy(), ["row_id"])
    assert found["duplicates"] == 3
    assert next(c for c in found["columns"] if c["name"] == "amount")["not_finite"] == 13
    document = quality_document("A bank", "2024-01", [found], [], labels(None), [])
    assert {"ledger"} == {row["table"] for row in document["findings"]}
    assert "3 rows repeat" in document["findings"][0]["text"]
    assert profile("nobody", frame.clear().lazy(), ["row_id"])["rows"] == 0


def test_an_orphan_is_found_and_an_empty_target_blames_nobody() -> None:
    ledger = pl.LazyFrame({"customer_id": [1, 2, 2, 9, 9, None]})
    people = pl.LazyFrame({"customer_id": [1, 2]})
    found = link("ledger", ledger, "customer_id", "customers", [people.head(1), people.tail(1)], "customer_id")
    assert (found["values"], found["orphans"], found["rows"], found["examples"]) == (3, 1, 2, ["9"])
    assert link("ledger", ledger, "customer_id", "customers", [people.clear()], "customer_id")["unknown"]
    assert link("ledger", ledger.clear(), "customer_id", "customers", [people], "customer_id")["unknown"]
    document = quality_document("A bank", "2024-01", [], [found], labels(None), [])
    assert "customer_id are in no row of customers, among them 9" in document["findings"][0]["text"]
    assert quality_figures(document)["references to nothing"] == 1


def incidents(*days: tuple[int, float | None]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Frauds on days after the start, each with the days until its report or None: truth and reports."""
    at = [START + timedelta(days=day) for day, _ in days]
    truth = pl.DataFrame(
        {
            "transaction_id": range(len(days)),
            "event_time": at,
            "is_fraud": True,
            "fraud_type": ["card_testing", "mule_account"] * (len(days) // 2),
        }
    )
    reported = [(k, when, when + timedelta(days=d)) for k, (when, (_, d)) in enumerate(zip(at, days, strict=True)) if d]
    reports = pl.DataFrame(
        reported, schema={"transaction_id": pl.Int64, "event_time": truth.schema["event_time"],
                          "reported_at": truth.schema["event_time"]}, orient="row",
    )  # fmt: skip
    return truth.lazy(), reports.lazy().with_columns(kind=pl.lit("fraud"), reported_type=pl.lit("card"))


def labels(truth: pl.LazyFrame | None, reports: pl.LazyFrame | None = None, days: float = 70) -> dict[str, Any]:
    reports = incidents((0, 1), (0, 1))[1] if reports is None else reports
    return label_completeness(truth, reports, START + timedelta(days=days), months=["2024-01"])


def test_young_frauds_are_not_taken_for_unreported() -> None:
    truth, reports = incidents((0, 10), (0, 40), (5, None), (5, 29), (60, 5), (60, None))
    extra = reports.head(1).with_columns(transaction_id=pl.lit(99, dtype=pl.Int64))
    found = labels(truth, pl.concat([reports, extra]))
    everything = found["types"][0]
    assert (everything["frauds"], everything["reported"]) == (6, 4)
    # After 5 days 1 of 6, after 10 days 1 of 5; the young one leaves, and each report is 1 of the 3, then 2 left.
    assert everything["within"]["30"] == {"frauds": 4, "share": pytest.approx(1 - 5 / 6 * 4 / 5 * 2 / 3)}
    assert everything["within"]["60"] == {"frauds": 4, "share": pytest.approx(1 - 5 / 6 * 4 / 5 * 2 / 3 / 2)}
    assert everything["within"]["90"] == {"frauds": 0, "share": None}
    assert {row["fraud_type"]: row["frauds"] for row in found["types"][1:]} == {"card_testing": 3, "mule_account": 3}
    assert found["false_reports"] == 1


def test_what_is_known_of_a_type_never_falls_with_time() -> None:
    """Reported early in the young half, never in the old one: the old alone would know less than all of them."""
    days: list[tuple[int, float | None]] = [(0, None)] * 20 + [(60, 5)] * 20
    for row in labels(*incidents(*days), days=95)["types"]:
        shares = [row["within"][str(days)]["share"] for days in (30, 60, 90)]
        assert shares == sorted(shares)


def test_a_headline_rests_on_fraud_that_went_through_and_on_enough_of_it() -> None:
    days: list[tuple[int, float | None]] = [*[(0, 10.0)] * 40, *[(0, None)] * 60]
    truth, reports = incidents(*days)
    status = pl.when(pl.int_range(pl.len()) < 80).then(pl.lit("approved")).otherwise(pl.lit("declined"))
    found = labels(truth.with_columns(status=status), reports, days=80)
    document = quality_document("A bank", "2024-01", [], [], found, [])
    assert quality_figures(document)["fraud known within 30 days"] == pytest.approx(0.5)
    assert "After 60 days the bank knows of 50% of the fraud that went through" in quality_page(document)
    few = labels(*incidents(*days[:40]), days=80)
    assert "fraud known within 30 days" not in quality_figures(quality_document("A bank", "2024-01", [], [], few, []))


def test_without_truth_nothing_is_said_of_completeness() -> None:
    found = labels(None)
    assert not found["has_truth"]
    assert found["types"] == [{"fraud_type": "card", "reports": 2, "median_days": 1.0}]
    document = quality_document("A bank", "2024-01", [profile("ledger", table().lazy())], [], found, [])
    assert "Nobody knows the truth" in quality_page(document)
    assert "fraud known within 30 days" not in quality_figures(document)
    quality_picture(document)


def test_what_became_empty_or_constant_since_the_month_before_is_said() -> None:
    def of(frame: pl.DataFrame, before: dict[str, Any] | None = None) -> dict[str, Any]:
        return quality_document("A bank", "2024-02", [profile("ledger", frame.lazy())], [], labels(None), [], before)

    before = of(table())
    assert of(table(), before)["findings"] == []
    spoiled = table().with_columns(
        half=pl.lit(None, dtype=pl.Float64), channel=pl.lit("app"), country=pl.col("country").replace("US", None)
    )
    texts = [found["text"] for found in of(spoiled, before)["findings"]]
    assert len(texts) == 3
    assert any("channel has a single value" in text for text in texts)
    assert of(spoiled)["findings"] == []


def test_features_that_say_the_same_are_pairs() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=500)
    frame = pl.DataFrame({"x": x, "exp_x": np.exp(x), "other": rng.normal(size=500), "flat": np.ones(500)})
    (found,) = twins(frame, frame.columns)
    assert {found["one"], found["other"]} == {"x", "exp_x"}
    assert found["correlation"] == pytest.approx(1)
    assert twins(frame.clear(), frame.columns) == []


def test_the_page_is_self_contained_and_escapes_what_came_from_data() -> None:
    frame = table().with_columns(channel=pl.lit("<script>alert(1)</script>"))
    truth, reports = incidents((0, 10), (0, 40))
    document = quality_document("A bank", "2024-01", [profile("ledger", frame.lazy())], [], labels(truth, reports), [])
    json.dumps(document, allow_nan=False)
    page = quality_page(document)
    assert_self_contained(page)
    seen = Page(page)
    assert {f"data-{place}" for place in seen.places()} == set(seen.data)
    assert {"chart-labels", "chart-missing", "chart-outliers"} == seen.places()
    assert "<script>alert" not in page
    assert "ledger" in quality_markdown(document)

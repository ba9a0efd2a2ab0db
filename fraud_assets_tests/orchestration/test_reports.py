"""Drift, data quality and what goes with fraud: the reports of the tiny bank's quarter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fraud_assets.lake.paths import Place
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter


def value(quarter: Quarter, asset: str, month: str) -> dict[str, Any]:
    place = Place("tiny_bank", asset, month)
    assert quarter.lake.read_bytes(place.file("report.html")).startswith(b"<!doctype html>")
    found: dict[str, Any] = json.loads(quarter.lake.read_bytes(place.value))
    return found


def test_drift_is_empty_at_first_and_then_against_the_months_learned_from(quarter: Quarter) -> None:
    assert value(quarter, "drift_report", MONTHS[0])["status"] == "empty"
    for month in MONTHS[1:]:
        found = value(quarter, "drift_report", month)
        assert found["status"] == "measured"
        assert found["reference"]["is_training"]
        assert found["score"] is not None
        assert not found["limits"]["there_are"]
        assert found["alert_rate"]["rate"] > 0
        assert "score PSI" in quarter.metadata("drift_report", month)


def test_what_the_first_month_cannot_know_is_filling_in_the_second(quarter: Quarter) -> None:
    first = quarter.lake.scan_parquet([quarter.key("transaction_features", MONTHS[0])]).collect()
    unknown = {column.name for column in first if column.null_count() == first.height}
    reports = [value(quarter, "drift_report", month) for month in MONTHS[1:]]
    assert {"app_version_rarity", "m_small_amount_share_1h"} <= set(reports[0]["filling"])
    assert unknown - set(reports[0]["absent"]) <= set(reports[0]["filling"])
    assert "app_version_rarity" not in reports[1]["filling"]


@pytest.mark.parametrize("month", MONTHS)
def test_no_key_is_repeated_and_no_reference_leads_nowhere(quarter: Quarter, month: str) -> None:
    found = value(quarter, "data_quality_report", month)
    assert [row for row in found["findings"] if "repeat" in row["text"] or "are in no row" in row["text"]] == []
    assert {table["name"]: table["rows"] for table in found["tables"]}["transactions"] == quarter.metadata(
        "transactions", month
    )["dagster/row_count"]
    assert found["compared_with"] == (None if month == MONTHS[0] else MONTHS[MONTHS.index(month) - 1])
    assert 0 < found["labels"]["types"][0]["reported"] < found["labels"]["types"][0]["frauds"]
    assert len(str(quarter.metadata("data_quality_report", month)["summary"])) < 150_000


def test_the_evaluation_says_what_goes_with_fraud(quarter: Quarter) -> None:
    found = value(quarter, "evaluation_report", MONTHS[2])["analysis"]
    assert found["sample"]["frauds"] == value(quarter, "evaluation_report", MONTHS[2])["tested"]["frauds"]
    assert found["features"][0]["permutation"] > 0
    assert sum(row["gain"] for row in found["features"]) == pytest.approx(1)
    assert found["differences"]["features"]
    assert found["moved"]["reason"] is None
    assert found["anomalies"]["reason"] is None

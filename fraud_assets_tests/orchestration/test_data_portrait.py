"""The portraits of the tiny bank's quarter: what they had at hand, and what is kept of them."""

from __future__ import annotations

import json

import pytest

from fraud_assets.lake.paths import Place
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter


@pytest.mark.parametrize("month", MONTHS)
def test_a_month_is_drawn_beside_those_before_it(quarter: Quarter, month: str) -> None:
    place = Place("tiny_bank", "data_portrait", month)
    document = json.loads(quarter.lake.read_bytes(place.value))
    assert document["month"] == month
    assert document["earlier"] == [earlier for earlier in MONTHS if earlier < month]
    assert [row["month"] for row in document["frauds"]["months"]] == [other for other in MONTHS if other <= month]
    recorded = quarter.metadata("transactions", month)
    assert document["ledger"]["rows"] == recorded["dagster/row_count"]
    assert quarter.lake.read_bytes(place.file("portrait.html")).startswith(b"<!doctype html>")


def test_the_portrait_is_in_the_metadata_in_small(quarter: Quarter) -> None:
    recorded = quarter.metadata("data_portrait", MONTHS[2])
    assert "data:image/png;base64," in str(recorded["summary"])
    assert len(str(recorded["summary"])) < 150_000
    assert 0 < float(str(recorded["share paid before"])) < 1

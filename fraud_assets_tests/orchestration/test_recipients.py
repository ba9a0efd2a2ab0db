"""The model of mistyped recipients is kept beside each month, and the month's table is what it says."""

from __future__ import annotations

import json

import polars as pl
import pytest

from fraud_assets.detection.accidents import RecipientHead, likely_intended
from fraud_assets.lake.paths import Place
from fraud_assets.months import Month
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter


@pytest.mark.parametrize("month", [MONTHS[0], MONTHS[-1]])
def test_the_kept_head_gives_the_tables_probabilities(quarter: Quarter, month: str) -> None:
    document = json.loads(quarter.lake.read_bytes(Place("tiny_bank", "recipient_head", month).value))
    head, at = RecipientHead.load(document), Month.parse(month)
    until = MONTHS[: MONTHS.index(month) + 1]
    ledger = quarter.lake.scan_parquet([quarter.key("transactions", m) for m in until])
    asked = likely_intended(ledger, at.start, at.end)
    table = quarter.lake.scan_parquet([quarter.key("mistyped_recipients", month)]).collect()
    assert document["month"] == month
    assert table["transaction_id"].equals(asked["transaction_id"])
    if head.reason is not None:
        assert table["probability"].null_count() == table.height
        assert not table["is_alarm"].any()
    else:
        assert table["probability"].equals(pl.Series("probability", head.probability(asked)))

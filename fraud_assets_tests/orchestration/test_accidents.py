"""The heads of a quarter's months: learned, kept, applied, judged, and spoken of in alerts."""

from __future__ import annotations

import json

import polars as pl

from fraud_assets.detection.accidents import AccidentHead, RecipientHead, score_accidents
from fraud_assets.lake.paths import Place
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter


def document(quarter: Quarter, asset: str, month: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(quarter.lake.read_bytes(Place("tiny_bank", asset, month).value))
    return found


def test_the_first_month_says_why_it_has_no_accident_scores(quarter: Quarter) -> None:
    head = document(quarter, "accident_head", MONTHS[0])
    assert "first month" in str(head["reasons"])
    assert quarter.lake.scan_parquet([quarter.key("accident_scores", MONTHS[0])]).collect().is_empty()
    assert document(quarter, "accident_report", MONTHS[0])["status"] == "empty"
    assert "first month" in str(quarter.metadata("accident_head", MONTHS[0]))


def test_the_kept_heads_give_the_tables_scores_and_the_report_judges_them(quarter: Quarter) -> None:
    month = MONTHS[-1]
    head = AccidentHead.load(document(quarter, "accident_head", month))
    recipients = RecipientHead.load(document(quarter, "recipient_head", month))
    features, mistyped, table = (
        quarter.lake.scan_parquet([quarter.key(name, month)])
        for name in ("transaction_features", "mistyped_recipients", "accident_scores")
    )
    scores = table.collect()
    assert "duplicate" in head.recognizers
    assert scores.equals(score_accidents(features, head, recipients, mistyped).collect())
    report = document(quarter, "accident_report", month)
    assert report["rows"] == scores.height
    kinds = report["kinds"]
    assert isinstance(kinds, dict)
    # A tiny bank's fifty reports are enough to do better than chance by far.
    assert kinds["duplicate"]["average_precision"]["value"] > 20 * kinds["duplicate"]["accidents"] / scores.height
    assert "said: duplicate" in str(quarter.metadata("accident_report", month)["summary"])


def test_alerts_name_a_duplicate_where_it_stands_out_for_another_reason(quarter: Quarter) -> None:
    for month in MONTHS:
        alerts, scores = (
            quarter.lake.scan_parquet([quarter.key(name, month)]).collect() for name in ("alerts", "accident_scores")
        )
        kinds = alerts.select("alert_id", kind=pl.col("kinds").str.split(";")).explode("kind")
        named = kinds.filter(pl.col("kind").is_in(["duplicate", "wrong_amount"]))
        told = scores.filter(pl.col("accident").is_not_null()).select("transaction_id", "accident")
        both = kinds.unique("alert_id").join(told, left_on="alert_id", right_on="transaction_id")
        assert set(named["alert_id"]) == set(
            both.filter(pl.col("accident").cast(pl.String) != "wrong_recipient")["alert_id"]
        )
        assert (
            kinds.group_by("alert_id").len().filter(pl.col("alert_id").is_in(named["alert_id"].implode()))["len"] > 1
        ).all()

"""Alerts: levels, one for a customer's hour, and the order of the day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from fraud_assets import tables
from fraud_assets.assets.accidents import MISTYPED
from fraud_assets.detection.accidents import ACCIDENT_SCORES
from fraud_assets.detection.alerting import ALERTS, make_alerts
from fraud_assets.detection.anomaly import SCORES
from fraud_assets.scenario import Costs

NOON = datetime(2024, 3, 5, 12, 10, tzinfo=UTC)
COSTS = Costs(loss_share=0.9, chargeback_fee=20, margin=0.015, friction=8, review=4)
FRAUD_REASONS = '[{"code": "device", "weight": 1.2}]'


def scored(*rows: dict[str, object]) -> pl.LazyFrame:
    full = [
        {"customer_id": 1, "event_time": NOON, "amount": 100.0, "raw_score": 0.1, "decision": "FLAGGED",
         "score": 0.2, "reasons": FRAUD_REASONS} | row for row in rows
    ]  # fmt: skip
    schema = tables.polars_schema(tables.ScoredTransactions)
    return pl.DataFrame([{name: row[name] for name in schema} for row in full], schema=schema).lazy()


def anomalies(*rows: tuple[int, float]) -> pl.LazyFrame:
    schema = {name: dtype for name, (dtype, _) in SCORES.items()}
    full = [
        dict.fromkeys(schema)
        | {"transaction_id": number, "customer_id": number, "event_time": NOON, "anomaly_score": score}
        | {"is_anomaly": score >= 0.995, "reasons": '[{"code": "place"}]'}
        for number, score in rows
    ]
    return pl.DataFrame(full, schema=schema).lazy()


def mistyped(*rows: tuple[int, bool]) -> pl.LazyFrame:
    schema = {name: dtype for name, (dtype, _) in MISTYPED.items()}
    full = [
        {"transaction_id": number, "customer_id": number, "event_time": NOON, "recipient_entity": "user_12",
         "intended_entity": "user_13", "probability": 0.61234, "is_alarm": alarm}
        for number, alarm in rows
    ]  # fmt: skip
    return pl.DataFrame(full, schema=schema).lazy()


def accidents(**kinds: int) -> pl.LazyFrame:
    schema = {name: dtype for name, (dtype, _) in ACCIDENT_SCORES.items()}
    full = [
        {"transaction_id": number, "customer_id": number, "event_time": NOON, "p_duplicate": 0.1, "p_wrong_amount": 0.1,
         "p_wrong_recipient": 0.1, "accident": kind} | {f"p_{kind}": 0.81234}
        for kind, number in kinds.items()
    ]  # fmt: skip
    return pl.DataFrame(full, schema=schema).lazy()


def alerts(
    of: pl.LazyFrame, unusual: pl.LazyFrame, wrong: pl.LazyFrame, slips: pl.LazyFrame | None = None, capacity: int = 2
) -> pl.DataFrame:
    amounts = pl.LazyFrame({"transaction_id": list(range(100)), "amount": [100.0] * 100})
    slips = accidents() if slips is None else slips
    return make_alerts(of, unusual, wrong, slips, amounts, costs=COSTS, rate=0.005, capacity=capacity)


def test_an_accident_is_named_where_a_payment_stands_out_and_raises_no_alert_of_its_own() -> None:
    told = accidents(duplicate=1, wrong_amount=2, wrong_recipient=3)
    found = alerts(scored({"transaction_id": 1}), anomalies((3, 0.996)), mistyped((3, True)), told)
    kinds = dict(found.select("alert_id", "kinds").iter_rows())
    assert kinds == {1: "fraud;duplicate", 3: "anomaly;mistyped_recipient"}
    reasons = json.loads(found.filter(alert_id=1)["reasons"][0])
    assert reasons["duplicate"] == [{"probability": 0.812}]
    without = alerts(scored({"transaction_id": 1}), anomalies((3, 0.996)), mistyped((3, True)))
    assert found.drop("kinds", "reasons").equals(without.drop("kinds", "reasons"))


def test_levels_say_how_much_speaks_for_fraud() -> None:
    found = alerts(
        scored(
            {"transaction_id": 1, "customer_id": 1, "decision": "REJECTED"},
            {"transaction_id": 2, "customer_id": 2},
            {"transaction_id": 3, "customer_id": 3},
            {"transaction_id": 4, "customer_id": 4, "decision": "APPROVED", "score": 0.01},
            {"transaction_id": 5, "customer_id": 5, "score": 0.7},
            {"transaction_id": 9, "customer_id": 9, "decision": "APPROVED", "score": 0.01},
        ),
        anomalies((2, 0.996), (4, 0.996), (6, 0.9999), (9, 0.3)),
        mistyped((7, True), (8, False)),
    )
    levels = dict(found.select("alert_id", pl.col("level").cast(pl.String)).iter_rows())
    assert levels == {1: "CRITICAL", 2: "HIGH", 3: "MEDIUM", 4: "LOW", 5: "CRITICAL", 6: "MEDIUM", 7: "LOW"}
    kinds = dict(found.select("alert_id", "kinds").iter_rows())
    assert (kinds[2], kinds[6], kinds[7]) == ("fraud;anomaly", "anomaly", "mistyped_recipient")
    reasons = {number: json.loads(text) for number, text in found.select("alert_id", "reasons").iter_rows()}
    assert reasons[2] == {"fraud": json.loads(FRAUD_REASONS), "anomaly": [{"code": "place"}]}
    assert reasons[7]["mistyped_recipient"] == [{"intended": "user_13", "probability": 0.612}]


def test_one_alert_gathers_a_customers_hour() -> None:
    found = alerts(
        scored(
            {"transaction_id": 1},
            {"transaction_id": 2, "event_time": NOON + timedelta(minutes=20), "decision": "REJECTED"},
            {"transaction_id": 3, "event_time": NOON + timedelta(minutes=60)},
            {"transaction_id": 4, "customer_id": 2},
        ),
        anomalies(),
        mistyped(),
    )
    first = found.row(0, named=True)
    assert (first["alert_id"], first["level"], first["payments"], first["amount"]) == (2, "CRITICAL", 2, 200.0)
    assert found["payments"].to_list() == [2, 1, 1]


def test_the_queue_is_ranked_day_by_day_and_ends_at_its_capacity() -> None:
    rows = [
        {"transaction_id": k, "customer_id": k, "score": 0.1 + 0.02 * k, "event_time": NOON + timedelta(days=k % 2)}
        for k in range(10)
    ]
    found = alerts(scored(*rows), anomalies(), mistyped(), capacity=2)
    for _, day in found.group_by(pl.col("event_time").dt.date()):
        assert day["rank"].to_list() == [1, 2, 3, 4, 5]
        assert day["is_within_capacity"].to_list() == [True, True, False, False, False]
        assert day["gain"].is_sorted(descending=True)


@pytest.mark.parametrize("has_anomalies", [False, True])
def test_a_month_without_a_model_still_has_the_detectors_alerts(has_anomalies: bool) -> None:
    found = alerts(scored(), anomalies((1, 0.9999), (2, 0.996)) if has_anomalies else anomalies(), mistyped())
    assert found.columns == list(ALERTS)
    assert found["alert_id"].to_list() == ([1, 2] if has_anomalies else [])
    assert found["score"].null_count() == found.height
    assert found["gain"].null_count() == found.height

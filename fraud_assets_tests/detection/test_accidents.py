"""Mistyped recipients: the payee that was meant is found among the customer's own, and mistakes are told from twins."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from fraud_assets import codes
from fraud_assets.detection.accidents import SIGNS, RecipientHead, likely_intended

MARCH, APRIL = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)
CONTACT, TWIN, OTHER = "user_9211814880", "user_9211814780", "user_5550001112"


def ledger(*payments: tuple[datetime, str], customer: int = 1, **more: object) -> pl.LazyFrame:
    """Payments of one customer to persons: when, and to whom."""
    rows = [
        {
            "transaction_id": customer * 1_000 + k,
            "customer_id": customer,
            "event_time": when,
            "direction": "debit",
            "category": "Person Transfer",
            "amount": 50.0,
            "recipient_entity": name,
            "payee_id": abs(hash(name)) % 10**6,
            "status": "approved",
            "decline_reason": None,
            **more,
        }
        for k, (when, name) in enumerate(payments)
    ]
    return pl.DataFrame(rows, schema_overrides={"decline_reason": pl.Enum(codes.DECLINE_REASONS)}).lazy()


def habit(name: str, times: int) -> list[tuple[datetime, str]]:
    return [(MARCH - timedelta(days=3 * k + 2), name) for k in range(times)]


@pytest.mark.parametrize(
    "typed",
    ["user_9211814850", "user_9211818480", "user_921181488", "user_92118144880", "user_9211814870"],
    ids=["another digit", "swapped", "left out", "struck twice", "a digit from both"],
)
def test_the_contact_that_is_paid_often_is_meant_rather_than_its_near_twin(typed: str) -> None:
    paid = [*habit(CONTACT, 8), (MARCH - timedelta(days=40), TWIN), *habit(OTHER, 9)]
    found = likely_intended(ledger(*paid, (MARCH + timedelta(days=1), typed)), MARCH, APRIL)
    assert found["intended_entity"].to_list() == [CONTACT]


def test_nobody_was_meant_where_no_earlier_payee_looks_alike() -> None:
    paid = [*habit(OTHER, 5), (MARCH + timedelta(days=1), CONTACT)]
    assert likely_intended(ledger(*paid), MARCH, APRIL).is_empty()


def test_a_known_payee_and_another_customers_payee_are_no_mistake() -> None:
    known = ledger(*habit(CONTACT, 3), *habit(TWIN, 2), (MARCH + timedelta(days=1), TWIN))
    stranger = ledger((MARCH + timedelta(days=1), "user_9211814881"), customer=2)
    assert likely_intended(pl.concat([known, stranger]), MARCH, APRIL).is_empty()


def test_later_payments_and_declined_ones_do_not_make_a_payee_known() -> None:
    later = [(MARCH + timedelta(days=1), "user_9211814881"), (MARCH + timedelta(days=2), OTHER)]
    assert likely_intended(
        ledger(*later, (MARCH + timedelta(days=3), CONTACT)), MARCH, MARCH + timedelta(days=2)
    ).is_empty()
    declined = ledger(*habit(CONTACT, 3), status="declined")
    asked = ledger((MARCH + timedelta(days=1), "user_9211814881")).with_columns(pl.col("transaction_id") + 500)
    assert likely_intended(pl.concat([declined, asked]), MARCH, APRIL).is_empty()


def test_payments_of_the_future_change_nothing() -> None:
    now = [*habit(CONTACT, 4), (MARCH + timedelta(days=1), "user_9211814881")]
    before = likely_intended(ledger(*now), MARCH, APRIL)
    after = likely_intended(ledger(*now, (MARCH + timedelta(days=5), CONTACT)), MARCH, APRIL)
    assert after.filter(pl.col("transaction_id").is_in(before["transaction_id"].implode())).equals(before)


def asked(rows: int, seed: int) -> tuple[pl.DataFrame, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Look-alikes, one in ten a mistake; the account is unknown for half of these."""
    rng = np.random.default_rng(seed)
    is_mistake = rng.random(rows) < 0.1
    signs = {name: rng.normal(size=rows) for name in SIGNS}
    signs["is_unknown_account"] = (is_mistake & (rng.random(rows) < 0.5)).astype(np.float64)
    signs["is_swap"] = (is_mistake & (rng.random(rows) < 0.4)).astype(np.float64)
    frame = pl.DataFrame(
        {
            "transaction_id": np.arange(rows) + seed * rows,
            "customer_id": 1,
            "event_time": pl.Series(np.sort(rng.integers(0, 27, rows))).cast(pl.Int64) * 86_400_000_000,
            **signs,
        }
    ).with_columns(event_time=pl.lit(MARCH) + pl.col("event_time").cast(pl.Duration("us")))
    return frame, is_mistake


def reports(
    frame: pl.DataFrame, is_mistake: np.ndarray[tuple[int], np.dtype[np.bool_]], hours: int = 3
) -> pl.LazyFrame:
    return (
        frame.filter(pl.Series(is_mistake))
        .select(
            "transaction_id",
            reported_at=pl.col("event_time") + pl.duration(hours=hours),
            kind=pl.lit("wrong_recipient").cast(pl.Enum(codes.REPORT_KINDS)),
        )
        .lazy()
    )


def test_the_head_alarms_mistakes_and_leaves_twins_alone() -> None:
    past, was = asked(2_000, 1)
    head = RecipientHead.load(json.loads(json.dumps(RecipientHead.fit(past, reports(past, was), APRIL).document())))
    now, is_mistake = asked(2_000, 2)
    alarm = head.probability(now) >= head.threshold
    assert is_mistake[alarm].mean() > 0.5
    assert alarm[is_mistake].mean() > 0.6
    assert alarm[~is_mistake].mean() < 0.2


def test_what_was_not_reported_by_the_cut_teaches_nothing() -> None:
    past, was = asked(2_000, 1)
    head = RecipientHead.fit(past, reports(past, was, hours=24 * 60), APRIL)
    assert head.reason is not None
    assert "0 mistyped recipients" in head.reason
    assert (head.probability(past) == 0).all()
    assert not (head.probability(past) >= head.threshold).any()

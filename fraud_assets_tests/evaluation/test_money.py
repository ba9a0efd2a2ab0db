"""Nobody saves more than someone who knows the truth, and money is counted where it is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.evaluation.intervals import Resampler
from fraud_assets.evaluation.money import campaigns, ideal_decisions, net_savings, policies
from fraud_assets.scenario import Costs
from fraud_assets_tests.evaluation.sample import COSTS

AMOUNTS = st.floats(0.01, 1e5)
ROW = st.tuples(
    AMOUNTS, st.booleans(), st.booleans(), st.sampled_from(["APPROVED", "FLAGGED", "REJECTED"]), st.floats(0, 1)
)
SOME_COSTS = st.builds(
    Costs,
    loss_share=st.floats(0, 1),
    chargeback_fee=st.floats(0, 50),
    margin=st.floats(0, 1),
    friction=st.floats(0, 20),
    review=st.floats(0, 20),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=40), SOME_COSTS, st.floats(0, 1))
def test_no_policy_saves_more_than_the_ideal(
    rows: list[tuple[float, bool, bool, str, float]], costs: Costs, budget: float
) -> None:
    amount, fraud, live, decision, score = (np.array(column) for column in zip(*rows, strict=True))
    ids = np.arange(len(rows))
    best = net_savings(ideal_decisions(amount, fraud, live, costs), amount, fraud, live, costs)
    taken = net_savings(decision, amount, fraud, live, costs)
    assert (taken <= best + 1e-9).all()
    compared = policies(decision, score, amount, fraud, live, ids, budget, costs, Resampler(ids, 20, 1))
    ideal = compared[-1]
    assert ideal["policy"] == "ideal"
    assert all(row["savings"]["value"] <= ideal["savings"]["value"] + 1e-6 for row in compared)
    assert compared[0]["savings"]["value"] == 0


def test_each_decision_saves_what_the_table_of_costs_says() -> None:
    amount = np.full(6, 100.0)
    fraud = np.array([True, True, True, False, False, False])
    decision = np.array(["APPROVED", "FLAGGED", "REJECTED"] * 2)
    live = np.full(6, True)
    loss = COSTS.loss_share * 100 + COSTS.chargeback_fee
    expected = [0, loss - COSTS.review, loss, 0, -COSTS.review, -(COSTS.margin * 100 + COSTS.friction)]
    assert net_savings(decision, amount, fraud, live, COSTS) == pytest.approx(expected)
    # What the bank declined anyway can neither be saved nor spoilt; only a reviewer's time is spent.
    assert net_savings(decision, amount, fraud, ~live, COSTS) == pytest.approx([0, -COSTS.review, 0] * 2)


def test_a_campaigns_loss_is_split_at_its_first_alarm() -> None:
    start = datetime(2024, 3, 1, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "transaction_id": [1, 2, 3, 4, 5, 6],
            "event_time": [start + timedelta(hours=h) for h in (2, 1, 3, 1, 1, 0)],
            "campaign_id": [1, 1, 1, 2, 2, None],
            "is_fraud": [True, True, True, True, True, False],
            "amount": [10.0, 20.0, 40.0, 7.0, 5.0, 99.0],
            "status": ["approved", "approved", "approved", "approved", "declined", "approved"],
            "decision": ["FLAGGED", "APPROVED", "APPROVED", "APPROVED", "APPROVED", "REJECTED"],
        }
    )
    found = campaigns(frame, COSTS.model_copy(update={"loss_share": 1.0, "chargeback_fee": 0.0}))
    assert found == {
        "campaigns": 2,
        "alerted": 1,
        "lost_before_first_alert": 20.0,
        "at_or_after_first_alert": 50.0,
        "lost_never_alerted": 7.0,
    }
    assert campaigns(frame.with_columns(campaign_id=pl.lit(None, dtype=pl.Int64)), COSTS) is None

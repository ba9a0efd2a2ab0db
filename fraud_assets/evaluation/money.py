"""What decisions are worth: net savings, trivial and ideal policies, campaigns before and after their first alert.

What a decision costs is said in :mod:`fraud_assets.costs`. Net savings are the cost of approving everything minus the
cost of the policy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.costs import losses, realised_costs
from fraud_assets.evaluation.intervals import Resampler
from fraud_assets.evaluation.ranking import Bools, Floats, Ints, top_share
from fraud_assets.scenario import Costs

Decisions = npt.NDArray[np.str_]
_APPROVED, _FLAGGED, _REJECTED = "APPROVED", "FLAGGED", "REJECTED"


def decision_costs(decision: Decisions, amount: Floats, is_fraud: Bools, is_live: Bools, costs: Costs) -> Floats:
    """(n,) what each decision cost; ``is_live`` rows were not declined by the bank anyway."""
    return realised_costs(decision == _FLAGGED, decision == _REJECTED, amount, is_fraud, is_live, costs)


def ideal_decisions(amount: Floats, is_fraud: Bools, is_live: Bools, costs: Costs) -> Decisions:
    """The cheapest decision a row for someone who knows the truth: no policy can save more."""
    choices = np.array([_APPROVED, _REJECTED, _FLAGGED])
    each = [decision_costs(np.full(len(amount), c), amount, is_fraud, is_live, costs) for c in choices]
    best: Decisions = choices[np.argmin(each, axis=0)]
    return best


def net_savings(decision: Decisions, amount: Floats, is_fraud: Bools, is_live: Bools, costs: Costs) -> Floats:
    """(n,) what each row's decision saved against approving it; negative where it cost more."""
    return losses(amount, is_fraud, is_live, costs) - decision_costs(decision, amount, is_fraud, is_live, costs)


def policies(
    decision: Decisions,
    score: Floats,
    amount: Floats,
    is_fraud: Bools,
    is_live: Bools,
    transaction_id: Ints,
    budget: float,
    costs: Costs,
    draws: Resampler,
) -> list[dict[str, Any]]:
    """Net savings of the bank's decisions beside those of trivial policies and of the ideal.

    Parameters
    ----------
    budget
        Share of rows that the reviewing policies may look at.

    Returns
    -------
    One document a policy, from doing nothing to the ideal: name, reviews, refusals, savings with interval, by how much
    the bank's decisions are ahead of it (paired), share of the ideal's savings.
    """
    at_stake = score * (costs.loss_share * amount + costs.chargeback_fee)
    everything = np.full(len(amount), _APPROVED, dtype="<U8")
    chosen: dict[str, Decisions] = {
        "approve_everything": everything,
        "refuse_everything": np.full(len(amount), _REJECTED),
        "review_largest_amounts": np.where(top_share(amount, transaction_id, budget), _FLAGGED, everything),
        "review_highest_scores": np.where(top_share(score, transaction_id, budget), _FLAGGED, everything),
        "review_most_at_stake": np.where(top_share(at_stake, transaction_id, budget), _FLAGGED, everything),
        "decisions": decision,
        "ideal": ideal_decisions(amount, is_fraud, is_live, costs),
    }
    saved_by = {name: net_savings(taken, amount, is_fraud, is_live, costs) for name, taken in chosen.items()}
    ideal = float(saved_by["ideal"].sum())
    rows = []
    for name, taken in chosen.items():
        total = float(saved_by[name].sum())
        rows.append(
            {
                "policy": name,
                "reviews": int((taken == _FLAGGED).sum()),
                "refusals": int((taken == _REJECTED).sum()),
                "savings": draws.total(saved_by[name], is_fraud).document(),
                "decisions_ahead_by": None
                if name == "decisions"
                else draws.total(saved_by["decisions"] - saved_by[name], is_fraud).document(),
                "share_of_ideal": total / ideal if ideal > 0 else np.nan,
            }
        )
    return rows


def campaigns(frame: pl.DataFrame, costs: Costs) -> dict[str, Any] | None:
    """Money that campaigns took before their first alert, and what passed after it.

    Parameters
    ----------
    frame
        Columns campaign_id (null outside campaigns), is_fraud, event_time, transaction_id, amount, status, decision.
        Only the rows of the tested month: a campaign alerted in an earlier month counts from this month's first alert.

    Returns
    -------
    Number of campaigns and of those with an alert, loss before the first alert, loss on the alert rows and after (what
    an immediate stop would save), loss of campaigns never alerted; None without campaigns.
    """
    fraud = frame.filter(pl.col("is_fraud") & pl.col("campaign_id").is_not_null())
    if fraud.is_empty():
        return None
    is_live = (fraud["status"] != "declined").to_numpy()
    loss = losses(fraud["amount"].to_numpy(), np.full(fraud.height, True), is_live, costs)
    is_alert = pl.col("decision") != _APPROVED
    by_campaign = (
        fraud.with_columns(loss=pl.Series(loss))
        .sort("event_time", "transaction_id")
        .with_columns(
            alerted=is_alert.cast(pl.Int32).cum_sum().over("campaign_id") > 0,
        )
        .group_by("campaign_id")
        .agg(
            before=pl.col("loss").filter(~pl.col("alerted")).sum(),
            after=pl.col("loss").filter(pl.col("alerted")).sum(),
            is_alerted=pl.col("alerted").any(),
        )
        .sort("campaign_id")
    )
    seen = by_campaign.filter(pl.col("is_alerted"))
    return {
        "campaigns": by_campaign.height,
        "alerted": seen.height,
        "lost_before_first_alert": float(seen["before"].sum()),
        "at_or_after_first_alert": float(seen["after"].sum()),
        "lost_never_alerted": float(by_campaign.filter(~pl.col("is_alerted"))["before"].sum()),
    }

"""A month of scored payments of a realistic shape, drawn directly: no simulator, no model."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.evaluation.settings import Settings, Subject
from fraud_assets.months import Month
from fraud_assets.scenario import Costs

MONTH = Month(2024, 3)
COSTS = Costs(loss_share=1.0, chargeback_fee=20.0, margin=0.01, friction=1.5, review=3.0)
SETTINGS = Settings(costs=COSTS)
SUBJECT = Subject(
    bank="A bank in the United States",
    month=MONTH,
    champion="xgboost",
    version="3",
    trained_on="2024-01 and 2024-02, with the fraud reports known on 2024-03-01",
    known_until=datetime(2024, 6, 1, tzinfo=UTC),
    ladder_notes={
        "prevalence": "The same score for everyone: what knowing nothing gives.",
        "tree_floor": "A decision tree two questions deep.",
        "logistic_regression": "A weighted sum of the features.",
        "xgboost": "Boosted trees.",
    },
)
# type: (share of frauds, rows a campaign, customers a campaign, mean log amount, how far it stands out)
_TYPES = {
    "card_testing": (0.35, 40, 20, 0.2, 4.6),
    "account_takeover": (0.30, 4, 1, 5.9, 3.7),
    "stolen_card": (0.20, 7, 1, 4.4, 3.0),
    "mule_account": (0.10, 12, 1, 6.0, 2.2),
    "friendly_fraud": (0.05, 1, 1, 4.2, 0.3),
}


def platt(score: npt.NDArray[np.float64], label: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Probabilities from a score, by logistic regression on it and its positive part's square."""
    from sklearn.linear_model import LogisticRegression

    x = np.column_stack([score, np.maximum(score, 0) ** 2])
    return np.asarray(LogisticRegression(C=1e6).fit(x, label).predict_proba(x)[:, 1])


def scored_month(rows: int = 30_000, customers: int = 900, fraud_rate: float = 0.003, seed: int = 7) -> pl.DataFrame:
    """All columns of the contract, truth included; four candidates of growing strength."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, customers, rows)
    second = rng.integers(0, MONTH.days * 86_400, rows)
    amount = np.exp(rng.normal(3.2, 1.1, rows))
    kind = np.full(rows, None, dtype=object)
    campaign = np.full(rows, -1)
    strength = np.zeros(rows)
    free = iter(rng.permutation(rows))
    number = 0
    for name, (share, size, victims, log_amount, stands_out) in _TYPES.items():
        left = round(rows * fraud_rate * share)
        while left > 0:
            take = [next(free) for _ in range(min(left, 1 + rng.poisson(size - 1)))]
            start = rng.integers(0, MONTH.days * 86_400)
            kind[take], campaign[take] = name, 1000 + number
            customer[take] = rng.choice(rng.integers(0, customers, victims), len(take))
            second[take] = np.minimum(start + np.sort(rng.integers(0, 90_000, len(take))), MONTH.days * 86_400 - 1)
            amount[take] = np.exp(rng.normal(log_amount, 0.8, len(take)))
            # The first row of a campaign has nothing behind it; a campaign is easy or hard as a whole.
            strength[take] = stands_out * np.minimum(1, 0.5 + np.arange(len(take)) / 4) + rng.normal(0, 1.0)
            left -= len(take)
            number += 1
    fraud = campaign >= 0
    resembles = ~fraud & (rng.random(rows) < 0.01)
    lookalike = [
        kind if is_one else None for kind, is_one in zip(rng.choice(list(_TYPES), rows), resembles, strict=True)
    ]
    strength = strength + np.where(resembles, 1.4, 0.0)
    noise = rng.normal(0, 1, rows)

    def score(own: float) -> npt.NDArray[np.float64]:
        """Platt-scaled: a weaker candidate sees the same rows through more noise of its own."""
        return platt(strength + noise + own * rng.normal(0, 1, rows), fraud)

    xgboost = score(0.2)
    tree = np.digitize(score(2.0), [0.01, 0.03, 0.1])
    leaf = np.bincount(tree, weights=fraud, minlength=4) / np.maximum(np.bincount(tree, minlength=4), 1)
    refusal = (1 - xgboost) * (COSTS.margin * amount + COSTS.friction)
    loss = xgboost * (COSTS.loss_share * amount + COSTS.chargeback_fee)
    decision = np.select(
        [np.minimum(refusal, loss) > COSTS.review, loss > refusal], ["FLAGGED", "REJECTED"], "APPROVED"
    )
    delay = np.exp(rng.normal(np.log(6), 1.2, rows)) * 86_400
    reported = (fraud & (rng.random(rows) > 0.1)) | (rng.random(rows) < 0.0001)
    first = int(MONTH.start.timestamp()) * 1_000_000
    time = first + second * 1_000_000
    return pl.DataFrame(
        {
            "transaction_id": rng.permutation(rows).astype(np.int64) * 7919 + 11,
            "customer_id": customer.astype(np.int64),
            "event_time": time,
            "amount": np.maximum(amount, 0.01).round(2),
            "status": np.where(rng.random(rows) < np.where(kind == "card_testing", 0.7, 0.05), "declined", "approved"),
            "channel": rng.choice(["card_present", "online", "app", "bank"], rows, p=[0.5, 0.3, 0.12, 0.08]),
            "category": rng.choice(["Grocery", "Restaurant", "Electronics", "Person-to-Person", "Fuel"], rows),
            "segment": np.array(["student", "family", "professional", "retired"])[customer % 4],
            "age_group": np.array(["18-24", "25-34", "35-49", "50-64", "65+"])[customer % 5],
            "score_prevalence": np.full(rows, fraud_rate),
            "score_tree_floor": leaf[tree],
            "score_logistic_regression": score(0.8),
            "score_xgboost": xgboost,
            "score": xgboost,
            "decision": decision,
            "is_fraud": fraud,
            "fraud_type": kind.tolist(),
            "campaign_id": np.where(fraud, campaign, -1),
            "lookalike_of": lookalike,
            "is_accident_burst": ~fraud & (rng.random(rows) < 0.004),
            "is_high_amount_accident": ~fraud & (rng.random(rows) < 0.002),
            "is_mistyped_entity_accident": ~fraud & (rng.random(rows) < 0.001),
            "reported_at": np.where(reported, time + (delay * 1e6).astype(np.int64), -1),
        },
        schema_overrides={"fraud_type": pl.String, "lookalike_of": pl.String},
        strict=False,
    ).with_columns(
        pl.col("event_time").cast(pl.Datetime("us", "UTC")),
        pl.when(pl.col("reported_at") >= 0).then("reported_at").cast(pl.Datetime("us", "UTC")).alias("reported_at"),
        pl.when(pl.col("campaign_id") >= 0).then("campaign_id").alias("campaign_id"),
    )

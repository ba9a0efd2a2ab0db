"""Mistyped recipients: whom the customer may have meant, and how likely the payment is a mistake.

What lives here: the customer's earlier payees that look like a new one (:func:`likely_intended`), and the head that
learns from reports of kind ``wrong_recipient`` (:class:`RecipientHead`). Only names are compared, never an account's
owner, and only with payees of the same customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Mask, Vector, sigmoid
from fraud_assets.knowledge import accidents_known_at

#: An earlier payee counts for so long.
REACH = timedelta(days=84)
#: More edits than this are another name.
MOST_EDITS = 2
#: Customers whose payees are compared at a time: what bounds memory.
CUSTOMERS = 2_000
#: Reports below which nothing is learned.
FEWEST_REPORTS = 10

#: What the head looks at. ``edit_cost`` is small where the slip is a usual one; ``is_unknown_account`` is the
#: receiving bank's answer when the payment was attempted.
SIGNS = (
    "edit_cost",
    "length_differs",
    "is_swap",
    "uses_log",
    "days_since_log",
    "amount_unlike",
    "amount_fits",
    "other_category",
    "is_unknown_account",
)

#: Digits beside each other on a telephone keypad.
_BESIDE = {frozenset((a, b)) for a, others in {"1": "24", "2": "35", "3": "6", "4": "57", "5": "68", "6": "9",
                                               "7": "8", "8": "9", "0": "789"}.items() for b in others}  # fmt: skip
#: Cost of a slip, minus the logarithm of its share of typing errors (Verhoeff 1969: one digit for another .6-.95,
#: neighbours swapped .1-.2, one too few or too many .1-.2) [P].
_NEIGHBOUR, _SWAP, _DOUBLED, _LENGTH, _OTHER, _SECOND = 0.5, 2.0, 2.3, 2.8, 2.5, 5.0

#: Share of payments to persons that are of the same sum as some other one, as round sums are [P].
_BY_CHANCE = 0.1

_NEEDED = (
    "transaction_id", "customer_id", "event_time", "direction", "category", "amount", "recipient_entity", "payee_id",
    "status", "decline_reason",
)  # fmt: skip


def likely_intended(ledger: pl.LazyFrame, start: datetime, end: datetime) -> pl.DataFrame:
    """For each payment to a new payee who looks like a known one: the payee that was most likely meant.

    Parameters
    ----------
    ledger
        ``transactions`` of [start, end) and of the 84 days before.
    start, end
        Which payments are asked about.

    Returns
    -------
    ``transaction_id``, ``customer_id``, ``event_time``, ``recipient_entity``, ``intended_entity`` and :data:`SIGNS`;
    one row for each payment whose payee the customer has not paid in the 84 days before, but one at most two edits away
    (optimal string alignment). Other payments have no row: nobody they know was meant.
    """
    payments = (
        ledger.filter(pl.col("payee_id").is_not_null(), pl.col("direction") == "debit")
        .filter(pl.col("event_time") >= start - REACH, pl.col("event_time") < end)
        .select(_NEEDED)
        .sort("customer_id", "event_time", "transaction_id")
        .collect(engine="streaming")
    )
    customers = payments["customer_id"].unique().sort()
    parts = [
        _of_customers(payments.filter(pl.col("customer_id").is_in(customers[k : k + CUSTOMERS].implode())), start)
        for k in range(0, len(customers), CUSTOMERS)
    ]
    return pl.concat(parts) if parts else _of_customers(payments, start)


def _of_customers(payments: pl.DataFrame, start: datetime) -> pl.DataFrame:
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cpdist

    paid = payments.filter(pl.col("status") != "declined").with_columns(pl.col("amount").log().alias("log"))
    # A payment is to somebody new if the customer has paid nothing to that name within reach.
    before = paid.select("customer_id", "recipient_entity", "event_time", last="event_time")
    asked = (
        payments.filter(pl.col("event_time") >= start)
        .sort("event_time")
        .join_asof(
            before.sort("event_time"),
            on="event_time",
            by=["customer_id", "recipient_entity"],
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .filter(pl.col("last").is_null() | (pl.col("event_time") - pl.col("last") > REACH))
        .select(
            "transaction_id", "customer_id", "event_time", "recipient_entity", "amount", "category", "decline_reason"
        )
    )
    names = paid.group_by("customer_id", other="recipient_entity").agg(first=pl.col("event_time").min())
    pairs = asked.join(names, on="customer_id").filter(pl.col("first") < pl.col("event_time"))
    edits = cpdist(
        pairs["recipient_entity"].to_list(),
        pairs["other"].to_list(),
        scorer=OSA.distance,
        score_cutoff=MOST_EDITS,
        dtype=np.int32,
    )
    near = pairs.with_columns(edits=pl.Series(edits, dtype=pl.Int32)).filter(pl.col("edits").is_between(1, MOST_EDITS))
    uses = (
        near.join(
            paid.select(
                "customer_id", "log", used="event_time", other="recipient_entity", used_for="category", sum="amount"
            ),
            on=["customer_id", "other"],
        )
        .filter((pl.col("used") < pl.col("event_time")) & (pl.col("event_time") - pl.col("used") <= REACH))
        .group_by("transaction_id", "other")
        .agg(
            uses=pl.len(),
            since=(pl.col("event_time") - pl.col("used")).min().dt.total_seconds() / 86_400,
            usual=pl.col("log").mean(),
            spread=pl.col("log").std().fill_null(0.0),
            same=(pl.col("used_for") == pl.col("category")).any(),
            equal=(pl.col("sum") == pl.col("amount")).sum(),
        )
    )
    slips = [_slip(new, old) for new, old in near.select("recipient_entity", "other").iter_rows()]
    scored = (
        near.with_columns(
            edit_cost=pl.Series([cost for cost, _, _ in slips], dtype=pl.Float64),
            length_differs=pl.Series([length for _, length, _ in slips], dtype=pl.Float64),
            is_swap=pl.Series([swap for _, _, swap in slips], dtype=pl.Float64),
        )
        .join(uses, on=["transaction_id", "other"])
        .with_columns(
            uses_log=pl.col("uses").log1p(),
            days_since_log=pl.col("since").log1p(),
            # How unlike the usual payments to that payee, in deviations that never fall below a quarter.
            amount_unlike=((pl.col("amount").log() - pl.col("usual")) / (pl.col("spread") ** 2 + 0.0625).sqrt())
            .abs()
            .clip(0, 6),
            # Of the payments to that payee, how many were of just this sum.
            amount_fits=((pl.col("equal") + _BY_CHANCE) / (pl.col("uses") + 1)).log(),
            other_category=1.0 - pl.col("same").cast(pl.Float64),
            is_unknown_account=(pl.col("decline_reason") == "invalid_account").fill_null(value=False).cast(pl.Float64),
        )
        # The likelihood that this one was meant: of the slip, and of a payment to that payee being due.
        .with_columns(likelihood=pl.col("uses_log") - 0.25 * pl.col("days_since_log") - pl.col("edit_cost"))
        .sort("transaction_id", "likelihood", "other", descending=[False, True, False])
    )
    return (
        scored.group_by("transaction_id", maintain_order=True)
        .first()
        .select(
            "transaction_id",
            "customer_id",
            "event_time",
            "recipient_entity",
            pl.col("other").alias("intended_entity"),
            *(pl.col(name).cast(pl.Float64) for name in SIGNS),
        )
    )


def _slip(new: str, old: str) -> tuple[float, float, float]:
    """Cost of the slip from one name to the other, whether their lengths differ, whether two neighbours swapped."""
    a, b = new, old
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if len(a) == len(b) == 1:
        return (_NEIGHBOUR if frozenset((a, b)) in _BESIDE else _OTHER), 0.0, 0.0
    if len(a) == len(b) == 2 and a == b[::-1]:
        return _SWAP, 0.0, 1.0
    if abs(len(a) - len(b)) == 1 and min(len(a), len(b)) == 0:
        struck = a or b
        doubled = struck * 2 in new or struck * 2 in old
        return (_DOUBLED if doubled else _LENGTH), 1.0, 0.0
    return _SECOND, float(len(new) != len(old)), 0.0


@dataclass(frozen=True)
class RecipientHead:
    """A logistic regression over :data:`SIGNS`: the probability that a payment to a look-alike payee is a mistake.

    ``reason`` says why there is none; ``threshold`` is the probability from which it is alarmed.
    """

    reason: str | None
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    bias: float = 0.0
    threshold: float = 1.0

    #: The alarm is to catch seven in ten new mistakes. Of those that the head learned from it would catch this share at
    #: least, and up to the other as long as so many of the alarms are right: the threshold was chosen for them.
    RECALL, MOST_RECALL, PRECISION = 0.7, 0.85, 0.6
    PENALTY = 0.3

    @classmethod
    def fit(cls, asked: pl.DataFrame, reports: pl.LazyFrame, cut: datetime) -> RecipientHead:
        """From what :func:`likely_intended` found in the past and the reports known at the cut.

        Rows of the two days before the cut are left out: nine in ten mistakes are reported within them.
        """
        from sklearn.linear_model import LogisticRegression

        known = (
            accidents_known_at(reports, cut)
            .filter(pl.col("kind") == "wrong_recipient")
            .select("transaction_id", is_mistake=pl.lit(True))
            .collect()
        )
        rows = asked.filter(pl.col("event_time") < cut - timedelta(days=2)).join(
            known, on="transaction_id", how="left", maintain_order="left"
        )
        is_mistake = rows["is_mistake"].fill_null(value=False).to_numpy()
        if is_mistake.sum() < FEWEST_REPORTS or is_mistake.all():
            return cls(f"{int(is_mistake.sum())} mistyped recipients reported; {FEWEST_REPORTS} are needed")
        signs = rows.select(SIGNS).to_numpy()
        mean, scale = signs.mean(axis=0), np.maximum(signs.std(axis=0), 0.05)
        fitted = LogisticRegression(C=1 / cls.PENALTY, max_iter=1_000).fit((signs - mean) / scale, is_mistake)
        head = cls(
            None,
            tuple(mean.tolist()),
            tuple(scale.tolist()),
            tuple(fitted.coef_.ravel().tolist()),
            float(fitted.intercept_[0]),
        )
        return replace(head, threshold=cls._threshold(head.probability(rows), is_mistake))

    @classmethod
    def _threshold(cls, probability: Vector, is_mistake: Mask) -> float:
        """The probability from which to ask the customer."""
        most, least = np.quantile(probability[is_mistake], (1 - cls.MOST_RECALL, 1 - cls.RECALL))
        order = np.argsort(-probability)
        precision = np.cumsum(is_mistake[order]) / np.arange(1, len(order) + 1)
        right = probability[order][precision >= cls.PRECISION]
        return float(np.clip(right.min(initial=np.inf), most, least))

    def probability(self, asked: pl.DataFrame) -> Vector:
        """Of each row of :func:`likely_intended`; 0 without a head."""
        if self.reason is not None:
            return np.zeros(asked.height)
        signs = asked.select(SIGNS).to_numpy()
        return sigmoid((signs - np.array(self.mean)) / np.array(self.scale) @ np.array(self.weights) + self.bias)

    def document(self) -> dict[str, Any]:
        return {"signs": SIGNS, **asdict(self)}

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> RecipientHead:
        return cls(
            document["reason"],
            tuple(document["mean"]),
            tuple(document["scale"]),
            tuple(document["weights"]),
            document["bias"],
            document["threshold"],
        )

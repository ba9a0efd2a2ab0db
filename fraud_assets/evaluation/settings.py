"""What an evaluation is about and what it assumes: the subject on trial, the alert budget, the costs, the instants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fraud_assets.months import Month
from fraud_assets.scenario import Bank, Costs

#: Columns that every scored frame has, whatever the bank; ``score_<candidate>`` columns come on top.
ROW_COLUMNS = [
    "transaction_id",
    "customer_id",
    "event_time",
    "amount",
    "status",
    "channel",
    "category",
    "segment",
    "age_group",
    "score",
    "decision",
    "reported_at",
]
#: Truth: present for a simulated bank; absent or null throughout for a user's own transactions.
TRUTH_COLUMNS = [
    "is_fraud",
    "fraud_type",
    "campaign_id",
    "lookalike_of",
    "is_accident_burst",
    "is_high_amount_accident",
    "is_mistyped_entity_accident",
]


@dataclass(frozen=True)
class Settings:
    """The assumptions of a report; all of them are printed in it.

    Attributes
    ----------
    costs
        What a decision costs, in major units and shares of the amount.
    alerts_per_10000
        How many of 10,000 payments the bank's people can look at.
    true_prevalence
        Share of fraud in the real world, to which average precision is re-weighted.
    currency
        ISO 4217 code of all amounts.
    daily_customers
        Length of the list of customers whose fraud is looked for each day (card-precision@k).
    as_of_days
        Days after the end of the month at which the labels known by then are judged.
    are_costs_own
        Whether the bank's scenario names them; otherwise they are the usual ones.
    replicates, seed
        Of the bootstrap behind the 95 % intervals.
    """

    costs: Costs
    alerts_per_10000: float = 50.0
    true_prevalence: float = 0.0005
    currency: str = "USD"
    daily_customers: int = 100
    as_of_days: tuple[int, ...] = (0, 30, 90)
    replicates: int = 200
    seed: int = 1
    are_costs_own: bool = True

    @classmethod
    def of(cls, scenario: Bank) -> Settings:
        """The assumptions that a scenario file states."""
        learning = scenario.learning
        return cls(
            costs=learning.costs,
            alerts_per_10000=learning.alerts_per_10000,
            true_prevalence=learning.true_prevalence,
            currency=scenario.currency,
            are_costs_own="costs" in learning.model_fields_set,
        )


@dataclass(frozen=True)
class Subject:
    """Who is on trial, on what, and how much is known.

    Attributes
    ----------
    bank, month
        The scenario's title and the tested month.
    champion
        Candidate whose score and decisions are the bank's: its column is ``score_<champion>``.
    version
        The champion's version in the registry, if registered.
    trained_on
        A plain phrase, for example ``2024-01 and 2024-02, with the reports known on 2024-03-01``.
    known_until
        Reports have been received up to here; later instants of ``Settings.as_of_days`` are still to come.
    ladder_notes
        Candidate -> one sentence on what it is.
    did_without
        Family of features -> how many of them the bank has no data for, and how many there are.
    """

    bank: str
    month: Month
    champion: str
    trained_on: str
    known_until: datetime
    version: str | None = None
    ladder_notes: Mapping[str, str] = field(default_factory=dict)
    did_without: Mapping[str, tuple[int, int]] = field(default_factory=dict)

"""What fraud there is, how it is reported, and what gates and decisions are measured by."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from fraud_assets.scenario.sections.values import (
    Levels,
    MonthKey,
    Parameters,
    Positive,
    Section,
    Share,
    Weight,
    ordered,
)


class CampaignType(Section):
    """One fraud type: its family (the mechanism in code) and the parameters an analyst may change."""

    family: str
    share: Share  # of the fraud budget, in rows
    first_month: MonthKey | None = None
    skill: Levels
    #: Who finds it: the customer on the statement, a dispute months later, the bank when it writes the debt off, an
    #: audit of the merchant, or the police.
    reporting: Literal["customer", "chargeback", "charge_off", "merchant_audit", "law_enforcement"] = "customer"
    never_reported: Share
    report_delay_median_days: Positive = 4  # of the customer's own report; the other ways have delays of their own
    report_delay_sigma: Positive = 1.2
    parameters: Parameters
    #: From a month on, parameters that replace others: a method that changes.
    changes: dict[MonthKey, Parameters] = Field(default_factory=dict)
    follows: str | None = None  # type whose campaigns supply the accounts of some of these
    follow_share: Share = 0.0
    same_actor: bool = False  # whether who runs a following campaign is who ran the one before

    def as_of(self, month: str) -> CampaignType:
        """The type with the parameters of a month (``YYYY-MM``)."""
        parameters = dict(self.parameters)
        for since in sorted(self.changes):
            if since <= month:
                parameters |= self.changes[since]
        return self if parameters == self.parameters else self.model_copy(update={"parameters": parameters})


class Fraud(Section):
    rate: Annotated[float, Field(ge=0, le=0.2)]  # of ledger rows
    monthly_variation: Share
    actors: Annotated[int, Field(ge=1)]
    false_report: Share  # of honest rows
    #: Loss of an account at p50, p80 and p95: medium, high, critical.
    severity_losses: Annotated[tuple[Positive, Positive, Positive], AfterValidator(ordered)]
    types: dict[str, CampaignType]

    @field_validator("types")
    @classmethod
    def _sum(cls, types: dict[str, CampaignType]) -> dict[str, CampaignType]:
        total = sum(t.share for t in types.values())
        if types and abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the fraud types sum to {total:g}; they must sum to 1")
        for name, kind in types.items():
            if kind.follows is not None and kind.follows not in set(types) - {name}:
                others = ", ".join(sorted(set(types) - {name}))
                raise ValueError(f"{name}: follows {kind.follows!r} is none of the other types: {others}")
        return types


class Costs(Section):
    """What a decision costs, major units; see learning: decisions by expected cost."""

    loss_share: Share
    chargeback_fee: Weight
    margin: Share
    friction: Weight
    review: Weight


TruePrevalence = Annotated[float, Field(gt=0, lt=1)]


class Learning(Section):
    """How the bank learns and decides.

    ``never_reported`` is the share of frauds that nobody ever reports, as audits of random payments find it; what is
    learnt from reports is raised by it. 0 where nothing is known.
    """

    alerts_per_10000: Positive
    true_prevalence: TruePrevalence
    never_reported: Annotated[float, Field(ge=0, le=0.75)] = 0.0
    costs: Costs


class Gates(Section):
    severity: Literal["error", "warn", "off"]
    minimum_fraud_rows: Annotated[int, Field(ge=0)]

"""Who the customers are: segments, occupations, incomes, and how well they have been identified."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from fraud_assets.scenario.sections.values import (
    Age,
    Count,
    DayOfMonth,
    Levels,
    Positive,
    Range,
    Section,
    Share,
    whole,
)


class Segment(Section):
    """A customer segment: who is in it and how it differs."""

    name: str
    share: Share
    age: Range[Age]
    income_factor: Positive
    activity_factor: Positive
    savviness: Levels
    occupations: Annotated[dict[str, Share], AfterValidator(whole)]


class IncomeBracket(Section):
    name: str
    low: Positive
    high: Positive
    amount_factor: Positive

    @model_validator(mode="after")
    def _bounds(self) -> IncomeBracket:
        if self.high < self.low:
            raise ValueError(f"{self.name}: high {self.high:g} must not lie below low {self.low:g}")
        return self


class Occupation(Section):
    name: str
    hours: str  # a profile of hours.csv
    income: Positive  # median yearly, major units
    age: Range[Age] = (0, 120)  # of its people; who is not has another one of the segment's occupations
    #: Share of women among its women and men; all such shares are shifted alike (as odds) until ``genders`` come out.
    #: None: as among all.
    women: Annotated[float | None, Field(gt=0, lt=1)] = None
    #: Who sends the income: an employer a salary, the family (one person, always the same) an allowance, or nobody.
    paid_by: Literal["employer", "family", "nobody"] = "employer"
    #: Who is paid by one of the employers that brands.csv does not name, all of these being alike. 0: nobody but those
    #: of occupations that no employer there names, who are paid rather by the first of them.
    small_employers: Share = 0.0
    #: How much what an employer pays moves from month to month about the usual, which stays its mean: the standard
    #: deviation of its logarithm. 0: the same each month.
    pay_varies: Annotated[float, Field(ge=0, lt=1)] = 0.0
    tenants: Share = 1.0  # of those to whom a rent would fall, who pay one; the others own a home or live with family

    def has(self, age: int) -> bool:
        """Whether its people may be so old."""
        return self.age[0] <= age <= self.age[1]


class Lodgers(Section):
    """Whom a house takes in."""

    gender: Literal["F", "M"] | None = None  # None: anybody
    oldest: Age = 120


class Rents(Section):
    """Who pays a rent (the bills tagged so), to whom, and how much at most."""

    landlords: Share = 0.0  # of the rents, to a private person instead of one of the businesses
    of_income: Positive | None = None  # a rent is at most this share of a month's income; None: of no matter
    one_a_household: bool = False  # only the first member of a household pays one
    #: By a business's name or sub-category; others take all but those in halls of residence, who live in one of these.
    lodgers: dict[str, Lodgers] = Field(default_factory=dict)


class KycLevel(Section):
    """How well a customer has been identified, and what that allows."""

    name: str
    share: Share
    amount_factor: Positive = 1.0  # on what these customers pay
    limit: Positive | None = None  # of a single payment; none but the customer's own
    verified: bool = True  # somebody has looked at papers


class Population(Section):
    customers: Annotated[int, Field(ge=1)]
    joined_before_start: Share
    joining_months: Annotated[int, Field(ge=1)]
    segments: tuple[Segment, ...]
    occupations: tuple[Occupation, ...]
    income_brackets: Annotated[tuple[IncomeBracket, ...], Field(min_length=1)]
    household_share: Share  # customers who share an address with another one
    hall_share: Share = 0.0  # customers who, when young, live in a hall of residence, hall_size at an address
    hall_size: Annotated[int, Field(ge=2)] = 8
    halls_by_gender: bool = False  # women live in halls of their own, and so do all others
    hall_occupations: tuple[str, ...] = ()  # whose people halls take; empty: all
    synthetic_share: Share = 0.0  # customers who do not exist, in rings of about ring_size
    ring_size: Annotated[int, Field(ge=2)] = 6
    ring_address_share: Share = 0.0  # of a ring, who gave its common address
    travellers_a_month: Share
    trip_days: Range[Count]
    shared_trips: Share = 0.0  # trips of one of two who use the account, while the other one stays at home
    home_share: Range[Share]  # of a customer's purchases in the home city
    genders: Annotated[dict[Literal["F", "M", "X"], Share], AfterValidator(whole)]
    paydays: dict[DayOfMonth, Share]  # day of the month -> share; the rest are paid on any day
    paid_twice: Share  # customers who get half of their pay, and the other half fifteen days later
    net_pay: Annotated[float, Field(gt=0, le=1)]  # of the yearly income, arrives on the account
    rents: Rents = Rents()
    credit_step: Positive | None = None  # credit lines are multiples of it; None: of what payment limits are
    own_money: Share = 0.0  # of what is spent beyond the pay, comes from the customer's other accounts
    kyc_levels: Annotated[tuple[KycLevel, ...], Field(min_length=1)] = (KycLevel(name="full", share=1.0),)

    @field_validator("kyc_levels")
    @classmethod
    def _levels(cls, levels: tuple[KycLevel, ...]) -> tuple[KycLevel, ...]:
        total = sum(level.share for level in levels)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the levels sum to {total:g}; they must sum to 1")
        return levels

    @field_validator("segments")
    @classmethod
    def _sum(cls, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        total = sum(s.share for s in segments)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the segments sum to {total:g}; they must sum to 1")
        return segments

    @field_validator("paydays")
    @classmethod
    def _part(cls, paydays: dict[int, float]) -> dict[int, float]:
        if (total := sum(paydays.values())) > 1 + 1e-6:
            raise ValueError(f"the shares of the paydays sum to {total:g}; they must not exceed 1")
        return paydays

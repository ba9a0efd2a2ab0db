"""The sections of a scenario and the rows of its tables, as frozen models.

What lives here: names, types, units and the rules that one section can check by itself. What sections must agree on is
checked in :class:`fraud_assets.scenario.Scenario`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from fraud_assets.months import Month

EARLIEST, LATEST = Month(1900, 1), Month(2199, 12)


def _ordered(numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    if list(numbers) != sorted(numbers):
        raise ValueError(f"{_plain(numbers)} must go from the lowest to the highest")
    return numbers


def whole(shares: Any) -> Any:
    """Refuse shares of a whole that are more or less than the whole."""
    total = sum(shares.values() if isinstance(shares, Mapping) else shares)
    if abs(total - 1) > 1e-6:
        raise ValueError(f"the shares sum to {total:g}; they must sum to 1")
    return shares


def _ranges(parameters: dict[str, Any]) -> dict[str, Any]:
    for name, value in parameters.items():
        if isinstance(value, tuple) and value[0] > value[1]:
            raise ValueError(f"{name} {_plain(value)} must go from the lowest to the highest")
    return parameters


def _month_key(key: str) -> str:
    if not EARLIEST <= Month.parse(key) <= LATEST:
        raise ValueError(f"month {key!r} must lie within {EARLIEST} to {LATEST}")
    return key


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a relative path, or a folder of zones
        raise ValueError(f"{name!r} is not a time zone of the IANA database, such as America/New_York") from None
    return name


def _plain(numbers: tuple[Any, ...]) -> str:
    return f"[{', '.join(f'{n:g}' for n in numbers)}]"


T = TypeVar("T", int, float)
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Age = Annotated[int, Field(ge=0, le=120)]
#: A lowest and a highest value.
Range = Annotated[tuple[T, T], AfterValidator(_ordered)]
#: Three shares of a whole: low, medium, high.
Levels = Annotated[tuple[Share, Share, Share], AfterValidator(whole)]
MonthKey = Annotated[str, AfterValidator(_month_key)]
#: Parameters of a fraud type: a number, or the bounds between which each campaign draws its own.
Parameters = Annotated[dict[str, float | int | tuple[float, float]], AfterValidator(_ranges)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class City(Section):
    """A row of cities.csv."""

    city: str
    state: str
    country: str
    metro: str  # cities of one metro are within an hour's drive of one another
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    population: Annotated[int, Field(gt=0)]
    time_zone: Annotated[str, AfterValidator(_zone)]
    tier: Annotated[int, Field(ge=1, le=3)]
    cost_of_living: Positive


class Category(Section):
    """A row of categories.csv: one kind of payment."""

    category: str
    method: str
    channel: Literal["card_present", "online", "app", "bank"]
    recipient: Literal["merchant", "person", "own", "biller", "employer"]
    weight: Annotated[float, Field(ge=0)]  # within its method
    median: Positive
    mean: Positive
    price_style: Literal["cents", "tens", "nines", "round", "exact"]
    hours: str  # a profile of hours.csv
    late_posting: Share
    sub_categories: str  # separated by ;

    @model_validator(mode="after")
    def _skewed(self) -> Category:
        if self.mean <= self.median:
            raise ValueError(f"the mean {self.mean} must lie above the median {self.median}")
        return self


class Brand(Section):
    """A row of brands.csv: a chain or an online merchant."""

    name: str
    category: str
    weight: Positive
    tier: Annotated[int, Field(ge=1, le=3)]


class Holiday(Section):
    """A row of holidays.csv: spending is multiplied from first to last local day."""

    name: str
    first: date
    last: date
    factor: Positive
    is_festival: bool

    @model_validator(mode="after")
    def _ordered(self) -> Holiday:
        if self.last < self.first:
            raise ValueError(f"{self.name} ends ({self.last}) before it begins ({self.first})")
        return self


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


class Population(Section):
    customers: Annotated[int, Field(ge=1)]
    joined_before_start: Share
    joining_months: Annotated[int, Field(ge=1)]
    segments: tuple[Segment, ...]
    occupations: tuple[Occupation, ...]
    income_brackets: Annotated[tuple[IncomeBracket, ...], Field(min_length=1)]
    household_share: Share  # customers who share an address with another one
    travellers_a_month: Share
    trip_days: Range[Count]
    home_share: Range[Share]  # of a customer's purchases in the home city

    @field_validator("segments")
    @classmethod
    def _sum(cls, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        total = sum(s.share for s in segments)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the segments sum to {total:g}; they must sum to 1")
        return segments


class Activity(Section):
    """How much and when people pay."""

    daily_mean: Range[Positive] | None = None  # uniform across customers, or ...
    gamma_mean: Positive | None = None  # ... Gamma across customers with this mean a day
    gamma_cv: Positive | None = None
    day_cv: Positive
    outing_continues: Annotated[float, Field(ge=0, lt=1)]  # probability that another purchase follows
    outing_gap_minutes: Range[Positive]
    weekday: tuple[Positive, Positive, Positive, Positive, Positive, Positive, Positive]  # Monday first
    month_edges: Positive  # factor on the first three and last three days
    payday: Positive  # factor on payday
    payday_days: Annotated[int, Field(ge=1)]
    preferred_share: Share  # purchases in one of the customer's favourite categories
    repertoire_share: Range[Share]  # purchases at a merchant or payee already known
    big_ticket_share: Share
    refund_share: Share  # of online purchases
    bills: Range[Count]  # a customer's recurring payments a month

    @model_validator(mode="after")
    def _one_rate(self) -> Activity:
        if (self.daily_mean is None) == (self.gamma_mean is None):
            raise ValueError("exactly one of daily_mean and gamma_mean is needed")
        return self


class Method(Section):
    """A payment method."""

    name: str
    share: Share
    normal_maximum: Positive  # an honest payment rarely exceeds it; accidents are multiples of it
    decline: Share
    pending: Share


class DeviceLife(Section):
    phone_months: Positive  # mean life
    laptop_share: Share
    tablet_share: Share
    vpn_share: Share
    daily_logins: Positive
    login_failure: Share


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
    changes: dict[MonthKey, Parameters] = {}
    follows: str | None = None  # type whose campaigns supply the accounts of some of these
    follow_share: Share = 0.0

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
    severity_losses: Annotated[tuple[Positive, Positive, Positive], AfterValidator(_ordered)]
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


class Accidents(Section):
    """Beta parameters of each customer's own probability a payment, and what happens then."""

    burst: tuple[Positive, Positive]
    high_amount: tuple[Positive, Positive]
    mistyped: tuple[Positive, Positive]  # a typed recipient
    typed_new_payee: Share
    typed_known_payee: Share
    burst_seconds: Range[Positive]
    burst_same_amount: Share
    burst_reversed: Share
    high_amount_factor: Range[Positive]
    decimal_slip: Share
    high_amount_corrected: Share
    mistyped_bounces: Share
    near_twin_payee: Share


class Costs(Section):
    """What a decision costs, major units; see learning: decisions by expected cost."""

    loss_share: Share
    chargeback_fee: Annotated[float, Field(ge=0)]
    margin: Share
    friction: Annotated[float, Field(ge=0)]
    review: Annotated[float, Field(ge=0)]


class Learning(Section):
    alerts_per_10000: Positive
    true_prevalence: Annotated[float, Field(gt=0, lt=1)]
    costs: Costs


class Gates(Section):
    severity: Literal["error", "warn", "off"]
    minimum_fraud_rows: Annotated[int, Field(ge=0)]

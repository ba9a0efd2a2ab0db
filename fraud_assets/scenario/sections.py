"""The sections of a scenario and the rows of its tables, as frozen models.

What lives here: names, types, units and the rules that one section can check by itself. What sections must agree on is
checked in :class:`fraud_assets.scenario.Scenario`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from string import Formatter
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from fraud_assets.months import Month

EARLIEST, LATEST = Month(1900, 1), Month(2199, 12)
#: Minutes after which what belongs to a payment must be over: five days.
_LONGEST_REPEATS = 7200


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


def _split(cell: Any) -> Any:
    return tuple(word for word in cell.split(";") if word) if isinstance(cell, str) else cell or ()


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a relative path, or a folder of zones
        raise ValueError(f"{name!r} is not a time zone of the IANA database, such as America/New_York") from None
    return name


def _filled(cell: Any) -> Any:
    """An empty cell of a table is nothing."""
    return None if cell == "" else cell


def _plain(numbers: tuple[Any, ...]) -> str:
    return f"[{', '.join(f'{n:g}' for n in numbers)}]"


T = TypeVar("T", int, float)
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Age = Annotated[int, Field(ge=0, le=120)]
DayOfMonth = Annotated[int, Field(ge=1, le=31)]
Weight = Annotated[float, Field(ge=0)]
#: A lowest and a highest value.
Range = Annotated[tuple[T, T], AfterValidator(_ordered)]
#: Three shares of a whole: low, medium, high.
Levels = Annotated[tuple[Share, Share, Share], AfterValidator(whole)]
MonthKey = Annotated[str, AfterValidator(_month_key)]
#: Parameters of a fraud type: a number, or the bounds between which each campaign draws its own.
Parameters = Annotated[dict[str, float | int | tuple[float, float]], AfterValidator(_ranges)]


#: What else a category is: delivered goods, easily sold on, paid with points, public transport, as good as cash, bought
#: several times in a row, the same thing at the same price each time.
Tag = Literal["goods", "resale", "points", "transit", "cash_like", "series", "usual"]


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
    #: What is in hand: a card at a terminal, a phone that scans the code at the merchant's counter, a phone elsewhere,
    #: any device, or nothing.
    instrument: Literal["terminal", "scan", "phone", "any", "none"]
    #: Who is paid; of the last three, where money comes from (a business, or an address from which it arrives by
    #: itself) and by way of which business it is paid out.
    recipient: Literal["merchant", "person", "own", "biller", "employer", "cash", "source", "sender", "payout"]
    weight: Annotated[float, Field(ge=0)]  # within its method
    median: Positive
    mean: Positive
    price_style: Literal["cents", "tens", "nines", "round", "exact", "notes"]
    hours: str  # a profile of hours.csv
    late_posting: Share
    sub_categories: str  # separated by ;
    chains: Share = 0.55  # of its merchants in a city, where it has brands
    tags: Annotated[tuple[Tag, ...], BeforeValidator(_split)] = ()  # separated by ;
    tokens: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()  # that it moves, separated by ;; none means all

    @model_validator(mode="after")
    def _skewed(self) -> Category:
        if self.mean <= self.median:
            raise ValueError(f"the mean {self.mean} must lie above the median {self.median}")
        return self

    @model_validator(mode="after")
    def _in_hand(self) -> Category:
        if (self.instrument == "terminal") != (self.channel == "card_present"):
            raise ValueError(
                f"{self.category}: channel {self.channel!r} does not go with instrument {self.instrument!r};"
                " what is paid at a terminal, and nothing else, is card_present"
            )
        if self.instrument == "scan" and self.recipient != "merchant":
            raise ValueError(f"{self.category}: only the code of a merchant is scanned, not that of a {self.recipient}")
        if self.recipient == "cash" and self.instrument != "terminal":
            raise ValueError(f"{self.category}: cash comes from a terminal, not by instrument {self.instrument!r}")
        if (self.recipient == "sender") != (self.instrument == "none"):
            raise ValueError(
                f"{self.category}: recipient {self.recipient!r} does not go with instrument {self.instrument!r};"
                " what a sender sends arrives with nothing in hand (none), and nothing else does"
            )
        return self


class Brand(Section):
    """A row of brands.csv: a chain or an online merchant."""

    name: str
    category: str
    weight: Positive
    tier: Annotated[int, Field(ge=1, le=3)]
    metros: str = ""  # those it serves, separated by ; or none named: a national chain all, a regional one some

    @property
    def served(self) -> list[str]:
        """The metros it is confined to; empty where it is not."""
        return [metro for metro in self.metros.split(";") if metro]


class Holiday(Section):
    """A row of holidays.csv: spending is multiplied from first to last local day."""

    name: str
    first: date
    last: date
    factor: Positive
    is_festival: bool
    category: Annotated[str | None, BeforeValidator(_filled)] = None  # bought then more than usual
    category_factor: Annotated[float | None, Field(ge=1), BeforeValidator(_filled)] = None  # by how much

    @model_validator(mode="after")
    def _both(self) -> Holiday:
        if (self.category is None) != (self.category_factor is None):
            raise ValueError(f"{self.name}: category and category_factor go together; one of them is empty")
        return self

    @model_validator(mode="after")
    def _ordered(self) -> Holiday:
        if self.last < self.first:
            raise ValueError(f"{self.name} ends ({self.last}) before it begins ({self.first})")
        return self


#: Words that a pattern may use without names.csv having them, by use of the pattern.
_GIVEN = {
    "shop": {"kind"},
    "site": {"kind"},
    "person": {"number", "mobile", "digits", "hex", "bech", "base58"},
}


def _patterns(names: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    for use, given in _GIVEN.items():
        if use not in names:
            raise ValueError(f"there is no pattern with use {use!r}; {', '.join(_GIVEN)} are needed")
        for pattern in names[use]:
            try:
                words = placeholders(pattern)
            except ValueError as error:
                raise ValueError(f"{use} {pattern!r} is no pattern: {error}") from None
            if unknown := sorted({word.rstrip("2") for word in words} - given - set(names)):
                known = ", ".join(sorted((given | set(names)) - set(_GIVEN)))
                raise ValueError(f"{use} {pattern!r} asks for {', '.join(unknown)}; there are {known}")
    return names


def placeholders(pattern: str) -> list[str]:
    """The names in braces, in order: ``owner`` and ``kind`` of ``{owner}'s {kind}``."""
    return [name for _, name, _, _ in Formatter().parse(pattern) if name is not None]


#: names.csv: use -> its texts. Uses ``shop`` (a local merchant), ``site`` (a small online shop) and ``person`` (a
#: person as recipient) are patterns; every other use is a list of words that the patterns name in braces, ``{word2}``
#: being another ``{word}``. Given are ``{kind}`` of shop; of a person the ten-digit ``{number}`` of the account, the
#: same as a telephone number (``{mobile}``, first digit 6 to 9) and its last ``{digits}``; and, of the account as an
#: address of tokens, 40 digits of ``{hex}``, 38 characters of ``{bech}`` or 33 of ``{base58}``.
Names = Annotated[
    dict[str, Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]],
    AfterValidator(_patterns),
]


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


class Token(Section):
    """A token that wallets move."""

    name: str
    share: Share  # of what is moved
    address: str  # how an address looks where it is kept: one of the patterns of names.csv with use person


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


class Repeat(Section):
    """Payments after which the customer pays the same merchant again, and again."""

    tag: Tag | None = None  # of the categories in which it happens; none means all merchants
    share: Share  # of their payments
    more: Range[Count]  # further payments
    minutes: Range[Positive]  # from one to the next, few more often than many
    same_amount: Share  # repeats of exactly the first amount
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()  # of the year; none means all

    @model_validator(mode="after")
    def _soon(self) -> Repeat:
        if (longest := self.more[1] * self.minutes[1]) > _LONGEST_REPEATS:
            raise ValueError(
                f"{self.more[1]} payments of up to {self.minutes[1]:g} minutes apart take {longest:g} minutes;"
                f" they must not take more than {_LONGEST_REPEATS}"
            )
        return self


class Deliveries(Section):
    """Where goods go that are bought online; what is not said goes to the customer's home."""

    gift: Share
    office: Share
    locker: Share
    express: Share

    @model_validator(mode="after")
    def _part(self) -> Deliveries:
        if (total := self.gift + self.office + self.locker) > 1:
            raise ValueError(f"gift, office and locker sum to {total:g}; they must not exceed 1")
        return self


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
    repertoire: Annotated[int, Field(ge=1, le=16)]  # merchants of one category that a customer comes back to
    big_ticket_share: Share
    refund_share: Share  # of online purchases
    bills: Range[Count]  # a customer's recurring payments a month
    usual_price_share: Share = 0.0  # payments of categories tagged usual, at the customer's usual price
    second_cards: Share = 0.0  # customers with a second card
    second_card_share: Share = 0.0  # of their outings, with that card
    repeats: tuple[Repeat, ...] = ()
    deliveries: Deliveries = Deliveries(gift=0, office=0, locker=0, express=0)

    @model_validator(mode="after")
    def _one_rate(self) -> Activity:
        if (self.daily_mean is None) == (self.gamma_mean is None):
            raise ValueError("exactly one of daily_mean and gamma_mean is needed")
        return self


class Receipts(Section):
    """Money that persons send to customers."""

    a_month: Positive  # mean number
    sellers: Share  # customers who sell as a sideline ...
    sellers_a_month: Positive  # ... and receive so many
    mirrored: bool = False  # what customers send to one another arrives there as a row of its own


class Episode(Section):
    """A stretch of honest life in which somebody pays, or is paid, otherwise than usual."""

    share: Share  # of the customers, each month
    parts: Range[int]  # payments; of a collection, persons who pay
    hours: Range[Positive]  # from the first to the last
    amount: Range[Positive]  # of what, depends on the kind


#: What may happen: one collects from many and pays on (each pays ``amount``); a sum goes in parts below a limit near
#: ``amount``; somebody buys again and again at one business for sums near a limit (``amount`` of the method's normal
#: maximum); orders (``amount`` times the median) of which a part goes back; a wedding, a move, an operation (``amount``
#: of the credit line); a first payment of about ``amount`` to somebody new. And of wallets, payments of ``amount``:
#: rounds from one exchange to another; pay in tokens that is redeemed; own addresses emptied into one; a sell-off.
EpisodeKind = Literal[
    "collection", "instalments", "supplier", "returns", "furnishing", "first_payment",
    "arbitrage", "paid_in_tokens", "consolidation", "sell_off",
]  # fmt: skip


class Method(Section):
    """A payment method."""

    name: str
    share: Share
    normal_maximum: Positive  # an honest payment rarely exceeds it; accidents are multiples of it
    hard_maximum: Positive | None = None  # the network refuses more; without one only custom limits an amount
    decline: Share
    pending: Share
    #: How much customers of low, medium and high savviness use it, relative to one another. Nobody of low savviness
    #: pays by app, whatever it says.
    savviness: tuple[Weight, Weight, Weight] = (1.0, 1.0, 1.0)
    by_age: float = 0.0  # how much more use twenty further years mean, as a logarithm

    @model_validator(mode="after")
    def _maxima(self) -> Method:
        if self.hard_maximum is not None and self.hard_maximum < self.normal_maximum:
            raise ValueError(
                f"{self.name}: hard_maximum {self.hard_maximum:g} must not lie below"
                f" normal_maximum {self.normal_maximum:g}"
            )
        if max(self.savviness) == 0:
            raise ValueError(f"{self.name}: savviness {_plain(self.savviness)} leaves nobody who pays by it")
        return self


class Prices(Section):
    """The price points on which people and shops land, major units."""

    smallest: Positive  # nobody pays less
    whole: Share  # of amounts without a price point of their own, that have no hundredths
    charm: Positive  # prices end in 99, 95 or 49 hundredths of it
    #: Amount from which on -> step of round sums, beginning with amount 0.
    round_steps: dict[Weight, Positive]
    #: Likewise for cash machines, which pay out nothing else.
    cash_steps: dict[Weight, Positive]
    big_tickets_from: Positive  # categories of at least this mean have some: nobody buys a car at the coffee shop

    @field_validator("round_steps", "cash_steps")
    @classmethod
    def _from_nothing(cls, steps: dict[float, float]) -> dict[float, float]:
        if 0 not in steps or list(steps) != sorted(steps):
            raise ValueError(f"the steps begin at the amounts {_plain(tuple(steps))}; they must go up from 0")
        return steps


class DeviceLife(Section):
    phone_months: Positive  # mean life
    unsavvy_phones: Share  # customers of low savviness who have a phone that pays; the others all do
    laptop_share: Share
    tablet_share: Share
    vpn_share: Share
    daily_logins: Positive
    login_failure: Share
    phones: Annotated[dict[Literal["iOS", "Android"], Share], AfterValidator(whole)]
    laptops: Annotated[dict[Literal["Windows", "macOS", "ChromeOS", "Linux"], Share], AfterValidator(whole)]
    tablets: Annotated[dict[Literal["iPadOS", "Android"], Share], AfterValidator(whole)]
    #: Systems of the merchants' terminals; none where nothing is paid at a counter.
    terminals: Annotated[dict[str, Share], AfterValidator(whole)] | None = None


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

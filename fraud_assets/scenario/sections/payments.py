"""How people pay: activity, methods, prices, devices, and what happens by accident or once in a while."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from fraud_assets.scenario.sections.lines import Tag
from fraud_assets.scenario.sections.values import (
    Count,
    Hours,
    Positive,
    Range,
    Section,
    Share,
    Week,
    Weight,
    plain,
    whole,
)

#: Minutes after which what belongs to a payment must be over: five days.
_LONGEST_REPEATS = 7200
#: More than anybody pays in a stretch of life.
_MOST_PARTS = 1000


class Token(Section):
    """A token that wallets move."""

    name: str
    share: Share  # of what is moved
    address: str  # how an address looks where it is kept: one of the patterns of names.csv with use person


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


CardType = Literal["credit", "debit", "prepaid"]
#: Monday first.
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
#: Of an hour's usual share of a day, what at least is left to the days that have no hours of their own.
_LEAST_LEFT = 0.2


def _only_debit() -> dict[CardType, float]:
    return {"debit": 1.0}


class Activity(Section):
    """How much and when people pay."""

    daily_mean: Range[Positive] | None = None  # uniform across customers, or ...
    gamma_mean: Positive | None = None  # ... Gamma across customers with this mean a day
    gamma_cv: Positive | None = None
    day_cv: Positive
    outing_continues: Annotated[float, Field(ge=0, lt=1)]  # probability that another purchase follows
    outing_gap_minutes: Range[Positive]  # from one purchase to the next: 5 % take less, and 5 % more
    weekday: Week  # how much is paid on each day
    weeks: dict[str, Week] = Field(default_factory=dict)  # profiles: on which days a kind of payment is made
    #: Days with hours of their own: what share of a day falls in each hour, over what usually does. The other days have
    #: what these leave them, so that over the week hours.csv holds. Without any, every day is like any other.
    hours_of_days: dict[Weekday, Hours] = Field(default_factory=dict)
    #: Hours of holidays, which name them: what share of a day falls in each hour, over what does on such a weekday.
    hours_of_holidays: dict[str, Hours] = Field(default_factory=dict)
    month_edges: Positive  # factor on the first three and last three days
    payday: Positive  # factor on payday
    payday_days: Annotated[int, Field(ge=1)]
    preferred_share: Share  # purchases in one of the customer's favourite categories
    repertoire_share: Range[Share]  # purchases at a merchant or payee already known
    repertoire: Annotated[int, Field(ge=1, le=16)]  # merchants of one category that a customer comes back to
    big_ticket_share: Share
    refund_share: Share  # of purchases by card online; others: see the tag ``returned``
    bills: Range[Count]  # a customer's recurring payments a month
    bills_wait: bool = True  # bills by bank that are due at a weekend are paid on Monday
    #: Of an everyday payment, a bill and what a person sends, what is more than this share of a month's income counts
    #: by its cube root only: 27 times as much becomes three times as much. None: of no matter. Big tickets, which are
    #: saved for, stay as they are, and rents have a bound of their own.
    much_of_income: Positive | None = None
    usual_price_share: Share = 0.0  # payments of categories tagged usual, at the customer's usual price
    usual_payment_share: Share = 0.0  # payments to a known contact, of what is usual between the two
    #: What kinds of cards customers use, those with high incomes rather credit ones.
    card_types: Annotated[dict[CardType, Share], AfterValidator(whole)] = Field(default_factory=_only_debit)
    second_cards: Share = 0.0  # customers with a second card, of another kind
    second_card_share: Share = 0.0  # of their outings, with that card
    repeats: tuple[Repeat, ...] = ()
    deliveries: Deliveries = Deliveries(gift=0, office=0, locker=0, express=0)

    @field_validator("weeks")
    @classmethod
    def _around_one(cls, weeks: dict[str, Week]) -> dict[str, Week]:
        for name, week in weeks.items():
            if abs(sum(week) / 7 - 1) > 0.01 or min(week) < 0.5 or max(week) > 1.5:
                raise ValueError(f"{name} {plain(week)} must lie between 0.5 and 1.5, with a mean of 1")
        return weeks

    @property
    def day_hours(self) -> tuple[tuple[float, ...], ...]:
        """What falls in each hour on each day, Monday first, over what usually does: 7 x 24 factors.

        Their mean, each day with its share of the week, is 1.
        """
        names = Weekday.__args__  # type: ignore[attr-defined]  # the names of the literal
        own = [k for k, name in enumerate(names) if name in self.hours_of_days]
        rest = sum(self.weekday) - sum(self.weekday[k] for k in own)
        left = tuple(
            (sum(self.weekday) - sum(self.weekday[k] * self.hours_of_days[names[k]][hour] for k in own)) / rest
            if rest
            else 1.0
            for hour in range(24)
        )
        return tuple(self.hours_of_days.get(name, left) for name in names)

    @model_validator(mode="after")
    def _something_left(self) -> Activity:
        if len(self.hours_of_days) == len(self.weekday):
            raise ValueError("hours_of_days names all seven days; leave out those that are as the others leave them")
        for hour, left in enumerate(min(factors) for factors in zip(*self.day_hours, strict=True)):
            if left < _LEAST_LEFT:
                raise ValueError(
                    f"hours_of_days leaves {left:.2g} of its usual payments to the hour from {hour} h on one of the"
                    f" days; it must leave at least {_LEAST_LEFT}"
                )
        return self

    @model_validator(mode="after")
    def _one_rate(self) -> Activity:
        if (self.daily_mean is None) == (self.gamma_mean is None):
            raise ValueError("exactly one of daily_mean and gamma_mean is needed")
        if self.outing_gap_minutes[0] == self.outing_gap_minutes[1]:
            raise ValueError(f"outing_gap_minutes {plain(self.outing_gap_minutes)} must be two different times")
        return self


class Receipts(Section):
    """Money that persons send to customers."""

    a_month: Positive  # mean number
    sellers: Share  # customers who sell as a sideline ...
    sellers_a_month: Positive  # ... and receive so many
    #: What would be more than the method carries (its hard, else its normal maximum), or than a month and a half's
    #: income, is some part of that. Otherwise what would be more than the normal maximum is just that.
    folded: bool = False
    mirrored: bool = False  # what customers send to one another arrives there as a row of its own


class Episode(Section):
    """A stretch of honest life in which somebody pays, or is paid, otherwise than usual."""

    share: Share  # of the customers, each month
    parts: Range[Annotated[int, Field(ge=1, le=_MOST_PARTS)]]  # payments; of a collection, persons who pay
    hours: Range[Positive]  # from the first to the last
    amount: Range[Positive]  # of what, depends on the kind


#: What may happen: one collects from many and pays on (each pays ``amount``); a sum goes in parts below a limit near
#: ``amount``; somebody buys again and again at one business for sums near a limit (``amount`` of the method's normal
#: maximum); orders (``amount`` times the median) of which a part goes back; a wedding, a move, an operation (``amount``
#: of the credit line); a first payment of about ``amount`` to somebody new. At a device that is not known, as shares of
#: the customers who turn to one: small services that check a card by ``amount``; payment after payment of about
#: ``amount`` times the median at one or two shops. And of wallets, payments of ``amount``: rounds from one exchange to
#: another; pay in tokens that is redeemed; own addresses emptied into one; a sell-off.
EpisodeKind = Literal[
    "collection", "instalments", "supplier", "returns", "furnishing", "first_payment",
    "trial", "spree",
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
            raise ValueError(f"{self.name}: savviness {plain(self.savviness)} leaves nobody who pays by it")
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
            raise ValueError(f"the steps begin at the amounts {plain(tuple(steps))}; they must go up from 0")
        return steps


class DeviceLife(Section):
    phone_months: Positive  # mean life
    unsavvy_phones: Share  # customers of low savviness who have a phone that pays; the others all do
    laptop_share: Share
    tablet_share: Share
    vpn_share: Share  # customers who hide where they are by habit
    vpn_now_and_then: Share = 0.0  # of what all others do
    #: Online purchases with which it is passed on from which device they come.
    online_tells_device: Share = 1.0
    borrowed_pays: Share = 1.0  # visits to a device not one's own on which one would also pay there
    mobile_share: Share = 0.42  # of what is done on a phone, on the network of its carrier
    #: Carriers, by smaller city, that reach the net in the nearest city of tier 1, so that addresses seem to be there.
    gateway_share: Share = 0.0
    daily_logins: Positive
    login_failure: Share
    phones: Annotated[dict[Literal["iOS", "Android"], Share], AfterValidator(whole)]
    laptops: Annotated[dict[Literal["Windows", "macOS", "ChromeOS", "Linux"], Share], AfterValidator(whole)]
    tablets: Annotated[dict[Literal["iPadOS", "Android"], Share], AfterValidator(whole)]
    #: Systems of the merchants' terminals; none where nothing is paid at a counter.
    terminals: Annotated[dict[str, Share], AfterValidator(whole)] | None = None


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

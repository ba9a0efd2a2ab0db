"""The rows of a scenario's tables: a line of cities, categories, brands, holidays or tariffs.csv."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from fraud_assets.scenario.sections.values import (
    Level,
    Positive,
    Section,
    Share,
    Weight,
    filled,
    known_zone,
    ordered,
    plain,
    split_cell,
    split_weights,
    zero,
)


def _prices(cell: Any) -> Any:
    """A cell such as ``20-300``, ``20-`` or ``6.99;15.49``: a range of prices, or all that there are."""
    if not isinstance(cell, str):
        return cell
    words = cell.replace("-", ";").split(";") if cell else []
    try:
        numbers = tuple(float(word) for word in words if word.strip())
        if "-" in cell and (len(words) > 2 or ";" in cell):
            raise ValueError("a range has two ends")
    except ValueError:
        raise ValueError(f"{cell!r} are no prices; a range such as 20-300 or 20-, or a list such as 7;9") from None
    if not numbers:
        return {}
    if cell.lstrip().startswith("-"):
        raise ValueError(f"{cell!r} has no lowest price; 0-20 is a range from nothing")
    listed = numbers if "-" not in cell else ()
    highest = None if cell.rstrip().endswith("-") else numbers[-1]
    return {"lowest": numbers[0], "highest": highest, "listed": listed}


#: What stands between two sub-categories: a semicolon in brackets stands between two prices.
_BETWEEN = re.compile(r";(?![^()]*\))")
#: A sub-category and, in brackets, its prices.
_KIND = re.compile(r"([^()]+?)(?:\s*\(([^()]*)\))?")

#: What else a category is: delivered goods, easily sold on, paid with points, public transport, as good as cash, bought
#: several times in a row, the same thing at the same price each time, a bill by the meter that is highest in summer or
#: in winter, a rent, which goes by the city's level of rents, an order that may come back (``activity.refund_share``)
#: although it is not paid by card online, rides at a fixed fare: whatever somebody would pay, it is the nearest of the
#: prices that the merchant lists; each local business of a sub-category with a list asks one of them, and one without a
#: list (a taxi) asks what it likes.
Tag = Literal[
    "goods",
    "resale",
    "points",
    "transit",
    "cash_like",
    "series",
    "usual",
    "cooling",
    "heating",
    "rent",
    "returned",
    "fares",
]


class PriceRange(Section):
    """What things cost at a merchant, major units: nothing is sold there for less or more."""

    lowest: Weight = 0.0
    highest: Positive | None = None
    listed: tuple[Positive, ...] = ()  # the only prices there are, from the lowest to the highest

    @model_validator(mode="after")
    def _in_order(self) -> PriceRange:
        ordered(self.listed)
        ordered((self.lowest, *self.listed, self.highest or self.lowest))
        return self


def _kind(cell: str) -> tuple[str, PriceRange]:
    """A sub-category and its prices."""
    if (found := _KIND.fullmatch(cell)) is None:
        raise ValueError(f"sub-category {cell!r} must be a name, and behind it its prices in one pair of brackets")
    return found[1], PriceRange.model_validate(_prices(found[2] or ""))


#: Where the table does not say [P].
SMALL_SHOPS = 14


def _or_usual(cell: Any) -> Any:
    return SMALL_SHOPS if cell == "" else cell


class City(Section):
    """A row of cities.csv."""

    city: str
    state: str
    country: str
    metro: str  # cities of one metro are within an hour's drive of one another
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    population: Annotated[int, Field(gt=0)]
    time_zone: Annotated[str, AfterValidator(known_zone)]
    tier: Annotated[int, Field(ge=1, le=3)]
    cost_of_living: Level
    rent: Annotated[Level | None, BeforeValidator(filled)] = None  # level of rents; as the cost of living if empty
    #: How often its people are called as people of a region are, as region:weight, separated by ;; the regions are
    #: those of names.csv. Empty: everybody may have any name.
    regions: Annotated[dict[str, Weight], BeforeValidator(split_weights)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _from_somewhere(self) -> City:
        if self.regions and not sum(self.regions.values()):
            raise ValueError(f"{self.city}: the weights of regions must not all be 0")
        return self


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
    hours: str  # a profile of hours.csv; a counter is closed in the hours in which it has no weight
    late_posting: Share
    #: Separated by ;, each with its prices in brackets, as those of a brand, or without: hotel (60-). The first is what
    #: the category's brands are; local shops are one of the others, or of the first where there is no other.
    sub_categories: str
    chains: Share = 0.55  # of its merchants in a city, where it has brands
    tags: Annotated[tuple[Tag, ...], BeforeValidator(split_cell)] = ()  # separated by ;
    tokens: Annotated[tuple[str, ...], BeforeValidator(split_cell)] = ()  # that it moves, likewise; none means all
    week: str = ""  # a profile of activity.weeks; none: as on any day
    lowest: Annotated[Weight, BeforeValidator(zero)] = 0.0  # nobody pays less for it, major units
    highest: Annotated[Positive | None, BeforeValidator(filled)] = None  # nor more, but by mistake or by fraud
    listed: Annotated[
        tuple[Positive, ...], BeforeValidator(split_cell)
    ] = ()  # separated by ;: all prices that there are
    #: How often each of them is paid, separated by ;; empty: whoever would pay some sum pays the nearest.
    listed_weights: Annotated[tuple[Weight, ...], BeforeValidator(split_cell)] = ()
    #: Online shops beside its brands, or businesses that are sent money; at least one, for who defrauds looks for such.
    #: Of employers: those without a name that everybody knows, where that is more than there are otherwise.
    small: Annotated[int, Field(ge=1), BeforeValidator(_or_usual)] = SMALL_SHOPS
    #: Bills: with how many of the billers a customer has a contract, at most. A home has one rent and one meter.
    contracts: Annotated[int, Field(ge=1)] = 1
    #: Bills: on which days of the month they are due, as day:weight, separated by ;; empty: on any from the 1st to the
    #: 28th.
    due: Annotated[dict[Annotated[int, Field(ge=1, le=28)], Weight], BeforeValidator(split_weights)] = Field(
        default_factory=dict
    )
    #: Bills by the tariffs of tariffs.csv: how many units are paid for at once, as number:weight, separated by ;.
    units: Annotated[dict[Annotated[int, Field(ge=1, le=1000)], Weight], BeforeValidator(split_weights)] = Field(
        default_factory=dict
    )
    #: Purchases and bills: how many times as often people of an occupation have it as the others, as occupation:factor,
    #: separated by ;. A shopkeeper buys wholesale, a pensioner has no instalments left.
    by_occupation: Annotated[dict[str, Positive], BeforeValidator(split_weights)] = Field(default_factory=dict)
    #: Purchases: how many times as often somebody twenty years older has it, as a logarithm: 0.5 is 1.6 times, -0.5 the
    #: reverse. As ``Method.by_age``, within the method.
    by_age: Annotated[Annotated[float, Field(ge=-3, le=3)], BeforeValidator(zero)] = 0.0
    #: Purchases of one customer: at most so many on a day, and in a month so many on average. A tank holds no more.
    a_day: Annotated[int | None, Field(ge=1), BeforeValidator(filled)] = None
    a_month: Annotated[Positive | None, BeforeValidator(filled)] = None

    @property
    def kinds(self) -> list[tuple[str, PriceRange]]:
        """The sub-categories with their prices."""
        return [_kind(cell.strip()) for cell in _BETWEEN.split(self.sub_categories) if cell.strip()]

    @model_validator(mode="after")
    def _priced(self) -> Category:
        self.kinds  # noqa: B018  # a wrong price is refused here, not where it is used
        if self.lowest >= self.median:
            raise ValueError(f"{self.category}: lowest {self.lowest:g} must lie below the median {self.median:g}")
        if self.highest is not None and self.highest <= self.mean:
            raise ValueError(f"{self.category}: highest {self.highest:g} must lie above the mean {self.mean:g}")
        ordered(self.listed)
        if self.listed_weights and (len(self.listed_weights) != len(self.listed) or not sum(self.listed_weights)):
            raise ValueError(
                f"{self.category}: listed_weights {plain(self.listed_weights)} must have a weight for each of the"
                f" {len(self.listed)} listed prices, not all 0"
            )
        for column, weights in (("due", self.due), ("units", self.units)):
            if weights and not sum(weights.values()):
                raise ValueError(f"{self.category}: the weights of {column} must not all be 0")
        if self.recipient != "biller" and (self.due or self.units or "rent" in self.tags):
            raise ValueError(
                f"{self.category}: due days, units and the tag rent are for bills, not for a {self.recipient}"
            )
        return self

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
    prices: Annotated[PriceRange, BeforeValidator(_prices)] = PriceRange()  # as 20-300, 20- or 6.99;15.49
    #: Of the cities of those metros, or of any, the only ones it serves, separated by ;; empty: all of them.
    cities: Annotated[tuple[str, ...], BeforeValidator(split_cell)] = ()
    #: Whom an employer pays, separated by ;. People of an occupation that some employer names are paid by one of those,
    #: all others by one that names none.
    occupations: Annotated[tuple[str, ...], BeforeValidator(split_cell)] = ()

    @property
    def served(self) -> list[str]:
        """The metros it is confined to; empty where it is not."""
        return [metro for metro in self.metros.split(";") if metro]

    def serves(self, city: City) -> bool:
        """Whether it is in the city, if it is in the metro."""
        return not self.cities or city.city in self.cities


def _billed(price: float) -> float:
    if price < 0.01:
        raise ValueError("nobody is billed less than a hundredth; it must be at least 0.01")
    return price


class Tariff(Section):
    """A row of tariffs.csv: what a unit of a kind of bill costs customers of a city, from a day until the next row's.

    Where there are such rows, the bills of the kind come to that, whatever else would be paid; before the first of
    them its price holds.
    """

    category: str
    city: str
    first: date
    price: Annotated[Positive, AfterValidator(_billed)]  # major units


class Holiday(Section):
    """A row of holidays.csv: spending is multiplied from first to last local day, where it is kept."""

    name: str
    first: date
    last: date
    factor: Positive
    is_festival: bool
    #: How much of the lift each of the days has, relative to one another, separated by ;; empty: all the same.
    course: Annotated[tuple[Weight, ...], BeforeValidator(split_cell)] = ()
    category: Annotated[str | None, BeforeValidator(filled)] = None  # bought then more than usual
    category_factor: Annotated[float | None, Field(ge=1), BeforeValidator(filled)] = None  # by how much
    cities: Annotated[tuple[str, ...], BeforeValidator(split_cell)] = ()  # where it is kept, separated by ;; empty: all
    hours: Annotated[str | None, BeforeValidator(filled)] = None  # of activity.hours_of_holidays; none: as on any day
    #: Whether it is bought for as on a Sunday (``activity.weeks``): offices, schools and surgeries are closed.
    sunday: Annotated[bool, BeforeValidator(zero)] = False

    @model_validator(mode="after")
    def _both(self) -> Holiday:
        if (self.category is None) != (self.category_factor is None):
            raise ValueError(f"{self.name}: category and category_factor go together; one of them is empty")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Holiday:
        if self.last < self.first:
            raise ValueError(f"{self.name} ends ({self.last}) before it begins ({self.first})")
        return self

    @model_validator(mode="after")
    def _on_its_course(self) -> Holiday:
        days = (self.last - self.first).days + 1
        if self.course and (len(self.course) != days or not sum(self.course)):
            raise ValueError(
                f"{self.name}: course {plain(self.course)} must have a weight for each of its {days} days, not all 0"
            )
        if min(self.factors) <= 0:
            raise ValueError(f"{self.name}: factor {self.factor:g} on course {plain(self.course)} leaves a day nothing")
        return self

    @property
    def factors(self) -> tuple[float, ...]:
        """The factor of each of its days; their mean is ``factor``."""
        if not self.course:
            return (self.factor,) * ((self.last - self.first).days + 1)
        mean = sum(self.course) / len(self.course)
        return tuple(1 + (self.factor - 1) * weight / mean for weight in self.course)

"""The rows of a scenario's tables: a line of cities.csv, categories.csv, brands.csv, holidays.csv and names.csv."""

from __future__ import annotations

import re
from datetime import date
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from fraud_assets.scenario.sections.values import (
    Positive,
    Section,
    Share,
    Weight,
    filled,
    known_zone,
    ordered,
    split_cell,
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


#: A sub-category and, in brackets, its prices.
_KIND = re.compile(r"([^()]+?)(?:\s*\(([^()]*)\))?")

#: What else a category is: delivered goods, easily sold on, paid with points, public transport, as good as cash, bought
#: several times in a row, the same thing at the same price each time, a bill by the meter that is highest in summer or
#: in winter.
Tag = Literal["goods", "resale", "points", "transit", "cash_like", "series", "usual", "cooling", "heating"]


class PriceRange(Section):
    """What things cost at a merchant, major units: nothing is sold there for less or more."""

    lowest: Weight = 0.0
    highest: Positive | None = None
    listed: tuple[Positive, ...] = ()  # the only prices there are, from the lowest to the highest

    @model_validator(mode="after")
    def _in_order(self) -> PriceRange:
        ordered((self.lowest, *self.listed, self.highest or self.lowest))
        return self


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
    hours: str  # a profile of hours.csv; a counter is closed in the hours in which it has no weight
    late_posting: Share
    sub_categories: str  # separated by ;, each with its range of prices in brackets or without one: hotel (60-)
    chains: Share = 0.55  # of its merchants in a city, where it has brands
    tags: Annotated[tuple[Tag, ...], BeforeValidator(split_cell)] = ()  # separated by ;
    tokens: Annotated[tuple[str, ...], BeforeValidator(split_cell)] = ()  # that it moves, likewise; none means all
    week: str = ""  # a profile of activity.weeks; none: as on any day
    lowest: Annotated[Weight, BeforeValidator(zero)] = 0.0  # nobody pays less for it, major units
    highest: Annotated[Positive | None, BeforeValidator(filled)] = None  # nor more, but by mistake or by fraud
    listed: Annotated[
        tuple[Positive, ...], BeforeValidator(split_cell)
    ] = ()  # separated by ;: all prices that there are
    #: Online shops beside its brands, or businesses that are sent money; at least one, for who defrauds looks for such.
    small: Annotated[int, Field(ge=1), BeforeValidator(_or_usual)] = SMALL_SHOPS
    #: Bills: with how many of the billers a customer has a contract, at most. A home has one rent and one meter.
    contracts: Annotated[int, Field(ge=1)] = 1
    #: Purchases of one customer: at most so many on a day, and in a month so many on average. A tank holds no more.
    a_day: Annotated[int | None, Field(ge=1), BeforeValidator(filled)] = None
    a_month: Annotated[Positive | None, BeforeValidator(filled)] = None

    @property
    def kinds(self) -> list[tuple[str, PriceRange]]:
        """The sub-categories with their prices."""
        found = [_KIND.fullmatch(kind.strip()) for kind in self.sub_categories.split(";")]
        return [(kind[1], PriceRange.model_validate(_prices(kind[2] or ""))) for kind in found if kind]

    @model_validator(mode="after")
    def _priced(self) -> Category:
        self.kinds  # noqa: B018  # a wrong price is refused here, not where it is used
        if self.lowest >= self.median:
            raise ValueError(f"{self.category}: lowest {self.lowest:g} must lie below the median {self.median:g}")
        if self.highest is not None and self.highest <= self.mean:
            raise ValueError(f"{self.category}: highest {self.highest:g} must lie above the mean {self.mean:g}")
        ordered(self.listed)
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
    #: Whom an employer pays, separated by ;. People of an occupation that some employer names are paid by one of those,
    #: all others by one that names none.
    occupations: Annotated[tuple[str, ...], BeforeValidator(split_cell)] = ()

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
    category: Annotated[str | None, BeforeValidator(filled)] = None  # bought then more than usual
    category_factor: Annotated[float | None, Field(ge=1), BeforeValidator(filled)] = None  # by how much

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


#: Words that a pattern may use without names.csv having them, by use of the pattern.
_GIVEN = {
    "shop": {"kind"},
    "site": {"kind"},
    "person": {"number", "mobile", "digits", "hex", "bech", "base58"},
    "account": {"number", "mobile", "digits", "hex", "bech", "base58"},
}
_OPTIONAL = {"account"}  # without it, an account is written as a person is


def _patterns(names: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    for use, given in _GIVEN.items():
        if use not in names:
            if use in _OPTIONAL:
                continue
            needed = ", ".join(use for use in _GIVEN if use not in _OPTIONAL)
            raise ValueError(f"there is no pattern with use {use!r}; {needed} are needed")
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


#: names.csv: use -> its texts. Uses ``shop`` (a local merchant), ``site`` (a small online shop), ``person`` (a person
#: as recipient) and, if it is written otherwise, ``account`` (a person who is paid from account to account) are
#: patterns; every other use is a list of words that the patterns name in braces, ``{word2}`` being another ``{word}``.
#: Given are ``{kind}`` of shop; of a person the ten-digit ``{number}`` of the account, the same as a telephone number
#: (``{mobile}``, first digit 6 to 9) and its last ``{digits}``; and, of the account as an address of tokens, 40 digits
#: of ``{hex}``, 38 characters of ``{bech}`` or 33 of ``{base58}``.
Names = Annotated[
    dict[str, Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]],
    AfterValidator(_patterns),
]

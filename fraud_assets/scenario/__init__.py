"""A scenario: one bank, from one YAML file and the CSV tables beside it.

What lives here: :class:`Scenario`, what its sections must agree on, and the doors through which it is loaded. The
package is the only reader of scenario files. What the numbers do lives in the rooms; the numbers themselves in
``scenario.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from fraud_assets.scenario.bank import Bank
from fraud_assets.scenario.files import EXTRA_SCENARIOS, SHIPPED, ScenarioError, document_of, folders, folders_in
from fraud_assets.scenario.mistakes import all_mistakes
from fraud_assets.scenario.possible import check_possible
from fraud_assets.scenario.sections import (
    Accidents,
    Activity,
    Brand,
    CampaignType,
    Category,
    Changes,
    City,
    Costs,
    DeviceLife,
    Episode,
    EpisodeKind,
    Fraud,
    Gates,
    Holiday,
    IncomeBracket,
    Learning,
    Method,
    Names,
    Occupation,
    Population,
    PriceRange,
    Prices,
    Receipts,
    Regions,
    Segment,
    Tariff,
    Token,
    check_regions,
    placeholders,
)
from fraud_assets.scenario.source import FilesScenario

__all__ = [
    "EXTRA_SCENARIOS",
    "Accidents",
    "Activity",
    "Bank",
    "Brand",
    "CampaignType",
    "Category",
    "City",
    "Costs",
    "DeviceLife",
    "Episode",
    "FilesScenario",
    "Fraud",
    "Gates",
    "Holiday",
    "IncomeBracket",
    "Learning",
    "Method",
    "Occupation",
    "Population",
    "PriceRange",
    "Prices",
    "Receipts",
    "Scenario",
    "ScenarioError",
    "Segment",
    "Tariff",
    "Token",
    "load_all",
    "load_bank",
    "load_folder",
    "placeholders",
]


#: Years for which clock changes are known.
_LONGEST_YEARS = 25


class Scenario(Bank):
    """One simulated bank. Frozen and hashable by name; ``Scenario.load`` is the door."""

    source: Literal["simulated"]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    country: str
    tokens: tuple[Token, ...] = ()  # that wallets move; none where money itself is moved
    population: Population
    activity: Activity
    methods: tuple[Method, ...]
    prices: Prices
    devices: DeviceLife
    accidents: Accidents
    receipts: Receipts | None = None
    episodes: dict[EpisodeKind, Episode] = Field(default_factory=dict)
    fraud: Fraud
    gates: Gates
    cities: Annotated[tuple[City, ...], Field(min_length=1)]
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    brands: tuple[Brand, ...]
    tariffs: tuple[Tariff, ...] = ()
    hours: dict[str, Annotated[tuple[float, ...], Field(min_length=24, max_length=24)]]  # profile -> weights
    names: Names
    name_regions: Regions = Field(default_factory=dict)  # of the words of names.csv; none for a use without regions
    name_changes: Changes = Field(default_factory=dict)  # words of names.csv that were others before some day

    @field_validator("hours")
    @classmethod
    def _weights(cls, hours: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for profile, weights in hours.items():
            if min(weights) < 0 or sum(weights) == 0:
                raise ValueError(f"profile {profile}: the weights must not be negative, and not all of them 0")
        return hours

    @model_validator(mode="after")
    def _consistent(self) -> Scenario:
        total = sum(m.share for m in self.methods)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the methods sum to {total:g}; they must sum to 1")
        methods = {m.name for m in self.methods}
        for c in self.categories:
            if c.method not in methods:
                raise ValueError(f"category {c.category}: method {c.method!r} is none of {sorted(methods)}")
            if c.hours not in self.hours:
                raise ValueError(f"category {c.category}: hours {c.hours!r} is none of {sorted(self.hours)}")
            if c.week and c.week not in self.activity.weeks:
                raise ValueError(f"category {c.category}: week {c.week!r} is none of {sorted(self.activity.weeks)}")
        for o in self.population.occupations:
            if o.hours not in self.hours:
                raise ValueError(f"occupation {o.name}: hours {o.hours!r} is none of {sorted(self.hours)}")
        occupations = {o.name for o in self.population.occupations}
        for s in self.population.segments:
            if unknown := set(s.occupations) - occupations:
                raise ValueError(f"segment {s.name}: occupations {sorted(unknown)} are none of {sorted(occupations)}")
        for h in self.holidays:
            if h.category is not None and h.category not in {c.category for c in self.categories}:
                raise ValueError(f"holiday {h.name}: category {h.category!r} is not in categories.csv")
            if unknown := set(h.cities) - {c.city for c in self.cities}:
                raise ValueError(f"holiday {h.name}: cities {sorted(unknown)} are not in cities.csv")
            if h.hours is not None and h.hours not in (hours := self.activity.hours_of_holidays):
                raise ValueError(f"holiday {h.name}: hours {h.hours!r} is none of {sorted(hours)}")
        self._check_calendar()
        self._check_twins()
        self._check_brands()
        self._check_counters()
        self._check_tokens()
        check_regions(self.names, self.name_regions, self.cities)
        check_possible(self)
        return self

    def _check_calendar(self) -> None:
        for h in self.holidays:
            if not -2 <= h.last.year - self.first.year <= _LONGEST_YEARS:
                raise ValueError(
                    f"holiday {h.name}: {h.first} to {h.last} is outside the calendar, which begins two years before"
                    f" first_month {self.first} and ends {_LONGEST_YEARS} years after it"
                )

    def _check_twins(self) -> None:
        """Nothing has the name of another of its kind."""
        people = self.population
        for kind, names in {
            "category": [c.category for c in self.categories],
            "city": [f"{c.city}, {c.state}" for c in self.cities],
            "brand": [f"{b.name} ({b.category})" for b in self.brands],
            "method": [m.name for m in self.methods],
            "segment": [s.name for s in people.segments],
            "occupation": [o.name for o in people.occupations],
            "income bracket": [b.name for b in people.income_brackets],
            "token": [t.name for t in self.tokens],
        }.items():
            if twins := {name for name in names if names.count(name) > 1}:
                raise ValueError(f"{kind} {min(twins)!r} is there twice; each needs a name of its own")

    def _check_counters(self) -> None:
        counter = [c.category for c in self.categories if c.instrument == "terminal"]
        if counter and self.devices.terminals is None:
            raise ValueError(f"category {counter[0]} is paid at a terminal; devices.terminals must name their systems")

    def _check_tokens(self) -> None:
        total, known = sum(t.share for t in self.tokens), [t.name for t in self.tokens]
        if self.tokens and abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the tokens sum to {total:g}; they must sum to 1")
        for t in self.tokens:
            if t.address not in self.names["person"]:
                raise ValueError(f"token {t.name}: address {t.address!r} is no pattern with use person in names.csv")
        if self.tokens and (unused := set(self.names["person"]) - {t.address for t in self.tokens}):
            raise ValueError(f"names.csv: no token has the address {min(unused)!r}")
        for c in self.categories:
            if unknown := set(c.tokens) - set(known):
                raise ValueError(f"category {c.category}: tokens {sorted(unknown)} are none of {known}")

    def _check_brands(self) -> None:
        categories = {c.category: c for c in self.categories}
        metros = {c.metro for c in self.cities}
        for b in self.brands:
            if b.category not in categories:
                raise ValueError(f"brand {b.name}: category {b.category!r} is none of {sorted(categories)}")
            if unknown := set(b.served) - metros:
                raise ValueError(f"brand {b.name}: metros {sorted(unknown)} are none of {sorted(metros)}")
            places = {c.city for c in self.cities if not b.served or c.metro in b.served}
            if unknown := set(b.cities) - places:
                raise ValueError(f"brand {b.name}: cities {sorted(unknown)} are none of {sorted(places)}")
            kind = categories[b.category]
            jobs = {o.name for o in self.population.occupations}
            if b.occupations and (kind.recipient != "employer" or not set(b.occupations) <= jobs):
                raise ValueError(
                    f"brand {b.name}: occupations {';'.join(b.occupations)} are for employers, and of {sorted(jobs)}"
                )
            confined = b.served or b.cities
            if confined and kind.recipient != "biller" and kind.instrument not in ("terminal", "scan"):
                said = f"metros is {b.metros!r}" if b.served else f"cities is {';'.join(b.cities)!r}"
                raise ValueError(
                    f"brand {b.name}: {said}, but {b.category} is neither paid at a counter nor a bill; leave it empty"
                )

    def within(self, cities: Iterable[City]) -> Scenario:
        """The bank with these cities alone; chains that serve none of their metros are gone."""
        kept = tuple(cities)
        metros, names = {c.metro for c in kept}, {c.city for c in kept}
        brands = tuple(
            b.model_copy(
                update={
                    "metros": ";".join(m for m in b.served if m in metros),
                    "cities": tuple(city for city in b.cities if city in names),
                }
            )
            for b in self.brands
            if (not b.served or metros & set(b.served)) and (not b.cities or names & set(b.cities))
        )
        holidays = tuple(
            h.model_copy(update={"cities": tuple(city for city in h.cities if city in names)})
            for h in self.holidays
            if not h.cities or names & set(h.cities)
        )
        tariffs = tuple(t for t in self.tariffs if t.city in names)
        return self.model_copy(update={"cities": kept, "brands": brands, "holidays": holidays, "tariffs": tariffs})

    def __hash__(self) -> int:
        return hash((self.name, self.seed))

    @classmethod
    def load(cls, name: str) -> Scenario:
        """The scenario of that name, from the shipped folder or the one in FRAUD_ASSETS_SCENARIOS.

        Raises
        ------
        ScenarioError
            If there is none of that name, or if it is wrong.
        """
        found = load_bank(name)
        if not isinstance(found, Scenario):
            raise ScenarioError(f"scenario {name}: its source is {found.source}; this is for simulated banks")
        return found


def load_bank(name: str) -> Bank:
    """The bank of that name, simulated or of files, from the shipped folder or the one in FRAUD_ASSETS_SCENARIOS.

    Raises
    ------
    ScenarioError
        If there is none of that name, or if it is wrong.
    """
    found = dict(folders())
    if name not in found:
        raise ScenarioError(
            f"scenario {name!r} does not exist; there are {', '.join(sorted(found))}"
            f" (further folders: environment variable {EXTRA_SCENARIOS})"
        )
    return load_folder(found[name])


def load_all() -> tuple[list[Bank], dict[str, ScenarioError]]:
    """Every scenario by name, shipped ones and those in FRAUD_ASSETS_SCENARIOS, and why the others cannot be used.

    A wrong one does not take the others with it. A folder named like a shipped one stands for that.
    """
    scenarios: list[Bank] = []
    wrong: dict[str, ScenarioError] = {}
    found = dict(folders_in(SHIPPED))
    try:
        found |= dict(folders())
    except ScenarioError as error:
        wrong[EXTRA_SCENARIOS] = error
    for name, folder in sorted(found.items()):
        try:
            scenarios.append(load_folder(folder))
        except ScenarioError as error:
            wrong[name] = error
    return scenarios, wrong


@lru_cache(maxsize=64)
def _load_cached(folder: Path, _stamp: tuple[int, ...]) -> Bank:
    document = document_of(folder)
    is_of_files = document.get("source") == "files"
    try:
        if is_of_files:
            scenario: Bank = FilesScenario.model_validate({**document, "folder": folder})
        else:
            scenario = Scenario.model_validate(document)
    except ValidationError as error:
        raise all_mistakes(folder, error, FilesScenario if is_of_files else Scenario, document) from None
    if scenario.name != folder.name:
        raise ScenarioError(
            f"scenario {folder.name}: {folder / 'scenario.yaml'}: name is {scenario.name!r};"
            f" it must be the folder's name, {folder.name!r}"
        )
    return scenario


def load_folder(folder: Path) -> Bank:
    """The scenario in a folder; read again only when one of its files has changed.

    Raises
    ------
    ScenarioError
        With file, field, value and what was allowed.
    """
    watched = (folder, *SHIPPED.iterdir())  # a scenario may extend a shipped one
    stamp = tuple(p.stat().st_mtime_ns for f in watched if f.is_dir() for p in sorted(f.iterdir()) if p.is_file())
    return _load_cached(folder, stamp)

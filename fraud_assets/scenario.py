"""A scenario: one bank, from one YAML file and the CSV tables beside it.

What lives here: the frozen pydantic models, the loader and its error sentences; it is the only reader of scenario
files. What does not: what the numbers do (simulation, features, detection) and the numbers themselves
(``scenario.yaml``).
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fraud_assets.months import Month

#: Environment variable that names a further folder of scenarios.
EXTRA_SCENARIOS = "FRAUD_ASSETS_SCENARIOS"
_TABLES = ("cities", "categories", "brands", "holidays")
_SHIPPED = Path(__file__).parent / "scenarios"

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class ScenarioError(ValueError):
    """A scenario that cannot be used: the sentence names file, field, value and what is allowed."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class City(_Model):
    """A row of cities.csv."""

    city: str
    state: str
    country: str
    metro: str  # cities of one metro are within an hour's drive of one another
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    population: Annotated[int, Field(gt=0)]
    time_zone: str
    tier: Annotated[int, Field(ge=1, le=3)]
    cost_of_living: Positive


class Category(_Model):
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


class Brand(_Model):
    """A row of brands.csv: a chain or an online merchant."""

    name: str
    category: str
    weight: Positive
    tier: Annotated[int, Field(ge=1, le=3)]


class Holiday(_Model):
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


class Segment(_Model):
    """A customer segment: who is in it and how it differs."""

    name: str
    share: Share
    age: tuple[int, int]
    income_factor: Positive
    activity_factor: Positive
    savviness: tuple[Share, Share, Share]  # low, medium, high
    occupations: dict[str, Share]


class IncomeBracket(_Model):
    name: str
    low: Positive
    high: Positive
    amount_factor: Positive


class Occupation(_Model):
    name: str
    hours: str  # a profile of hours.csv
    income: Positive  # median yearly, major units


class Population(_Model):
    customers: Annotated[int, Field(ge=1)]
    joined_before_start: Share
    joining_months: Annotated[int, Field(ge=1)]
    segments: tuple[Segment, ...]
    occupations: tuple[Occupation, ...]
    income_brackets: tuple[IncomeBracket, ...]
    household_share: Share  # customers who share an address with another one
    travellers_a_month: Share
    trip_days: tuple[int, int]
    home_share: tuple[Share, Share]  # of a customer's purchases in the home city

    @field_validator("segments")
    @classmethod
    def _sum(cls, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        total = sum(s.share for s in segments)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the segments sum to {total:g}; they must sum to 1")
        return segments


class Activity(_Model):
    """How much and when people pay."""

    daily_mean: tuple[Positive, Positive] | None = None  # uniform across customers, or ...
    gamma_mean: Positive | None = None  # ... Gamma across customers with this mean a day
    gamma_cv: Positive | None = None
    day_cv: Positive
    outing_continues: Share  # probability that another purchase follows
    outing_gap_minutes: tuple[Positive, Positive]
    weekday: tuple[Positive, Positive, Positive, Positive, Positive, Positive, Positive]  # Monday first
    month_edges: Positive  # factor on the first three and last three days
    payday: Positive  # factor on payday
    payday_days: Annotated[int, Field(ge=1)]
    preferred_share: Share  # purchases in one of the customer's favourite categories
    repertoire_share: tuple[Share, Share]  # purchases at a merchant or payee already known
    big_ticket_share: Share
    refund_share: Share  # of online purchases
    bills: tuple[int, int]  # a customer's recurring payments a month

    @model_validator(mode="after")
    def _one_rate(self) -> Activity:
        if (self.daily_mean is None) == (self.gamma_mean is None):
            raise ValueError("exactly one of daily_mean and gamma_mean is needed")
        return self


class Method(_Model):
    """A payment method."""

    name: str
    share: Share
    normal_maximum: Positive  # an honest payment rarely exceeds it; accidents are multiples of it
    decline: Share
    pending: Share


class DeviceLife(_Model):
    phone_months: Positive  # mean life
    laptop_share: Share
    tablet_share: Share
    vpn_share: Share
    daily_logins: Positive
    login_failure: Share


class CampaignType(_Model):
    """One fraud type: its family (the mechanism in code) and the parameters an analyst may change."""

    family: str
    share: Share  # of the fraud budget, in rows
    first_month: str | None = None
    skill: tuple[Share, Share, Share]  # low, mid, high
    never_reported: Share
    report_delay_median_days: Positive
    report_delay_sigma: Positive
    parameters: dict[str, float | int | tuple[float, float]]


class Fraud(_Model):
    rate: Annotated[float, Field(ge=0, le=0.2)]  # of ledger rows
    monthly_variation: Share
    actors: Annotated[int, Field(ge=1)]
    false_report: Share  # of honest rows
    severity_losses: tuple[
        Positive, Positive, Positive
    ]  # loss of an account at p50, p80 and p95: medium, high, critical
    types: dict[str, CampaignType]

    @field_validator("types")
    @classmethod
    def _sum(cls, types: dict[str, CampaignType]) -> dict[str, CampaignType]:
        total = sum(t.share for t in types.values())
        if types and abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the fraud types sum to {total:g}; they must sum to 1")
        return types


class Accidents(_Model):
    """Beta parameters of each customer's own probability a payment, and what happens then."""

    burst: tuple[Positive, Positive]
    high_amount: tuple[Positive, Positive]
    mistyped: tuple[Positive, Positive]  # a typed recipient
    typed_new_payee: Share
    typed_known_payee: Share
    burst_seconds: tuple[Positive, Positive]
    burst_same_amount: Share
    burst_reversed: Share
    high_amount_factor: tuple[Positive, Positive]
    decimal_slip: Share
    high_amount_corrected: Share
    mistyped_bounces: Share
    near_twin_payee: Share


class Costs(_Model):
    """What a decision costs, major units; see learning: decisions by expected cost."""

    loss_share: Share
    chargeback_fee: Annotated[float, Field(ge=0)]
    margin: Share
    friction: Annotated[float, Field(ge=0)]
    review: Annotated[float, Field(ge=0)]


class Learning(_Model):
    alerts_per_10000: Positive
    true_prevalence: Annotated[float, Field(gt=0, lt=1)]
    costs: Costs


class Gates(_Model):
    severity: Literal["error", "warn", "off"]
    minimum_fraud_rows: Annotated[int, Field(ge=0)]


class Scenario(_Model):
    """One bank. Frozen and hashable by name; ``Scenario.load`` is the door."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    source: Literal["simulated"]
    seed: Annotated[int, Field(ge=0)]
    country: str
    currency: str
    first_month: str
    last_month: str | None = None
    limits: tuple[Positive, ...]  # amounts just below which people and criminals like to stay
    population: Population
    activity: Activity
    methods: tuple[Method, ...]
    devices: DeviceLife
    accidents: Accidents
    fraud: Fraud
    gates: Gates
    learning: Learning
    cities: tuple[City, ...]
    categories: tuple[Category, ...]
    brands: tuple[Brand, ...]
    holidays: tuple[Holiday, ...]
    hours: dict[str, tuple[float, ...]]  # profile -> 24 weights

    @field_validator("first_month", "last_month")
    @classmethod
    def _month(cls, key: str | None) -> str | None:
        if key is not None:
            Month.parse(key)
        return key

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
        for o in self.population.occupations:
            if o.hours not in self.hours:
                raise ValueError(f"occupation {o.name}: hours {o.hours!r} is none of {sorted(self.hours)}")
        occupations = {o.name for o in self.population.occupations}
        for s in self.population.segments:
            if unknown := set(s.occupations) - occupations:
                raise ValueError(f"segment {s.name}: occupations {sorted(unknown)} are none of {sorted(occupations)}")
        categories = {c.category for c in self.categories}
        for b in self.brands:
            if b.category not in categories:
                raise ValueError(f"brand {b.name}: category {b.category!r} is none of {sorted(categories)}")
        return self

    def __hash__(self) -> int:
        return hash((self.name, self.seed))

    @property
    def first(self) -> Month:
        return Month.parse(self.first_month)

    @property
    def last(self) -> Month | None:
        return Month.parse(self.last_month) if self.last_month else None

    def month(self, key: str) -> Month:
        """The month of a key, checked against the scenario's range.

        Raises
        ------
        ScenarioError
            If the month lies before ``first_month`` or after ``last_month``.
        """
        month = Month.parse(key)
        if month < self.first or (self.last is not None and month > self.last):
            until = f"to {self.last}" if self.last else "onwards"
            raise ScenarioError(f"scenario {self.name}: month {month} is outside its range, {self.first} {until}")
        return month

    @classmethod
    def load(cls, name: str) -> Scenario:
        """The scenario of that name, from the shipped folder or the one in FRAUD_ASSETS_SCENARIOS.

        Raises
        ------
        ScenarioError
            If there is none of that name, or if it is wrong.
        """
        folders = dict(_folders())
        if name not in folders:
            raise ScenarioError(
                f"scenario {name!r} does not exist; there are {', '.join(sorted(folders))}"
                f" (further folders: environment variable {EXTRA_SCENARIOS})"
            )
        return load_folder(folders[name])


def load_all() -> list[Scenario]:
    """Every scenario, shipped ones and those in FRAUD_ASSETS_SCENARIOS, by name."""
    return [load_folder(folder) for _, folder in sorted(_folders())]


@lru_cache(maxsize=64)
def _load_cached(folder: Path, _stamp: tuple[int, ...]) -> Scenario:
    try:
        document = _document(folder)
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        raise ScenarioError(_sentence(folder, error)) from None
    if scenario.name != folder.name:
        raise ScenarioError(
            f"scenario {folder.name}: {folder / 'scenario.yaml'}: name is {scenario.name!r};"
            f" it must be the folder's name, {folder.name!r}"
        )
    return scenario


def _document(folder: Path) -> dict[str, Any]:
    """The raw content of a folder laid over that of the scenario it extends, if any."""
    own = _yaml(folder / "scenario.yaml")
    base = own.pop("extends", None)
    if base is None:
        document: dict[str, Any] = {}
    elif (shipped := _SHIPPED / str(base)).is_dir():
        document = _document(shipped)
    else:
        raise ScenarioError(
            f"scenario {folder.name}: {folder / 'scenario.yaml'}: extends is {base!r}; it must be a shipped scenario"
        )
    for table in _TABLES:
        path = folder / f"{table}.csv"
        if path.exists() or base is None:
            document[table] = _rows(path)
    if (hours := folder / "hours.csv").exists() or base is None:
        document["hours"] = {row["profile"]: tuple(float(row[f"h{h:02d}"]) for h in range(24)) for row in _rows(hours)}
    return _laid_over(document, own)


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Sections are merged, everything else is replaced."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def load_folder(folder: Path) -> Scenario:
    """The scenario in a folder; read again only when one of its files has changed.

    Raises
    ------
    ScenarioError
        With file, field, value and what was allowed.
    """
    folders = (folder, *_SHIPPED.iterdir())  # a scenario may extend a shipped one
    stamp = tuple(p.stat().st_mtime_ns for f in folders if f.is_dir() for p in sorted(f.iterdir()) if p.is_file())
    return _load_cached(folder, stamp)


def _folders() -> Iterator[tuple[str, Path]]:
    roots = [_SHIPPED]
    if extra := os.environ.get(EXTRA_SCENARIOS):
        if not Path(extra).is_dir():
            raise ScenarioError(f"{EXTRA_SCENARIOS} is {extra!r}; it must be an existing folder of scenario folders")
        roots.append(Path(extra))
    for root in roots:
        for path in sorted(root.glob("*/scenario.yaml")):
            yield path.parent.name, path.parent


def _yaml(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ScenarioError(f"scenario {path.parent.name}: {path} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise ScenarioError(f"scenario {path.parent.name}: {path} must hold named sections")
    return document


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        raise ScenarioError(f"scenario {path.parent.name}: the table {path} is missing")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sentence(folder: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    table = str(first["loc"][0]) if first["loc"] else ""
    file = f"{table}.csv" if table in (*_TABLES, "hours") else "scenario.yaml"
    found = first["input"]
    value = f" is {found!r}" if isinstance(found, str | int | float | bool) else ""
    needed = first["msg"].removeprefix("Value error, ")
    if needed.startswith("Input "):  # pydantic's own sentences; ours may begin with a name
        needed = needed[0].lower() + needed[1:]
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"scenario {folder.name}: {folder / file}: {where or 'the file'}{value}; {needed}{more}"

"""A scenario: one bank, from one YAML file and the CSV tables beside it.

What lives here: the frozen pydantic models, the loader and its error sentences; it is the only reader of scenario
files. What does not: what the numbers do (simulation, features, detection) and the numbers themselves
(``scenario.yaml``).
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fraud_assets.months import Month

#: Environment variable that names a further folder of scenarios.
EXTRA_SCENARIOS = "FRAUD_ASSETS_SCENARIOS"
_TABLES = ("cities", "categories", "brands", "holidays")
_SHIPPED = Path(__file__).parent / "scenarios"

_EARLIEST, _LATEST = Month(1900, 1), Month(2199, 12)
_HOURS = tuple(f"h{hour:02d}" for hour in range(24))


class ScenarioError(ValueError):
    """A scenario that cannot be used: the sentence names file, field, value and what is allowed."""


def _ordered(numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    if list(numbers) != sorted(numbers):
        raise ValueError(f"{_plain(numbers)} must go from the lowest to the highest")
    return numbers


def _whole(shares: Any) -> Any:
    """Refuse shares of a whole that are more or less than the whole."""
    total = sum(shares.values() if isinstance(shares, Mapping) else shares)
    if abs(total - 1) > 1e-6:
        raise ValueError(f"the shares sum to {total:g}; they must sum to 1")
    return shares


def _month_key(key: str) -> str:
    if not _EARLIEST <= Month.parse(key) <= _LATEST:
        raise ValueError(f"month {key!r} must lie within {_EARLIEST} to {_LATEST}")
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
Levels = Annotated[tuple[Share, Share, Share], AfterValidator(_whole)]
MonthKey = Annotated[str, AfterValidator(_month_key)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class City(_Model):
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
    age: Range[Age]
    income_factor: Positive
    activity_factor: Positive
    savviness: Levels
    occupations: Annotated[dict[str, Share], AfterValidator(_whole)]


class IncomeBracket(_Model):
    name: str
    low: Positive
    high: Positive
    amount_factor: Positive

    @model_validator(mode="after")
    def _bounds(self) -> IncomeBracket:
        if self.high < self.low:
            raise ValueError(f"{self.name}: high {self.high:g} must not lie below low {self.low:g}")
        return self


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


class Activity(_Model):
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
    first_month: MonthKey | None = None
    skill: Levels
    never_reported: Share
    report_delay_median_days: Positive
    report_delay_sigma: Positive
    parameters: dict[str, float | int | tuple[float, float]]

    @field_validator("parameters")
    @classmethod
    def _ranges(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        for name, value in parameters.items():
            if isinstance(value, tuple) and value[0] > value[1]:
                raise ValueError(f"{name} {_plain(value)} must go from the lowest to the highest")
        return parameters


class Fraud(_Model):
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
        return types


class Accidents(_Model):
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
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    country: str
    currency: str
    first_month: MonthKey
    last_month: MonthKey | None = None
    limits: tuple[Positive, ...]  # amounts just below which people and criminals like to stay
    population: Population
    activity: Activity
    methods: tuple[Method, ...]
    devices: DeviceLife
    accidents: Accidents
    fraud: Fraud
    gates: Gates
    learning: Learning
    cities: Annotated[tuple[City, ...], Field(min_length=1)]
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    brands: tuple[Brand, ...]
    holidays: tuple[Holiday, ...]
    hours: dict[str, Annotated[tuple[float, ...], Field(min_length=24, max_length=24)]]  # profile -> weights

    @field_validator("hours")
    @classmethod
    def _weights(cls, hours: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for profile, weights in hours.items():
            if min(weights) < 0 or sum(weights) == 0:
                raise ValueError(f"profile {profile}: the weights must not be negative, and not all of them 0")
        return hours

    @model_validator(mode="after")
    def _consistent(self) -> Scenario:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"last_month {self.last} must not lie before first_month {self.first}")
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
        if not self.first <= month <= (self.last or _LATEST):
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
    elif base in (shipped := [path.parent.name for path in sorted(_SHIPPED.glob("*/scenario.yaml"))]):
        document = _document(_SHIPPED / base)
    else:
        raise ScenarioError(
            f"scenario {folder.name}: {folder / 'scenario.yaml'}: extends is {base!r};"
            f" it must be a shipped scenario, one of {', '.join(shipped)}"
        )
    for table in _TABLES:
        path = folder / f"{table}.csv"
        if path.exists() or base is None:
            document[table] = _rows(path)
    if (hours := folder / "hours.csv").exists() or base is None:
        document["hours"] = _profiles(hours)
    return _laid_over(document, own)


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Sections are merged, everything else is replaced; what is null above is taken out."""
    merged = dict(below)
    for name, value in above.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            old = merged.get(name)
            merged[name] = _laid_over(old if isinstance(old, dict) else {}, value)
        else:
            merged[name] = value
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
        document = yaml.safe_load(_text(path))
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a day such as 2024-02-31
        raise ScenarioError(f"scenario {path.parent.name}: {path} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise ScenarioError(f"scenario {path.parent.name}: {path} must hold named sections")
    return document


def _rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a table; a cell that a line lacks is None."""
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    try:
        rows = list(reader)
    except csv.Error as error:
        raise ScenarioError(f"scenario {path.parent.name}: {path}: line {reader.line_num}: {error}") from None
    for number, row in enumerate(rows, start=1):
        if None in row:  # where the reader keeps what is beyond the header
            raise ScenarioError(
                f"scenario {path.parent.name}: {path}: row {number} has more cells than the header,"
                f" which has {len(row) - 1}; quote a value with a comma in it"
            )
    return rows


def _profiles(path: Path) -> dict[str, tuple[Any, ...]]:
    """The 24 weights of each profile in hours.csv, as they stand there."""
    rows = _rows(path)
    if rows and (missing := [name for name in ("profile", *_HOURS) if name not in rows[0]]):
        raise ScenarioError(
            f"scenario {path.parent.name}: {path}: column {', '.join(missing)} is missing;"
            f" profile and {_HOURS[0]} to {_HOURS[-1]} are needed"
        )
    return {row["profile"]: tuple(row[hour] for hour in _HOURS) for row in rows}


def _text(path: Path) -> str:
    """The text of a file; spreadsheets put a byte order mark before it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        what = "table" if path.suffix == ".csv" else "file"
        raise ScenarioError(f"scenario {path.parent.name}: the {what} {path} is missing") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(
            f"scenario {path.parent.name}: {path} is not UTF-8 (byte {error.start}"
            f" is {error.object[error.start]:#04x}); save it as UTF-8"
        ) from None
    except OSError as error:
        raise ScenarioError(f"scenario {path.parent.name}: {path} cannot be read: {error.strerror}") from None


def _sentence(folder: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    table = str(first["loc"][0]) if first["loc"] else ""
    file = f"{table}.csv" if table in (*_TABLES, "hours") else "scenario.yaml"
    found = first["input"]
    is_short = isinstance(found, str | int | float | bool) or (isinstance(found, list) and len(found) <= 7)
    value = f" is {found!r}" if is_short else ""
    needed = first["msg"].removeprefix("Value error, ")
    if needed.startswith("Input "):  # pydantic's own sentences; ours may begin with a name
        needed = needed[0].lower() + needed[1:]
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"scenario {folder.name}: {folder / file}: {where or 'the file'}{value}; {needed}{more}"

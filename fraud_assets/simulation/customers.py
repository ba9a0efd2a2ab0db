"""Customers: who they are, what they like, and what of it the bank has on file.

What lives here: :class:`Traits`, everything the simulator knows about a customer, as a pure function of seed and index;
and the observed table of a month. What does not: what customers own (``devices.py``), what they like best
(``preferences.py``) and what they do (``spending.py``, ``logins.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import calendar
from fraud_assets.simulation.preferences import category_weights, method_weights
from fraud_assets.simulation.streams import F64, I64, UNIT, generator, hashed_uniforms, ids, keyed, normals, uniforms

SAVVINESS = ["low", "medium", "high"]
RISK = ["conservative", "moderate", "aggressive"]
GENDERS = ["F", "M", "X"]
KYC = ["verified", "pending", "expired"]
_AGE_GROUPS = ["16-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"]
_AGE_BOUNDS = [18, 25, 35, 45, 55, 65, 75]

_YEAR = 365.2425
_GENDER_SHARES = (0.505, 0.485)  # [D] Census 2020 adults; X [P]
_INCOME_SIGMA = 0.40  # [P] spread of the logarithm of income within an occupation
_OLDEST_ACCOUNT = 18.0  # [P] years; tenure is skewed to the young
#: [D] BLS Length of Pay Periods 2023: two pay days a month at the middle and end, or at the start; the rest anywhere.
_PAYDAYS = {1: 0.14, 5: 0.05, 10: 0.05, 15: 0.27, 20: 0.05, 25: 0.07, 31: 0.25}
#: Kilometres that homes spread around the centre of a city of 100,000; grows with the root of the population [P].
_CITY_RADIUS = 1.6
_VPN_BY_SAVVINESS = np.array([0.3, 0.9, 1.5])  # [P] relative to one another


@dataclass(frozen=True, eq=False)
class Traits:
    """What the simulator knows about the customers of some units: arrays with an entry a customer, in index order.

    Compared and hashed by identity; the arrays are read-only.
    """

    index: I64  # place in the bank's files, over all units
    customer_id: I64  # grows with index
    unit: I64
    registered_day: I64  # local day
    city: I64  # index into scenario.cities
    latitude: F64
    longitude: F64
    birth_day: I64
    gender: I64
    segment: I64
    occupation: I64
    bracket: I64
    annual_income: F64
    amount_factor: F64  # income bracket x cost of living; median about 1
    savviness: I64  # 0 low, 1 medium, 2 high
    risk: I64
    daily_rate: F64  # mean purchases a day, without recurring payments
    home_share: F64  # of purchases, in the home city
    known_share: F64  # of purchases, where the customer has bought before
    method_weights: F64  # (n, methods), rows sum to 1
    category_weights: F64  # (n, categories), the purchase categories of each method sum to 1
    preferred_categories: I64  # (n, favourites), the favourites of the first method first
    hours: I64  # index into sorted(scenario.hours)
    payday: I64  # 1..31
    bills: I64  # recurring payments a month
    address_id: I64
    household: I64  # index of the first member
    household_size: I64  # members in the whole unit, also those beyond the bank's last customer
    household_joined: I64  # local day on which the first of them joined
    p_burst: F64
    p_high: F64
    p_mistyped: F64
    vpn: npt.NDArray[np.bool_]


def units(scenario: Scenario) -> range:
    """All units of the bank."""
    return range(-(-scenario.population.customers // UNIT))


def traits(scenario: Scenario, units: Sequence[int]) -> Traits:
    """The customers of the units, in index order; the same however many customers the bank has.

    Raises
    ------
    ValueError
        If a unit lies beyond the bank's customers.
    """
    return _traits(scenario, tuple(int(u) for u in units))


class _Draws:
    """Column streams over whole units: all 256 places are drawn, so that adding customers changes nobody."""

    def __init__(self, seed: int, units: tuple[int, ...]) -> None:
        self._seed, self._units = seed, units
        self._counts = [UNIT] * len(units)

    def uniform(self, column: str, width: int = 1) -> F64:
        counts = [width * c for c in self._counts]
        drawn = uniforms(self._seed, f"customers.{column}", 0, self._units, counts)
        return drawn if width == 1 else drawn.reshape(-1, width)

    def normal(self, column: str, width: int = 1) -> F64:
        counts = [width * c for c in self._counts]
        drawn = normals(self._seed, f"customers.{column}", 0, self._units, counts)
        return drawn if width == 1 else drawn.reshape(-1, width)

    def beta(self, column: str, parameters: tuple[float, float]) -> F64:
        streams = (generator(self._seed, f"customers.{column}", 0, unit) for unit in self._units)
        return np.concatenate([rng.beta(*parameters, size=UNIT) for rng in streams])

    def gamma(self, column: str, shape: float) -> F64:
        streams = (generator(self._seed, f"customers.{column}", 0, unit) for unit in self._units)
        return np.concatenate([rng.standard_gamma(shape, size=UNIT) for rng in streams])


@lru_cache(maxsize=8)
def _traits(scenario: Scenario, units: tuple[int, ...]) -> Traits:
    people, activity, seed = scenario.population, scenario.activity, scenario.seed
    limit = -(-people.customers // UNIT)
    if any(not 0 <= unit < limit for unit in units):
        raise ValueError(f"scenario {scenario.name}: units {list(units)} are not all among its {limit} units of {UNIT}")
    draw = _Draws(seed, units)
    unit = np.repeat(np.array(units, dtype=np.int64), UNIT)
    place = np.tile(np.arange(UNIT), len(units))
    index = unit * UNIT + place
    start_day = calendar.day_number(scenario.first.start.date())

    segment = _chosen([s.share for s in people.segments], draw.uniform("segment"))
    youngest, oldest = np.array([s.age for s in people.segments]).T
    years = youngest[segment] + draw.uniform("age") * (oldest - youngest + 1)[segment]
    age = np.floor(years).astype(np.int64)
    birth_day = start_day - np.ceil(years * _YEAR).astype(np.int64)
    occupation = _occupations(scenario, segment, draw.uniform("occupation"))
    savviness = _by_row(np.array([s.savviness for s in people.segments])[segment], draw.uniform("savviness"))

    income = np.array([o.income for o in people.occupations])[occupation]
    income = income * np.array([s.income_factor for s in people.segments])[segment]
    lows = np.array([b.low for b in people.income_brackets])
    income = income * np.exp(_INCOME_SIGMA * draw.normal("income"))
    income = np.clip(np.rint(income / 100) * 100, lows[0], people.income_brackets[-1].high)
    bracket = np.searchsorted(lows, income, side="right") - 1

    head, size = _households(people.household_share, draw.uniform("household").reshape(-1, 4))
    population = [float(c.population) for c in scenario.cities]
    city = _chosen(population, draw.uniform("city"))[head]
    spread = draw.normal("home", 2)[head] * (_CITY_RADIUS * np.sqrt(np.array(population)[city] / 1e5))[:, None]
    latitude = np.array([c.latitude for c in scenario.cities])[city]
    longitude = np.array([c.longitude for c in scenario.cities])[city]
    longitude = longitude + spread[:, 1] / (111.32 * np.cos(np.radians(latitude)))
    latitude = latitude + spread[:, 0] / 110.57
    cost = np.array([c.cost_of_living for c in scenario.cities])[city]

    fewest, most = activity.bills
    bills = fewest + (draw.uniform("bills") * (most - fewest + 1)).astype(np.int64)
    methods = method_weights(scenario, savviness, age, draw.normal("methods", len(scenario.methods)))
    width = len(scenario.categories)
    categories, preferred = category_weights(
        scenario, savviness, draw.normal("taste", width), draw.uniform("favourites", width)
    )
    names = sorted(scenario.hours)
    vpn_share = _VPN_BY_SAVVINESS / (savviness_shares(scenario) @ _VPN_BY_SAVVINESS)
    registered_day = _registered(scenario, start_day, age, draw.uniform("joined"), draw.uniform("tenure"))
    household_joined = registered_day.copy()
    np.minimum.at(household_joined, head, registered_day)
    everyone = Traits(
        index=index,
        customer_id=1_000_000_000 + index * 4096 + (keyed(seed, "customer", index) % np.uint64(4096)).astype(np.int64),
        unit=unit,
        registered_day=registered_day,
        city=city,
        latitude=np.round(np.clip(latitude, -90, 90), 4),
        longitude=np.round((longitude + 180) % 360 - 180, 4),
        birth_day=birth_day,
        gender=np.searchsorted(np.cumsum(_GENDER_SHARES), draw.uniform("gender"), side="right"),
        segment=segment,
        occupation=occupation,
        bracket=bracket,
        annual_income=income,
        amount_factor=np.array([b.amount_factor for b in people.income_brackets])[bracket] * cost,
        savviness=savviness,
        risk=_risk(age, draw.uniform("risk")),
        daily_rate=_rates(scenario, draw, segment, bills),
        home_share=_between(people.home_share, draw.uniform("home_share")),
        known_share=_between(activity.repertoire_share, draw.uniform("known_share")),
        method_weights=methods,
        category_weights=categories,
        preferred_categories=preferred,
        hours=np.array([names.index(o.hours) for o in people.occupations], dtype=np.int64)[occupation],
        payday=_paydays(draw.uniform("payday")),
        bills=bills,
        address_id=ids(seed, "address", index[head]),
        household=index[head],
        household_size=size,
        household_joined=household_joined[head],
        p_burst=draw.beta("p_burst", scenario.accidents.burst),
        p_high=draw.beta("p_high", scenario.accidents.high_amount),
        p_mistyped=draw.beta("p_mistyped", scenario.accidents.mistyped),
        vpn=draw.uniform("vpn") < scenario.devices.vpn_share * vpn_share[savviness],
    )
    exists = index < people.customers
    arrays = {f.name: getattr(everyone, f.name)[exists] for f in fields(Traits)}
    for array in arrays.values():
        array.flags.writeable = False  # they are shared through the cache
    return Traits(**arrays)


def _between(bounds: tuple[float, float], u: F64) -> F64:
    return bounds[0] + (bounds[1] - bounds[0]) * u


def _chosen(weights: Sequence[float], u: F64) -> I64:
    """Indices drawn with the weights."""
    cumulative = np.cumsum(weights)
    return np.minimum(np.searchsorted(cumulative / cumulative[-1], u, side="right"), len(cumulative) - 1)


def _by_row(shares: F64, u: F64) -> I64:
    """An index for each row of shares."""
    cumulative = np.cumsum(shares, axis=1)
    passed: I64 = (u[:, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(axis=1)
    return passed


def _occupations(scenario: Scenario, segment: I64, u: F64) -> I64:
    people = scenario.population
    table = np.array([[s.occupations.get(o.name, 0.0) for o in people.occupations] for s in people.segments])
    return _by_row(table[segment], u)


def savviness_shares(scenario: Scenario) -> F64:
    """Shares of low, medium and high in the population."""
    segments = scenario.population.segments
    shares: F64 = np.array([s.share for s in segments]) @ np.array([s.savviness for s in segments])
    return shares


def _households(share: float, u: F64) -> tuple[I64, I64]:
    """Position of each customer's first household member, and the household's size.

    Customers live in rows of four; each but the first of a row joins the household of the one before with probability
    p. Then a share (3p - p**2) / 2 shares an address, which is solved for p.
    """
    p = (3 - np.sqrt(9 - 8 * share)) / 2
    starts = u >= p
    starts[:, 0] = True
    number = np.cumsum(starts.ravel()) - 1
    head = np.flatnonzero(starts.ravel())[number]
    return head, np.bincount(number)[number]


def _registered(scenario: Scenario, start_day: int, age: I64, joined: F64, tenure: F64) -> I64:
    """Local day of joining: before the start (more of them lately, nobody under 16), or in the joining months."""
    people = scenario.population
    years = np.minimum(_OLDEST_ACCOUNT * tenure**2, np.maximum(age - 16, 0))
    before = start_day - 1 - np.floor(years * _YEAR).astype(np.int64)
    window = calendar.month_days(scenario.first + (people.joining_months - 1))[1] - start_day
    after = start_day + np.floor(tenure * window).astype(np.int64)
    return np.where(joined < people.joined_before_start, before, after)


def _risk(age: I64, u: F64) -> I64:
    """Risk profile; the young are bolder [P]."""
    bold = np.clip(0.42 - 0.0055 * age, 0.05, 0.35)
    careful = np.clip(0.10 + 0.007 * (age - 18), 0.12, 0.55)
    return np.where(u < careful, 0, np.where(u < 1 - bold, 1, 2))


def _paydays(u: F64) -> I64:
    """Day of the month on which the salary arrives."""
    usual = np.array(list(_PAYDAYS))
    edges = np.cumsum(list(_PAYDAYS.values()))
    other = 1 + np.floor((u - edges[-1]) / (1 - edges[-1]) * 28).astype(np.int64)
    return np.where(u < edges[-1], usual[np.minimum(np.searchsorted(edges, u, side="right"), len(usual) - 1)], other)


def _rates(scenario: Scenario, draw: _Draws, segment: I64, bills: I64) -> F64:
    """Mean purchases a day.

    ``daily_mean`` speaks of all transactions: bills and a salary and a half a month are taken off. A segment's activity
    factor f turns a uniform place u between its bounds into u**(1/f), so that nobody leaves them. ``gamma_mean`` speaks
    of purchases alone; its tail would not bear a subtraction.
    """
    activity, people = scenario.activity, scenario.population
    factor = np.array([s.activity_factor for s in people.segments])
    if activity.daily_mean is not None:
        rate = _between(activity.daily_mean, draw.uniform("rate") ** (1 / factor[segment]))
        rate = np.maximum(rate - (bills + 1.5) / 30.44, 0.1 * rate)
    else:
        shape = (activity.gamma_cv or 1.0) ** -2
        mean_factor = float(np.dot(factor, [s.share for s in people.segments]))
        rate = (activity.gamma_mean or 0.0) / shape * draw.gamma("rate", shape) * factor[segment] / mean_factor
    return rate / calendar.mean_factor(scenario)


def joined_us(scenario: Scenario, city: I64, registered_day: I64) -> I64:
    """Instant at which the local day of joining begins, UTC microseconds."""
    local = registered_day * calendar.DAY_US
    return local - calendar.utc_offset_minutes(scenario, city, local) * 60_000_000


def customers_frame(scenario: Scenario, month: Month, units: Sequence[int]) -> pl.DataFrame:
    """The month's customers as the bank knows them.

    Returns
    -------
    A frame of :class:`fraud_assets.tables.Customers`, sorted by customer_id: those of the units whose local day of
    joining began before the end of the month.
    """
    t = traits(scenario, units)
    rows = np.flatnonzero(joined_us(scenario, t.city, t.registered_day) < calendar.microseconds(month.end))
    age = _ages(t.birth_day[rows], month)
    people, cities = scenario.population, scenario.cities
    city = t.city[rows]
    daily, single, credit = _limits(scenario, t, rows)

    def pick(values: Sequence[object], positions: I64) -> pl.Series:
        return pl.Series(values).gather(positions)

    columns: dict[str, object] = {
        "customer_id": t.customer_id[rows],
        "registered_at": pl.Series(t.registered_day[rows].astype(np.int32)).cast(pl.Date),
        "age": age,
        "age_group": pick(_AGE_GROUPS, np.searchsorted(_AGE_BOUNDS, age, side="right")),
        "gender": pick(GENDERS, t.gender[rows]),
        "occupation": pick([o.name for o in people.occupations], t.occupation[rows]),
        "income_bracket": pick([b.name for b in people.income_brackets], t.bracket[rows]),
        "annual_income": t.annual_income[rows],
        "segment": pick([s.name for s in people.segments], t.segment[rows]),
        "home_city": pick([c.city for c in cities], city),
        "home_state": pick([c.state for c in cities], city),
        "home_country": pick([c.country for c in cities], city),
        "home_latitude": t.latitude[rows],
        "home_longitude": t.longitude[rows],
        "city_tier": pick([c.tier for c in cities], city),
        "time_zone": pick([c.time_zone for c in cities], city),
        "address_id": t.address_id[rows],
        "digital_savviness": pick(SAVVINESS, t.savviness[rows]),
        "risk_profile": pick(RISK, t.risk[rows]),
        "preferred_hours": pick(_busiest_hours(scenario), t.hours[rows]),
        "preferred_categories": _joined([c.category for c in scenario.categories], t.preferred_categories[rows]),
        "preferred_methods": _joined(
            [m.name for m in scenario.methods], np.argsort(-t.method_weights[rows], axis=1, kind="stable")[:, :2]
        ),
        "kyc_status": pick(KYC, _kyc(scenario, t, rows, month)),
        "daily_limit": daily,
        "transaction_limit": single,
        "credit_limit": credit,
        "payday": t.payday[rows],
    }
    return tables.conform(pl.DataFrame(columns), tables.Customers)


def _ages(birth_day: I64, month: Month) -> I64:
    """Completed years on the first of the month, by birthdays."""
    born = birth_day.astype("datetime64[D]")
    months = born.astype("datetime64[M]")
    later_than_first = (born - months.astype("datetime64[D]")).astype(np.int64) > 0
    started = month.index - 1970 * 12 - months.astype(np.int64)
    ages: I64 = (started - later_than_first) // 12
    return ages


def _joined(names: list[str], positions: I64) -> pl.Series:
    """The names at each row's positions, separated by ;."""
    series = pl.Series(names)
    parts = [series.gather(positions[:, k]).alias(str(k)) for k in range(positions.shape[1])]
    return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator=";")).to_series()


@lru_cache(maxsize=16)
def _busiest_hours(scenario: Scenario) -> list[str]:
    """The four hours of most activity of each profile, for example 17-21."""
    names = []
    for name in sorted(scenario.hours):
        weights = np.array(scenario.hours[name])
        first = int(np.argmax(np.convolve(weights, np.ones(4), mode="valid")))
        names.append(f"{first}-{first + 4}")
    return names


def _kyc(scenario: Scenario, t: Traits, rows: I64, month: Month) -> I64:
    """Identity check: pending in the month of joining, expired for two months every six years and then pending [P]."""
    phase = (keyed(scenario.seed, "kyc", t.index[rows]) % np.uint64(72)).astype(np.int64)
    age = (month.index + phase) % 72
    expired = age < 2
    joined = t.registered_day[rows] >= calendar.month_days(month)[0]
    return np.where(expired, 2, np.where((age == 2) | joined, 1, 0))


def _limits(scenario: Scenario, t: Traits, rows: I64) -> tuple[F64, F64, F64]:
    """Daily and single-payment limit and credit line [P]: steps that grow with income, and a bank officer's mood."""
    largest = max(m.normal_maximum for m in scenario.methods)
    mood = hashed_uniforms(scenario.seed, "limits", t.index[rows])
    factor = t.amount_factor[rows]
    step = 10.0 ** np.floor(np.log10(largest / 2))
    single = np.maximum(1, np.rint(largest * factor * (1.5 + mood) / step)) * step
    daily = single * np.where(mood < 0.5, 2, 3)
    credit = np.maximum(1, np.rint(t.annual_income[rows] * (0.08 + 0.25 * mood) / step)) * step
    return daily, single, credit

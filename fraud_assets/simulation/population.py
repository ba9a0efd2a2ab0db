"""The laws of a population: how many live where and with whom, when they joined, how often they pay.

What lives here: the draws behind :class:`fraud_assets.simulation.traits.Traits`, column by column, each a function
of uniform or normal numbers. What does not: how the columns are put together (``traits.py``) and what people prefer
(``preferences.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from fraud_assets.scenario import Scenario
from fraud_assets.simulation import calendar
from fraud_assets.simulation.streams import F64, I64, UNIT, Bools, generator, normals, uniforms

YEAR = 365.2425
_INCOME_SIGMA = 0.40  # [P] spread of the logarithm of income within an occupation
_OLDEST_ACCOUNT = 18.0  # [P] years; tenure is skewed to the young
#: Kilometres that homes spread around the centre of a city of 100,000; grows with the root of the population [P].
_CITY_RADIUS = 1.6
#: [P] Part of the range of daily means at either end in which nobody is placed: a month's chance would carry them out.
_MARGIN = 0.08
_VPN_BY_SAVVINESS = np.array([0.3, 0.9, 1.5])  # [P] relative to one another


class Draws:
    """Column streams over whole units: all 256 places are drawn, so that adding customers changes nobody.

    Without a width a draw is a number for each place, shape (n,), else a row of so many, shape (n, width).
    """

    def __init__(self, seed: int, units: tuple[int, ...]) -> None:
        self._seed = seed
        self._segments = [(0, unit) for unit in units]
        self._counts = [UNIT] * len(units)

    def uniform(self, column: str, width: int | None = None) -> F64:
        counts = [(width or 1) * c for c in self._counts]
        drawn = uniforms(self._seed, f"customers.{column}", self._segments, counts)
        return drawn if width is None else drawn.reshape(-1, width)

    def normal(self, column: str, width: int | None = None) -> F64:
        counts = [(width or 1) * c for c in self._counts]
        drawn = normals(self._seed, f"customers.{column}", self._segments, counts)
        return drawn if width is None else drawn.reshape(-1, width)

    def beta(self, column: str, parameters: tuple[float, float]) -> F64:
        streams = (generator(self._seed, f"customers.{column}", *segment) for segment in self._segments)
        return np.concatenate([rng.beta(*parameters, size=UNIT) for rng in streams])

    def gamma(self, column: str, shape: float) -> F64:
        streams = (generator(self._seed, f"customers.{column}", *segment) for segment in self._segments)
        return np.concatenate([rng.standard_gamma(shape, size=UNIT) for rng in streams])


def between(bounds: tuple[float, float], u: F64) -> F64:
    """Uniform numbers between the bounds."""
    return bounds[0] + (bounds[1] - bounds[0]) * u


def drawn(weights: Sequence[float], u: F64) -> I64:
    """Indices drawn with the weights."""
    cumulative = np.cumsum(weights)
    return np.minimum(np.searchsorted(cumulative / cumulative[-1], u, side="right"), len(cumulative) - 1)


def by_row(shares: F64, u: F64) -> I64:
    """An index for each row of shares."""
    cumulative = np.cumsum(shares, axis=1)
    passed: I64 = (u[:, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(axis=1)
    return passed


def occupations(scenario: Scenario, segment: I64, age: I64, u: F64) -> I64:
    """One of the segment's occupations that people of the age have."""
    people = scenario.population
    table = np.array([[s.occupations.get(o.name, 0.0) for o in people.occupations] for s in people.segments])
    youngest, oldest = np.array([o.age for o in people.occupations]).T
    return by_row(table[segment] * ((youngest <= age[:, None]) & (age[:, None] <= oldest)), u)


def savviness_shares(scenario: Scenario) -> F64:
    """Shares of low, medium and high in the population."""
    segments = scenario.population.segments
    shares: F64 = np.array([s.share for s in segments]) @ np.array([s.savviness for s in segments])
    return shares


def households(share: float, u: F64, alone: Bools) -> tuple[I64, I64]:
    """Position of each customer's first household member, and the household's size.

    Customers live in rows of four; each but the first of a row joins the household of the one before with probability
    p. Then a share (3p - p**2) / 2 shares an address, which is solved for p. Who is ``alone`` lives in no household.
    """
    p = (3 - np.sqrt(9 - 8 * share)) / 2
    starts = u >= p
    starts |= alone.reshape(starts.shape)
    starts[:, 1:] |= alone.reshape(starts.shape)[:, :-1]
    starts[:, 0] = True
    number = np.cumsum(starts.ravel()) - 1
    head = np.flatnonzero(starts.ravel())[number]
    return head, np.bincount(number)[number]


def registration_days(scenario: Scenario, start_day: int, age: I64, joined: F64, tenure: F64) -> I64:
    """Local day of joining: before the start (more of them lately, nobody under 16), or in the joining months."""
    people = scenario.population
    years = np.minimum(_OLDEST_ACCOUNT * tenure**2, np.maximum(age - 16, 0))
    before = start_day - 1 - np.floor(years * YEAR).astype(np.int64)
    window = calendar.month_days(scenario.first + (people.joining_months - 1))[1] - start_day
    after = start_day + np.floor(tenure * window).astype(np.int64)
    return np.where(joined < people.joined_before_start, before, after)


def risk_profiles(age: I64, u: F64) -> I64:
    """Risk profile; the young are bolder [P]."""
    bold = np.clip(0.42 - 0.0055 * age, 0.05, 0.35)
    careful = np.clip(0.10 + 0.007 * (age - 18), 0.12, 0.55)
    return np.where(u < careful, 0, np.where(u < 1 - bold, 1, 2))


def paydays(scenario: Scenario, u: F64) -> I64:
    """Day of the month on which the salary arrives: one of the usual ones, or any up to the 28th."""
    shares = scenario.population.paydays
    days, edges = np.array([*shares, 0]), np.cumsum([*shares.values(), 0.0])
    usual = min(1.0, edges[-1])
    other = 1 + np.floor((u - usual) / max(1 - usual, 1e-12) * 28).astype(np.int64)
    return np.where(u < usual, days[np.minimum(np.searchsorted(edges, u, side="right"), len(days) - 1)], other)


def daily_rates(scenario: Scenario, draw: Draws, segment: I64, bills: I64) -> F64:
    """Mean purchases a day.

    ``daily_mean`` speaks of all transactions: bills and a salary and a half a month are taken off. A segment's activity
    factor f turns a uniform place u between its bounds into u**(1/f), so that nobody leaves them. ``gamma_mean`` speaks
    of purchases alone; its tail would not bear a subtraction. ``gamma_cv`` is the variation of all customers, so the
    Gamma factor has what the segments leave of it.
    """
    activity, people = scenario.activity, scenario.population
    factor = np.array([s.activity_factor for s in people.segments])
    if activity.daily_mean is not None:
        place = _MARGIN + (1 - 2 * _MARGIN) * draw.uniform("rate") ** (1 / factor[segment])
        rate = between(activity.daily_mean, place)
        rate = np.maximum(rate - (bills + 1.5) / 30.44, 0.1 * rate)
    else:
        shares = [s.share for s in people.segments]
        mean_factor = float(np.dot(factor, shares))
        between_segments = float(np.dot(factor**2, shares)) / mean_factor**2  # 1 + its squared variation
        shape = 1 / max((1 + (activity.gamma_cv or 1.0) ** 2) / between_segments - 1, 0.01)
        rate = (activity.gamma_mean or 0.0) / shape * draw.gamma("rate", shape) * factor[segment] / mean_factor
    return rate / calendar.mean_factor(scenario)


def genders(scenario: Scenario, occupation: I64, u: F64) -> I64:
    """0 female, 1 male, 2 neither; women by occupation, where the scenario says how many there are in some."""
    shares = scenario.population.genders
    if all(o.women is None for o in scenario.population.occupations):
        return drawn([shares.get("F", 0.0), shares.get("M", 0.0), shares.get("X", 0.0)], u)
    either = shares.get("F", 0.0) + shares.get("M", 0.0)
    women = either * _women(scenario)[occupation]
    return (u >= women).astype(np.int64) + (u >= either)


@lru_cache(maxsize=16)
def _women(scenario: Scenario) -> F64:
    """Share of women among the women and men of each occupation, such that overall they are as many as asked."""
    people = scenario.population
    female, male = people.genders.get("F", 0.0), people.genders.get("M", 0.0)
    overall = female / max(female + male, 1e-12)
    if not 0 < overall < 1:
        return np.full(len(people.occupations), overall)
    said = np.array([overall if o.women is None else o.women for o in people.occupations])
    size = occupation_shares(scenario)
    odds = np.log(said / (1 - said))
    low, high = -60.0, 60.0
    for _ in range(80):  # halving: the sum grows with the shift
        shift = (low + high) / 2
        low, high = (shift, high) if size @ expit(odds + shift) < overall else (low, shift)
    found: F64 = expit(odds + low)
    return found


def occupation_shares(scenario: Scenario) -> F64:
    """Shares of the occupations in the population."""
    total = np.zeros(len(scenario.population.occupations))
    for s in scenario.population.segments:
        ages = range(s.age[0], s.age[1] + 1)
        for age in ages:
            own = np.array([s.occupations.get(o.name, 0.0) * o.has(age) for o in scenario.population.occupations])
            total += s.share / len(ages) * own / own.sum()
    return total


def incomes(scenario: Scenario, segment: I64, occupation: I64, z: F64) -> tuple[F64, I64]:
    """Yearly income, lognormal about the occupation's median times the segment's factor, and its bracket."""
    people = scenario.population
    income = np.array([o.income for o in people.occupations])[occupation]
    income = income * np.array([s.income_factor for s in people.segments])[segment] * np.exp(_INCOME_SIGMA * z)
    lows = np.array([b.low for b in people.income_brackets])
    income = np.clip(np.rint(income / 100) * 100, lows[0], people.income_brackets[-1].high)
    return income, np.searchsorted(lows, income, side="right") - 1


def homes(scenario: Scenario, city: I64, z: F64) -> tuple[F64, F64]:
    """Latitude and longitude of homes, spread around the centres of their cities; ``z`` has shape (n, 2)."""
    population = np.array([c.population for c in scenario.cities])[city]
    north, east = (z * (_CITY_RADIUS * np.sqrt(population / 1e5))[:, None]).T
    latitude = np.array([c.latitude for c in scenario.cities])[city]
    longitude = np.array([c.longitude for c in scenario.cities])[city] + east / (111.32 * np.cos(np.radians(latitude)))
    return np.round(np.clip(latitude + north / 110.57, -90, 90), 4), np.round((longitude + 180) % 360 - 180, 4)


def vpn_habits(scenario: Scenario, savviness: I64, u: F64) -> npt.NDArray[np.bool_]:
    """Who uses a VPN habitually; the savvy more, with the scenario's share overall."""
    relative = _VPN_BY_SAVVINESS / (savviness_shares(scenario) @ _VPN_BY_SAVVINESS)
    habitual: npt.NDArray[np.bool_] = u < scenario.devices.vpn_share * relative[savviness]
    return habitual

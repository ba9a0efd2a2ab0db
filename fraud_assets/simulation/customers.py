"""Customers: what the bank has on file of those who have joined.

What lives here: the observed table of a month. What does not: who they are (``traits.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import polars as pl

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import calendar, clocks
from fraud_assets.simulation.kyc import limits
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms, keyed
from fraud_assets.simulation.traits import GENDERS, Traits, joined_us, traits

SAVVINESS = ["low", "medium", "high"]
RISK = ["conservative", "moderate", "aggressive"]
LOYALTY = ["low", "medium", "high"]
KYC = ["verified", "pending", "expired"]
_AGE_GROUPS = ["16-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"]
_AGE_BOUNDS = [18, 25, 35, 45, 55, 65, 75]


def customers_frame(scenario: Scenario, month: Month, units: Sequence[int]) -> pl.DataFrame:
    """The month's customers as the bank knows them.

    Returns
    -------
    A frame of :class:`fraud_assets.tables.Customers`, sorted by customer_id: those of the units whose local day of
    joining began before the end of the month.
    """
    t = traits(scenario, units)
    rows = np.flatnonzero(joined_us(scenario, t.city, t.registered_day) < clocks.microseconds(month.end))
    age = _ages(t.birth_day[rows], month)
    people, cities = scenario.population, scenario.cities
    city = t.city[rows]
    daily, single, credit = _limits(scenario, t, rows)

    def pick(values: Sequence[object], positions: I64) -> pl.Series:
        return pl.Series(values)[positions]

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
        "merchant_loyalty": pick(LOYALTY, _loyalty(scenario, t, rows)),
        "preferred_hours": pick(_busiest_hours(scenario), t.hours[rows]),
        "preferred_categories": _joined([c.category for c in scenario.categories], t.preferred_categories[rows]),
        "preferred_methods": _joined(
            [m.name for m in scenario.methods], np.argsort(-t.method_weights[rows], axis=1, kind="stable")[:, :2]
        ),
        "kyc_status": pick(KYC, _kyc(scenario, t, rows, month)),
        "kyc_level": pick([level.name for level in people.kyc_levels], t.kyc_level[rows]),
        "daily_limit": daily,
        "transaction_limit": single,
        "credit_limit": credit,
        "payday": t.payday[rows],
    }
    return tables.conform(pl.DataFrame(columns), tables.Customers)


def credit_lines(scenario: Scenario, t: Traits) -> F64:
    """Credit line of each customer, major units."""
    return _limits(scenario, t, np.arange(len(t.index)))[2]


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
    if not positions.shape[1]:
        return pl.Series([""]).new_from_index(0, len(positions))
    parts = [series[positions[:, k]].alias(str(k)) for k in range(positions.shape[1])]
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


def _loyalty(scenario: Scenario, t: Traits, rows: I64) -> I64:
    """What the bank takes the customer's loyalty to merchants for: the truth in thirds, seen dimly [P]."""
    low, high = scenario.activity.repertoire_share
    true = (t.known_share[rows] - low) / max(high - low, 1e-9)
    seen = true + 0.5 * (hashed_uniforms(scenario.seed, "loyalty", t.index[rows]) - 0.5)
    return np.clip(np.floor(3 * seen), 0, 2).astype(np.int64)


def _kyc(scenario: Scenario, t: Traits, rows: I64, month: Month) -> I64:
    """Identity check: pending without papers and in the month of joining, expired for two months every six years and
    then pending [P].
    """
    phase = (keyed(scenario.seed, "kyc", t.index[rows]) % np.uint64(72)).astype(np.int64)
    age = (month.index + phase) % 72
    expired = age < 2
    joined = t.registered_day[rows] >= calendar.month_days(month)[0]
    verified = np.array([level.verified for level in scenario.population.kyc_levels])[t.kyc_level[rows]]
    return np.where(~verified, 1, np.where(expired, 2, np.where((age == 2) | joined, 1, 0)))


def _limits(scenario: Scenario, t: Traits, rows: I64) -> tuple[F64, F64, F64]:
    """Daily and single-payment limit and credit line [P]: steps that grow with income, and a bank officer's mood."""
    largest = max(m.normal_maximum for m in scenario.methods)
    mood = hashed_uniforms(scenario.seed, "limits", t.index[rows])
    factor = t.amount_factor[rows]
    step = 10.0 ** np.floor(np.log10(largest / 2))
    single = np.maximum(1, np.rint(largest * factor * (1.5 + mood) / step)) * step
    single = np.minimum(single, limits(scenario)[t.kyc_level[rows]])
    daily = single * np.where(mood < 0.5, 2, 3)
    step = scenario.population.credit_step or step
    credit = np.maximum(1, np.rint(t.annual_income[rows] * (0.08 + 0.25 * mood) / step)) * step
    return daily, single, credit

"""The planner: who does what, when, to whom. A pure plan, drawn before any row.

Each fraud type gets a share of the bank's fraud budget (a number of rows a month); its family says how many rows one
campaign makes, so the number of campaigns follows. A campaign is planned in the month in which it starts and is a
function of the seed, its type, that month and its number there; campaigns of earlier months that are still alive are
planned again.
"""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.codes import SKILLS
from fraud_assets.months import Month
from fraud_assets.scenario import CampaignType, Scenario
from fraud_assets.simulation.fraud.accounts import registered_day
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.intents import DAY, NONE
from fraud_assets.simulation.streams import F64, I64, hashed_uniform_rows, hashed_uniforms, ids
from fraud_assets.tables import FraudCampaigns, conform

I32 = npt.NDArray[np.int32]
#: Ledger rows a purchase, with what follows from it and with recurring ones [D, measured].
_ROWS_A_PURCHASE = 1.07
#: How far the mix of skills and the middle of a parameter move within two years, as shares of what they are [P].
_SKILL_DRIFT, _PARAMETER_DRIFT = 0.10, 0.15


@lru_cache(maxsize=256)
def budget(scenario: Scenario, month: Month) -> float:
    """Fraud rows that the scenario asks for in a month; the rate moves by +-``monthly_variation``."""
    activity, people = scenario.activity, scenario.population
    daily = sum(activity.daily_mean) / 2 if activity.daily_mean else float(activity.gamma_mean or 0)
    swing = 2 * float(hashed_uniforms(scenario.seed, "fraud.month", month.index)[0]) - 1
    rate = scenario.fraud.rate * (1 + scenario.fraud.monthly_variation * swing)
    since = (month.index - scenario.first.index) / people.joining_months
    joined = people.joined_before_start + (1 - people.joined_before_start) * min(1.0, max(0.0, since))
    return rate * people.customers * joined * daily * month.days * _ROWS_A_PURCHASE


@lru_cache(maxsize=2048)
def campaigns_from(scenario: Scenario, fraud_type: str, month: Month) -> Plan:
    """The campaigns of a type that start in the month."""
    kind = scenario.fraud.types[fraud_type].as_of(str(month))
    family = FAMILIES[kind.family]
    if kind.first_month is not None and month < Month.parse(kind.first_month):
        wanted = 0.0
    else:
        wanted = budget(scenario, month) * kind.share / family.rows_per_campaign(kind)
    spare = float(hashed_uniforms(scenario.seed, f"fraud.{fraud_type}.count", month.index)[0])
    nth = np.arange(int(wanted + spare))

    ranges = {name: bounds for name, bounds in kind.parameters.items() if isinstance(bounds, tuple)}
    own, of_ranges = ("skill", "actor", "start", "follows", "parent"), [f"parameter.{name}" for name in ranges]
    salts = [*own, *of_ranges]
    draws = hashed_uniform_rows(scenario.seed, [f"fraud.{fraud_type}.{salt}" for salt in salts], month.index, nth)
    u_skill, u_actor, u_start, u_follows, u_parent = draws[: len(own)]
    low, mid, _ = kind.skill
    low *= 1 - _SKILL_DRIFT * _season(month)
    skill = np.searchsorted([low, low + mid], u_skill, side="right").astype(np.int64)
    actor_number = (u_actor**1.5 * scenario.fraud.actors).astype(np.int64)  # a few actors do most of the work
    values = dict(zip(ranges, _between(list(ranges.values()), draws[len(own) :], month), strict=True))
    values |= {name: np.full(len(nth), float(v)) for name, v in kind.parameters.items() if not isinstance(v, tuple)}
    starts = _us(month) + (u_start * month.days * DAY).astype(np.int64) // 1000 * 1000
    parent_id, parents_actor, after = _parents(scenario, kind, month, u_follows, u_parent)
    actor = ids(scenario.seed, "fraud.actor", actor_number)
    starts = np.maximum(starts, after)
    size = family.size(values)
    return Plan(
        fraud_type=fraud_type,
        kind=kind,
        month=month,
        campaign_id=ids(scenario.seed, f"fraud.{fraud_type}.campaign", month.index, nth),
        parent_id=parent_id,
        actor=np.where((parent_id != NONE) & kind.same_actor, parents_actor, actor),
        starts_us=starts,
        ends_us=starts + np.rint(family.life_hours(values) * 3_600_000).astype(np.int64) * 1000,
        skill=skill,
        victims=np.minimum(size, scenario.population.customers),
        planned_rows=np.rint(size * family.rows_per_victim(values)).astype(np.int64),
        values=values,
    )


def _parents(scenario: Scenario, kind: CampaignType, month: Month, follows: F64, which: F64) -> tuple[I64, I64, I64]:
    """Campaigns whose accounts are used again (``NONE`` for most), who ran them, and the earliest instants of that.

    A parent is one of those that started in the month before, or in this month before its 21st day.
    """
    none, always = np.full(len(follows), NONE), np.zeros(len(follows), dtype=np.int64)
    if kind.follows is None or not len(follows):
        return none, none, always
    plans = [campaigns_from(scenario, kind.follows, month - 1), campaigns_from(scenario, kind.follows, month)]
    early = [plan.starts_us < _us(month) + 20 * DAY for plan in plans]
    campaign_id, actor, starts = (
        np.concatenate([getattr(plan, column)[e] for plan, e in zip(plans, early, strict=True)])
        for column in ("campaign_id", "actor", "starts_us")
    )
    if not len(campaign_id):
        return none, none, always
    chosen = (which * len(campaign_id)).astype(np.int64)
    child = follows < kind.follow_share
    return np.where(child, campaign_id[chosen], NONE), actor[chosen], np.where(child, starts[chosen] + DAY, 0)


def alive(scenario: Scenario, month: Month) -> list[Plan]:
    """The plans, by type and month of start, that may have rows in the month."""
    plans = []
    for name, kind in sorted(scenario.fraud.types.items()):
        months = FAMILIES[kind.family].months(kind)
        plans += [campaigns_from(scenario, name, start) for start in [*month.back(months), month]]
    return [plan for plan in plans if len(plan)]


def campaign_ends(scenario: Scenario, fraud_type: str, first: Month, last: Month) -> tuple[I64, I64]:
    """Ids, in order, and ends of the campaigns of a type that may have rows in the months from first to last."""
    kind = scenario.fraud.types[fraud_type]
    reach = FAMILIES[kind.family].months(kind)
    plans = [
        campaigns_from(scenario, fraud_type, month) for month in [*last.back(last.index - first.index + reach), last]
    ]
    campaign_id = np.concatenate([plan.campaign_id for plan in plans])
    order = np.argsort(campaign_id)
    return campaign_id[order], np.concatenate([plan.ends_us for plan in plans])[order]


def victims(scenario: Scenario, plan: Plan, first_index: int, last_index: int) -> Victims:
    """The victims among the customers ``first_index <= index < last_index``.

    Memory grows with all victims of the plan (a share of the fraud budget), not with ledger rows.
    """
    index, campaign, nth = _victims(scenario, plan.fraud_type, plan.month)
    low, high = np.searchsorted(index, [first_index, last_index])
    here = slice(int(low), int(high))
    order = np.lexsort((nth[here], campaign[here]))
    return Victims(*(part[here][order].astype(np.int64) for part in (campaign, index, nth)))


@lru_cache(maxsize=2048)
def _victims(scenario: Scenario, fraud_type: str, month: Month) -> tuple[I32, I32, I32]:
    """Index, campaign and place of all victims, sorted by index: found once for all chunks."""
    plan = campaigns_from(scenario, fraud_type, month)
    campaign = np.repeat(np.arange(len(plan)), plan.victims)
    nth = np.arange(len(campaign)) - np.repeat(np.cumsum(plan.victims) - plan.victims, plan.victims)
    index = FAMILIES[plan.kind.family].accounts(scenario, plan, campaign, nth)
    child = plan.parent_id[campaign] != NONE
    if child.any() and plan.kind.follows is not None:
        index[child] = _inherited(scenario, plan, plan.kind.follows, campaign[child], nth[child], index[child])
    there = _registered_us(scenario)[index] < plan.starts_us[campaign]
    campaign, nth, index = campaign[there], nth[there], index[there]
    # Nobody is a victim of one campaign twice: the first place counts.
    pair = campaign * np.int64(scenario.population.customers) + index
    _, first = np.unique(pair, return_index=True)
    first = first[np.argsort(index[first], kind="stable")]
    return index[first].astype(np.int32), campaign[first].astype(np.int32), nth[first].astype(np.int32)


def _inherited(scenario: Scenario, plan: Plan, parent_type: str, campaign: I64, nth: I64, index: I64) -> I64:
    """Accounts from the parents' own, each parent's taken in a row from some place on; ``index`` where it has none."""
    inherited = index.copy()
    for start in (plan.month - 1, plan.month):
        parent = campaigns_from(scenario, parent_type, start)
        theirs, of, _ = _victims(scenario, parent_type, start)
        order = np.argsort(of, kind="stable")
        theirs, count = theirs[order], np.bincount(of, minlength=len(parent))
        begin = np.cumsum(count) - count
        position = {int(number): place for place, number in enumerate(parent.campaign_id)}  # campaigns, not rows
        place = np.array([position.get(int(number), -1) for number in plan.parent_id])[campaign]
        rows = np.flatnonzero(place >= 0)
        rows = rows[count[place[rows]] > 0]
        first = (hashed_uniforms(scenario.seed, "fraud.inherited", plan.campaign_id[campaign[rows]]) * 1e6).astype(
            np.int64
        )
        inherited[rows] = theirs[begin[place[rows]] + (first + nth[rows]) % count[place[rows]]]
    return inherited


@lru_cache(maxsize=4)
def _registered_us(scenario: Scenario) -> I64:
    """Instant from which each customer can be a victim, UTC microseconds; shape (customers,), the one array of all."""
    if scenario.population.joined_before_start == 1:
        return np.zeros(scenario.population.customers, dtype=np.int64)
    return registered_day(scenario) * DAY + DAY


def campaigns_frame(scenario: Scenario, month: Month) -> pl.DataFrame:
    """The table of campaigns alive in the month, sorted by start; columns of :class:`FraudCampaigns`."""
    first, last = _us(month), _us(month + 1)
    plans = alive(scenario, month)
    if not plans:
        return pl.DataFrame(schema=_schema())
    lives = [np.flatnonzero((plan.starts_us < last) & (plan.ends_us > first)) for plan in plans]

    def of(column: str) -> I64:
        return np.concatenate([getattr(plan, column)[those] for plan, those in zip(plans, lives, strict=True)])

    parameters = [
        json.dumps({name: round(float(v[c]), 4) for name, v in sorted(plan.values.items())})
        for plan, those in zip(plans, lives, strict=True)
        for c in those
    ]
    parent = pl.Series(of("parent_id"))
    frame = pl.DataFrame(
        {
            "campaign_id": of("campaign_id"),
            "fraud_type": np.repeat([plan.fraud_type for plan in plans], [len(those) for those in lives]).tolist(),
            "actor_id": of("actor"),
            "parent_campaign_id": parent.set(parent == NONE, None),
            "starts_at": pl.Series(of("starts_us")).cast(pl.Datetime("us", "UTC")),
            "ends_at": pl.Series(of("ends_us")).cast(pl.Datetime("us", "UTC")),
            "skill": [SKILLS[k] for k in of("skill")],
            "victims": of("victims"),
            "planned_rows": of("planned_rows"),
            "parameters": parameters,
        },
        schema_overrides={"fraud_type": pl.String, "skill": pl.String, "parameters": pl.String},
    )
    return conform(frame, FraudCampaigns).sort("starts_at", "campaign_id")


def _between(bounds: list[tuple[float, float]], u: F64, month: Month) -> F64:
    """Values within the bounds, a row of ``u`` for each; their middle drifts through the range in two years."""
    low, high = np.array(bounds).reshape(-1, 2, 1).swapaxes(0, 1)
    drift = _PARAMETER_DRIFT * _season(month)
    return np.asarray(low + (high - low) * np.clip(u + drift * (1 - u) * u * 4, 0, 1))


def _season(month: Month) -> float:
    return float(np.sin(2 * np.pi * month.index / 24))


def _us(month: Month) -> int:
    return int(month.start.timestamp()) * 1_000_000


def _schema() -> dict[str, pl.DataType]:
    return {name: column.dtype for name, column in FraudCampaigns.columns().items()}

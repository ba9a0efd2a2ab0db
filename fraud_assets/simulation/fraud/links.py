"""Links: what a month's campaigns have in common: accounts, actors, equipment, rings, clusters in time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.clocks import microseconds
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.plan import alive, victims
from fraud_assets.simulation.intents import DAY, NONE
from fraud_assets.simulation.streams import Bools

#: A cluster in time: so many campaigns or more, each begun within a day of the one before.
_CLUSTER = 3


@dataclass(frozen=True)
class Links:
    """Figures of the campaigns that are alive in a month."""

    campaigns: dict[str, int]  # by type
    victims: dict[str, int]  # accounts, by type
    co_occurring: dict[tuple[str, str], int]  # accounts that campaigns of both types work on
    chained: int  # campaigns on another campaign's accounts, by another actor
    coordinated: int  # likewise, by the same actor
    actors: int
    versatile_actors: int  # with campaigns of several types
    shared_devices: int  # devices that several campaigns have
    shared_payees: int  # mules' accounts that several campaigns may pay
    largest_ring: int  # accounts of the largest campaign of a ring
    clusters: int  # groups of campaigns of one actor that began within a day of one another


def links(scenario: Scenario, month: Month) -> Links:
    """Count what the campaigns alive in the month have in common. Memory grows with their victims."""
    start, end = microseconds(month.start), microseconds(month.end)
    lives = [(plan, (plan.starts_us < end) & (plan.ends_us > start)) for plan in alive(scenario, month)]
    lives = [(plan, there) for plan, there in lives if there.any()]
    campaigns: Counter[str] = Counter()
    accounts: dict[str, set[int]] = {}
    largest = 0
    for plan, there in lives:
        campaigns[plan.fraud_type] += int(there.sum())
        hit = victims(scenario, plan, 0, scenario.population.customers)
        hit = hit.take(there[hit.campaign])
        accounts.setdefault(plan.fraud_type, set()).update(hit.index.tolist())
        if plan.kind.family == "ring_bust_out" and len(hit):
            largest = max(largest, int(np.bincount(hit.campaign).max()))
    names = sorted(accounts)
    both = {(a, b): len(accounts[a] & accounts[b]) for k, a in enumerate(names) for b in names[k + 1 :]}
    types_of: dict[int, set[str]] = {}
    for plan, there in lives:
        for actor in plan.actor[there].tolist():
            types_of.setdefault(actor, set()).add(plan.fraud_type)
    chained, coordinated = _followers(lives)
    return Links(
        campaigns=dict(sorted(campaigns.items())),
        victims={name: len(accounts[name]) for name in names},
        co_occurring={pair: n for pair, n in both.items() if n},
        chained=chained,
        coordinated=coordinated,
        actors=len(types_of),
        versatile_actors=sum(len(types) > 1 for types in types_of.values()),
        shared_devices=_shared(scenario, lives, of_devices=True),
        shared_payees=_shared(scenario, lives, of_devices=False),
        largest_ring=largest,
        clusters=_clusters(lives),
    )


def _clusters(lives: list[tuple[Plan, Bools]]) -> int:
    """Groups of campaigns of one actor, each begun within a day of the one before."""
    nothing = np.empty(0, dtype=np.int64)
    actor = np.concatenate([nothing, *(plan.actor[there] for plan, there in lives)])
    begun = np.concatenate([nothing, *(plan.starts_us[there] for plan, there in lives)])
    order = np.lexsort((begun, actor))
    apart = (np.diff(actor[order]) != 0) | (np.diff(begun[order]) > DAY)
    return int((np.bincount(np.concatenate([[0], np.cumsum(apart)])) >= _CLUSTER).sum())


def _followers(lives: list[tuple[Plan, Bools]]) -> tuple[int, int]:
    """Campaigns on another campaign's accounts: by somebody else, and by the same actor."""
    child = [there & (plan.parent_id != NONE) for plan, there in lives]
    same = [int(is_child.sum()) for (plan, _), is_child in zip(lives, child, strict=True) if plan.kind.same_actor]
    return sum(int(is_child.sum()) for is_child in child) - sum(same), sum(same)


def _shared(scenario: Scenario, lives: list[tuple[Plan, Bools]], *, of_devices: bool) -> int:
    """Devices, or accounts of mules, that campaigns of one actor have in common."""
    owned = []
    for plan, there in lives:
        family = FAMILIES[plan.kind.family]
        if not (family.brings_devices if of_devices else "mule_share" in family.needs):
            continue
        count = actors.DEVICES if of_devices else actors.MULES
        actor, nth = np.repeat(plan.actor[there], count), np.tile(np.arange(count), int(there.sum()))
        thing = actors.device if of_devices else actors.mule
        owned.append(thing(scenario, actor, nth, plan.month.index))
    _, times = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *owned]), return_counts=True)
    return int((times > 1).sum())


def table(found: Links) -> str:
    """The figures as Markdown."""
    lines = ["| type | campaigns | accounts |", "|---|---|---|"]
    lines += [f"| {name} | {n:,} | {found.victims[name]:,} |" for name, n in found.campaigns.items()]
    often = sorted(found.co_occurring.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    together = "; ".join(f"{a} and {b}: {n:,}" for (a, b), n in often) or "none"
    lines += [
        "",
        "| what they have in common | |",
        "|---|---|",
        f"| accounts that campaigns of two types work on, most frequent pairs | {together} |",
        f"| campaigns on another campaign's accounts, by another actor | {found.chained:,} |",
        f"| campaigns on another campaign's accounts, by the same actor | {found.coordinated:,} |",
        f"| actors, and those with several types | {found.actors:,}, {found.versatile_actors:,} |",
        f"| devices of several campaigns | {found.shared_devices:,} |",
        f"| mules' accounts open to several campaigns | {found.shared_payees:,} |",
        f"| accounts of the largest ring that cashes out | {found.largest_ring:,} |",
        f"| groups of {_CLUSTER} or more campaigns of one actor, a day apart at most | {found.clusters:,} |",
    ]
    return "\n".join(lines) + "\n"


def told(scenario: Scenario, month: Month) -> str:
    """:func:`table` of :func:`links` of a month."""
    return table(links(scenario, month))

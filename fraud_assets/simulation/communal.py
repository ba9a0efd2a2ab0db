"""Addresses that many share without being a family: halls of residence, and rings of invented people.

What lives here: who belongs to which of these groups and where it is, as functions of a customer's index alone, so that
adding customers changes nobody. What does not: households (``population.py``) and what rings do (fraud families).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.population import drawn, homes
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, keyed

NONE = -1
#: Groups whose members are mixed among one another in the bank's files.
_MIXED = 4
#: Halls of residence are for the young.
_YOUNG = 27


@dataclass(frozen=True)
class Homes:
    """Where people live who live in no household; places of those who do are ``NONE`` (of ``group``) or unset."""

    group: I64  # NONE for most
    in_hall: Bools
    city: I64
    latitude: F64
    longitude: F64


def ring(scenario: Scenario, index: I64) -> I64:
    """Number of the ring of invented people that each customer belongs to, ``NONE`` for real people.

    Hidden: nobody but who made them knows, until they cash out together.
    """
    people = scenario.population
    return _group(scenario, "ring", index, people.synthetic_share, people.ring_size, 1.0)


def communal_homes(scenario: Scenario, index: I64, age: I64, gender: I64, occupation: I64) -> Homes:
    """The common homes: of the young in halls of residence, and of those in a ring who gave the ring's address.

    Parameters
    ----------
    index, age, gender, occupation
        Customers' places in the bank's files, completed years, codes of ``traits.GENDERS`` and indices into the
        scenario's occupations; shape (n,).
    """
    people = scenario.population
    rings = ring(scenario, index)
    there = (rings != NONE) & (hashed_uniforms(scenario.seed, "ring.address", index) < people.ring_address_share)
    halls = _group(scenario, "hall", index, people.hall_share, people.hall_size, _young(scenario))
    if people.halls_by_gender:  # one hall of each two is for women
        halls = np.where(halls == NONE, NONE, halls // 2 * 2 + (gender == 0))
    taken = (age <= _YOUNG) & _hall_takes(scenario)[occupation]
    in_hall = ~there & (halls != NONE) & taken
    group = np.where(there, rings * 2, np.where(in_hall, halls * 2 + 1, NONE))
    city = drawn([float(c.population) for c in scenario.cities], hashed_uniforms(scenario.seed, "common.city", group))
    spread = [np.clip(hashed_uniforms(scenario.seed, f"common.{axis}", group), 1e-6, 1 - 1e-6) for axis in ("y", "x")]
    latitude, longitude = homes(scenario, city, ndtri(np.stack(spread, axis=1)))
    return Homes(group, in_hall, city, latitude, longitude)


def _group(scenario: Scenario, name: str, index: I64, share: float, size: int, eligible: float) -> I64:
    """A share of the customers in groups of about ``size``, each from among some hundreds of consecutive ones.

    Only a share ``eligible`` of the customers can be members; the caller sends the others away.
    """
    if share == 0 or eligible == 0:
        return np.full(len(index), NONE)
    width = max(1, round(size / share)) * _MIXED
    key = keyed(scenario.seed, f"{name}.number", index)
    number = index // width * _MIXED + (key % np.uint64(_MIXED)).astype(np.int64)
    return np.where(hashed_uniforms(scenario.seed, f"{name}.member", index) < share / eligible, number, NONE)


def _young(scenario: Scenario) -> float:
    """Share of the customers whom a hall of residence takes: young enough, and of its occupations."""
    people, takes = scenario.population, _hall_takes(scenario)
    ages = ((s.share, *s.age) for s in people.segments)
    young = [share * min(1.0, max(0, _YOUNG - low + 1) / (high - low + 1)) for share, low, high in ages]
    if takes.all():
        return sum(young)
    names = [o.name for o, is_taken in zip(people.occupations, takes, strict=True) if is_taken]
    taken = [sum(s.occupations.get(name, 0.0) for name in names) for s in people.segments]
    return float(np.dot(young, taken))


def _hall_takes(scenario: Scenario) -> Bools:
    """Of which occupations halls of residence take people."""
    wanted = scenario.population.hall_occupations
    return np.array([not wanted or o.name in wanted for o in scenario.population.occupations])

"""What an actor owns and uses again: devices, places, accounts that receive, shops that do not look closely."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms, ids, keyed

#: Devices of an actor at a time, and months after which they are replaced [P]: sooner than mules, for a device costs a
#: reset, and one that a bank has come to know is refused.
DEVICES, DEVICE_MONTHS = 3, 2
#: Accounts of an actor's mules at a time, and months after which they are burnt [P].
MULES, _MULE_MONTHS = 4, 3
#: Addresses of an actor at which goods arrive at a time [P].
_DROPS = 3


def device(scenario: Scenario, actor: I64, nth: I64, month: int | I64) -> I64:
    """Device ``nth`` (0..DEVICES-1) of the actors in the month, one for all or one each."""
    return ids(scenario.seed, "actor.device", actor, nth, _period(scenario, actor, nth, month, DEVICE_MONTHS))


def kind(nth: I64) -> I64:
    """Kind of an actor's nth device: two phones (code 0), then a laptop (1)."""
    return (nth >= 2).astype(np.int64)


def mule(scenario: Scenario, actor: I64, nth: I64, month: int) -> I64:
    """Ten-digit number of an account that receives for the actors."""
    place = nth % MULES
    key = keyed(scenario.seed, "actor.mule", actor, place, _period(scenario, actor, place, month, _MULE_MONTHS))
    return 1_000_000_000 + (key % np.uint64(9_000_000_000)).astype(np.int64)


def drop(scenario: Scenario, actor: I64, nth: I64, month: int) -> I64:
    """Postal address at which the actors receive goods; they give it up as they do their mules."""
    place = nth % _DROPS
    return ids(scenario.seed, "actor.drop", actor, place, _period(scenario, actor, place, month, _MULE_MONTHS))


def _period(scenario: Scenario, actor: I64, nth: I64, month: int | I64, months: int) -> I64:
    """Number of the period of some months in which the actor's nth thing is; each begins in a month of its own."""
    phase = keyed(scenario.seed, "actor.phase", actor, nth) % np.uint64(months)
    return (month + phase.astype(np.int64)) // months


def place(bank: Bank, actor: I64, campaign: I64, skill: I64, who: I64, number: I64) -> I64:
    """City that an address of the actor geolocates to, row by row.

    The skilled sit behind an address in the victim's own city, the middling behind one in some large city, the rest use
    their own.
    """
    scenario = bank.scenario
    own = _city(scenario, hashed_uniforms(scenario.seed, "actor.city", actor))
    rented = _city(scenario, hashed_uniforms(scenario.seed, "actor.rented", campaign, number % 4))
    near = bank.traits.city[who]
    u = hashed_uniforms(scenario.seed, "actor.place", number)
    # Even the careless are near their victim now and then, and the careful slip.
    stays = np.array([0.25, 0.55, 0.85])[skill]
    return np.where(u < stays, near, np.where(skill == 0, own, rented))


def weak_merchants(bank: Bank, category: I64, u: F64, small: bool = False) -> I64:
    """Online merchants with poor card checks, in the categories, ``small`` ones alone; positions in the directory."""
    directory = bank.directory
    column = len(bank.scenario.cities)
    start, count = directory.start[category, column], directory.count[category, column]
    if small:  # the brands come first
        brands = np.concatenate([[0], np.cumsum(directory.is_chain)])
        brands = brands[start + count] - brands[start]
        start, count = start + brands, count - brands
    # Look at three shops and take the weakest.
    looks = np.stack(
        [start + np.minimum((((u * k) % 1.0) * count).astype(np.int64), count - 1) for k in (1.0, 7.0, 31.0)]
    )
    weakest = np.argmax(directory.weakness[looks], axis=0)
    return np.asarray(looks[weakest, np.arange(len(u))])


def _city(scenario: Scenario, u: F64) -> I64:
    return np.searchsorted(_population(scenario), u, side="right").astype(np.int64)


@lru_cache(maxsize=8)
def _population(scenario: Scenario) -> F64:
    people = np.array([c.population for c in scenario.cities], dtype=np.float64)
    shares = np.cumsum(people / people.sum())
    shares[-1] = 1.0
    return shares

"""A ring's bust-out: invented people who have lived like anybody for months use up all their credit at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.communal import ring
from fraud_assets.simulation.episodes import FURNISHING
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan
from fraud_assets.simulation.fraud.families.base import Look, Sessions
from fraud_assets.simulation.fraud.families.bust_out import BustOut
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, to_ms
from fraud_assets.simulation.fraud.families.own import logged_in
from fraud_assets.simulation.intents import NONE, Bank, Column
from fraud_assets.simulation.streams import I64, Bools, ids, keyed

#: A ring's turn comes again after so many months at the earliest, as far as there are rings [P].
_TURN_MONTHS = 12


class RingBustOut(BustOut):
    """A ring of invented people, after months like anybody's, on the actor's devices in part.

    Parameters: as for a single bust-out; ``accounts`` is the most that a ring has; ``new_device``, the share of them
    that come by a device of the actor.
    """

    needs = (*BustOut.needs, "new_device")
    brings_devices = True

    def accounts(self, scenario: Scenario, plan: Plan, campaign: I64, nth: I64) -> I64:
        members, start, count = _rings(scenario)
        if not len(start):
            return super().accounts(scenario, plan, campaign, nth)
        # Rings take turns, so that one that has cashed out is left alone for long.
        turn = plan.month.index * -(-len(start) // _TURN_MONTHS) + campaign
        order = np.argsort(keyed(scenario.seed, "ring.turn", np.arange(len(start))), kind="stable")
        chosen = order[turn % len(start)]
        return members[start[chosen] + nth % count[chosen]]

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Dear purchases of those who live with many others: students, families."""
        crowd = _crowded(bank)[look.who]
        return (look.episode == FURNISHING) | (crowd & (look.of_maximum >= 1))

    def _equip(self, cast: Cast, columns: dict[str, Column]) -> None:
        foreign = self._is_foreign(cast)
        columns["device"] = np.where(foreign, self._device(cast), columns["device"])
        columns["net"] = np.where(foreign, FOREIGN_NET, columns["net"])

    def _sessions(self, cast: Cast, event_us: I64) -> Sessions:
        rows = np.flatnonzero((cast.nth == 0) & self._is_foreign(cast))
        before = event_us - to_ms(0.02 + 3 * cast.of_account("login") ** 2)
        return logged_in(cast, rows, before, self._device(cast), cast.home())

    def _device(self, cast: Cast) -> I64:
        return cast.actors_device((cast.of_account("device") * actors.DEVICES).astype(np.int64))

    def _is_foreign(self, cast: Cast) -> Bools:
        return cast.of_account("foreign") < cast.value("new_device")


@lru_cache(maxsize=4)
def _rings(scenario: Scenario) -> tuple[I64, I64, I64]:
    """All members of all rings, ring by ring; where each ring begins, and how many it has."""
    number = ring(scenario, np.arange(scenario.population.customers))
    members = np.flatnonzero(number != NONE)
    order = np.argsort(number[members], kind="stable")
    _, start, count = np.unique(number[members][order], return_index=True, return_counts=True)
    return members[order], start, count


def _crowded(bank: Bank) -> Bools:
    """Customers who share their address with two others of a household, or with strangers."""
    t = bank.traits
    return (t.household_size >= 3) | (t.address_id != ids(bank.scenario.seed, "address", t.household))

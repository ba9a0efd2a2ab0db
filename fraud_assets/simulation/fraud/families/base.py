"""What every mechanism of fraud has in common: its size, its rows and the honest rows that resemble it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from fraud_assets.scenario import CampaignType, Scenario, ScenarioError
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.delays import stopped_at
from fraud_assets.simulation.fraud.families.bounds import allowed
from fraud_assets.simulation.intents import Bank, Intents, concat
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, keyed


@dataclass(frozen=True)
class Sessions:
    """Logins that a campaign makes, one array a column; codes as in codes.LOGIN_EVENTS."""

    campaign: I64
    who: I64
    event_us: I64
    event: I64
    is_success: npt.NDArray[np.bool_]
    device: I64
    place: I64
    net: I64  # kind of network

    def __len__(self) -> int:
        return len(self.who)


@dataclass(frozen=True)
class Emission:
    """A plan's rows for some customers, what an investigator would find in each, and what goes with them."""

    rows: Intents
    evidence: dict[str, npt.NDArray[np.generic]]
    sessions: Sessions | None = None
    #: Honest rows without which the fraud could not be: the visit at which a card is copied, the payment that is played
    #: again. They are in the ledger like any other and have no truth to tell.
    honest: Intents | None = None

    def take(self, rows: Bools) -> Emission:
        """The chosen rows with their evidence; sessions and honest rows stay."""
        evidence = {name: values[rows] for name, values in self.evidence.items()}
        return Emission(self.rows.take(rows), evidence, self.sessions, self.honest)


@dataclass(frozen=True)
class Look:
    """Honest payments as somebody sees them who looks for fraud; arrays of one length, a place a payment."""

    who: I64
    category: I64
    of_median: F64  # what is paid, over the median of the category
    of_maximum: F64  # ... and over what is normal at most for the method
    cents: I64
    event_us: I64  # UTC
    offset: I64  # minutes
    is_new: Bools  # a recipient that the customer has not paid before
    is_away: Bools  # on a trip
    in_outing: I64  # payments of the outing
    again: I64  # how often the shop has been paid before in a series of payments, 0 for most
    is_same: Bools  # with the amount of the payment before
    episode: I64  # index into episodes.KINDS, NONE for most

    def __len__(self) -> int:
        return len(self.who)

    def is_dear(self, times: float) -> Bools:
        """Whether each is of so many times its category's median, or more."""
        return self.of_median >= times


def join(emissions: list[Emission]) -> Emission:
    """Several emissions of one family as one (without sessions)."""
    honest = [e.honest for e in emissions if e.honest is not None]
    return Emission(
        concat([e.rows for e in emissions]),
        {name: np.concatenate([e.evidence[name] for e in emissions]) for name in emissions[0].evidence},
        honest=concat(honest) if honest else None,
    )


class Family(ABC):
    """One mechanism; its numbers are the scenario's parameters, named in the class's doc string."""

    #: Parameters without which the mechanism cannot work.
    needs: ClassVar[tuple[str, ...]]
    #: A victim's report makes the bank replace the card.
    blocks_card: ClassVar[bool] = False
    #: Campaigns come with devices of the actor.
    brings_devices: ClassVar[bool] = True

    def size(self, values: dict[str, F64]) -> I64:
        """Victims of each campaign."""
        return np.rint(values["accounts"]).astype(np.int64)

    @abstractmethod
    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        """Ledger rows that a victim gets on average."""

    @abstractmethod
    def life_hours(self, values: dict[str, F64]) -> F64:
        """Hours from a campaign's start to the end of its last possible row."""

    @abstractmethod
    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        """Instant of each victim's first row, UTC microseconds."""

    @abstractmethod
    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        """What the campaigns would do on the accounts of ``victims`` if nobody ever reported anything."""

    @abstractmethod
    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Which honest payments an analyst would first take for this fraud; shape (rows,)."""

    def emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        """The rows of the campaigns on the accounts of ``victims``, all of them customers of ``bank``.

        A victim's report ends the campaign on the account.
        """
        planned = self._emit(bank, plan, victims)
        rows = planned.rows
        order = np.lexsort((victims.index, victims.campaign))
        width = np.int64(bank.scenario.population.customers)
        key = (victims.campaign * width + victims.index)[order]
        first = int(bank.traits.index[0]) if len(bank.traits.index) else 0
        place = order[np.searchsorted(key, rows.campaign * width + rows.who + first)]
        begun = self.first_us(bank, plan, victims)
        stop = stopped_at(bank.scenario, plan, victims.campaign, victims.index, begun)
        return planned.take(rows.event_us < stop[place])

    def accounts(self, scenario: Scenario, plan: Plan, campaign: I64, nth: I64) -> I64:
        """Number of the customer that is ``nth`` on each campaign's list; a customer may be on it twice."""
        key = keyed(scenario.seed, "fraud.victim", plan.campaign_id[campaign], nth)
        return (key % np.uint64(scenario.population.customers)).astype(np.int64)

    def rows_per_campaign(self, kind: CampaignType) -> float:
        """Ledger rows of an average campaign: the mean over evenly drawn parameters."""
        values = _spread(kind)
        return float(np.mean(self.size(values) * self.rows_per_victim(values)))

    def months(self, kind: CampaignType) -> int:
        """Months after the one in which a campaign starts that its rows may reach into."""
        return max(1, math.ceil(float(np.max(self.life_hours(_spread(kind)))) / (28 * 24)))

    def check(self, name: str, scenario: Scenario) -> None:
        """Refuse a type that lacks a parameter of the mechanism, or has one that it does not know or cannot work with.

        Raises
        ------
        ScenarioError
            With type, family and parameter.
        """
        kind = scenario.fraud.types[name]
        place = f"scenario {scenario.name}: scenario.yaml: fraud.types.{name}"
        for found in (kind.parameters, *kind.changes.values()):
            if surplus := set(found) - set(self.needs):
                raise ScenarioError(
                    f"{place}: {min(surplus)!r} is no parameter of family {kind.family}; it has {', '.join(self.needs)}"
                )
            for parameter, value in found.items():
                ends, (least, most) = value if isinstance(value, tuple) else (value,), allowed(parameter)
                if ends[0] < least or ends[-1] > most:
                    said = " to ".join(f"{end:g}" for end in ends)
                    raise ScenarioError(f"{place}: {parameter} is {said}; it must lie within {least:g} and {most:.10g}")
        if missing := [need for need in self.needs if need not in kind.parameters]:
            raise ScenarioError(f"{place}: family {kind.family} needs the parameter {missing[0]!r}")


def _spread(kind: CampaignType) -> dict[str, F64]:
    """Parameters of 512 campaigns, evenly drawn, the bounds among them."""
    ranges = {name: v if isinstance(v, tuple) else (v, v) for name, v in kind.parameters.items()}
    return {name: _evenly(name, low, high) for name, (low, high) in ranges.items()}


@lru_cache(maxsize=256)
def _evenly(name: str, low: float, high: float) -> F64:
    u = hashed_uniforms(0, f"mean.{name}", np.arange(512))
    u[0], u[1] = 0.0, 1.0  # the shortest and the longest
    values = low + (high - low) * u
    values.flags.writeable = False  # it is shared through the cache
    return values

"""What every mechanism of fraud has in common: its size, its rows and the honest rows that resemble it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from fraud_assets.scenario import CampaignType
from fraud_assets.simulation.fraud.plan import Plan, Victims
from fraud_assets.simulation.intents import Bank, Intents, concat
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms


@dataclass(frozen=True)
class Sessions:
    """Logins that a campaign makes, one array a column; codes as in tables.LOGIN_EVENTS."""

    campaign: I64
    who: I64
    event_us: I64
    event: I64
    is_success: npt.NDArray[np.bool_]
    device: I64
    place: I64

    def __len__(self) -> int:
        return len(self.who)


@dataclass(frozen=True)
class Emission:
    """A plan's rows for some customers, what an investigator would find in each, and the logins beside them."""

    rows: Intents
    evidence: dict[str, npt.NDArray[np.generic]]
    sessions: Sessions | None = None


def join(emissions: list[Emission]) -> Emission:
    """Several emissions of one family as one (without sessions)."""
    return Emission(
        concat([e.rows for e in emissions]),
        {name: np.concatenate([e.evidence[name] for e in emissions]) for name in emissions[0].evidence},
    )


class Family(ABC):
    """One mechanism; its numbers are the scenario's parameters, named in the class's doc string."""

    #: A victim's report makes the bank replace the card.
    blocks_card: ClassVar[bool]

    @abstractmethod
    def size(self, values: dict[str, F64]) -> I64:
        """Victims of each campaign."""

    @abstractmethod
    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        """Ledger rows that a victim gets on average."""

    @abstractmethod
    def life_hours(self, values: dict[str, F64]) -> F64:
        """Hours from a campaign's start to the end of its last possible row; shorter than a month."""

    @abstractmethod
    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        """Instant of each victim's first row, UTC microseconds."""

    @abstractmethod
    def emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        """The rows of the campaigns on the accounts of ``victims``, all of them customers of ``bank``."""

    @abstractmethod
    def resembles(self, bank: Bank, category: I64, cents: I64, is_new: Bools) -> Bools:
        """Which honest payments an analyst would first take for this fraud; all of shape (rows,)."""

    def rows_per_campaign(self, kind: CampaignType) -> float:
        """Ledger rows of an average campaign: the mean over evenly drawn parameters."""
        n = 512
        values = {
            name: bounds[0] + (bounds[1] - bounds[0]) * hashed_uniforms(0, f"mean.{name}", np.arange(n))
            if isinstance(bounds, tuple)
            else np.full(n, float(bounds))
            for name, bounds in kind.parameters.items()
        }
        return float(np.mean(self.size(values) * self.rows_per_victim(values)))

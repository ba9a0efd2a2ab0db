"""Campaigns as data: what the planner draws and the families carry out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fraud_assets.months import Month
from fraud_assets.scenario import CampaignType
from fraud_assets.simulation.streams import F64, I64


@dataclass(frozen=True)
class Plan:
    """The campaigns of one fraud type that start in one month; one place a campaign."""

    fraud_type: str
    kind: CampaignType
    month: Month
    campaign_id: I64
    parent_id: I64  # campaign that supplied the accounts, NONE for most
    actor: I64
    starts_us: I64
    ends_us: I64
    skill: I64  # 0 low, 1 mid, 2 high
    victims: I64  # number of them
    planned_rows: I64
    values: dict[str, F64]  # the drawn parameters

    def __len__(self) -> int:
        return len(self.campaign_id)


@dataclass(frozen=True)
class Victims:
    """The accounts that the campaigns of one plan work on, one place a campaign and account."""

    campaign: I64  # position in the plan
    index: I64  # number of the customer
    nth: I64  # place among the campaign's victims

    def take(self, rows: npt.NDArray[np.bool_] | I64) -> Victims:
        """The chosen ones."""
        return Victims(self.campaign[rows], self.index[rows], self.nth[rows])

    def __len__(self) -> int:
        return len(self.campaign)

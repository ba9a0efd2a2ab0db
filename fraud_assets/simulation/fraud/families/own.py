"""What people do on accounts of their own, with their own devices, from home, at their usual hours: nobody broke in."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Family, Sessions
from fraud_assets.simulation.fraud.families.cast import Cast, by_appeal
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.instruments import devices_used
from fraud_assets.simulation.intents import APP, DAY, Bank, Column
from fraud_assets.simulation.outcomes import outcomes
from fraud_assets.simulation.recipients import contact
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms


class OwnAccount(Family):
    """A mechanism whose rows are the account holder's own doing."""

    brings_devices = False
    #: Name of the streams of the rows whose first one begins a campaign on an account.
    salt: ClassVar[str]

    @abstractmethod
    def _when(self, cast: Cast) -> I64:
        """Instants of the rows, a function of each row's own draws; an account's first row is its earliest."""

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        return self._when(Cast(bank, plan, victims, np.ones(len(victims), dtype=np.int64), self.salt))


def counts(bank: Bank, plan: Plan, victims: Victims, salt: str, mean: F64) -> I64:
    """Rows of each victim, at least one: ``mean`` (one a campaign) and up to two fifths more or fewer."""
    c = victims.campaign
    u = hashed_uniforms(bank.scenario.seed, f"{salt}.count", plan.campaign_id[c], victims.index)
    return np.maximum(1, np.floor(mean[c] * (0.6 + 0.8 * u) + 0.5)).astype(np.int64)


def usual(cast: Cast, event_us: I64, category: I64) -> I64:
    """The instants at the account holder's usual hours, none of them before the campaign begins."""
    moved = at_usual_hours(cast.bank, cast.who, category, event_us, cast.u("hour"))
    return np.where(moved < cast.plan.starts_us[cast.campaign], moved + DAY, moved)


def hands(cast: Cast, event_us: I64, category: I64, cents: I64) -> dict[str, Column]:
    """Columns ``device``, ``net``, ``status`` and ``reason`` as any payment of the account holder has them."""
    bank, nowhere = cast.bank, np.zeros(len(cast), dtype=bool)
    device, net = devices_used(
        bank, cast.who, np.arange(len(cast)), category, event_us, nowhere, cast.u("device"), cast.u("net")
    )
    status, reason = outcomes(bank, cast.who, category, cents, cast.home(), event_us // DAY, cast.u("status"))
    return {"device": device, "net": net, "status": status, "reason": reason}


def payees(cast: Cast, nth: I64, mule_share: F64) -> I64:
    """The ``nth`` receiver of each account: a mule that the actor uses again, somebody new, now and then a contact."""
    u = cast.of_account("payee", nth)
    month = cast.plan.month.index
    mule = actors.mule(cast.bank.scenario, cast.actor, (u * 4096).astype(np.int64) % 16, month)
    fresh = 1_000_000_000 + (cast.of_account("payee.fresh", nth) * 9_000_000_000).astype(np.int64)
    friend = contact(cast.bank, month, cast.who, np.full(len(cast), 9))
    return np.where(u < mule_share, mule, np.where((cast.skill == 2) & (u > 0.8), friend, fresh))


def small_shops(cast: Cast, power: float, only: Bools | None = None) -> tuple[I64, I64]:
    """Category and merchant of each campaign, row by row: a shop without counters and with little to lose.

    The actor's old favourite in a part of the campaigns. A brand that everybody knows is among them only where it
    matters what is sold.
    """
    bank, seed = cast.bank, cast.seed
    allowed = bank.is_bought & ~bank.at_counter & (bank.channel != APP) & bank.takes_large
    if only is not None and (allowed & only).any():
        allowed = allowed & only
    allowed = allowed if allowed.any() else bank.is_bought & ~bank.at_counter
    owner = np.where(cast.of_campaign("favourite") < 0.4, cast.actor, cast.campaign_id)
    category = by_appeal(bank, allowed, power, hashed_uniforms(seed, "own.category", owner))
    return category, actors.weak_merchants(bank, category, hashed_uniforms(seed, "own.shop", owner), only is None)


def logged_in(cast: Cast, rows: I64, event_us: I64, device: I64, place: I64) -> Sessions:
    """Logins with the actor's device that work, for the chosen rows of the columns."""
    n = len(rows)
    return Sessions(
        campaign=cast.campaign[rows],
        who=cast.who[rows],
        event_us=event_us[rows],
        event=np.zeros(n, dtype=np.int64),
        is_success=np.ones(n, dtype=bool),
        device=device[rows],
        place=place[rows],
        net=cast.foreign_net()[rows],
    )

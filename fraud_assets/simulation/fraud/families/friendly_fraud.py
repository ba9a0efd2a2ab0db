"""Friendly fraud: the customer buys, gets the goods, and says weeks later that it was somebody else."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look
from fraud_assets.simulation.fraud.families.cast import Cast, to_ms
from fraud_assets.simulation.fraud.families.habits import own_category, own_cents, own_shop
from fraud_assets.simulation.fraud.families.own import counts, hands
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms

#: One customer in so many does it again and again.
_BLOCK = 20
#: A purchase of this many times the median is one that its customer may regret.
_REGRETTED = 4.0


class FriendlyFraud(Family):
    """A customer, its own purchases and, later, a dispute.

    Parameters: ``purchases`` that are disputed, made within ``days``; amounts from the quantile ``from_quantile`` of
    what the customer pays; ``habitual_share`` of the campaigns by the one customer in twenty who does it again.
    """

    needs = ("purchases", "days", "from_quantile", "habitual_share")
    brings_devices = False

    def size(self, values: dict[str, F64]) -> I64:
        return np.ones(len(values["purchases"]), dtype=np.int64)

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return np.maximum(1, values["purchases"])

    def life_hours(self, values: dict[str, F64]) -> F64:
        return 24 * (values["days"] + 3)

    def accounts(self, scenario: Scenario, plan: Plan, campaign: I64, nth: I64) -> I64:
        """Anybody, or one of those who make a habit of it."""
        anybody = super().accounts(scenario, plan, campaign, nth)
        u = hashed_uniforms(scenario.seed, "friendly.habitual", plan.campaign_id[campaign], nth)
        block = anybody // _BLOCK
        member = (hashed_uniforms(scenario.seed, "friendly.member", block) * _BLOCK).astype(np.int64)
        habitual = np.minimum(block * _BLOCK + member, scenario.population.customers - 1)
        return np.where(u < plan.values["habitual_share"][campaign], habitual, anybody)

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        """The instant from which purchases are made: what stops the campaign comes weeks later."""
        del bank
        return plan.starts_us[victims.campaign]

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        count = counts(bank, plan, victims, "friendly", plan.values["purchases"])
        cast = Cast(bank, plan, victims, count, "friendly")
        category = own_category(cast, bank.is_bought_online, cast.u("category"))
        day = plan.starts_us[cast.campaign] + to_ms(24 * (1 + cast.u("day") * cast.value("days")))
        event_us = at_usual_hours(bank, cast.who, category, day, cast.u("hour"))
        cents = own_cents(cast, category, cast.value("from_quantile"), 0.99)
        own = hands(cast, event_us, category, cents)
        rows = cast.intents(
            event_us,
            category,
            cents,
            cast.home(),
            merchant=own_shop(cast, event_us, category, cast.home()),
            device=own["device"],
            net=own["net"],
        )
        evidence: dict[str, np.ndarray] = {
            "own_device": np.ones(len(cast), dtype=bool),
            "disputed_purchases": count[cast.victim],
        }
        return Emission(rows, evidence)

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Dear online purchases at a known shop, of the kind that people do dispute."""
        return bank.is_bought_online[look.category] & ~look.is_new & look.is_dear(_REGRETTED)

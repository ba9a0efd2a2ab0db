"""Push payment scam: the account holder, manipulated, sends a large sum to somebody new."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.episodes import FIRST_PAYMENT
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Look
from fraud_assets.simulation.fraud.families.cast import Cast, to_ms
from fraud_assets.simulation.fraud.families.own import OwnAccount, hands, payees, usual
from fraud_assets.simulation.intents import AMOUNT, TO_PERSON, Bank
from fraud_assets.simulation.scenes import ways_to_send
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms


class PushPayment(OwnAccount):
    """A false landlord, a false official, a false friend: the victim pays, with everything as ever but the payee.

    Parameters: ``accounts`` of a campaign, within ``campaign_hours``; ``amount``, the mean sum of a victim in major
    units; ``parts`` in which the skilled ask for it, within ``hours``; ``mule_share`` of payees that the actor uses
    again.
    """

    needs = ("accounts", "campaign_hours", "amount", "parts", "hours", "mule_share")
    salt = "push"

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return 1 + 0.5 * (values["parts"] - 1)  # a fifth of them skilled, half of the others careful

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + values["hours"] + 48.0

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        c = victims.campaign
        u = hashed_uniforms(bank.scenario.seed, "push.careful", plan.campaign_id[c], victims.index)
        careful = u < np.array([0.15, 0.5, 0.95])[plan.skill[c]]
        parts = np.where(careful, np.rint(plan.values["parts"][c]), 1).astype(np.int64)
        cast = Cast(bank, plan, victims, np.maximum(parts, 1), self.salt)
        category = self._way(cast)
        z = np.log(1 / np.clip(cast.of_account("sum"), 1e-4, 1 - 1e-4) - 1) * 0.35
        value = cast.value("amount") * np.exp(z - 0.15) / parts[cast.victim] * (0.8 + 0.4 * cast.u("part"))
        cents = price_points(bank, category, np.minimum(value, bank.hard_maximum[category]), cast.u("price"))
        event_us = self._when(cast)
        rows = cast.intents(
            event_us,
            category,
            cents,
            cast.home(),
            payee=payees(cast, np.zeros(len(cast), dtype=np.int64), cast.value("mule_share")),
            anomaly=AMOUNT,
            **hands(cast, event_us, category, cents),
        )
        total = np.bincount(cast.victim, weights=cents)[cast.victim] / 100 if len(cast) else np.empty(0)
        return Emission(rows, {"new_payee": np.ones(len(cast), dtype=bool), "part": cast.nth + 1, "sum": total})

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """A first rent, a used car, a craftsman's deposit; any unusually large transfer to somebody new."""
        large = (look.of_maximum >= 0.3) & look.is_new
        return (look.episode == FIRST_PAYMENT) | (large & (bank.recipient == TO_PERSON)[look.category])

    def _way(self, cast: Cast) -> I64:
        return ways_to_send(cast.bank, cast.who, cast.of_account("way"), sums=1.0)

    def _when(self, cast: Cast) -> I64:
        """While the victim is on the telephone, or in the next hours and days."""
        at = cast.plan.starts_us[cast.campaign] + to_ms(cast.value("campaign_hours") * cast.of_account("called"))
        first = usual(cast, at, self._way(cast))[np.arange(len(cast)) - cast.nth]
        return first + to_ms(
            cast.value("hours") * (cast.nth / 40 + np.where(cast.nth == 0, 0, cast.u("wait") ** 2) * 0.9)
        )

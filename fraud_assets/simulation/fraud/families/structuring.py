"""Structuring: a sum that must not be reported goes in parts, each below the limit."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation import limits
from fraud_assets.simulation.episodes import INSTALMENTS
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Look
from fraud_assets.simulation.fraud.families.cast import Cast, to_ms
from fraud_assets.simulation.fraud.families.own import OwnAccount, counts, hands, payees, usual
from fraud_assets.simulation.intents import AMOUNT, TO_PERSON, Bank
from fraud_assets.simulation.scenes import ways_to_send
from fraud_assets.simulation.streams import F64, I64, Bools


class Structuring(OwnAccount):
    """A sum split into transfers below a limit, to one or a few receivers.

    Parameters: ``accounts`` of a campaign; of each ``parts`` within ``hours``; ``limit``, in major units: the
    scenario's nearest one is meant; ``of_limit``, the least share of it (the skilled vary more and go lower);
    ``receivers`` of an account; ``mule_share`` of them that the actor uses again.
    """

    needs = ("accounts", "parts", "hours", "limit", "of_limit", "receivers", "mule_share")
    salt = "structuring"

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return values["parts"]

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["hours"] + 24 * 6.0

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        number = counts(bank, plan, victims, self.salt, plan.values["parts"])
        cast = Cast(bank, plan, victims, number, self.salt)
        category = self._way(cast)
        limit = limits.nearest(bank.scenario, cast.value("limit"))
        least = cast.value("of_limit") - np.array([0.0, 0.05, 0.15])[cast.skill]
        share = least + (0.995 - least) * cast.u("share")
        even = cast.of_account("even") < np.array([0.7, 0.45, 0.2])[cast.skill]
        share = np.where(even, least + (0.995 - least) * cast.of_account("share"), share)
        cents = limits.below(bank.scenario, limit, share, np.where(even, cast.of_account("step"), cast.u("step")))
        event_us = self._when(cast)
        receivers = np.maximum(1, np.rint(cast.value("receivers"))).astype(np.int64)
        rows = cast.intents(
            event_us,
            category,
            cents,
            cast.home(),
            payee=payees(cast, cast.nth % receivers, cast.value("mule_share")),
            anomaly=AMOUNT,
            **hands(cast, event_us, category, cents),
        )
        total = np.bincount(cast.victim, weights=cents)[cast.victim] / 100 if len(cast) else np.empty(0)
        return Emission(
            rows,
            {"limit": limit, "share_of_limit": np.round(cents / 100 / limit, 3), "part": cast.nth + 1, "sum": total},
        )

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """A rent or a fee in parts; a transfer just below a limit."""
        sent = (bank.recipient == TO_PERSON)[look.category]
        return (look.episode == INSTALMENTS) | (sent & limits.is_near(bank, look.cents))

    def _way(self, cast: Cast) -> I64:
        return ways_to_send(cast.bank, cast.who, cast.of_account("way"), sums=2.0)

    def _when(self, cast: Cast) -> I64:
        """The first at a usual hour; the next after a share of the time, at night only by the careless."""
        begun = cast.plan.starts_us[cast.campaign] + to_ms(96 * cast.of_account("begun"))
        # Row 0 of each account, whose draws are its own, tells the others when it was.
        first = usual(cast, begun, self._way(cast))[np.arange(len(cast)) - cast.nth]
        wait = cast.value("hours") * (cast.nth + cast.u("wait")) / (1.4 * np.maximum(cast.value("parts"), 1))
        later = first + to_ms(np.minimum(wait, cast.value("hours")))
        moved = usual(cast, later, self._way(cast))
        tidy = (cast.u("tidy") < np.array([0.4, 0.7, 0.9])[cast.skill]) & (moved > first)
        return np.where(cast.nth == 0, first, np.where(tidy, moved, later))

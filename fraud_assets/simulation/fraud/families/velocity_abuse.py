"""Velocity abuse: a script pays again and again with a stolen credential until somebody stops it."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.episodes import SPREE
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, by_appeal, first_index, to_ms
from fraud_assets.simulation.fraud.families.habits import own_category, own_cents
from fraud_assets.simulation.fraud.families.own import counts
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, ids

#: Shops that the actor knows to be slow in noticing [P].
_FAVOURITES = 0.4
#: Repeats from which a series of payments is remarkable.
_REMARKABLE = 4


class VelocityAbuse(Family):
    """A script at one to three online merchants.

    Parameters: ``accounts`` of a campaign, one after the other within ``campaign_hours``; ``an_hour`` payments for
    ``hours`` from each; ``amount_factor`` of the category's median; ``decline`` share. The skilled stay slow, within
    the customer's hours and with the customer's own amounts.
    """

    needs = ("accounts", "campaign_hours", "an_hour", "hours", "amount_factor", "decline")
    blocks_card = True

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return np.maximum(1, values["an_hour"] * values["hours"])

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + 6 * values["hours"] + 50  # the skilled are slower, and wait for their hour

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        seed, c = bank.scenario.seed, victims.campaign
        key = (plan.campaign_id[c], victims.index)
        u = hashed_uniforms(seed, "velocity.at", *key)
        at = plan.starts_us[c] + to_ms(24 + u * plan.values["campaign_hours"][c])
        who = victims.index - first_index(bank)
        category = np.full(len(c), bank.some(bank.is_bought_online, "a merchant who is paid online")[0])
        awake = at_usual_hours(bank, who, category, at, hashed_uniforms(seed, "velocity.hour", *key))
        hidden = hashed_uniforms(seed, "velocity.awake", *key) < np.array([0.85, 0.95, 1.0])[plan.skill[c]]
        return np.where(hidden, awake, at)

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        count = counts(bank, plan, victims, "velocity", plan.values["an_hour"] * plan.values["hours"])
        cast = Cast(bank, plan, victims, count, "velocity")

        pace = np.array([1.0, 1.0, 3.0])[cast.skill] / cast.value("an_hour")
        step = np.where(cast.nth == 0, 0, to_ms(-pace * np.log1p(-0.95 * cast.u("gap"))))
        passed = np.cumsum(step)  # whole milliseconds, so that a sum does not depend on the rows before
        first = np.flatnonzero(cast.nth == 0)
        begun = self.first_us(bank, plan, victims)
        event_us = begun[cast.victim] + passed - passed[first][cast.victim]
        # One to three shops, some of them old favourites of the actor; the skilled choose what the customer likes.
        shop = (cast.of_campaign("shops") * 3 * cast.u("shop")).astype(np.int64)
        owner = np.where(cast.of_campaign("favourite", shop) < _FAVOURITES, cast.actor, cast.campaign_id)
        category = by_appeal(
            bank, bank.is_bought_online, -0.4, hashed_uniforms(cast.seed, "velocity.category", owner, shop)
        )
        category = np.where(
            cast.skill == 2, own_category(cast, bank.is_bought_online, cast.of_account("liked")), category
        )
        merchant = actors.weak_merchants(bank, category, hashed_uniforms(cast.seed, "velocity.merchant", owner, shop))
        rows = cast.intents(
            event_us,
            category,
            self._cents(cast, category),
            cast.foreign_place(ids(cast.seed, "velocity.spot", cast.campaign_id, cast.index)),
            merchant=merchant,
            fixed=True,
            device=cast.actors_device((cast.of_account("device") * actors.DEVICES).astype(np.int64)),
            net=FOREIGN_NET,
            **cast.settled(cast.u("declined") < cast.value("decline")),
        )
        evidence: dict[str, np.ndarray] = {
            "rows_from_account": count[cast.victim],
            "nth": cast.nth + 1,
            "seconds_since_last": np.rint(step / 1e6).astype(np.int64),
        }
        return Emission(rows, evidence)

    def _cents(self, cast: Cast, category: I64) -> I64:
        bank = cast.bank
        median = bank.median[category]
        value = median * cast.value("amount_factor") * np.exp(1.4 * (cast.u("amount") - 0.5))
        bold = price_points(bank, category, np.minimum(value, 0.9 * bank.till_maximum[category]), cast.u("point"))
        # A script often repeats one sum.
        fixed = cast.of_account("fixed") < 0.4
        first = bold[np.flatnonzero(cast.nth == 0)][cast.victim]
        return np.where(cast.skill == 2, own_cents(cast, category, 0.3, 0.9), np.where(fixed, first, bold))

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """The later payments of a long series at one shop, and a spree at a device that is not known."""
        del bank
        return (look.again >= _REMARKABLE) | (look.episode == SPREE)

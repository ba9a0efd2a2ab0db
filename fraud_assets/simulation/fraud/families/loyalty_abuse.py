"""Loyalty abuse: points of many accounts are redeemed by somebody who logs in to them."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look, Sessions
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, by_appeal, first_index, to_ms
from fraud_assets.simulation.fraud.families.habits import dear_cents
from fraud_assets.simulation.fraud.families.own import counts
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import LIMIT_EXCEEDED, SUSPECTED_FRAUD, TECHNICAL, Bank
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms

_LOGIN = 0
#: Why points are refused, as to everybody (``outcomes.py``): there are no funds that could be short.
_REASONS, _REASON_SHARES = np.array([LIMIT_EXCEEDED, SUSPECTED_FRAUD, TECHNICAL]), np.array([0.32, 0.55])
#: A redemption of this many times the median is a large one.
_LARGE = 1.8


class LoyaltyAbuse(Family):
    """A device farm, or takeovers one by one, and the points of the accounts.

    Parameters: ``accounts`` of a campaign within ``campaign_hours``; ``redemptions`` of each within ``hours`` of the
    login; ``farm_share`` of the campaigns, which use one device for all accounts; ``amount_factor`` of the mean;
    ``failed_logins`` before; ``decline`` share.
    """

    needs = (
        "accounts", "campaign_hours", "redemptions", "hours", "farm_share", "amount_factor", "failed_logins", "decline",
    )  # fmt: skip

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return np.maximum(1, values["redemptions"])

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + values["hours"] + 49

    def check(self, name: str, scenario: Scenario) -> None:
        super().check(name, scenario)
        if not any("points" in c.tags for c in scenario.categories):
            raise ScenarioError(
                f"scenario {scenario.name}: categories.csv: none has the tag 'points', which fraud type {name} needs"
            )

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        seed, c = bank.scenario.seed, victims.campaign
        key = (plan.campaign_id[c], victims.index)
        at = plan.starts_us[c] + to_ms(
            24 + hashed_uniforms(seed, "loyalty.at", *key) * plan.values["campaign_hours"][c]
        )
        who = victims.index - first_index(bank)
        category = np.full(len(c), bank.some(bank.tagged("points"), "a category with the tag points")[0])
        usual = at_usual_hours(bank, who, category, at, hashed_uniforms(seed, "loyalty.hour", *key))
        return np.where(hashed_uniforms(seed, "loyalty.usual", *key) < 0.8, usual, at)

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        begun = self.first_us(bank, plan, victims)
        cast = Cast(bank, plan, victims, counts(bank, plan, victims, "loyalty", plan.values["redemptions"]), "loyalty")
        wait = np.where(cast.nth == 0, 0.0, cast.nth / 15 + cast.u("wait") ** 2 * cast.value("hours"))
        category = by_appeal(bank, bank.tagged("points"), 0.0, cast.u("category"))
        rows = cast.intents(
            begun[cast.victim] + to_ms(wait),
            category,
            dear_cents(cast, category, cast.value("amount_factor")),
            cast.foreign_place(),
            merchant=cast.shop(category, cast.home(), cast.of_campaign("shop", cast.nth % 2)),
            device=self._device(cast),
            net=FOREIGN_NET,
            **cast.settled(cast.u("declined") < cast.value("decline"), _REASONS, _REASON_SHARES),
        )
        evidence: dict[str, np.ndarray] = {
            "accounts_in_campaign": plan.victims[cast.campaign],
            "one_device_for_all": self._is_farm(cast),
            "minutes_since_login": np.rint(wait * 60).astype(np.int64) + 2,
        }
        return Emission(rows, evidence, self._sessions(bank, plan, victims, begun))

    def _is_farm(self, cast: Cast) -> Bools:
        return hashed_uniforms(cast.seed, "loyalty.farm", cast.campaign_id) < cast.value("farm_share")

    def _device(self, cast: Cast) -> I64:
        """The farm's one device, or one of the actor's for each account."""
        one = hashed_uniforms(cast.seed, "loyalty.device", cast.campaign_id)
        own = hashed_uniforms(cast.seed, "loyalty.device", cast.campaign_id, cast.index)
        return cast.actors_device((np.where(self._is_farm(cast), one, own) * actors.DEVICES).astype(np.int64))

    def _sessions(self, bank: Bank, plan: Plan, victims: Victims, begun: I64) -> Sessions:
        """Some failed logins and one that works, a few minutes before the first redemption."""
        seed, c = bank.scenario.seed, victims.campaign
        u = hashed_uniforms(seed, "loyalty.failed", plan.campaign_id[c], victims.index)
        failed = np.floor((plan.values["failed_logins"][c] + 1) * u).astype(np.int64)
        cast = Cast(bank, plan, victims, failed + 1, "loyalty.session")
        minutes = (failed[cast.victim] - cast.nth + 1) * (0.7 + 1.5 * cast.of_account("pace"))
        return Sessions(
            campaign=cast.campaign,
            who=cast.who,
            event_us=begun[cast.victim] - to_ms(minutes / 60),
            event=np.full(len(cast), _LOGIN),
            is_success=cast.nth == failed[cast.victim],
            device=self._device(cast),
            place=cast.foreign_place(),
            net=cast.foreign_net(),
        )

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Large redemptions, and one after the other: points that expire, or that a family pools."""
        large = look.is_dear(_LARGE) | (look.again > 0)
        return bank.tagged("points")[look.category] & large

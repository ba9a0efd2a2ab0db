"""Redemption bursts: somebody else logs in and redeems what there is, again and again within hours."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation import limits
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.episodes import SELL_OFF
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families import wallets
from fraud_assets.simulation.fraud.families.account_takeover import AccountTakeover
from fraud_assets.simulation.fraud.families.base import Emission, Look
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, to_ms
from fraud_assets.simulation.fraud.families.own import counts
from fraud_assets.simulation.intents import BEHAVIOURAL, TO_PAYOUT, Bank
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms
from fraud_assets.simulation.wallet_episodes import allowed, ways

#: Redemptions just below a limit, of wallets from which some are [P].
_NEAR = 0.6


class RedemptionBurst(AccountTakeover):
    """A takeover that redeems: many times, in a row, out of the same wallet.

    Parameters: ``accounts`` within ``campaign_hours``; of each ``redemptions`` within ``hours``; share ``near_limit``
    of the accounts from which sums go just below one of the scenario's limits, most of them, the others being
    ``amount_factor`` times the mean of the category; shares ``new_device`` and ``credential_change``,
    ``failed_logins`` before, and ``decline`` of the attempts; ``weak_share`` of the campaigns that are paid out by the
    actor's own desk.
    """

    needs = (
        "accounts", "campaign_hours", "redemptions", "hours", "near_limit", "amount_factor", "new_device",
        "credential_change", "failed_logins", "decline", "weak_share",
    )  # fmt: skip

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return values["redemptions"]

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        begun = self.first_us(bank, plan, victims)
        number = counts(bank, plan, victims, "burst", plan.values["redemptions"])
        cast = Cast(bank, plan, victims, number, "burst")
        # Fast at first: then the sums run out, or the limits are reached.
        share = np.where(cast.nth == 0, 0.0, (cast.nth + 0.9 * cast.u("wait")) / number[cast.victim]) ** 1.4
        event_us = begun[cast.victim] + to_ms(cast.value("hours") * share)
        to = ways(bank, TO_PAYOUT, cast.of_account("to", cast.nth // 6))
        own_desk = cast.of_campaign("weak") < cast.value("weak_share")
        favourite = hashed_uniforms(cast.seed, "burst.desk", cast.actor)
        cents, limit = self._sums(cast, to)
        device, is_new = self._devices(cast, event_us)
        rows = cast.intents(
            event_us,
            to,
            cents,
            np.where(is_new, cast.foreign_place(), cast.home()),
            merchant=wallets.desks(bank, to, np.where(own_desk, favourite, cast.of_account("desk", cast.nth // 6))),
            device=device,
            net=np.where(is_new, FOREIGN_NET, cast.own_net()),
            anomaly=BEHAVIOURAL,
            **cast.settled(cast.u("declined") < cast.value("decline")),
        )
        evidence = {
            "new_device": is_new,
            "redemption": cast.nth + 1,
            "redemptions": number[cast.victim],
            "share_of_limit": np.round(cents / 100 / limit, 3),
        }
        return Emission(rows, evidence, self._sessions(bank, plan, victims, begun, begun))

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """A sell-off; several redemptions in a row."""
        redeemed = (bank.recipient == TO_PAYOUT)[look.category]
        return (look.episode == SELL_OFF) | (redeemed & (look.in_outing >= 5))

    def _sums(self, cast: Cast, to: I64) -> tuple[I64, F64]:
        """Amounts in cents, and the limits that they stay below or are near to."""
        bank = cast.bank
        mean = np.array([k.mean for k in bank.scenario.categories])[to] * bank.traits.amount_factor[cast.who]
        # The skilled redeem what the wallet itself might.
        factor = np.where(cast.skill == 2, 0.6, cast.value("amount_factor"))
        level = mean * factor * np.exp(0.8 * cast.of_account("level") - 0.4)
        limit = limits.nearest(bank.scenario, allowed(bank, cast.who, level))
        near = limits.below(bank.scenario, limit, 0.80 + 0.195 * cast.u("share"), cast.u("step"))
        # Large and small: what is offered, what a limit leaves, what is left.
        plain = price_points(bank, to, level * np.exp(5.5 * cast.u("amount") - 3.6), cast.u("price"))
        is_near = (cast.of_account("near") < cast.value("near_limit")) & (cast.u("is_near") < _NEAR)
        cents = np.where(is_near, near, plain)
        value = np.minimum(cents / 100, bank.normal_maximum[to] * (0.7 + 0.28 * cast.u("fold")))
        return np.maximum(np.rint(allowed(bank, cast.who, value) * 100), 100).astype(np.int64), limit

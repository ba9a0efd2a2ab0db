"""Refund fraud: buying in order to be refunded, and refunds of what was never bought."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.episodes import RETURN_DAYS, RETURNS, refund
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Look
from fraud_assets.simulation.fraud.families.cast import Cast, to_ms
from fraud_assets.simulation.fraud.families.own import OwnAccount, counts, hands, small_shops, usual
from fraud_assets.simulation.intents import AMOUNT, APPROVED, BEHAVIOURAL, ONLINE, Bank, concat
from fraud_assets.simulation.streams import F64, I64, Bools


class RefundFraud(OwnAccount):
    """Orders at one shop that is slow to check, most of which are claimed back.

    Parameters: ``accounts`` of a campaign, for ``days``; ``orders`` of each; share ``refunded`` of them;
    ``without_purchase``, the share of orders that are none, only their refund is there; ``amount_factor`` of the
    category's median.
    """

    needs = ("accounts", "days", "orders", "refunded", "without_purchase", "amount_factor")
    salt = "refund_fraud"

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        none = values["without_purchase"]
        return values["orders"] * (none + (1 - none) * (1 + 0.87 * values["refunded"]))  # some orders are declined

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["days"] * 24 + RETURN_DAYS[1] * 24 + 48.0

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        cast = Cast(bank, plan, victims, counts(bank, plan, victims, self.salt, plan.values["orders"]), self.salt)
        category, merchant = self._shop(cast)
        median = bank.median[category]
        factor = 1 + (cast.value("amount_factor") - 1) * np.array([1.0, 0.8, 0.4])[cast.skill]
        value = np.minimum(median * factor * np.exp(1.2 * cast.u("amount") - 0.6), bank.till_maximum[category])
        cents = price_points(bank, category, value, cast.u("price"))
        event_us = self._when(cast)
        orders = cast.intents(
            event_us,
            category,
            cents,
            cast.home(),
            merchant=merchant,
            fixed=True,
            anomaly=BEHAVIOURAL,
            **hands(cast, event_us, category, cents),
        )
        is_order = cast.u("none") >= cast.value("without_purchase")
        back = (cast.u("back") < cast.value("refunded")) & (orders.status == APPROVED) | ~is_order
        days = RETURN_DAYS[0] + (RETURN_DAYS[1] - RETURN_DAYS[0]) * cast.u("days")[back]
        # Without a purchase there is nothing to refer to; the careless shop never minds.
        reference = np.where(is_order, cast.u("reference"), 0.0)[back]
        refunds = refund(bank, orders.take(back), days, cast.u("part")[back], reference)
        refunds = refunds.but(anomaly=np.full(len(refunds), AMOUNT))
        role = np.concatenate([np.full(int(is_order.sum()), "order"), np.full(len(refunds), "refund")])
        ordered = np.concatenate([np.ones(int(is_order.sum()), dtype=bool), is_order[back]])
        rows = concat([orders.take(is_order), refunds])
        return Emission(rows, {"role": role, "purchase_exists": ordered})

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Somebody who tries on at home, and sends a good part back."""
        del bank  # an episode tells by itself
        return look.episode == RETURNS

    def _shop(self, cast: Cast) -> tuple[I64, I64]:
        online = cast.bank.channel == ONLINE
        return small_shops(cast, 0.3, online & cast.bank.tagged("goods") if cast.bank.tagged("goods").any() else online)

    def _when(self, cast: Cast) -> I64:
        category, _ = self._shop(cast)
        first = cast.of_account("joins") / 6
        share = np.where(cast.nth == 0, first, first + (1 - first) * cast.u("day"))
        return usual(cast, cast.plan.starts_us[cast.campaign] + to_ms(24 * cast.value("days") * share), category)

"""Shipping fraud: goods are bought with other people's cards and sent to an address that several cards share."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.simulation.deliveries import HOME, destination
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, by_appeal, first_index, to_ms
from fraud_assets.simulation.fraud.families.habits import dear_cents
from fraud_assets.simulation.fraud.families.own import counts
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import DAY, NONE, ONLINE, Bank
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms

#: Orders from this many times the median on are looked at.
_LARGE = 1.8


class ShippingFraud(Family):
    """One drop address and the cards that pay for what is sent there.

    Parameters: ``cards`` of a campaign, used within ``campaign_hours``; ``orders`` with each within ``hours``;
    ``amount_factor`` of the category's mean; ``express`` share; ``reroute`` share of the cards whose orders go to the
    victim's own address and are rerouted on the way; ``decline`` share.
    """

    needs = ("cards", "campaign_hours", "orders", "hours", "amount_factor", "express", "reroute", "decline")
    blocks_card = True

    def size(self, values: dict[str, F64]) -> I64:
        return np.rint(values["cards"]).astype(np.int64)

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return np.maximum(1, values["orders"])

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + values["hours"] + 72

    def check(self, name: str, scenario: Scenario) -> None:
        super().check(name, scenario)
        if not any("goods" in c.tags for c in scenario.categories):
            raise ScenarioError(
                f"scenario {scenario.name}: categories.csv: none has the tag 'goods', which fraud type {name} needs"
            )

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        return self._order_us(bank, plan, victims, np.zeros(len(victims), dtype=np.int64))

    def _order_us(self, bank: Bank, plan: Plan, victims: Victims, nth: I64) -> I64:
        """When the nth order with each card is placed: when everybody orders, most of the time."""
        seed, c = bank.scenario.seed, victims.campaign
        key = (plan.campaign_id[c], victims.index)
        u = hashed_uniforms(seed, "shipping.at", *key)
        later = nth * plan.values["hours"][c] / np.maximum(1, plan.values["orders"][c])
        at = plan.starts_us[c] + to_ms(24 + u * plan.values["campaign_hours"][c] + later)
        who = victims.index - first_index(bank)
        category = np.full(len(c), bank.some(_goods(bank), "a category with the tag goods")[0])
        usual = at_usual_hours(bank, who, category, at, hashed_uniforms(seed, "shipping.hour", *key, nth))
        return np.where(hashed_uniforms(seed, "shipping.usual", *key, nth) < 0.8, usual, at)

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        cast = Cast(bank, plan, victims, counts(bank, plan, victims, "shipping", plan.values["orders"]), "shipping")
        event_us = self._order_us(bank, plan, victims.take(cast.victim), cast.nth)
        # What is easily sold on before other goods.
        goods, resale = _goods(bank), bank.tagged("resale")
        sold_on = goods & resale if (goods & resale).any() else goods
        first, any_goods = by_appeal(bank, sold_on, 0.0, cast.u("resale")), by_appeal(bank, goods, 0.0, cast.u("goods"))
        category = np.where(cast.u("sold_on") < 0.4, first, any_goods)
        rerouted = cast.of_account("reroute") < cast.value("reroute")
        rows = cast.intents(
            event_us,
            category,
            dear_cents(cast, category, cast.value("amount_factor")),
            cast.foreign_place(),
            merchant=cast.shop(category, cast.home(), cast.of_account("shop")),
            device=cast.actors_device((cast.of_account("device") * actors.DEVICES).astype(np.int64)),
            net=FOREIGN_NET,
            delivery=np.where(rerouted, NONE, cast.drop(cast.of_campaign("drop"))),
            express=(cast.u("express") < cast.value("express")).astype(np.int64),
            **cast.settled(cast.u("declined") < cast.value("decline")),
        )
        evidence: dict[str, np.ndarray] = {
            "cards_in_campaign": plan.victims[cast.campaign],
            "rerouted": rerouted,
            "order": cast.nth + 1,
        }
        return Emission(rows, evidence)

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Dear goods that go to a friend, to the office or to a locker."""
        found = bank.tagged("goods")[look.category] & look.is_dear(_LARGE)
        order = np.flatnonzero(found)
        day = look.event_us[order] // DAY
        to, _, _ = destination(bank, look.who[order], look.category[order], look.cents[order], day)
        found[order] = to != HOME
        return found


def _goods(bank: Bank) -> Bools:
    """Goods that are paid for with a card, where any are."""
    goods = bank.tagged("goods")
    by_card = goods & (bank.channel == ONLINE)
    return by_card if by_card.any() else goods

"""Card testing: bots try stolen numbers with small amounts; what works is used or sold on."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.episodes import TRIAL
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look, join
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, by_appeal, first_index, local_hour, to_ms
from fraud_assets.simulation.intents import (
    APPROVED,
    CVV_MISMATCH,
    DO_NOT_HONOR,
    EXPIRED_CARD,
    HOUR,
    INSUFFICIENT_FUNDS,
    NONE,
    ONLINE,
    TECHNICAL,
    Bank,
    Intents,
)
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms

#: Share of the tries of the small hours that are put off [P].
_WAITS = 0.75
_MOST_TRIES = 4
_AGAIN = 0.38
_REASONS = np.array([DO_NOT_HONOR, CVV_MISMATCH, INSUFFICIENT_FUNDS, EXPIRED_CARD, TECHNICAL])
_REASON_SHARES = np.cumsum([0.38, 0.24, 0.25, 0.09])
#: Goods bought with cards that worked, sent to an address of the actor; the others are fetched at the victim's [P].
_DROPPED = 0.25
#: Longest time from a test to the use of a card that worked, days [P].
_SOLD_WITHIN = 14


class CardTesting(Family):
    """Bots at one to three weak online merchants.

    Parameters: ``cards`` tested, ``hours`` of the bot's run, ``amount`` in major units, ``decline`` share,
    ``sold_share`` of the cards that worked, ``sold_rows`` purchases with each, ``sold_factor`` of the category's
    median. The unskilled hurry and stay tiny; the skilled go low and slow with the shop's usual prices.
    """

    needs = ("cards", "hours", "amount", "decline", "sold_share", "sold_rows", "sold_factor")
    blocks_card = True

    def size(self, values: dict[str, F64]) -> I64:
        return np.rint(values["cards"]).astype(np.int64)

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        tries = sum(_AGAIN**k for k in range(_MOST_TRIES))
        return tries + values["sold_share"] * 0.5 * values["sold_rows"]

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["hours"] + 7.0 + (_SOLD_WITHIN + 2) * 24.0

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        c = victims.campaign
        key = (plan.campaign_id[c], victims.index)
        at = hashed_uniforms(bank.scenario.seed, "testing.at", *key)
        found = plan.starts_us[c] + to_ms(at * plan.values["hours"][c])
        # Traffic hides among traffic: most of what would fall into the small hours waits for the morning.
        hour = local_hour(bank, victims.index - first_index(bank), found)
        waits = (hour < 6) & (hashed_uniforms(bank.scenario.seed, "testing.waits", *key) < _WAITS)
        return found + waits * 7 * HOUR

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        tests = self._tests(bank, plan, victims)
        return join([tests, self._sold(bank, plan, victims, tests.rows)])

    def _tests(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        u = hashed_uniforms(bank.scenario.seed, "testing.tries", plan.campaign_id[victims.campaign], victims.index)
        tries = np.minimum(1 + np.floor(np.log1p(-u) / np.log(_AGAIN)).astype(np.int64), _MOST_TRIES)
        cast = Cast(bank, plan, victims, tries, "testing")

        # A run goes through its list; a card's further tries follow within minutes, or within hours where it is slow.
        pace = np.array([120.0, 900.0, 4 * 3600.0])[cast.skill]
        after = cast.nth * pace * (0.1 + cast.u("wait"))
        event_us = self.first_us(bank, plan, victims)[cast.victim] + to_ms(after / 3600)
        category, merchant = self._shops(cast)
        rows = cast.intents(
            event_us,
            category,
            self._test_cents(cast, category),
            cast.foreign_place(),
            fixed=True,
            merchant=merchant,
            device=cast.actors_device((cast.of_campaign("device") * actors.DEVICES).astype(np.int64)),
            net=FOREIGN_NET,
            **cast.settled(cast.u("declined") < cast.value("decline"), _REASONS, _REASON_SHARES),
        )
        return Emission(rows, _evidence(cast, "test"))

    def _shops(self, cast: Cast) -> tuple[I64, I64]:
        """Category and merchant: one to three shops a campaign, some of them the actor's old favourites."""
        bank = cast.bank
        shops = 1 + (cast.of_campaign("shops") * 3).astype(np.int64)
        nth = (cast.u("shop") * shops).astype(np.int64)
        favourite = cast.of_campaign("favourite", nth) < 0.3
        owner = np.where(favourite, cast.actor, cast.campaign_id)
        # Where small prices are normal, a test is not noticed.
        category = by_appeal(
            bank, bank.is_bought_online, -1.0, hashed_uniforms(cast.seed, "testing.category", owner, nth)
        )
        return category, actors.weak_merchants(
            bank, category, hashed_uniforms(cast.seed, "testing.merchant", owner, nth)
        )

    def _test_cents(self, cast: Cast, category: I64) -> I64:
        u, bank = cast.u("amount"), cast.bank
        median = bank.median[category]
        tiny = cast.value("amount") * (0.6 + 0.8 * u)
        usual = median * np.exp(0.7 * (u - 0.6))
        # The middling mix tiny and usual amounts; many of the tiny ones are a round dollar, as honest checks are.
        is_tiny = (cast.skill == 0) | ((cast.skill == 1) & ((u * 64) % 1.0 < 0.45))
        whole = np.maximum(1.0, np.rint(tiny))
        gifts = np.array([k.price_style == "round" for k in bank.scenario.categories])[category]
        small = np.where(gifts | ((u * 512) % 1.0 < max(0.35, bank.scenario.prices.whole)), whole, tiny)
        cents = np.maximum(np.rint(small * 100).astype(np.int64), 50)
        return np.where(is_tiny, cents, price_points(bank, category, usual, cast.u("price")))

    def _sold(self, bank: Bank, plan: Plan, victims: Victims, tests: Intents) -> Emission:
        """Purchases with cards that worked, 1-14 days later, until the victim reports."""
        width = np.int64(bank.scenario.population.customers)
        worked = np.unique((tests.campaign * width + tests.who + first_index(bank))[tests.status == APPROVED])
        hit = np.isin(victims.campaign * width + victims.index, worked)
        sold = hashed_uniforms(bank.scenario.seed, "testing.sold", plan.campaign_id[victims.campaign], victims.index)
        hit &= sold < plan.values["sold_share"][victims.campaign]
        buyers = victims.take(hit)
        count = np.maximum(1, np.rint(plan.values["sold_rows"][buyers.campaign])).astype(np.int64)
        cast = Cast(bank, plan, buyers, count, "sold")

        day = 1 + (_SOLD_WITHIN - 1) * cast.of_account("day") ** 1.5
        hours = cast.value("hours") + 24 * day + cast.nth * (0.2 + 5 * cast.u("hour"))
        event_us = plan.starts_us[cast.campaign] + to_ms(hours)
        category = by_appeal(bank, bank.is_bought_online, 0.5, cast.u("category"))
        factor = np.where(cast.skill == 2, 1.3, cast.value("sold_factor"))
        value = bank.median[category] * factor
        value = np.minimum(value * np.exp(cast.u("amount") - 0.5), bank.till_maximum[category] * 0.95)
        rows = cast.intents(
            event_us,
            category,
            price_points(bank, category, value, cast.u("price")),
            cast.foreign_place(),
            merchant=cast.shop(category, cast.home(), cast.u("merchant")),
            device=cast.actors_device((cast.u("device") * actors.DEVICES).astype(np.int64)),
            net=FOREIGN_NET,
            delivery=np.where(cast.u("drop") < _DROPPED, cast.drop(cast.of_campaign("drop")), NONE),
            **cast.settled(cast.u("declined") < 0.2, np.array([INSUFFICIENT_FUNDS]), np.empty(0)),
        )
        return Emission(rows, _evidence(cast, "use"))

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Tiny purchases from an online merchant that is new to the customer; one small service after the other."""
        tiny = (bank.channel == ONLINE)[look.category] & look.is_new & (look.of_median <= 0.12)
        return tiny | (look.episode == TRIAL)


def _evidence(cast: Cast, role: str) -> dict[str, np.ndarray]:
    return {
        "role": np.full(len(cast), role),
        "cards_in_run": cast.plan.victims[cast.campaign],
        "try": cast.nth + 1,
    }

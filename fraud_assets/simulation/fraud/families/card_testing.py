"""Card testing: bots try stolen numbers with small amounts; what works is used or sold on."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.calendar import offset_at
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.families.base import Emission, Family, join
from fraud_assets.simulation.fraud.plan import Plan, Victims
from fraud_assets.simulation.fraud.reports import stopped_at
from fraud_assets.simulation.instruments import cards
from fraud_assets.simulation.intents import (
    APPROVED,
    BEHAVIOURAL,
    DAY,
    DECLINED,
    DO_NOT_HONOR,
    EXPIRED_CARD,
    HOUR,
    INSUFFICIENT_FUNDS,
    MINUTE,
    NONE,
    ONLINE,
    PUBLIC_NET,
    PURCHASE,
    TECHNICAL,
    TO_MERCHANT,
    WRONG_CREDENTIALS,
    Bank,
    Intents,
)
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, ids

#: Share of the tries of the small hours that are put off [P].
_WAITS = 0.6
_MOST_TRIES = 4
_AGAIN = 0.38
_REASONS = np.array([DO_NOT_HONOR, WRONG_CREDENTIALS, INSUFFICIENT_FUNDS, EXPIRED_CARD, TECHNICAL])
_REASON_SHARES = np.cumsum([0.38, 0.24, 0.25, 0.09])
#: Longest time from a test to the use of a card that worked, days [P].
_SOLD_WITHIN = 14


class CardTesting(Family):
    """Bots at one to three weak online merchants.

    Parameters: ``cards`` tested, ``hours`` of the bot's run, ``amount`` in major units, ``decline`` share,
    ``sold_share`` of the cards that worked, ``sold_rows`` purchases with each, ``sold_factor`` of the category's
    median. The unskilled hurry and stay tiny; the skilled go low and slow with the shop's usual prices.
    """

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
        found = plan.starts_us[c] + np.rint(at * plan.values["hours"][c] * 3_600_000).astype(np.int64) * 1000
        # Traffic hides among traffic: most of what would fall into the small hours waits for the morning.
        start = int(bank.traits.index[0]) if len(bank.traits.index) else 0
        hour = (found + offset_at(bank.scenario, bank.traits.city[victims.index - start], found) * MINUTE) // HOUR % 24
        waits = (hour < 6) & (hashed_uniforms(bank.scenario.seed, "testing.waits", *key) < _WAITS)
        return found + waits * 7 * HOUR

    def emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        tests = self._tests(bank, plan, victims)
        return join([tests, self._sold(bank, plan, victims, tests.rows)])

    def _tests(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        scenario = bank.scenario
        seed = scenario.seed
        first = int(bank.traits.index[0]) if len(bank.traits.index) else 0
        u = hashed_uniforms(seed, "testing.tries", plan.campaign_id[victims.campaign], victims.index)
        tries = np.minimum(1 + np.floor(np.log1p(-u) / np.log(_AGAIN)).astype(np.int64), _MOST_TRIES)
        row = np.repeat(np.arange(len(tries)), tries)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(tries) - tries, tries)
        c, who = victims.campaign[row], victims.index[row] - first
        number = ids(seed, "fraud.row", plan.campaign_id[c], victims.index[row], nth)
        skill = plan.skill[c]

        # A run goes through its list; a card's further tries follow within minutes, or within hours where it is slow.
        wait = hashed_uniforms(seed, "testing.wait", number)
        pace = np.array([120.0, 900.0, 4 * 3600.0])[skill]
        after = nth * pace * (0.1 + wait)
        event_us = self.first_us(bank, plan, victims)[row] + np.rint(after * 1000).astype(np.int64) * 1000

        category, merchant = self._shops(bank, plan, c, number)
        month = plan.month.index
        device = actors.device(scenario, plan.actor[c], _nth_device(seed, plan.campaign_id[c], actors.DEVICES), month)
        place = actors.place(bank, plan.actor[c], plan.campaign_id[c], skill, who, number)
        declined = hashed_uniforms(seed, "testing.declined", number) < plan.values["decline"][c]
        reason = _REASONS[np.searchsorted(_REASON_SHARES, hashed_uniforms(seed, "testing.reason", number))]
        rows = Intents.make(
            len(row),
            transaction_id=number,
            who=who,
            event_us=event_us,
            offset=offset_at(scenario, place, event_us),
            category=category,
            kind=PURCHASE,
            place=place,
            merchant=merchant,
            cents=self._test_cents(bank, plan, c, category, number),
            device=device,
            net=PUBLIC_NET,
            card=cards(bank, month, who, np.full(len(row), ONLINE)),
            status=np.where(declined, DECLINED, APPROVED),
            reason=np.where(declined, reason, NONE),
            campaign=c,
            anomaly=BEHAVIOURAL,
        )
        return Emission(rows, {"role": np.full(len(row), "test"), "cards_in_run": plan.victims[c], "try": nth + 1})

    def _shops(self, bank: Bank, plan: Plan, c: I64, number: I64) -> tuple[I64, I64]:
        """Category and merchant: one to three shops a campaign, some of them the actor's old favourites."""
        seed = bank.scenario.seed
        online = np.flatnonzero((bank.channel == ONLINE) & (bank.recipient == TO_MERCHANT))
        shops = 1 + (hashed_uniforms(seed, "testing.shops", plan.campaign_id[c]) * 3).astype(np.int64)
        nth = (hashed_uniforms(seed, "testing.shop", number) * shops).astype(np.int64)
        favourite = hashed_uniforms(seed, "testing.favourite", plan.campaign_id[c], nth) < 0.3
        owner = np.where(favourite, plan.actor[c], plan.campaign_id[c])
        median = np.array([bank.scenario.categories[k].median for k in online])
        weight = np.cumsum(1 / median)  # where small prices are normal, a test is not noticed
        u = hashed_uniforms(seed, "testing.category", owner, nth)
        category = online[np.searchsorted(weight / weight[-1], u)]
        return category, actors.weak_merchants(bank, category, hashed_uniforms(seed, "testing.merchant", owner, nth))

    def _test_cents(self, bank: Bank, plan: Plan, c: I64, category: I64, number: I64) -> I64:
        u = hashed_uniforms(bank.scenario.seed, "testing.amount", number)
        median = np.array([k.median for k in bank.scenario.categories])[category]
        tiny = plan.values["amount"][c] * (0.6 + 0.8 * u)
        usual = median * np.exp(0.7 * (u - 0.6))
        skill = plan.skill[c]
        # The middling mix tiny and usual amounts; half of the tiny ones are a round dollar, as honest checks are.
        is_tiny = (skill == 0) | ((skill == 1) & ((u * 64) % 1.0 < 0.45))
        value = np.where(is_tiny, np.where((u * 512) % 1.0 < 0.35, 1.0, tiny), np.floor(usual) + 0.99)
        return np.maximum(np.rint(value * 100).astype(np.int64), 50)

    def _sold(self, bank: Bank, plan: Plan, victims: Victims, tests: Intents) -> Emission:
        """Purchases with cards that worked, 1-14 days later, until the victim reports."""
        scenario = bank.scenario
        seed = scenario.seed
        first = int(bank.traits.index[0]) if len(bank.traits.index) else 0
        pair = tests.campaign * np.int64(scenario.population.customers) + tests.who + first
        worked = np.unique(pair[tests.status == APPROVED])
        hit = np.isin(victims.campaign * np.int64(scenario.population.customers) + victims.index, worked)
        sold = hashed_uniforms(seed, "testing.sold", plan.campaign_id[victims.campaign], victims.index)
        hit &= sold < plan.values["sold_share"][victims.campaign]
        c0, index0 = victims.campaign[hit], victims.index[hit]
        count = np.maximum(1, np.rint(plan.values["sold_rows"][c0])).astype(np.int64)
        row = np.repeat(np.arange(len(c0)), count)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        c, index = c0[row], index0[row]
        who, skill = index - first, plan.skill[c]
        number = ids(seed, "fraud.sold", plan.campaign_id[c], index, nth)

        day = 1 + (_SOLD_WITHIN - 1) * hashed_uniforms(seed, "testing.sold.day", plan.campaign_id[c], index) ** 1.5
        hours = nth * (0.2 + 5 * hashed_uniforms(seed, "testing.sold.hour", number))
        run = np.rint(plan.values["hours"][c] * 3600).astype(np.int64) * 1_000_000
        event_us = plan.starts_us[c] + run + (day * DAY + hours * HOUR).astype(np.int64) // 1000 * 1000
        online = np.flatnonzero((bank.channel == ONLINE) & (bank.recipient == TO_MERCHANT))
        median = np.array([scenario.categories[k].median for k in online])
        weight = np.cumsum(np.sqrt(median))
        category = online[np.searchsorted(weight / weight[-1], hashed_uniforms(seed, "testing.sold.category", number))]
        column = len(scenario.cities)
        u = hashed_uniforms(seed, "testing.sold.merchant", number)
        shops = bank.directory.count[category, column]
        merchant = bank.directory.start[category, column] + (shops * u**2).astype(np.int64)
        spread = np.exp(0.5 * (hashed_uniforms(seed, "testing.sold.amount", number) * 2 - 1))
        factor = np.where(skill == 2, 1.3, plan.values["sold_factor"][c])
        value = np.array([k.median for k in scenario.categories])[category] * factor * spread
        value = np.minimum(value, bank.normal_maximum[category] * 0.95)
        place = actors.place(bank, plan.actor[c], plan.campaign_id[c], skill, who, number)
        declined = hashed_uniforms(seed, "testing.sold.declined", number) < 0.2
        rows = Intents.make(
            len(row),
            transaction_id=number,
            who=who,
            event_us=event_us,
            offset=offset_at(scenario, place, event_us),
            category=category,
            kind=PURCHASE,
            place=place,
            merchant=merchant,
            cents=np.floor(value).astype(np.int64) * 100 + 99,
            device=actors.device(scenario, plan.actor[c], _nth_device(seed, number, actors.DEVICES), plan.month.index),
            net=PUBLIC_NET,
            card=cards(bank, plan.month.index, who, np.full(len(row), ONLINE)),
            status=np.where(declined, DECLINED, APPROVED),
            reason=np.where(declined, INSUFFICIENT_FUNDS, NONE),
            campaign=c,
            anomaly=BEHAVIOURAL,
        )
        stop = stopped_at(scenario, plan, c, index, self.first_us(bank, plan, Victims(c, index, nth)))
        keep = event_us < stop
        return Emission(
            rows.take(keep),
            {
                "role": np.full(int(keep.sum()), "use"),
                "cards_in_run": plan.victims[c][keep],
                "try": nth[keep] + 1,
            },
        )

    def resembles(self, bank: Bank, category: I64, cents: I64, is_new: Bools) -> Bools:
        """Tiny purchases from an online merchant that is new to the customer."""
        return (bank.channel == ONLINE)[category] & is_new & (cents <= 300)


def _nth_device(seed: int, key: I64, n: int) -> I64:
    return (hashed_uniforms(seed, "actor.which", key) * n).astype(np.int64)

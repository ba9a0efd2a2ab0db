"""Card cloning: cards are copied at a shop, and the copies are used days later, elsewhere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.fraud.accounts import home_city, neighbours
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look
from fraud_assets.simulation.fraud.families.cast import Cast, by_appeal, first_index, to_ms
from fraud_assets.simulation.fraud.families.habits import blameless, dear_cents, own_cents
from fraud_assets.simulation.fraud.families.own import counts
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import CARD_PRESENT, DAY, GEOGRAPHIC, TO_CASH, Bank, Intents
from fraud_assets.simulation.possible import always_open, when_open
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, keyed

#: Days by which the first uses of the cards of one shop differ, and payments of one shopping trip [P].
_SPREAD_DAYS, _TRIP = 6.0, 3
#: Below 1, more of the cities are far away than near in proportion [P].
_FAR = 0.45
#: The skilled who sell the copies in the victims' own city [P].
_SOLD_AT_HOME = 0.6
#: Share of the shops that are cash machines, and of shopping trips that lead to one, where there are any [P].
_CASH = 0.5
_EARTH_KM = 6371.0


class CardCloning(Family):
    """A skimmer at one counter or cash machine, and copies of the cards of those who paid there.

    Parameters: ``cards`` copied at the shop within ``skim_days``; used from ``wait_days`` later on, ``rows`` times
    within ``days``, ``nearest_km`` to ``furthest_km`` from home, for ``amount_factor`` times the mean of the category;
    ``decline`` share.
    """

    needs = ("cards", "skim_days", "wait_days", "rows", "days", "nearest_km", "furthest_km", "amount_factor", "decline")
    blocks_card = True
    brings_devices = False

    def size(self, values: dict[str, F64]) -> I64:
        return np.rint(values["cards"]).astype(np.int64)

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return values["rows"]

    def life_hours(self, values: dict[str, F64]) -> F64:
        return 24 * (values["skim_days"] + values["wait_days"] + values["days"] + _SPREAD_DAYS + 3)

    def accounts(self, scenario: Scenario, plan: Plan, campaign: I64, nth: I64) -> I64:
        """People who live around the shop."""
        shop = _shops(scenario, plan)[campaign]
        u = hashed_uniforms(scenario.seed, "cloning.account", plan.campaign_id[campaign], nth)
        return neighbours(scenario, shop, u)

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        return self._trip_us(bank, plan, victims, np.zeros(len(victims), dtype=np.int64))

    def _visit_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        """When each victim paid at the shop, to the day."""
        c = victims.campaign
        u = hashed_uniforms(bank.scenario.seed, "cloning.visit", plan.campaign_id[c], victims.index)
        return plan.starts_us[c] + DAY + to_ms(24 * u * plan.values["skim_days"][c])

    def _trip_us(self, bank: Bank, plan: Plan, victims: Victims, trip: I64) -> I64:
        """When the nth shopping trip with each card begins: at the usual hours of the shops."""
        seed, c = bank.scenario.seed, victims.campaign
        key = (plan.campaign_id[c], victims.index, trip)
        wait = plan.values["wait_days"][c] + _SPREAD_DAYS * hashed_uniforms(seed, "cloning.wait", *key[:2])
        trips = np.ceil(plan.values["rows"][c] / _TRIP)
        day = self._visit_us(bank, plan, victims) + to_ms(24 * (wait + trip * plan.values["days"][c] / trips))
        who = victims.index - first_index(bank)
        category = np.full(len(c), bank.some(_counters(bank), "a shop that reads cards")[0])
        return at_usual_hours(bank, who, category, day, hashed_uniforms(seed, "cloning.hour", *key))

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        cast = Cast(bank, plan, victims, counts(bank, plan, victims, "cloning", plan.values["rows"]), "cloning")
        trip = cast.nth // _TRIP
        within = cast.nth % _TRIP * to_ms(0.12 + 0.5 * cast.u("gap"))
        event_us = self._trip_us(bank, plan, victims.take(cast.victim), trip) + within
        place = _places(cast, trip)
        late = by_appeal(bank, always_open(bank, _counters(bank)), 0.4, cast.u("late"))
        category = _counter(bank, 0.4, cast.u("category"), cast.of_account("cash", trip))
        category = when_open(bank, category, place, event_us, late)
        rows = cast.intents(
            event_us,
            category,
            dear_cents(cast, category, cast.value("amount_factor")),
            place,
            merchant=cast.shop(category, place, cast.u("shop")),
            anomaly=GEOGRAPHIC,
            **cast.settled(cast.u("declined") < cast.value("decline")),
        )
        shop = _shops(bank.scenario, plan)
        evidence: dict[str, np.ndarray] = {
            "cards_of_the_shop": plan.victims[cast.campaign],
            "days_since_copied": (event_us - self._visit_us(bank, plan, victims)[cast.victim]) // DAY,
        }
        return Emission(rows, evidence, honest=self._visits(bank, plan, victims, shop))

    def _visits(self, bank: Bank, plan: Plan, victims: Victims, shops: I64) -> Intents:
        """The payments at which the cards were copied, all of a campaign at one counter."""
        cast = Cast(bank, plan, victims, np.ones(len(victims), dtype=np.int64), "cloning.visit")
        u = hashed_uniforms(cast.seed, "cloning.kind", cast.campaign_id)
        category = _counter(bank, -0.4, u, hashed_uniforms(cast.seed, "cloning.cash", cast.campaign_id))
        place = home_city(bank.scenario, shops)[cast.campaign]
        event_us = at_usual_hours(bank, cast.who, category, self._visit_us(bank, plan, victims), cast.u("hour"))
        merchant = cast.shop(category, place, hashed_uniforms(cast.seed, "cloning.shop", cast.campaign_id))
        return blameless(
            cast.intents(event_us, category, own_cents(cast, category), place, merchant=merchant, fixed=True)
        )

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Purchases at counters on a trip."""
        return look.is_away & (bank.channel == CARD_PRESENT)[look.category]


def _counters(bank: Bank) -> Bools:
    """Shops that read cards; a code is scanned with a phone."""
    return (bank.channel == CARD_PRESENT) & bank.is_bought


def _counter(bank: Bank, power: float, u: F64, cash_u: F64) -> I64:
    """What is paid with a card in hand: cash, or in a shop, the dear ones the likelier the greater ``power`` is."""
    shop, cash = by_appeal(bank, _counters(bank), power, u), np.flatnonzero(bank.recipient == TO_CASH)
    return np.where(cash_u < _CASH, cash[0], shop) if len(cash) else shop


def _shops(scenario: Scenario, plan: Plan) -> I64:
    """Number of a customer who lives where the shop of each campaign is."""
    key = keyed(scenario.seed, "cloning.city", plan.campaign_id)
    return (key % np.uint64(scenario.population.customers)).astype(np.int64)


def _places(cast: Cast, trip: I64) -> I64:
    """Cities in which the copies are used, one a trip and shop."""
    home, u = cast.home(), cast.of_campaign("place", trip // 2)
    near = cast.value("nearest_km")
    far = _cities_at(cast.bank.scenario, home, near * (cast.value("furthest_km") / near) ** (u**_FAR), (u * 64) % 1.0)
    stays = (cast.skill == 2) & (cast.of_account("near") < _SOLD_AT_HOME)
    return np.where(stays, home, far)


def _cities_at(scenario: Scenario, home: I64, kilometres: F64, u: F64) -> I64:
    """Cities about so far from home: one of the three of which the distance fits best."""
    gap = np.abs(np.log(_distances(scenario)[home] / kilometres[:, None]))
    best = np.argsort(gap, axis=1, kind="stable")[:, :3]
    return best[np.arange(len(home)), (u * best.shape[1]).astype(np.int64)]


@lru_cache(maxsize=8)
def _distances(scenario: Scenario) -> F64:
    """Kilometres between cities; within a metro, and of a city to itself, as far as any: nobody goes there."""
    latitude = np.radians([c.latitude for c in scenario.cities])
    longitude = np.radians([c.longitude for c in scenario.cities])
    h = np.sin((latitude[:, None] - latitude) / 2) ** 2
    h += np.cos(latitude[:, None]) * np.cos(latitude) * np.sin((longitude[:, None] - longitude) / 2) ** 2
    metro = np.array([c.metro for c in scenario.cities])
    return np.where(metro[:, None] == metro, 1e6, 2 * _EARTH_KM * np.arcsin(np.sqrt(h)))

"""Stolen cards: a lost wallet is tapped at counters until it is blocked; a bought number goes straight online."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.accounts import least_active
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look
from fraud_assets.simulation.fraud.families.cast import (
    FOREIGN_NET,
    Cast,
    by_appeal,
    first_index,
    local_hour,
    month_index,
    to_ms,
)
from fraud_assets.simulation.fraud.families.habits import dear_cents
from fraud_assets.simulation.fraud.families.own import counts
from fraud_assets.simulation.instruments import cards, has_second_card
from fraud_assets.simulation.intents import CARD_PRESENT, HOUR, NONE, ONLINE, Bank
from fraud_assets.simulation.possible import always_open, when_open
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, keyed

#: Accounts that are looked at to find a quiet one [P].
_LOOKS = 12
#: Amounts from this many times the median on are dear.
_DEAR = 4.0
#: Shops of a round that looks like that of a thief, who goes to three at least.
_ROUND = 3
#: Hours by which what would fall into the small hours waits, and how often it does [P].
_WAIT, _WAITS = 7, 0.8


class StolenCard(Family):
    """A wallet, or the number of a card that somebody has tested.

    Parameters: ``cards`` of a campaign, stolen within ``campaign_hours``; with each ``rows`` payments within ``hours``,
    of which ``tap_share`` below ``tap_limit`` (major units) at counters of the victim's city, the others online for
    ``amount_factor`` times the mean; ``decline`` share; ``quiet_share`` of the accounts hardly used;
    ``second_card_share`` of the wallets, whose second card it is, of those who have one; ``drop_share`` of the goods to
    addresses of the actor. Numbers that come from another campaign are only used online.
    """

    needs = (
        "cards", "campaign_hours", "rows", "hours", "tap_share", "tap_limit", "amount_factor", "decline", "quiet_share",
        "second_card_share", "drop_share",
    )  # fmt: skip
    blocks_card = True

    def size(self, values: dict[str, F64]) -> I64:
        return np.rint(values["cards"]).astype(np.int64)

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return values["rows"]

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + values["hours"] + 2 * _WAIT

    def accounts(self, scenario: Scenario, plan: Plan, campaign: I64, nth: I64) -> I64:
        """A share of the victims are the quietest of some who were looked at."""
        key = (plan.campaign_id[campaign][:, None], nth[:, None], np.arange(_LOOKS))
        seen = (keyed(scenario.seed, "stolen.account", *key) % np.uint64(scenario.population.customers)).astype(
            np.int64
        )
        quiet = hashed_uniforms(scenario.seed, "stolen.quiet", plan.campaign_id[campaign], nth)
        chosen = quiet < plan.values["quiet_share"][campaign]
        return np.where(chosen, least_active(scenario, seen), seen[:, 0])

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        c = victims.campaign
        u = hashed_uniforms(bank.scenario.seed, "stolen.at", plan.campaign_id[c], victims.index)
        return _by_day(bank, victims.index, plan.starts_us[c] + to_ms(u * plan.values["campaign_hours"][c]), u)

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        count = counts(bank, plan, victims, "stolen", plan.values["rows"])
        cast = Cast(bank, plan, victims, count, "stolen")
        size = count[cast.victim]
        bought = plan.parent_id[cast.campaign] != NONE
        taps = (cast.nth < np.rint(size * cast.value("tap_share"))) & ~bought

        share = np.where(cast.nth == 0, 0.0, ((cast.nth + 0.8 * cast.u("time")) / size) ** 1.5)
        begun = self.first_us(bank, plan, victims)[cast.victim]
        event_us = _by_day(bank, cast.index, begun + to_ms(cast.value("hours") * share), cast.u("waits"))
        counters = (bank.channel == CARD_PRESENT) & bank.is_bought
        counter = by_appeal(bank, counters, -0.2, cast.u("counter"))
        late = by_appeal(bank, always_open(bank, counters), -0.2, cast.u("late"))
        counter = when_open(bank, counter, cast.home(), event_us, late)
        wanted = by_appeal(bank, bank.is_bought_online, 0.3, cast.u("wanted"))
        category = np.where(taps, counter, wanted)
        cents = dear_cents(cast, category, np.where(taps, 1.0, cast.value("amount_factor")))
        limit = cast.value("tap_limit")
        # A till rounds these sums as it does all others.
        below = price_points(bank, category, limit * (0.3 + 0.64 * cast.u("below")), cast.u("below.price"))
        place = np.where(taps, cast.home(), cast.foreign_place())
        rows = cast.intents(
            event_us,
            category,
            np.where(taps & (cents > 100 * limit), below, cents),
            place,
            merchant=cast.shop(category, place, cast.u("shop")),
            device=cast.actors_device((cast.of_account("device") * actors.DEVICES).astype(np.int64)),
            net=FOREIGN_NET,
            card=self._card(cast, event_us, category, bought),
            delivery=np.where(cast.u("drop") < cast.value("drop_share"), cast.drop(cast.of_campaign("drop")), NONE),
            **cast.settled(cast.u("declined") < cast.value("decline")),
        )
        evidence: dict[str, np.ndarray] = {
            "tapped": taps,
            "minutes_since_theft": np.rint((event_us - begun) / 6e7).astype(np.int64),
            "number_was_tested": bought,
        }
        return Emission(rows, evidence)

    def _card(self, cast: Cast, event_us: I64, category: I64, bought: Bools) -> I64:
        """The card in use, or the one that lay in the drawer and is not missed at once."""
        second = has_second_card(cast.bank)[cast.who] & ~bought
        second &= cast.of_account("second") < cast.value("second_card_share")
        return cards(cast.bank, month_index(event_us), cast.who, cast.bank.channel[category], second)

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Dear things, by card, on a round of shops where the customer has never been, as before a festival."""
        by_card = bank.is_bought & ((bank.channel == CARD_PRESENT) | (bank.channel == ONLINE))
        return by_card[look.category] & look.is_dear(_DEAR) & look.is_new & (look.in_outing >= _ROUND)


def _by_day(bank: Bank, index: I64, event_us: I64, u: F64) -> I64:
    """Most of what would fall into the small hours waits for the morning."""
    hour = local_hour(bank, index - first_index(bank), event_us)
    return event_us + ((hour < 6) & ((u * 64) % 1.0 < _WAITS)) * (_WAIT * HOUR)

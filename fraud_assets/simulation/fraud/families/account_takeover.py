"""Account takeover: somebody else logs in, changes the locks and empties the account."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fraud_assets.simulation import recipients
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.calendar import offset_at
from fraud_assets.simulation.devices import device as own_device
from fraud_assets.simulation.devices import owns
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.families.base import Emission, Family, Sessions
from fraud_assets.simulation.fraud.plan import Plan, Victims
from fraud_assets.simulation.fraud.reports import stopped_at
from fraud_assets.simulation.instruments import cards
from fraud_assets.simulation.intents import (
    AMOUNT,
    APPROVED,
    BEHAVIOURAL,
    CARD_PRESENT,
    DECLINED,
    DO_NOT_HONOR,
    HOUR,
    INSUFFICIENT_FUNDS,
    LIMIT_EXCEEDED,
    MINUTE,
    NONE,
    PUBLIC_NET,
    PURCHASE,
    TECHNICAL,
    TO_MERCHANT,
    TO_PERSON,
    TRANSFER,
    Bank,
    Intents,
)
from fraud_assets.simulation.merchants import pick
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, ids

_REASONS = np.array([INSUFFICIENT_FUNDS, LIMIT_EXCEEDED, DO_NOT_HONOR, TECHNICAL])
_REASON_SHARES = np.cumsum([0.50, 0.25, 0.20])
_LOGIN, _RESET, _CREDENTIAL, _PHONE = range(4)


class AccountTakeover(Family):
    """A stolen credential, one account at a time.

    Parameters: ``accounts`` a campaign takes over, within ``campaign_hours``; of each account ``rows`` payments within
    ``hours``; shares ``new_device`` and ``credential_change``; ``failed_logins`` before; ``amount_factor`` of the usual
    amount, ``skilled_amount_factor`` for the skilled; ``decline`` share; ``mule_share`` of transfers to accounts of
    mules.
    """

    blocks_card = False

    def size(self, values: dict[str, F64]) -> I64:
        return np.rint(values["accounts"]).astype(np.int64)

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return np.floor(values["rows"])

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + values["hours"]

    def emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        scenario = bank.scenario
        seed = scenario.seed
        start = int(bank.traits.index[0]) if len(bank.traits.index) else 0
        begun = self.first_us(bank, plan, victims)
        count = np.floor(plan.values["rows"][victims.campaign]).astype(np.int64)
        # Some accounts give less than the plan wants.
        u = hashed_uniforms(seed, "takeover.count", plan.campaign_id[victims.campaign], victims.index)
        count = np.maximum(1, np.rint(count * (0.6 + 0.8 * u))).astype(np.int64)
        row = np.repeat(np.arange(len(count)), count)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        c, index = victims.campaign[row], victims.index[row]
        who, skill = index - start, plan.skill[c]
        number = ids(seed, "fraud.row", plan.campaign_id[c], index, nth)

        # Most of the money goes in the first hour; the rest is spread over the window.
        spread = hashed_uniforms(seed, "takeover.spread", number) ** 2.0
        wait = np.where(nth == 0, 0.0, 3 * MINUTE * nth + spread * plan.values["hours"][c] * HOUR)
        event_us = begun[row] + np.rint(wait / 1000).astype(np.int64) * 1000

        category = self._category(bank, who, number)
        cents = self._cents(bank, plan, c, who, category, number)
        device, is_new = self._devices(bank, plan, c, who, index, event_us)
        # At a counter the actor is there in person: one place a victim, where an address may change from row to row.
        at_counter = bank.channel[category] == CARD_PRESENT
        spot = np.where(at_counter, ids(seed, "takeover.spot", plan.campaign_id[c], index), number)
        foreign = actors.place(bank, plan.actor[c], plan.campaign_id[c], skill, who, spot)
        place = np.where(is_new | at_counter, foreign, bank.traits.city[who])

        to_person = bank.recipient[category] == TO_PERSON
        merchant, payee = np.full(len(row), NONE), np.full(len(row), NONE)
        shop = ~to_person
        u = hashed_uniforms(seed, "takeover.shop", plan.campaign_id[c], nth // 2)[shop]
        city = np.where(at_counter, place, len(scenario.cities))
        merchant[shop] = pick(bank.directory, category[shop], city[shop], u)
        payee[to_person] = self._payees(bank, plan, c[to_person], who[to_person], number[to_person])
        declined = hashed_uniforms(seed, "takeover.declined", number) < plan.values["decline"][c]
        reason = _REASONS[np.searchsorted(_REASON_SHARES, hashed_uniforms(seed, "takeover.reason", number))]
        rows = Intents.make(
            len(row),
            transaction_id=number,
            who=who,
            event_us=event_us,
            offset=offset_at(scenario, place, event_us),
            category=category,
            kind=np.where(to_person, TRANSFER, PURCHASE),
            place=place,
            merchant=merchant,
            payee=payee,
            cents=cents,
            device=np.where(at_counter, NONE, device),
            net=np.where(at_counter, NONE, PUBLIC_NET),
            card=cards(bank, plan.month.index, who, bank.channel[category]),
            status=np.where(declined, DECLINED, APPROVED),
            reason=np.where(declined, reason, NONE),
            campaign=c,
            anomaly=np.where(is_new, BEHAVIOURAL, AMOUNT),
        )
        keep = event_us < stopped_at(scenario, plan, c, index, begun[row])
        evidence: dict[str, npt.NDArray[np.generic]] = {
            "new_device": is_new[keep],
            "minutes_since_takeover": np.rint((event_us - begun[row])[keep] / MINUTE).astype(np.int64),
            "accounts_in_campaign": plan.victims[c][keep],
        }
        return Emission(rows.take(keep), evidence, self._sessions(bank, plan, victims, begun))

    def resembles(self, bank: Bank, category: I64, cents: I64, is_new: Bools) -> Bools:
        """Large payments to somebody new: a first rent, a gift, a new phone."""
        return is_new & (cents >= 40 * bank.normal_maximum[category])

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        """The first payment of each takeover; the skilled come when the customer is up."""
        seed = bank.scenario.seed
        c = victims.campaign
        key = (plan.campaign_id[c], victims.index)
        hours = hashed_uniforms(seed, "takeover.begin", *key) * plan.values["campaign_hours"][c]
        at = plan.starts_us[c] + np.rint(hours * 3_600_000).astype(np.int64) * 1000
        awake = 9 + 13 * hashed_uniforms(seed, "takeover.hour", *key)
        start = int(bank.traits.index[0]) if len(bank.traits.index) else 0
        offset = offset_at(bank.scenario, bank.traits.city[victims.index - start], at) * MINUTE
        local = at + offset
        moved = local - local % (24 * HOUR) + np.rint(awake * 3_600_000).astype(np.int64) * 1000 - offset
        disguised = hashed_uniforms(seed, "takeover.awake", *key) < np.array([0.55, 0.75, 0.95])[plan.skill[c]]
        return np.where(disguised & (moved >= plan.starts_us[c]), moved, at)

    def _category(self, bank: Bank, who: I64, number: I64) -> I64:
        """A kind of payment that the customer makes, transfers first; at a counter with the card in a phone."""
        allowed = (bank.recipient == TO_PERSON) | (bank.recipient == TO_MERCHANT)
        liking = np.where(bank.recipient == TO_PERSON, 2.0, np.where(bank.channel == CARD_PRESENT, 0.75, 1.0))
        weight = allowed * liking * bank.traits.method_weights[:, bank.method]
        median = np.array([k.median for k in bank.scenario.categories])
        weight = weight * np.sqrt(bank.traits.category_weights * median)  # dear goods before cheap ones
        cumulative = np.cumsum(weight, axis=1)
        u = hashed_uniforms(bank.scenario.seed, "takeover.category", number) * cumulative[who, -1]
        return np.asarray((cumulative[who] <= u[:, None]).sum(axis=1)).clip(0, len(bank.channel) - 1)

    def _payees(self, bank: Bank, plan: Plan, c: I64, who: I64, number: I64) -> I64:
        """Accounts of mules that serve the actor again; or fresh ones; or, by the skilled, a contact of the victim."""
        seed = bank.scenario.seed
        u = hashed_uniforms(seed, "takeover.payee", number)
        mule = actors.mule(bank.scenario, plan.actor[c], (u * 16).astype(np.int64), plan.month.index)
        fresh = 1_000_000_000 + (hashed_uniforms(seed, "takeover.fresh", number) * 9_000_000_000).astype(np.int64)
        friend = recipients.contact(bank, plan.month.index, who, np.full(len(who), 9))
        share = plan.values["mule_share"][c]
        return np.where(u < share, mule, np.where((plan.skill[c] == 2) & (u > 0.8), friend, fresh))

    def _cents(self, bank: Bank, plan: Plan, c: I64, who: I64, category: I64, number: I64) -> I64:
        seed = bank.scenario.seed
        usual = np.array([k.mean for k in bank.scenario.categories])[category] * bank.traits.amount_factor[who]
        factor = np.where(plan.skill[c] == 2, plan.values["skilled_amount_factor"][c], plan.values["amount_factor"][c])
        value = usual * factor * np.exp(1.6 * hashed_uniforms(seed, "takeover.amount", number) - 1.3)
        fold = hashed_uniforms(seed, "takeover.fold", number)
        ceiling = bank.normal_maximum[category]
        value = np.where(value > ceiling, ceiling * (0.5 + 0.45 * fold), value)
        return price_points(bank, category, value, fold)

    def _devices(
        self, bank: Bank, plan: Plan, c: I64, who: I64, index: I64, event_us: I64
    ) -> tuple[I64, npt.NDArray[np.bool_]]:
        """The actor's device, or the victim's own where its session is taken over."""
        seed = bank.scenario.seed
        is_new = hashed_uniforms(seed, "takeover.new_device", plan.campaign_id[c], index) < plan.values["new_device"][c]
        nth = (hashed_uniforms(seed, "takeover.device", plan.campaign_id[c]) * 2).astype(np.int64)  # a phone
        foreign = actors.device(bank.scenario, plan.actor[c], nth, plan.month.index)
        slot = np.where(owns(bank.scenario, bank.traits)[who, 0], 0, 1)
        return np.where(is_new, foreign, own_device(bank.scenario, bank.traits, who, slot, event_us)), is_new

    def _sessions(self, bank: Bank, plan: Plan, victims: Victims, begun: I64) -> Sessions:
        """Failed logins, the login that works and, often, a change of credentials or telephone number."""
        seed = bank.scenario.seed
        start = int(bank.traits.index[0]) if len(bank.traits.index) else 0
        c, key = victims.campaign, (plan.campaign_id[victims.campaign], victims.index)
        who = victims.index - start
        failed = np.floor(plan.values["failed_logins"][c] * 1.2 * hashed_uniforms(seed, "takeover.failed", *key))
        changes = hashed_uniforms(seed, "takeover.change", *key) < plan.values["credential_change"][c]
        count = failed.astype(np.int64) + 1 + changes
        row = np.repeat(np.arange(len(c)), count)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        is_change = changes[row] & (nth == count[row] - 1)
        is_login = nth < failed[row] + 1
        kind = hashed_uniforms(seed, "takeover.kind", *key)[row]
        change = np.select([kind < 0.55, kind < 0.8], [_CREDENTIAL, _RESET], _PHONE)
        # Counted back from the first payment: the change a few minutes before it, then the logins.
        steps = (count[row] - nth) * MINUTE * (1.0 + 2 * hashed_uniforms(seed, "takeover.pace", *key)[row])
        event_us = begun[row] - np.rint(steps / 1000).astype(np.int64) * 1000
        device, is_new = self._devices(bank, plan, c[row], who[row], victims.index[row], event_us)
        number = ids(seed, "takeover.session", plan.campaign_id[c[row]], victims.index[row], nth)
        foreign = actors.place(bank, plan.actor[c[row]], plan.campaign_id[c[row]], plan.skill[c[row]], who[row], number)
        return Sessions(
            campaign=c[row],
            who=who[row],
            event_us=event_us,
            event=np.where(is_change, change, _LOGIN),
            is_success=is_change | (is_login & (nth == failed[row])),
            device=device,
            place=np.where(is_new, foreign, bank.traits.city[who[row]]),
        )

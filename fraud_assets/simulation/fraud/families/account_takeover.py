"""Account takeover: somebody else logs in, changes the locks and empties the account."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fraud_assets.simulation import recipients
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look, Sessions
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, first_index, local_hour, to_ms
from fraud_assets.simulation.intents import (
    AMOUNT,
    BEHAVIOURAL,
    CARD_PRESENT,
    HOUR,
    MINUTE,
    NONE,
    SECOND,
    TO_MERCHANT,
    TO_PAYOUT,
    TO_PERSON,
    Bank,
)
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, ids

#: Goods, sent to an address of the actor; the others go to the victim's and are fetched on the way [P].
_DROPPED = 0.6
#: Hours by which later payments of the small hours wait, and how often they do [P].
_WAIT, _WAITS = 7, 0.6
_LOGIN, _RESET, _CREDENTIAL, _PHONE = range(4)


class AccountTakeover(Family):
    """A stolen credential, one account at a time.

    Parameters: ``accounts`` a campaign takes over, within ``campaign_hours``; of each account ``rows`` payments within
    ``hours``; shares ``new_device`` and ``credential_change``; ``failed_logins`` before; share ``patient``, who are
    in for hours or days before they pay; ``amount_factor`` of the usual amount, ``skilled_amount_factor`` for the
    skilled; ``decline`` share; ``mule_share`` of transfers to accounts of mules.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "accounts", "campaign_hours", "rows", "hours", "new_device", "credential_change", "failed_logins",
        "patient", "amount_factor", "skilled_amount_factor", "decline", "mule_share",
    )  # fmt: skip

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return np.floor(values["rows"])

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + values["hours"] + 25.0 + _WAIT  # it may wait until the customer is up

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        begun = self.first_us(bank, plan, victims)
        # Some accounts give less than the plan wants.
        u = hashed_uniforms(bank.scenario.seed, "takeover.count", plan.campaign_id[victims.campaign], victims.index)
        count = np.rint(np.floor(plan.values["rows"][victims.campaign]) * (0.6 + 0.8 * u))
        cast = Cast(bank, plan, victims, np.maximum(1, count).astype(np.int64), "takeover")

        # Most of the money goes in the first hour; the rest is spread over the window.
        wait = np.where(cast.nth == 0, 0.0, cast.nth / 20 + cast.u("spread") ** 2.0 * cast.value("hours"))
        event_us = begun[cast.victim] + to_ms(wait)
        # What would fall into the small hours mostly waits for the morning, when nobody wonders.
        waits = (cast.nth > 0) & (cast.hour(event_us) < 6) & (cast.u("waits") < _WAITS)
        event_us = event_us + waits * (_WAIT * HOUR)
        category = self._category(cast)
        device, is_new = self._devices(cast, event_us)
        # At a counter the actor is there in person: one place a victim, where an address may change from row to row.
        at_counter = bank.at_counter[category]
        spot = np.where(at_counter, ids(cast.seed, "takeover.spot", cast.campaign_id, cast.index), cast.number)
        place = np.where(is_new | at_counter, cast.foreign_place(spot), cast.home())
        to_person = bank.recipient[category] == TO_PERSON
        shop = np.where(to_person, bank.some(bank.recipient == TO_MERCHANT, "a merchant")[0], category)
        rows = cast.intents(
            event_us,
            category,
            self._cents(cast, category),
            place,
            merchant=np.where(to_person, NONE, cast.shop(shop, place, cast.of_campaign("shop", cast.nth // 2))),
            payee=np.where(to_person, self._payees(cast), NONE),
            device=device,
            net=FOREIGN_NET,
            delivery=np.where(cast.u("drop") < _DROPPED, cast.drop(cast.of_campaign("drop")), NONE),
            anomaly=np.where(is_new, BEHAVIOURAL, AMOUNT),
            **cast.settled(cast.u("declined") < cast.value("decline")),
        )
        entered = self._entered_us(bank, plan, victims, begun)
        evidence: dict[str, np.ndarray] = {
            "new_device": is_new,
            "minutes_since_takeover": np.rint((event_us - entered[cast.victim]) / MINUTE).astype(np.int64),
            "accounts_in_campaign": plan.victims[cast.campaign],
        }
        return Emission(rows, evidence, self._sessions(bank, plan, victims, entered, begun))

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Large payments to somebody new: a first rent, a gift, a new phone."""
        del bank  # what is normal is part of the look
        return look.is_new & (look.of_maximum >= 0.4)

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        """The first payment of each takeover; the skilled come when the customer is up."""
        seed, c = bank.scenario.seed, victims.campaign
        key = (plan.campaign_id[c], victims.index)
        at = plan.starts_us[c] + to_ms(hashed_uniforms(seed, "takeover.begin", *key) * plan.values["campaign_hours"][c])
        awake = 9 + (13 * hashed_uniforms(seed, "takeover.hour", *key)).astype(np.int64)
        # Put off within the hour's minutes to an hour of the day at which the customer is up.
        moved = at + (awake - local_hour(bank, victims.index - first_index(bank), at)) % 24 * HOUR
        disguised = hashed_uniforms(seed, "takeover.awake", *key) < np.array([0.75, 0.88, 0.97])[plan.skill[c]]
        return np.where(disguised, moved, at)

    def _entered_us(self, bank: Bank, plan: Plan, victims: Victims, begun: I64) -> I64:
        """When each account is entered: just before the first payment or, by the patient, since their campaign began.

        They look around, and wait until the bank no longer holds a new device back.
        """
        seed, c = bank.scenario.seed, victims.campaign
        key = (plan.campaign_id[c], victims.index)
        patient = hashed_uniforms(seed, "takeover.patient", *key) < plan.values["patient"][c]
        since = hashed_uniforms(seed, "takeover.ahead", *key) * np.maximum(begun - plan.starts_us[c], 0)
        return begun - np.where(patient, since // SECOND * SECOND, 0).astype(np.int64)

    def _category(self, cast: Cast) -> I64:
        """A kind of payment that the customer makes at a distance, transfers first: nobody has the card in hand."""
        bank = cast.bank
        allowed = np.isin(bank.recipient, [TO_PERSON, TO_MERCHANT, TO_PAYOUT]) & (bank.channel != CARD_PRESENT)
        liking = np.where(bank.recipient == TO_PERSON, 2.0, 1.0)
        person, place = np.unique(cast.who, return_inverse=True)
        weight = allowed * liking * bank.traits.method_weights[person][:, bank.method]
        weight = weight * np.sqrt(bank.traits.category_weights[person] * bank.median)  # dear goods before cheap ones
        cumulative = np.cumsum(weight, axis=1)[place]
        u = cast.u("category") * cumulative[:, -1]
        return np.asarray((cumulative <= u[:, None]).sum(axis=1)).clip(0, len(bank.channel) - 1)

    def _payees(self, cast: Cast) -> I64:
        """Accounts of mules that serve the actor again; or fresh ones; or, by the skilled, a contact of the victim."""
        u, month = cast.u("payee"), cast.plan.month.index
        mule = actors.mule(cast.bank.scenario, cast.actor, (u * 16).astype(np.int64), month)
        fresh = 1_000_000_000 + (cast.u("fresh") * 9_000_000_000).astype(np.int64)
        friend = recipients.contact(cast.bank, month, cast.who, np.full(len(cast), 9))
        return np.where(u < cast.value("mule_share"), mule, np.where((cast.skill == 2) & (u > 0.8), friend, fresh))

    def _cents(self, cast: Cast, category: I64) -> I64:
        bank = cast.bank
        usual = np.array([k.mean for k in bank.scenario.categories])[category] * bank.traits.amount_factor[cast.who]
        factor = np.where(cast.skill == 2, cast.value("skilled_amount_factor"), cast.value("amount_factor"))
        value = (
            usual * factor * np.exp(2.2 * cast.u("amount") - 2.0)
        )  # many try what goes through before they take more
        fold = cast.u("fold")
        ceiling = bank.till_maximum[category]
        return price_points(bank, category, np.where(value > ceiling, ceiling * (0.5 + 0.45 * fold), value), fold)

    def _devices(self, cast: Cast, event_us: I64) -> tuple[I64, Bools]:
        """The actor's device, or the victim's own where its session is taken over."""
        is_new = hashed_uniforms(cast.seed, "takeover.new_device", cast.campaign_id, cast.index) < cast.value(
            "new_device"
        )
        phone = (hashed_uniforms(cast.seed, "takeover.device", cast.campaign_id) * 2).astype(np.int64)
        return np.where(is_new, cast.actors_device(phone), cast.own_device(event_us)), is_new

    def _sessions(self, bank: Bank, plan: Plan, victims: Victims, entered: I64, begun: I64) -> Sessions:
        """Failed logins, the login that works and, often, a change of credentials or telephone number.

        Who is in long before logs in again when the money goes, and changes the locks only then.
        """
        seed, c = bank.scenario.seed, victims.campaign
        key = (plan.campaign_id[c], victims.index)
        failed = np.floor(plan.values["failed_logins"][c] * 1.2 * hashed_uniforms(seed, "takeover.failed", *key))
        changes = hashed_uniforms(seed, "takeover.change", *key) < plan.values["credential_change"][c]
        kind = hashed_uniforms(seed, "session.kind", *key)
        # Nobody asks for a new password before one has failed.
        change = np.select(
            [kind < 0.55, (kind < 0.8) & (failed > 0), kind < 0.8], [_CREDENTIAL, _RESET, _CREDENTIAL], _PHONE
        )
        again = entered < begun
        count = failed.astype(np.int64) + 1 + again + changes
        cast = Cast(bank, plan, victims, count, "session")
        row, nth = cast.victim, cast.nth
        # Who resets the password logs in with the new one; who changes something is in already.
        changes_last = changes & (change != _RESET)
        left = count[row] - nth
        is_change = changes[row] & np.where(changes_last[row], left == 1, nth == failed[row])
        # Counted back from the first payment: the change a few minutes before it, then the logins.
        minutes = left * (1.0 + 2 * cast.of_account("pace"))
        is_late = again[row] & (left <= 1 + changes_last[row])
        event_us = np.where(is_late, begun[row], entered[row]) - to_ms(minutes / 60)
        device, is_new = self._devices(cast, event_us)
        return Sessions(
            campaign=cast.campaign,
            who=cast.who,
            event_us=event_us,
            event=np.where(is_change, change[row], _LOGIN),
            is_success=nth >= failed[row],
            device=device,
            place=np.where(is_new, cast.foreign_place(), cast.home()),
            net=np.where(is_new, cast.foreign_net(), cast.own_net()),
        )

"""Transaction replay: what somebody paid is sent again, as it was, by somebody else."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, to_ms
from fraud_assets.simulation.fraud.families.habits import blameless, own_category, own_cents, own_shop
from fraud_assets.simulation.fraud.families.own import counts, hands
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import BEHAVIOURAL, DO_NOT_HONOR, ONLINE, TECHNICAL, Bank, Intents
from fraud_assets.simulation.streams import F64, I64, Bools, ids

#: The first copy comes after half a minute at the earliest.
_SHORTEST_HOURS = 30 / 3600
#: Why copies fail: they are recognised [P].
_REASONS, _REASON_SHARES = np.array([DO_NOT_HONOR, TECHNICAL]), np.cumsum([0.7])


class TransactionReplay(Family):
    """Recorded payments, played again at the same merchant for the same amount with the same card.

    Parameters: ``accounts`` of a campaign, recorded within ``campaign_hours``; ``copies`` of a payment, the last after
    at most ``within_hours``; shares ``device_changed`` and ``nonce_mismatch`` of the accounts and copies; ``decline``
    share. The payments that are copied are honest ones.
    """

    needs = ("accounts", "campaign_hours", "copies", "within_hours", "device_changed", "nonce_mismatch", "decline")
    blocks_card = True

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return np.maximum(1, values["copies"])

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + values["within_hours"] + 49  # a day before and after for the usual hours

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        return self._when(bank, plan, victims)[2]

    def _when(self, bank: Bank, plan: Plan, victims: Victims) -> tuple[Cast, I64, I64]:
        """The payments that are copied, one an account, with their categories and instants."""
        cast = Cast(bank, plan, victims, np.ones(len(victims), dtype=np.int64), "replay.recorded")
        category = own_category(cast, bank.is_bought, cast.u("category"))
        at = plan.starts_us[cast.campaign] + to_ms(24 + cast.u("at") * cast.value("campaign_hours"))
        return cast, category, at_usual_hours(bank, cast.who, category, at, cast.u("hour"))

    def _recorded(self, bank: Bank, plan: Plan, victims: Victims) -> Intents:
        """The payments that are copied: in every respect what the account's owner does."""
        cast, category, event_us = self._when(bank, plan, victims)
        shop = own_shop(cast, event_us, category, cast.home())
        cents = own_cents(cast, category, 0.3, 0.98)
        own = hands(cast, event_us, category, cents)
        return blameless(cast.intents(event_us, category, cents, cast.home(), merchant=shop, **own))

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        recorded = self._recorded(bank, plan, victims)
        count = counts(bank, plan, victims, "replay", plan.values["copies"])
        cast = Cast(bank, plan, victims, count, "replay")
        of = cast.victim

        longest = cast.value("within_hours") / count[of]
        gap = _SHORTEST_HOURS * (longest / _SHORTEST_HOURS) ** cast.u("gap")
        passed = np.cumsum(to_ms(gap))  # whole milliseconds, so that a sum does not depend on the rows before
        first = np.flatnonzero(cast.nth == 0)
        passed -= (passed[first] - to_ms(gap)[first])[of]
        category = recorded.category[of]
        # Only a shop takes a payment from any device; the bank's own doors open to a device that has logged in.
        changed = (cast.of_account("changed") < cast.value("device_changed")) & (bank.channel[category] == ONLINE)
        spot = ids(cast.seed, "replay.spot", cast.campaign_id, cast.index)
        place = np.where(changed, cast.foreign_place(spot), recorded.place[of])
        phone = (cast.of_campaign("device") * actors.DEVICES).astype(np.int64)
        rows = cast.intents(
            recorded.event_us[of] + passed,
            category,
            recorded.cents[of],
            place,
            merchant=recorded.merchant[of],
            card=recorded.card[of],
            device=np.where(changed, cast.actors_device(phone), recorded.device[of]),
            net=np.where(changed, FOREIGN_NET, recorded.net[of]),
            anomaly=BEHAVIOURAL,
            **cast.settled(cast.u("declined") < cast.value("decline"), _REASONS, _REASON_SHARES),
        )
        evidence: dict[str, np.ndarray] = {
            "copy": cast.nth + 1,
            "copy_of": recorded.transaction_id[of],
            "seconds_since_original": np.rint(passed / 1e6).astype(np.int64),
            "nonce_mismatch": cast.u("nonce") < cast.value("nonce_mismatch"),
            "device_changed": changed,
        }
        return Emission(rows, evidence, honest=recorded)

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """The same sum to the same shop again: sent twice, or simply bought twice."""
        del bank
        return look.is_same

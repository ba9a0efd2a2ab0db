"""Merchant collusion: a merchant and holders of cards who share what is paid for nothing."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation import limits
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.episodes import SUPPLIER
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Look
from fraud_assets.simulation.fraud.families.cast import Cast, to_ms
from fraud_assets.simulation.fraud.families.own import OwnAccount, counts, hands, small_shops, usual
from fraud_assets.simulation.intents import AMOUNT, Bank
from fraud_assets.simulation.streams import F64, I64, Bools

_NEAR, _ROUND, _PLAUSIBLE = range(3)
_STYLES = np.array(["near_limit", "round", "plausible"])
#: A purchase is large for its shop from this many times the median on.
_LARGE = 2.0


class MerchantCollusion(OwnAccount):
    """One small merchant without a counter, and complicit customers who pay it for nothing.

    Parameters: ``accounts`` that take part, for ``days``; ``rows`` payments of each; shares ``near_limit`` (the
    ``band`` of a limit) and ``round`` of the payments, the others are plausible; ``limit`` that they stay below, in
    normal maxima of the method.
    """

    needs = ("accounts", "days", "rows", "near_limit", "round", "band", "limit")
    salt = "collusion"

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return values["rows"]

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["days"] * 24 + 48.0

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        cast = Cast(bank, plan, victims, counts(bank, plan, victims, self.salt, plan.values["rows"]), self.salt)
        category, merchant = small_shops(cast, 0.5)
        limit = limits.nearest(bank.scenario, bank.normal_maximum[category] * cast.value("limit"))
        style, cents = self._cents(cast, category, limit)
        event_us = self._when(cast)
        rows = cast.intents(
            event_us,
            category,
            cents,
            cast.home(),
            merchant=merchant,
            fixed=True,
            anomaly=AMOUNT,
            **hands(cast, event_us, category, cents),
        )
        return Emission(
            rows,
            {
                "accounts_with_merchant": plan.victims[cast.campaign],
                "share_of_limit": np.round(cents / 100 / limit, 3),
                "amount_style": _STYLES[style],
            },
        )

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """A tutor, a wholesaler, a landlord paid again and again; a purchase large for its shop, just below a limit."""
        bought = bank.is_bought[look.category] & look.is_dear(_LARGE)
        return (look.episode == SUPPLIER) | (bought & limits.is_near(bank, look.cents))

    def _when(self, cast: Cast) -> I64:
        # The first payments lie in the first sixth; the others anywhere after it.
        first = cast.of_account("joins") / 6
        share = np.where(cast.nth == 0, first, first + (1 - first) * cast.u("day"))
        category, _ = small_shops(cast, 0.5)
        return usual(cast, cast.plan.starts_us[cast.campaign] + to_ms(24 * cast.value("days") * share), category)

    def _cents(self, cast: Cast, category: I64, limit: F64) -> tuple[I64, I64]:
        # The skilled avoid what a rule would look for.
        shy = np.array([1.0, 0.9, 0.6])[cast.skill]
        near = cast.value("near_limit") * shy
        u = cast.u("style")
        style = np.where(u < near, _NEAR, np.where(u < near + cast.value("round") * shy, _ROUND, _PLAUSIBLE))
        share = cast.value("band") + (1 - cast.value("band")) * 0.85 * cast.u("share")
        part = limit * (0.08 + 0.6 * cast.u("part") ** 1.5)
        round_sum = np.maximum(np.rint(part / 10), 1).astype(np.int64) * 1000
        median = cast.bank.median[category]
        plausible = np.minimum(median * np.exp(1.6 * cast.u("usual") - 0.3), limit)
        cents = np.where(
            style == _NEAR,
            limits.below(cast.bank.scenario, limit, share, cast.u("step")),
            np.where(style == _ROUND, round_sum, price_points(cast.bank, category, plausible, cast.u("price"))),
        )
        return style, cents

"""Bust-out: somebody who will not pay uses up the credit line."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.customers import credit_lines
from fraud_assets.simulation.episodes import DEAREST, FURNISHING
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Look, Sessions
from fraud_assets.simulation.fraud.families.cast import Cast, appeal, to_ms
from fraud_assets.simulation.fraud.families.own import OwnAccount, counts, hands, usual
from fraud_assets.simulation.intents import (
    AMOUNT,
    APP,
    DECLINED,
    INSUFFICIENT_FUNDS,
    LIMIT_EXCEEDED,
    Bank,
    Column,
)
from fraud_assets.simulation.streams import F64, I64, Bools

#: Last share of the purchases, in which the line begins to run out, and how many fail then [P].
_END, _FAILS = 0.8, 0.35


class BustOut(OwnAccount):
    """The account holders buy what can be sold on, more and more of it, and stop paying.

    Parameters: ``accounts`` of a campaign; ``days`` in which the used share of the credit line goes from
    ``utilisation_from`` to ``utilisation_to``; ``rows`` purchases of each; ``growth`` of the sums, 0 for even ones;
    share ``resale`` of purchases in what is as good as cash or easily sold on.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "accounts",
        "days",
        "rows",
        "utilisation_from",
        "utilisation_to",
        "growth",
        "resale",
    )
    salt = "bust_out"

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return values["rows"]

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["days"] * 24 + 48.0

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        number = counts(bank, plan, victims, self.salt, plan.values["rows"])
        cast = Cast(bank, plan, victims, number, self.salt)
        count = number[cast.victim]
        category = self._category(cast)
        line = credit_lines(bank.scenario, bank.traits)[cast.who]
        span = cast.value("utilisation_to") - cast.value("utilisation_from")
        growth = cast.value("growth")
        step = (1 + growth * (2 * cast.nth + 1) / count) / (1 + growth) / count  # sums to 1 over an account
        value = np.minimum(
            line * span * step * (0.5 + cast.u("value")),
            np.minimum(DEAREST * bank.normal_maximum, bank.highest)[category],
        )
        cents = price_points(bank, category, np.maximum(value, 5.0), cast.u("price"))
        event_us = self._when(cast)
        columns = hands(cast, event_us, category, cents)
        runs_out = (cast.nth >= _END * count) & (cast.u("runs_out") < _FAILS)
        columns["status"] = np.where(runs_out, DECLINED, columns["status"])
        why = np.where(cast.u("why") < 0.6, INSUFFICIENT_FUNDS, LIMIT_EXCEEDED)
        columns["reason"] = np.where(runs_out, why, columns["reason"])
        place = cast.home()
        self._equip(cast, columns)
        rows = cast.intents(
            event_us,
            category,
            cents,
            place,
            merchant=cast.shop(category, place, cast.u("merchant")),
            anomaly=AMOUNT,
            **columns,
        )
        used = cast.value("utilisation_from") + span * (cast.nth + 1) / count
        evidence: dict[str, np.ndarray] = {
            "credit_line": line,
            "utilisation": np.round(used, 2),
            "accounts_in_campaign": cast.plan.victims[cast.campaign],
        }
        return Emission(rows, evidence, self._sessions(cast, event_us))

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """A wedding, a move, an operation: weeks of dear purchases."""
        del bank  # an episode tells by itself
        return look.episode == FURNISHING

    def _equip(self, cast: Cast, columns: dict[str, Column]) -> None:
        """Another device than the account holder's own."""

    def _sessions(self, cast: Cast, event_us: I64) -> Sessions | None:
        """Logins that come with another device."""

    def _category(self, cast: Cast) -> I64:
        bank = cast.bank
        allowed = bank.is_bought & (bank.channel != APP)
        allowed = allowed if allowed.any() else bank.is_bought
        bank.some(allowed, "a merchant who is paid with money")
        loot = allowed & (bank.tagged("resale") | bank.tagged("cash_like"))
        loot = loot if loot.any() else allowed
        weight = np.cumsum([loot * appeal(bank, 0.3), allowed * appeal(bank, 0.7)], axis=1)
        kind = (cast.u("loot") >= cast.value("resale")).astype(np.int64)
        u = cast.u("category") * weight[kind, -1]
        return (weight[kind] <= u[:, None]).sum(axis=1).clip(0, len(loot) - 1)

    def _when(self, cast: Cast) -> I64:
        # An account's rows are about even over the time; each first one comes in its first tenth.
        first = cast.of_account("joins") / 10
        share = np.where(cast.nth == 0, first, first + (1 - first) * cast.u("day"))
        return usual(
            cast, cast.plan.starts_us[cast.campaign] + to_ms(24 * cast.value("days") * share), self._category(cast)
        )

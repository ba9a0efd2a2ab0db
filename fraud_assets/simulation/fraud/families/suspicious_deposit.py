"""Suspicious deposits: money of doubtful origin comes in below a limit, and is redeemed before anybody asks."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation import kyc, limits
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.episodes import ARBITRAGE, PAID_IN_TOKENS
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families import wallets
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look, join
from fraud_assets.simulation.fraud.families.cast import Cast, to_ms
from fraud_assets.simulation.fraud.families.own import counts
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import AMOUNT, DAY, FROM_SENDER, INCOME, NONE, TO_PAYOUT, Bank
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, keyed
from fraud_assets.simulation.wallet_episodes import allowed, ways

#: Wallets of which one that has never been identified is taken, where there is one [P].
_LOOKS = 8


class SuspiciousDeposit(Family):
    """Wallets that are paid from the same addresses, and paid out minutes to hours later.

    Parameters: ``accounts`` within ``campaign_hours``; of each ``deposits`` within ``hours``, each below the
    scenario's limit nearest to ``limit`` (at least the share ``of_limit`` of it); ``sources`` of a campaign, and the
    share of campaigns in which they are ``tainted``; ``hold_minutes`` until ``redemptions`` pay out all but the share
    ``kept``; shares ``controlled`` by the actor, ``unverified`` and ``new`` of the wallets.
    """

    needs = (
        "accounts", "campaign_hours", "deposits", "hours", "limit", "of_limit", "sources", "tainted", "hold_minutes",
        "redemptions", "kept", "controlled", "unverified", "new",
    )  # fmt: skip

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return values["deposits"] + values["redemptions"]

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["campaign_hours"] + values["hours"] + values["hold_minutes"] / 60 * 8 + 48.0

    def accounts(self, scenario: Scenario, plan: Plan, campaign: I64, nth: I64) -> I64:
        anybody = super().accounts(scenario, plan, campaign, nth)
        chosen = wallets.unlike_others(scenario, plan, campaign, nth, anybody, np.zeros(len(nth)))
        campaign_id = plan.campaign_id[campaign]
        some = keyed(scenario.seed, "deposit.some", campaign_id[:, None], nth[:, None], np.arange(_LOOKS))
        candidates = (some % np.uint64(scenario.population.customers)).astype(np.int64)
        level = kyc.kyc_levels(scenario, candidates)
        least = candidates[np.arange(len(nth)), kyc.limits(scenario)[level].argmin(axis=1)]
        u = hashed_uniforms(scenario.seed, "deposit.unverified", campaign_id, nth)
        return np.where(u < plan.values["unverified"][campaign], least, chosen)

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        cast = Cast(bank, plan, victims, np.ones(len(victims), dtype=np.int64), "deposit.in")
        return self._begins(cast)

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        into = Cast(bank, plan, victims, counts(bank, plan, victims, "deposit", plan.values["deposits"]), "deposit.in")
        number = np.bincount(into.victim, minlength=len(victims))
        arrival = ways(bank, FROM_SENDER, into.of_campaign("from"))
        wait = into.value("hours") * (into.nth + into.u("wait")) / number[into.victim]
        event_us = self._begins(into) + np.where(into.nth == 0, 0, to_ms(wait))
        cents, limit = self._sums(into)
        sources = np.maximum(1, np.rint(into.value("sources"))).astype(np.int64)
        which = (into.u("source") * sources).astype(np.int64)
        tainted = _is_tainted(into)
        came = into.intents(
            event_us,
            arrival,
            cents,
            into.home(),
            kind=np.full(len(into), INCOME),
            payee=wallets.source(into, which, tainted),
            device=np.full(len(into), NONE),
            net=np.full(len(into), NONE),
            anomaly=AMOUNT,
        )
        total = np.bincount(into.victim, weights=cents, minlength=len(victims)) / 100
        last = np.zeros(len(victims), dtype=np.int64)
        np.maximum.at(last, into.victim, event_us)

        times = counts(bank, plan, victims, "deposit.redeemed", plan.values["redemptions"])
        out = Cast(bank, plan, victims, times, "deposit.out")
        to = ways(bank, TO_PAYOUT, out.of_account("to"))
        hold = (
            out.value("hold_minutes") / 60 * np.array([0.6, 1.5, 5.0])[out.skill] * (0.3 + 1.4 * out.of_account("hold"))
        )
        paid_us = last[out.victim] + to_ms(hold + out.nth * (0.05 + 2.5 * out.u("gap") ** 2))
        share = (1 - out.value("kept")) / times[out.victim] * (0.85 + 0.3 * out.u("part"))
        sums = allowed(bank, out.who, np.maximum(total[out.victim] * share, 1.0))
        sum_cents, foreign = price_points(bank, to, sums, out.u("price")), wallets.controlled(out)
        columns, place = wallets.worked(out, paid_us, to, sum_cents, foreign)
        went = out.intents(
            paid_us,
            to,
            sum_cents,
            place,
            merchant=wallets.desks(bank, to, out.of_account("desk")),
            anomaly=AMOUNT,
            **columns,
        )
        both = join(
            [Emission(came, _evidence(into, "deposit", limit, tainted)), Emission(went, self._told(out, "redemption"))]
        )
        return Emission(both.rows, both.evidence, wallets.sessions(out, paid_us, foreign & (out.nth == 0)))

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Work paid in tokens and redeemed at once; rounds between exchanges; just below a limit from a new address."""
        came = (bank.recipient == FROM_SENDER)[look.category] & look.is_new & limits.is_near(bank, look.cents)
        return came | (look.episode == PAID_IN_TOKENS) | (look.episode == ARBITRAGE)

    def _begins(self, cast: Cast) -> I64:
        """The first deposit of each account; the careful let it come when anybody's would."""
        at = cast.plan.starts_us[cast.campaign] + to_ms(cast.value("campaign_hours") * cast.of_account("begun"))
        arrival = ways(cast.bank, FROM_SENDER, cast.of_campaign("from"))
        usual = at_usual_hours(cast.bank, cast.who, arrival, at, cast.of_account("hour"))
        usual = np.where(usual < cast.plan.starts_us[cast.campaign], usual + DAY, usual)
        return np.where(cast.of_account("tidy") < np.array([0.3, 0.6, 0.9])[cast.skill], usual, at)

    def _sums(self, cast: Cast) -> tuple[I64, F64]:
        """Deposits below the limits that count: the one that is meant, or that of the wallet's level."""
        bank = cast.bank
        limit = limits.nearest(bank.scenario, cast.value("limit"))
        limit = np.minimum(limit, kyc.limits(bank.scenario)[bank.traits.kyc_level[cast.who]])
        least = cast.value("of_limit") - np.array([0.0, 0.15, 0.45])[cast.skill]
        even = cast.of_account("even") < np.array([0.6, 0.4, 0.15])[cast.skill]
        u = np.where(even, cast.of_account("share"), cast.u("share"))
        return limits.below(
            bank.scenario, limit, least + (0.995 - least) * u, np.where(even, cast.of_account("step"), cast.u("step"))
        ), limit

    def _told(self, cast: Cast, role: str) -> dict[str, np.ndarray]:
        limit = limits.nearest(cast.bank.scenario, cast.value("limit"))
        return _evidence(cast, role, limit, _is_tainted(cast))


def _is_tainted(cast: Cast) -> Bools:
    """Whether the campaign's sources are those that the actor uses again; the same for what comes and what goes."""
    return hashed_uniforms(cast.seed, "deposit.tainted", cast.campaign_id) < cast.value("tainted")


def _evidence(cast: Cast, role: str, limit: F64, tainted: Bools) -> dict[str, np.ndarray]:
    return {
        "role": np.full(len(cast), role),
        "limit": limit,
        "tainted_source": tainted,
        "accounts_in_campaign": cast.plan.victims[cast.campaign],
    }

"""Hop chains: a sum runs through several wallets within minutes, and each keeps a little of it."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.episodes import ARBITRAGE, CONSOLIDATION
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families import wallets
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look, join
from fraud_assets.simulation.fraud.families.cast import Cast, to_ms
from fraud_assets.simulation.intents import APPROVED, BEHAVIOURAL, FROM_SENDER, INCOME, NONE, TO_PAYOUT, TO_PERSON, Bank
from fraud_assets.simulation.kyc import kyc_levels, limits
from fraud_assets.simulation.mirrors import arrives_after
from fraud_assets.simulation.recipients import handle
from fraud_assets.simulation.streams import F64, I64, Bools, ids
from fraud_assets.simulation.wallet_episodes import ways

#: How long the skilled let a sum rest, in the usual times [P].
_PATIENCE = np.array([0.7, 1.0, 2.5])


class HopChain(Family):
    """Wallets in a row: what one sends, the next receives.

    Parameters: ``wallets`` of a chain; ``runs``, sums that take the way within ``hours``; ``hop_minutes`` that a sum
    stays in a wallet; share ``kept`` by each; ``amount`` that sets out, major units; shares ``controlled`` by the
    actor, ``new`` and ``dormant`` of the wallets; share ``redeemed`` of the sums, the others leave for an address of
    the actor's.
    """

    needs = (
        "wallets", "runs", "hours", "hop_minutes", "kept", "amount", "controlled", "new", "dormant", "redeemed",
    )  # fmt: skip

    def size(self, values: dict[str, F64]) -> I64:
        return np.rint(values["wallets"]).astype(np.int64)

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return 2 * np.rint(values["runs"])

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["hours"] + (values["wallets"] + 1) * values["hop_minutes"] * 1.7 * _PATIENCE[-1] / 60 + 2.0

    def accounts(self, scenario: Scenario, plan: Plan, campaign: I64, nth: I64) -> I64:
        anybody = super().accounts(scenario, plan, campaign, nth)
        return wallets.unlike_others(scenario, plan, campaign, nth, anybody, plan.values["dormant"][campaign])

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        cast = Cast(bank, plan, victims, np.ones(len(victims), dtype=np.int64), "hop.in")
        return self._leaves(cast, victims.nth[cast.victim] - 1) + self._arrives(cast, victims.nth[cast.victim])

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        runs = np.rint(plan.values["runs"]).astype(np.int64)[victims.campaign]
        into, out = (Cast(bank, plan, victims, runs, f"hop.{way}") for way in ("in", "out"))
        hop = victims.nth[into.victim]
        last = hop == plan.victims[into.campaign] - 1
        leaves = self._leaves(into, hop)
        redeemed = last & (into.of_campaign("redeemed", into.nth) < into.value("redeemed"))

        transfer = ways(bank, TO_PERSON, into.of_campaign("way"))
        arrival = np.where(hop == 0, ways(bank, FROM_SENDER, into.of_campaign("from")), transfer)
        tainted = into.of_campaign("tainted") < 0.5
        came = into.intents(
            self._leaves(into, hop - 1) + self._arrives(into, hop),
            arrival,
            self._cents(into, hop),
            into.home(),
            kind=np.full(len(into), INCOME),
            payee=np.where(hop == 0, wallets.source(into, into.nth, tainted), self._neighbour(into, hop - 1)),
            device=np.full(len(into), NONE),
            net=np.full(len(into), NONE),
            anomaly=BEHAVIOURAL,
        )

        to = np.where(redeemed, ways(bank, TO_PAYOUT, out.of_campaign("to")), transfer)
        cents, foreign = self._cents(into, hop + 1), wallets.controlled(out)
        columns, place = wallets.worked(out, leaves, to, cents, foreign)
        # Or the chain would break.
        columns |= {"status": np.full(len(out), APPROVED), "reason": np.full(len(out), NONE)}
        outside = actors.mule(
            bank.scenario, out.actor, (out.of_campaign("mule") * 16).astype(np.int64), plan.month.index
        )
        went = out.intents(
            leaves,
            to,
            cents,
            place,
            merchant=wallets.desks(bank, to, out.of_campaign("desk")),
            payee=np.where(redeemed, NONE, np.where(last, outside, self._neighbour(out, hop + 1))),
            anomaly=BEHAVIOURAL,
            **columns,
        )
        minutes = np.round((leaves - came.event_us) / 60e6, 1)
        parts = [
            Emission(rows, {"role": np.full(len(hop), role), "hop": hop + 1, "run": into.nth + 1, "minutes": minutes})
            for role, rows in (("in", came), ("out", went))
        ]
        both = join(parts)
        again = foreign & ((out.nth == 0) | (out.u("again") < 0.7))
        return Emission(both.rows, both.evidence, wallets.sessions(out, leaves, again))

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """Own addresses emptied into one; rounds between exchanges."""
        del bank  # an episode tells by itself
        return (look.episode == CONSOLIDATION) | (look.episode == ARBITRAGE)

    def _leaves(self, cast: Cast, hop: I64) -> I64:
        """Instants at which the runs leave the wallets with these places; of -1, at which they leave the source."""
        runs = np.maximum(1, np.rint(cast.value("runs")))
        share = (cast.nth + 0.7 * cast.of_campaign("run", cast.nth)) / runs
        hours = cast.value("hours") * share
        usual = cast.value("hop_minutes") / 60 * _PATIENCE[cast.skill]
        for place in range(int(hop.max(initial=0)) + 1):  # wallets of the longest chain
            wait = usual * (0.3 + 1.4 * cast.of_campaign("wait", cast.nth, np.full(len(cast), place)))
            # A sum cannot leave before it is there.
            hours = hours + np.where(place <= hop, np.maximum(wait, 2.0 / 60), 0.0)
        return cast.plan.starts_us[cast.campaign] + to_ms(hours)

    def _arrives(self, cast: Cast, hop: I64) -> I64:
        """Microseconds on the way into the wallets with these places."""
        return arrives_after(cast.seed, ids(cast.seed, "hop.way", cast.campaign_id, cast.nth, hop))

    def _cents(self, cast: Cast, hop: I64) -> I64:
        """What arrives at the wallets with these places; after the last one, what leaves it."""
        value = cast.value("amount") * np.exp(3 * cast.of_campaign("sum", cast.nth) - 1.6)
        is_round = cast.of_campaign("round") < 0.3
        value = np.where(is_round, np.maximum(np.rint(value / 50), 1) * 50.0, value)
        # Nobody sends what the next one may not pass on.
        most = self._allowed(cast.bank.scenario, cast.plan)[cast.campaign]
        value = np.where(value < most, value, most * (0.55 + 0.4 * cast.of_campaign("below", cast.nth)))
        for place in range(int(hop.max(initial=0))):
            keeps = cast.value("kept") * (0.5 + cast.of_campaign("kept", cast.nth, np.full(len(cast), place)))
            value = np.where(place < hop, value * (1 - keeps), value)
        return np.maximum(np.rint(value * 100), 100).astype(np.int64)

    def _allowed(self, scenario: Scenario, plan: Plan) -> F64:
        """What every wallet of each chain may send at once."""
        places = np.arange(int(plan.victims.max(initial=1)))
        campaign = np.repeat(np.arange(len(plan)), len(places))
        place = np.minimum(np.tile(places, len(plan)), plan.victims[campaign] - 1)
        wallet = self.accounts(scenario, plan, campaign, place)
        return limits(scenario)[kyc_levels(scenario, wallet)].reshape(len(plan), -1).min(axis=1)

    def _neighbour(self, cast: Cast, hop: I64) -> I64:
        """Account numbers of the wallets with these places in the chains."""
        there = np.clip(hop, 0, cast.plan.victims[cast.campaign] - 1)
        return handle(cast.bank.scenario, self.accounts(cast.bank.scenario, cast.plan, cast.campaign, there))

"""Mule accounts: money comes in from many, stays for minutes or hours, and goes out to a few."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.episodes import COLLECTION
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.accounts import least_active, newest
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.fraud.families.base import Emission, Family, Look, Sessions, join
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, to_ms
from fraud_assets.simulation.fraud.families.own import hands, logged_in, payees
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import BEHAVIOURAL, DAY, INCOME, NONE, Bank
from fraud_assets.simulation.recipients import handle
from fraud_assets.simulation.scenes import ways_to_send
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, keyed

#: Hours within which the money of one wave comes in, by skill [P].
_COMES_IN = np.array([2.0, 6.0, 14.0])
#: Accounts of which the quietest counts as dormant [P].
_LOOKS = 6
#: Share of senders who bank here [P].
_OURS = 0.35


class MuleAccount(Family):
    """Accounts through which an actor passes other people's money, in waves.

    Parameters: ``accounts`` of a campaign; of each ``senders`` and ``receivers`` within ``days``; ``hold_minutes``
    between the last receipt of a wave and the first payment; share ``kept``; ``amount`` that a sender pays, major
    units; share ``controlled`` by the actor, with the actor's devices; shares ``new`` and ``dormant`` of the accounts,
    the others are anybody's; ``mule_share`` of the receivers, accounts that the actor uses again.
    """

    needs = (
        "accounts", "senders", "receivers", "days", "hold_minutes", "kept", "amount", "controlled", "new", "dormant",
        "mule_share",
    )  # fmt: skip

    def rows_per_victim(self, values: dict[str, F64]) -> F64:
        return values["senders"] + values["receivers"]

    def life_hours(self, values: dict[str, F64]) -> F64:
        return values["days"] * 24 + _COMES_IN[-1] + values["hold_minutes"] / 60 + 56.0

    def accounts(self, scenario: Scenario, plan: Plan, campaign: I64, nth: I64) -> I64:
        anybody = super().accounts(scenario, plan, campaign, nth)
        kind = hashed_uniforms(scenario.seed, "mule.kind", plan.campaign_id[campaign], nth)
        u = hashed_uniforms(scenario.seed, "mule.which", plan.campaign_id[campaign], nth)
        new, dormant = plan.values["new"][campaign], plan.values["dormant"][campaign]
        some = keyed(
            scenario.seed, "mule.dormant", plan.campaign_id[campaign][:, None], nth[:, None], np.arange(_LOOKS)
        )
        quiet = least_active(scenario, (some % np.uint64(scenario.population.customers)).astype(np.int64))
        young = newest(scenario, plan.starts_us[campaign] // DAY, u)
        return np.select([kind < new, kind < new + dormant], [young, quiet], anybody)

    def first_us(self, bank: Bank, plan: Plan, victims: Victims) -> I64:
        cast = Cast(bank, plan, victims, np.ones(len(victims), dtype=np.int64), "mule.in")
        return self._comes_in(cast, np.zeros(len(cast), dtype=np.int64), _waves(plan, victims)[0][cast.victim])

    def _emit(self, bank: Bank, plan: Plan, victims: Victims) -> Emission:
        waves, senders, receivers = _waves(plan, victims)
        into = Cast(bank, plan, victims, senders, "mule.in")
        wave = into.nth * waves[into.victim] // senders[into.victim]
        way = ways_to_send(bank, into.who, into.of_account("way", wave))
        event_us = self._comes_in(into, wave, waves[into.victim])
        spread = np.array([0.15, 0.5, 0.8])[into.skill]
        value = into.value("amount") * np.exp(spread * (2 * into.u("amount") - 1))
        cents = price_points(bank, way, value, into.u("price"))
        received = into.intents(
            event_us,
            way,
            cents,
            into.home(),
            kind=np.full(len(into), INCOME),
            payee=self._senders(into),
            device=np.full(len(into), NONE),
            net=np.full(len(into), NONE),
            anomaly=BEHAVIOURAL,
        )

        out = Cast(bank, plan, victims, receivers, "mule.out")
        turn = out.nth * waves[out.victim] // receivers[out.victim]
        most = int(waves.max(initial=1))
        cell, own = into.victim * most + wave, out.victim * most + turn
        size = len(victims) * most
        total = np.bincount(cell, weights=cents, minlength=size)[own] / 100
        last = np.zeros(size, dtype=np.int64)
        np.maximum.at(last, cell, event_us)
        payments = np.bincount(own, minlength=size)[own]
        earlier = np.arange(len(out)) - np.searchsorted(own, own)  # payments of the wave before this one
        to = ways_to_send(bank, out.who, out.of_account("to", turn), sums=0.5)
        hold = (
            out.value("hold_minutes")
            / 60
            * np.array([1.0, 1.5, 6.0])[out.skill]
            * (0.3 + 1.4 * out.of_account("hold", turn))
        )
        sent_us = last[own] + to_ms(hold + earlier * (0.03 + 1.2 * out.u("gap") ** 2))
        sums = total * (1 - out.value("kept")) / payments * (0.85 + 0.3 * out.u("part"))
        sent_cents = price_points(bank, to, np.maximum(sums, 1.0), out.u("price"))
        columns = hands(out, sent_us, to, sent_cents)
        foreign = self._is_foreign(out)
        columns["device"] = np.where(foreign, self._device(out), columns["device"])
        columns["net"] = np.where(foreign, FOREIGN_NET, columns["net"])
        sent = out.intents(
            sent_us,
            to,
            sent_cents,
            np.where(foreign, out.foreign_place(), out.home()),
            payee=payees(out, out.nth, out.value("mule_share")),
            anomaly=BEHAVIOURAL,
            **columns,
        )
        both = join([Emission(received, _evidence(into, "in", wave)), Emission(sent, _evidence(out, "out", turn))])
        return Emission(both.rows, both.evidence, self._sessions(out, sent_us, earlier == 0))

    def resembles(self, bank: Bank, look: Look) -> Bools:
        """The till of a trip or a present: many pay, and it is passed on."""
        del bank  # an episode tells by itself
        return look.episode == COLLECTION

    def _comes_in(self, cast: Cast, wave: I64, waves: I64) -> I64:
        """Instants of receipts: each wave has its day; the first receipt is the first wave's first."""
        begun = cast.value("days") * 24 * (wave + 0.6 * cast.of_account("begun", wave)) / waves
        at = cast.plan.starts_us[cast.campaign] + to_ms(begun)
        way = ways_to_send(cast.bank, cast.who, cast.of_account("way", wave))
        at = at_usual_hours(cast.bank, cast.who, way, at, cast.of_account("hour", wave))
        at = np.where(at < cast.plan.starts_us[cast.campaign], at + DAY, at)
        return at + to_ms(_COMES_IN[cast.skill] * np.where(cast.nth == 0, 0.0, cast.u("wait")))

    def _senders(self, cast: Cast) -> I64:
        """Persons elsewhere, and customers of this bank."""
        u = cast.u("sender")
        ours = handle(cast.bank.scenario, (u * 4096 % 1.0 * cast.bank.scenario.population.customers).astype(np.int64))
        return np.where(u < _OURS, ours, 1_000_000_000 + (cast.u("stranger") * 9_000_000_000).astype(np.int64))

    def _is_foreign(self, cast: Cast) -> Bools:
        draw = hashed_uniforms(cast.seed, "mule.controlled", cast.campaign_id, cast.index)
        return draw < cast.value("controlled")

    def _device(self, cast: Cast) -> I64:
        number = hashed_uniforms(cast.seed, "mule.device", cast.campaign_id, cast.index)
        return cast.actors_device((number * actors.DEVICES).astype(np.int64))

    def _sessions(self, out: Cast, sent_us: I64, first: Bools) -> Sessions:
        """Who is controlled is logged into before each wave goes out."""
        rows = np.flatnonzero(first & self._is_foreign(out))
        before = sent_us - to_ms(0.01 + 0.8 * out.u("login") ** 2)
        return logged_in(out, rows, before, self._device(out), out.foreign_place())


def _waves(plan: Plan, victims: Victims) -> tuple[I64, I64, I64]:
    """Waves, senders and receivers of each account; a wave has about two receivers."""
    senders = np.maximum(1, np.rint(plan.values["senders"])).astype(np.int64)
    receivers = np.maximum(1, np.rint(plan.values["receivers"])).astype(np.int64)
    waves = np.minimum(-(-receivers // 2), senders)
    return waves[victims.campaign], senders[victims.campaign], receivers[victims.campaign]


def _evidence(cast: Cast, role: str, wave: I64) -> dict[str, np.ndarray]:
    return {
        "role": np.full(len(cast), role),
        "wave": wave + 1,
        "senders": np.rint(cast.value("senders")).astype(np.int64),
        "receivers": np.rint(cast.value("receivers")).astype(np.int64),
        "kept": np.round(cast.value("kept"), 3),
    }

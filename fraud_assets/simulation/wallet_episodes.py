"""Episodes of wallets: what honest people do with tokens and an analyst first takes for fraud.

Rounds between exchanges, work that is paid in tokens and redeemed at once, own addresses emptied into one, a sell-off
when prices fall. The form is that of ``episodes.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from fraud_assets.scenario import Episode, Scenario
from fraud_assets.simulation import limits
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.calendar import day_number
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import (
    DAY,
    FROM_SENDER,
    FROM_SOURCE,
    RECIPIENTS,
    TO_OWN,
    TO_PAYOUT,
    TO_PERSON,
    Bank,
    Intents,
    concat,
)
from fraud_assets.simulation.kyc import limits as kyc_limits
from fraud_assets.simulation.recipients import own_account
from fraud_assets.simulation.scenes import Scene
from fraud_assets.simulation.streams import F64, I64

WALLET_KINDS = ("arbitrage", "paid_in_tokens", "consolidation", "sell_off")
#: Sell-offs that wait for a day on which prices fall, in a month that has one [P].
_ON_A_CRASH = 0.6


def ways(bank: Bank, party: int, u: F64) -> I64:
    """Categories with that party, by how often they are used; the same for everybody."""
    choice = bank.some(bank.recipient == party, f"a category with recipient {RECIPIENTS[party]!r}")
    weight = np.cumsum([bank.scenario.categories[k].weight for k in choice])
    return choice[np.searchsorted(weight / weight[-1], u, side="right").clip(0, len(choice) - 1)]


def allowed(bank: Bank, who: I64, value: F64) -> F64:
    """Amounts, major units, cut to what the level of identification allows at once: somewhat less than that."""
    most = kyc_limits(bank.scenario)[bank.traits.kyc_level[who]]
    return np.where(value < most, value, np.minimum(most, value) * (0.6 + 0.39 * (value % 1.0)))


def _arbitrage(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """In from one exchange, out to another within minutes, again and again while the prices differ."""
    bank = scene.bank
    into = ways(bank, FROM_SOURCE, scene.of_part("from"))
    level = scene.between("level", episode.amount) * (0.6 + 0.8 * scene.u("round"))
    value = allowed(bank, scene.who, level * np.sqrt(bank.traits.amount_factor[scene.who]))
    cents = price_points(bank, into, value, scene.u("price"))
    event_us = begun + _us(scene.between("hours", episode.hours) * (scene.nth + scene.u("wait")) / scene.count)
    bought = scene.paid(event_us, into, cents, merchant=scene.shop(into, scene.of_part("exchange")))
    out = _again(scene, "episode.arbitrage_out")
    to = ways(bank, TO_PAYOUT, out.of_part("to"))
    later = event_us + _us(0.02 + 1.5 * out.of_part("speed") * out.u("speed") ** 2)
    proceeds = np.maximum(np.rint(cents * (0.985 + 0.03 * out.u("gain"))).astype(np.int64), 100)
    sold = out.paid(later, to, proceeds, merchant=out.shop(to, out.of_part("exchange")))
    return concat([bought, sold])


def _paid_in_tokens(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """A client pays, often just below a limit; most of it is redeemed within minutes to a day."""
    bank = scene.bank
    category = ways(bank, FROM_SENDER, scene.of_part("way"))
    low, high = episode.amount
    wage = low * (high / low) ** scene.of_part("wage")
    below = limits.below(
        bank.scenario, limits.nearest(bank.scenario, wage), 0.72 + 0.275 * scene.u("share"), scene.u("step")
    )
    plain = price_points(bank, category, wage * (0.9 + 0.2 * scene.u("part")), scene.u("price"))
    cents = np.where(scene.of_part("below") < 0.5, below, plain)
    cents = _allowed_cents(scene, cents)
    event_us = begun + _us(scene.between("hours", episode.hours) * (scene.nth + scene.u("wait")) / scene.count)
    known = np.where(scene.of_part("client") < 0.5, 0.9, 0.0)
    rows = scene.received(event_us, category, cents, scene.person("sender", known, scene.nth % 2))
    total = np.bincount(scene.part, weights=cents)
    last = np.zeros(len(total), dtype=np.int64)
    np.maximum.at(last, scene.part, event_us)

    out = _again(scene, "episode.wage_out", parts=3)
    to = ways(bank, TO_PAYOUT, out.of_part("to"))
    share = (0.55 + 0.45 * out.of_part("share")) / out.count * (0.85 + 0.3 * out.u("part"))
    value = allowed(bank, out.who, np.maximum(total[out.part] / 100 * share, 1.0))
    hold = 0.1 + 20 * out.of_part("hold") ** 3
    paid_us = last[out.part] + _us(hold + out.nth * (0.05 + 2 * out.u("gap") ** 2))
    redeemed = price_points(bank, to, value, out.u("price"))
    return concat([rows, out.paid(paid_us, to, redeemed, merchant=out.shop(to, out.of_part("desk")))])


def _consolidation(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """Own addresses are emptied into the wallet, and it all goes on within minutes; of one, it just passes through."""
    bank = scene.bank
    by_wallet = scene.of_part("way") < 0.6
    category = np.where(
        by_wallet, ways(bank, TO_PERSON, scene.of_part("w")), ways(bank, FROM_SENDER, scene.of_part("s"))
    )
    low, high = episode.amount
    value = allowed(bank, scene.who, low * (high / low) ** scene.of_part("sum") * (0.4 + 1.2 * scene.u("part")))
    cents = price_points(bank, category, value, scene.u("price"))
    event_us = begun + _us(scene.between("hours", episode.hours) * scene.u("wait"))
    event_us = np.where(scene.nth == 0, begun, event_us)
    rows = scene.received(event_us, category, cents, scene.person("sender", np.full(len(scene), 0.4), scene.nth))
    total = np.bincount(scene.part, weights=cents)
    last = np.zeros(len(total), dtype=np.int64)
    np.maximum.at(last, scene.part, event_us)

    out = _again(scene, "episode.consolidated", parts=2)
    own = out.of_part("own") < 0.4
    to = np.where(own, ways(bank, TO_OWN, out.of_part("o")), ways(bank, TO_PERSON, out.of_part("p")))
    kept = 0.06 * out.of_part("kept") ** 2
    sums = total[out.part] * (1 - kept) / out.count * np.where(out.count == 1, 1.0, 0.8 + 0.4 * out.u("part"))
    sent_us = last[out.part] + _us(0.01 + 0.9 * out.of_part("hold") ** 2 + out.nth * (0.02 + 0.3 * out.u("gap")))
    payee = np.where(own, own_account(bank, out.who), out.person("payee", np.full(len(out), 0.4)))
    sent = np.maximum(np.rint(_allowed_cents(out, sums)).astype(np.int64), 50)
    return concat([rows, out.paid(sent_us, to, sent, payee=payee)])


def _sell_off(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """Prices fall, or a house is bought: everything is redeemed, in parts, some of them just below a limit."""
    bank = scene.bank
    begun = _on_a_crash(scene, begun)
    desk = (scene.u("desk") < 0.3) * (scene.nth % 2)
    to = ways(bank, TO_PAYOUT, scene.of_part("to", desk))
    low, high = episode.amount
    level = low * (high / low) ** scene.of_part("level") * np.sqrt(bank.traits.amount_factor[scene.who])
    plain = price_points(bank, to, level * np.exp(1.2 * scene.u("amount") - 0.6), scene.u("price"))
    limit = limits.nearest(bank.scenario, level)
    near = limits.below(bank.scenario, limit, 0.78 + 0.215 * scene.u("share"), scene.u("step"))
    cents = _allowed_cents(scene, np.where(scene.of_part("near") < 0.35, near, plain))
    share = np.where(scene.nth == 0, 0.0, (scene.nth + scene.u("wait")) / scene.count)
    first = at_usual_hours(bank, scene.who, to, begun, scene.of_part("hour"))
    event_us = np.where(scene.of_part("clock") < 0.6, first, begun) + _us(scene.between("hours", episode.hours) * share)
    return scene.paid(event_us, to, cents, merchant=scene.shop(to, scene.of_part("merchant", desk)))


def _on_a_crash(scene: Scene, begun: I64) -> I64:
    """Some beginnings moved to the month's days on which people are known to redeem."""
    days = _crashes(scene.bank.scenario)
    if not len(days):
        return begun
    month = begun.astype("datetime64[us]").astype("datetime64[M]")
    first, end = (m.astype("datetime64[D]").astype(np.int64) for m in (month, month + 1))
    place = np.searchsorted(days, first)
    day = days[np.minimum(place, len(days) - 1)]
    there = (day >= first) & (day < end) & (scene.of_part("crash") < _ON_A_CRASH)
    there &= day > scene.bank.traits.registered_day[scene.who] + 1
    return np.where(there, day * DAY + begun % DAY, begun)


@lru_cache(maxsize=8)
def _crashes(scenario: Scenario) -> I64:
    """Days, sorted, of the events on which more is redeemed."""
    payout = {c.category for c in scenario.categories if c.recipient == "payout"}
    return np.array(sorted(day_number(h.first) for h in scenario.holidays if h.category in payout), dtype=np.int64)


def _again(scene: Scene, salt: str, parts: int = 0) -> Scene:
    """Further rows of the same parts: as many as before, or one to so many."""
    each = np.flatnonzero(scene.nth == 0)
    count = 1 + (scene.of_part(salt)[each] * parts).astype(np.int64) if parts else scene.count[each]
    return Scene(scene.bank, salt, scene.who[each], scene.month[each], count)


def _allowed_cents(scene: Scene, cents: I64 | F64) -> I64:
    value = allowed(scene.bank, scene.who, np.asarray(cents, dtype=np.float64) / 100)
    return np.maximum(np.rint(value * 100).astype(np.int64), 50)


def _us(hours: F64) -> I64:
    """Hours as microseconds, to the millisecond."""
    return np.rint(hours * 3_600_000).astype(np.int64) * 1000


WALLET_EPISODES: list[Callable[[Scene, I64, Episode], Intents]] = [
    _arbitrage, _paid_in_tokens, _consolidation, _sell_off,
]  # fmt: skip

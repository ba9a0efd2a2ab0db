"""Episodes: stretches of an honest life in which somebody pays, or is paid, otherwise than usual.

A till for a trip, a rent in parts, a tutor paid just below a limit, orders of which half go back, a wedding, a used
car: what an analyst first takes for fraud. A closed form of customer, kind and month of the beginning.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fraud_assets.months import Month
from fraud_assets.scenario import Episode
from fraud_assets.simulation import limits
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.clocks import microseconds
from fraud_assets.simulation.customers import credit_lines
from fraud_assets.simulation.echoes import UNREFERENCED
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import (
    APP,
    APPROVED,
    DAY,
    NONE,
    ONLINE,
    REFUND,
    TO_MERCHANT,
    Bank,
    Intents,
    concat,
)
from fraud_assets.simulation.scenes import Scene, ways_to_send
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms, ids
from fraud_assets.simulation.visit_episodes import VISIT_EPISODES, VISIT_KINDS, at_visits
from fraud_assets.simulation.wallet_episodes import WALLET_EPISODES, WALLET_KINDS

KINDS = (
    "collection", "instalments", "supplier", "returns", "furnishing", "first_payment", *VISIT_KINDS, *WALLET_KINDS,
)  # fmt: skip
COLLECTION, INSTALMENTS, SUPPLIER, RETURNS, FURNISHING, FIRST_PAYMENT, TRIAL, SPREE = range(8)
ARBITRAGE, PAID_IN_TOKENS, CONSOLIDATION, SELL_OFF = range(8, len(KINDS))
#: Months before the ledger's in which an episode may have begun: a month of orders, and a fortnight until they go back.
_REACH = 2
#: Days until something goes back, and how much of an order does [P].
RETURN_DAYS, _RETURNED = (1.0, 13.0), 0.45
#: Nothing that is furnished costs more than so many times the method's normal maximum [P].
DEAREST = 4.0


def episodes(bank: Bank, month: Month) -> tuple[Intents, I64]:
    """The rows of all episodes that may reach into the month, whole episodes at a time, and the kind of each row."""
    parts, kinds = [Intents.make(0)], [np.empty(0, dtype=np.int64)]
    for code, kind in enumerate(KINDS):
        episode = bank.scenario.episodes.get(kind)  # type: ignore[call-overload]  # KINDS are the literals
        if episode is not None and episode.share > 0:
            rows = _PLAYED[code](*_begun(bank, month, kind, episode))
            parts.append(rows)
            kinds.append(np.full(len(rows), code))
    return concat(parts), np.concatenate(kinds)


def _begun(bank: Bank, month: Month, kind: str, episode: Episode) -> tuple[Scene, I64, Episode]:
    """The scene of one kind, and the instant at which each row's episode began."""
    if kind in VISIT_KINDS:
        return *at_visits(bank, [month - 1, month], kind, episode), episode  # within hours: a month ago at the most
    seed, index = bank.scenario.seed, bank.traits.index
    starts = [month - back for back in range(_REACH, -1, -1)]
    months = np.repeat([start.index for start in starts], len(index))
    first = np.repeat([microseconds(start.start) for start in starts], len(index))
    days = np.repeat([start.days for start in starts], len(index))
    who = np.tile(np.arange(len(index)), len(starts))
    # Not on the first day: rows move to the usual hours of their day, and the month before knows nothing of them.
    begun = first + _us(24 + hashed_uniforms(seed, f"{kind}.begun", index[who], months) * (days - 1) * 24)
    plays = hashed_uniforms(seed, f"{kind}.plays", index[who], months) < episode.share
    plays &= bank.traits.registered_day[who] * DAY < begun - DAY
    who, months, begun = who[plays], months[plays], begun[plays]
    low, high = episode.parts
    count = low + (hashed_uniforms(seed, f"{kind}.parts", index[who], months) * (high - low + 1)).astype(np.int64)
    scene = Scene(bank, f"episode.{kind}", who, months, count)
    return scene, begun[scene.part], episode


def _spread(scene: Scene, begun: I64, episode: Episode, category: I64) -> I64:
    """Instants of the rows, in order over the episode's time, at hours usual for what they are."""
    share = (scene.nth + scene.u("wait")) / scene.count
    return at_usual_hours(
        scene.bank, scene.who, category, begun + _us(scene.between("hours", episode.hours) * share), scene.u("hour")
    )


def _collection(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """Everybody pays about the same within some hours; then one to three payments take what has come in."""
    bank, hours = scene.bank, scene.between("hours", episode.hours)
    category = ways_to_send(bank, scene.who, scene.of_part("way"))
    event_us = begun + _us(hours * scene.u("wait") ** 1.5)
    level = scene.between("level", episode.amount)
    value = np.where(scene.u("same") < 0.7, level, level * (0.5 + scene.u("differs")))
    cents = price_points(bank, category, value, scene.of_part("price"))
    rows = scene.received(event_us, category, cents, scene.person("sender", np.full(len(scene), 0.6), scene.nth))

    each = np.flatnonzero(scene.nth == 0)  # a row an episode
    total = np.bincount(scene.part, weights=cents)[scene.part[each]] / 100
    out = Scene(
        bank,
        "episode.passed_on",
        scene.who[each],
        scene.month[each],
        1 + (scene.of_part("n")[each] * 3).astype(np.int64),
    )
    done = (begun + _us(hours))[each][out.part]
    # Some pay at once, some sleep over it.
    event_us = done + _us(0.05 + 30 * out.of_part("hold") ** 3 + out.nth * (0.1 + 2 * out.u("gap") ** 2))
    to = ways_to_send(bank, out.who, out.of_part("way"), sums=0.5)
    share = (0.85 + 0.2 * out.of_part("share")) / out.count * (0.8 + 0.4 * out.u("part"))
    sums = price_points(bank, to, np.maximum(total[out.part] * share, 1.0), out.u("price"))
    return concat([rows, out.paid(event_us, to, sums, payee=out.person("payee", np.full(len(out), 0.5), out.nth))])


def _instalments(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """A rent, a fee or a private loan in parts below a limit, to one person."""
    bank = scene.bank
    category = ways_to_send(bank, scene.who, scene.of_part("way"), sums=2.0)
    limit = limits.nearest(bank.scenario, scene.between("limit", episode.amount))
    even = scene.of_part("even") < 0.5
    share = np.where(even, 0.75 + 0.245 * scene.of_part("share"), 0.70 + 0.295 * scene.u("share"))
    cents = limits.below(bank.scenario, limit, share, np.where(even, scene.of_part("step"), scene.u("step")))
    event_us = begun + _us(scene.between("hours", episode.hours) * _in_order(scene))
    event_us = np.where(
        scene.of_part("clock") < 0.5, event_us, at_usual_hours(bank, scene.who, category, event_us, scene.u("hour"))
    )
    return scene.paid(event_us, category, cents, payee=scene.person("payee", np.full(len(scene), 0.55)))


def _supplier(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """A tutor, a wholesaler, a landlord: the same business again and again, near a limit, in round sums, or by bill."""
    bank = scene.bank
    category = _goods(bank, scene.of_part("category"), 0.7)
    merchant = scene.shop(category, scene.of_part("merchant"))
    limit = limits.nearest(bank.scenario, bank.normal_maximum[category] * scene.between("limit", episode.amount))
    style = scene.of_part("style")
    near = limits.below(bank.scenario, limit, limits.NEAR + 0.075 * scene.u("share"), scene.u("step"))
    value = limit * (0.06 + 0.8 * scene.u("value") ** 1.5)
    round_sum = np.maximum(np.rint(value / 10), 1).astype(np.int64) * 1000
    billed = price_points(bank, category, value, scene.u("price"))
    cents = np.where(style < 0.4, near, np.where(style < 0.7, round_sum, billed))
    return scene.paid(_spread(scene, begun, episode, category), category, cents, fixed=True, merchant=merchant)


def _returns(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """Orders at one or two shops, of which a part goes back within a fortnight."""
    bank = scene.bank
    category = _goods(bank, scene.of_part("category", scene.nth % 2), 0.3, online=True)
    merchant = scene.shop(category, scene.of_part("merchant", scene.nth % 2))
    median = bank.median[category]
    low, high = episode.amount
    value = np.minimum(median * low * (high / low) ** scene.u("value"), bank.till_maximum[category])
    orders = scene.paid(
        _spread(scene, begun, episode, category),
        category,
        price_points(bank, category, value, scene.u("price")),
        merchant=merchant,
    )
    back = (scene.u("back") < _RETURNED) & (orders.status == APPROVED)
    kept = scene.take(back)
    days = RETURN_DAYS[0] + (RETURN_DAYS[1] - RETURN_DAYS[0]) * kept.u("days")
    return concat([orders, refund(bank, orders.take(back), days, kept.u("part"), kept.u("reference"))])


def refund(bank: Bank, rows: Intents, days: F64, part: F64, reference: F64) -> Intents:
    """Refunds of purchases some days later, most whole, some without a reference to what they are for.

    Parameters
    ----------
    part, reference
        Uniform draws.
    """
    nothing = np.full(len(rows), NONE)
    return rows.but(
        transaction_id=ids(bank.scenario.seed, "refund.made_out", rows.transaction_id),
        event_us=rows.event_us + _us(24 * days),
        cents=np.where(part < 0.8, rows.cents, np.maximum(100, (rows.cents * part).astype(np.int64))),
        kind=np.full(len(rows), REFUND),
        device=nothing,
        net=nothing,
        status=np.full(len(rows), APPROVED),
        reason=nothing,
        original=np.where(reference < UNREFERENCED, NONE, rows.transaction_id),
    )


def _furnishing(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """A good part of the credit line within days or weeks, in unusually dear purchases."""
    bank = scene.bank
    category = _goods(bank, scene.u("category"), 0.7)
    total = scene.between("sum", episode.amount) * credit_lines(bank.scenario, bank.traits)[scene.who]
    value = total / scene.count * (0.4 + 1.2 * scene.u("value"))
    value = np.clip(value, 20.0, np.minimum(DEAREST * bank.normal_maximum, bank.highest)[category])
    cents = price_points(bank, category, value, scene.u("price"))
    event_us = _spread(scene, begun, episode, category)
    return scene.paid(event_us, category, cents, merchant=scene.shop(category, scene.u("merchant")))


def _first_payment(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """A deposit, a used car, a craftsman: a large sum to somebody new, at once or in a few parts."""
    bank = scene.bank
    category = ways_to_send(bank, scene.who, scene.of_part("way"), sums=1.0)
    low, high = episode.amount
    value = low * (high / low) ** scene.of_part("sum") / scene.count * (0.8 + 0.4 * scene.u("part"))
    event_us = begun + _us(scene.between("hours", episode.hours) * _in_order(scene))
    event_us = np.where(scene.nth == 0, at_usual_hours(bank, scene.who, category, event_us, scene.u("hour")), event_us)
    cents = price_points(bank, category, value, scene.u("price"))
    return scene.paid(event_us, category, cents, payee=scene.person("payee", np.zeros(len(scene))))


def _in_order(scene: Scene) -> F64:
    """Shares of the episode's time, 0 for the first row and growing with the place."""
    return np.where(scene.nth == 0, 0.0, (scene.nth + scene.u("wait")) / scene.count)


def _goods(bank: Bank, u: F64, power: float, online: bool = False) -> I64:
    """Categories of goods and services, the dear ones the likelier the greater ``power`` is; none paid by app."""
    allowed = (bank.recipient == TO_MERCHANT) & (bank.channel != APP)
    allowed &= ((bank.channel == ONLINE) | (not online)) & bank.takes_large
    choice = bank.some(allowed if allowed.any() else bank.recipient == TO_MERCHANT, "a merchant")
    weight = np.cumsum(bank.median[choice] ** power)
    return choice[np.searchsorted(weight / weight[-1], u, side="right").clip(0, len(choice) - 1)]


def _us(hours: F64) -> I64:
    """Hours as microseconds, to the millisecond."""
    return np.rint(hours * 3_600_000).astype(np.int64) * 1000


_PLAYED: list[Callable[[Scene, I64, Episode], Intents]] = [
    _collection, _instalments, _supplier, _returns, _furnishing, _first_payment, *VISIT_EPISODES, *WALLET_EPISODES,
]  # fmt: skip

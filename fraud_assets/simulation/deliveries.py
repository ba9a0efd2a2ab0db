"""Deliveries: to which address goods go that are bought online, and how fast.

Closed forms of the order itself (who, what, how much, which day), so that another try at a declined order goes to the
same place, and so that anybody can ask before the order is written down.
"""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.intents import NONE, PURCHASE, Bank, Intents
from fraud_assets.simulation.streams import F64, I64, UNIT, hashed_uniforms, ids, keyed, step

HOME, GIFT, OFFICE, LOCKER = range(4)
#: People to whom a customer sends gifts, the share of them who bank here, and employers and lockers of a city [P].
_FRIENDS, _PEERS, _OFFICES, _LOCKERS = 6, 0.4, 25, 6


def destination(bank: Bank, who: I64, category: I64, cents: I64, day: I64) -> tuple[I64, F64, F64]:
    """Where people have orders sent: HOME, GIFT, OFFICE or LOCKER, and two further uniform draws an order.

    Parameters
    ----------
    who, category, cents, day
        Position of the customer, index of the category, amount and UTC day since 1970 of each order; shape (n,).
    """
    settings = bank.scenario.activity.deliveries
    bits = keyed(bank.scenario.seed, "delivery", (bank.traits.index[who] << np.int64(8)) | category, cents, day)
    mask = np.uint64((1 << 21) - 1)
    u, which, speed = (((bits >> np.uint64(s)) & mask).astype(np.float64) * 2.0**-21 for s in (0, 21, 42))
    steps = np.cumsum([1 - settings.gift - settings.office - settings.locker, settings.gift, settings.office])
    return step(steps, u), which, speed


def deliveries(bank: Bank, rows: Intents) -> tuple[I64, I64]:
    """Address of each row, ``NONE`` where nothing is sent, and whether it is to arrive fast (1, 0 or ``NONE``)."""
    address, express = np.full(len(rows), NONE), np.full(len(rows), NONE)
    order = np.flatnonzero(bank.tagged("goods")[rows.category] & (rows.kind == PURCHASE))
    if not len(order):
        return address, express
    who, day = rows.who[order], rows.event_us[order] // 86_400_000_000
    kind, which, speed = destination(bank, who, rows.category[order], rows.cents[order], day)
    to = bank.traits.address_id[who]
    gift, office, locker = (np.flatnonzero(kind == place) for place in (GIFT, OFFICE, LOCKER))
    to[gift] = _friends(bank, who[gift], which[gift])
    to[office] = _offices(bank, who[office])
    to[locker] = _lockers(bank, who[locker], which[locker])
    fast = (speed < bank.scenario.activity.deliveries.express).astype(np.int64)
    said, speeds = rows.delivery[order], rows.express[order]
    address[order] = np.where(said == NONE, to, said)
    express[order] = np.where(speeds == NONE, fast, speeds)
    return address, express


def _friends(bank: Bank, who: I64, u: F64) -> I64:
    """Addresses of the people to whom customers send gifts, some of them earlier customers of the same unit."""
    seed, index = bank.scenario.seed, bank.traits.index[who]
    slot = (u * _FRIENDS).astype(np.int64)
    peer = who - (hashed_uniforms(seed, "delivery.peer", index, slot) * (index % UNIT + 1)).astype(np.int64)
    inside = hashed_uniforms(seed, "delivery.inside", index, slot) < _PEERS
    return np.where(inside, bank.traits.address_id[peer], ids(seed, "delivery.friend", index, slot))


def _offices(bank: Bank, who: I64) -> I64:
    """Addresses of the customers' employers, each of a city and shared by colleagues."""
    seed = bank.scenario.seed
    number = keyed(seed, "delivery.employer", bank.traits.index[who]) % np.uint64(_OFFICES)
    return ids(seed, "delivery.office", bank.traits.city[who], number)


def _lockers(bank: Bank, who: I64, u: F64) -> I64:
    """Addresses of lockers in the customers' cities; each customer has two near by."""
    seed = bank.scenario.seed
    near = keyed(seed, "delivery.near", bank.traits.index[who], (u * 2).astype(np.int64)) % np.uint64(_LOCKERS)
    return ids(seed, "delivery.locker", bank.traits.city[who], near)

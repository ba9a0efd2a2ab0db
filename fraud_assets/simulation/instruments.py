"""With what people pay: the card in use, the device in hand, the network it is on."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.devices import device, lenders, owns
from fraud_assets.simulation.intents import (
    APP,
    BANK,
    CARD_PRESENT,
    HOME_NET,
    MOBILE_NET,
    NONE,
    ONLINE,
    PUBLIC_NET,
    VPN_NET,
    Bank,
)
from fraud_assets.simulation.streams import F64, I64, Bools, ids


def cards(bank: Bank, month: int | I64, who: I64, channel: I64) -> I64:
    """Card in use, ``NONE`` where an account pays; renewed every four years, each customer in a month of its own.

    ``month`` is a ``Month.index``, one for all rows or one a row.
    """
    index = bank.traits.index
    earliest = int(np.min(month, initial=1 << 40))
    # Within four years a customer has at most two cards.
    first = (earliest + index * 5) // 48
    pair = ids(bank.scenario.seed, "card", index[:, None], first[:, None] + np.arange(2)).ravel()
    later = (month + (index * 5 - first * 48)[who]) >= 48
    card = pair[2 * who + later]
    card[channel > ONLINE] = NONE
    return card


def devices_used(
    bank: Bank, who: I64, outing: I64, channel: I64, event_us: I64, is_away: Bools, device_u: F64, net_u: F64
) -> tuple[I64, I64]:
    """Device and kind of network of each row; ``NONE`` at a terminal. The draws are one an outing."""
    remote = np.flatnonzero(channel != CARD_PRESENT)
    person, outing, kind = who[remote], outing[remote], channel[remote]
    u = device_u[outing]
    lender = lenders(bank.scenario, bank.traits, person, (u * 4096) % 1.0)
    owned = owns(bank.scenario, bank.traits)
    # App: the phone. Bank: laptop before phone. Online: phone .6, laptop .3, tablet .1, of what there is.
    online = (u >= 0.6).astype(np.int64) + (u >= 0.9)
    slot = np.where(kind == APP, 0, np.where(kind == BANK, u < 0.6, online))
    slot = np.where(owned.ravel()[lender * owned.shape[1] + slot], slot, ~owned[lender, 0])
    device_id = np.full(len(channel), NONE)
    device_id[remote] = device(bank.scenario, bank.traits, lender, slot, event_us[remote])

    n = net_u[outing]
    kinds = np.where((slot == 0) & (n < 0.42), MOBILE_NET, np.where(n > 0.93, PUBLIC_NET, HOME_NET))
    kinds = np.where(is_away[remote] & (kinds == HOME_NET), PUBLIC_NET, kinds)
    kinds = np.where(bank.traits.vpn[person] & ((n * 16) % 1.0 < 0.6), VPN_NET, kinds)
    net = np.full(len(channel), NONE)
    net[remote] = kinds
    return device_id, net

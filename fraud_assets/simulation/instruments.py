"""With what people pay: the card in use, the device in hand, the network it is on."""

from __future__ import annotations

import numpy as np

from fraud_assets.codes import CARD_TYPES
from fraud_assets.simulation.devices import device, lenders, owns
from fraud_assets.simulation.intents import (
    ANY_DEVICE,
    AT_TERMINAL,
    BANK,
    BY_ITSELF,
    BY_SCAN,
    HOME_NET,
    I8,
    MOBILE_NET,
    NONE,
    ONLINE,
    PUBLIC_NET,
    VPN_NET,
    Bank,
    Column,
)
from fraud_assets.simulation.network import OF_DEVICE, is_hidden
from fraud_assets.simulation.streams import F64, I64, Bools, finer, hashed_uniforms, ids

_CREDIT, _DEBIT = CARD_TYPES.index("credit"), CARD_TYPES.index("debit")
#: Credit, debit, prepaid: how much more usual from the lowest incomes to the highest, as logarithms [P].
_BY_INCOME = np.array([1.6, -0.2, -2.0])
#: Replacements of one card whose kind is known to be that of a second card; nobody loses so many.
_REPLACED = 4


def cards(bank: Bank, month: int | I64, who: I64, channel: I64, second: Bools | None = None) -> I64:
    """Card in use, ``NONE`` where an account pays; renewed every four years, each customer in a month of its own.

    Parameters
    ----------
    month
        A ``Month.index``, one for all rows or one a row.
    second
        Where it is not the first card but the second one.
    """
    index = bank.traits.index
    earliest = int(np.min(month, initial=1 << 40))
    # Within four years a customer has at most two cards.
    first = (earliest + index * 5) // 48
    later = (month + (index * 5 - first * 48)[who]) >= 48
    if len(who) < 2 * len(index):
        card = ids(bank.scenario.seed, "card", index[who], first[who] + later)
    else:
        card = ids(bank.scenario.seed, "card", index[:, None], first[:, None] + np.arange(2)).ravel()[2 * who + later]
    if second is not None:
        rarely = np.flatnonzero(second)
        card[rarely] = ids(bank.scenario.seed, "card.second", card[rarely])
    card[np.flatnonzero(channel > ONLINE)] = NONE
    return card


def expired_cards(bank: Bank, month: I64, who: I64, channel: I64) -> I64:
    """The cards before those in use, which some online shop still has on file."""
    return cards(bank, month - 48, who, channel)


def has_second_card(bank: Bank) -> Bools:
    """Which of the customers have a second card; shape (customers,)."""
    u = hashed_uniforms(bank.scenario.seed, "card.has_second", bank.traits.index)
    return u < bank.scenario.activity.second_cards


def card_types(bank: Bank, event_us: I64, who: I64, card: I64) -> I8:
    """Kind of each card, a code of ``codes.CARD_TYPES``; ``NONE`` where there is no card.

    A customer's cards are of one kind for good, whether renewed or replaced; the second one is of another.

    Parameters
    ----------
    event_us, who, card
        Instants within four years, customers and cards; shape (n,).
    """
    traits, seed = bank.traits, bank.scenario.seed
    kinds = bank.kept(_first_kinds)[who]
    owners = np.flatnonzero(has_second_card(bank))
    index = traits.index[owners]
    earliest = event_us.min(initial=1 << 60).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    earliest = earliest + 1970 * 12 - 1  # a payment may be of the month before, by the customer's clock
    first = ids(seed, "card", index[:, None], ((earliest + index * 5) // 48)[:, None] + np.arange(2))
    second = ids(seed, "card.second", first)
    replaced = ids(seed, "card.replaced", second[..., None], 1 + np.arange(_REPLACED))
    place = np.full(len(traits.index), NONE)
    place[owners] = np.arange(len(owners))
    mine = place[who]
    some = np.flatnonzero((mine != NONE) & (card != NONE))
    older, newer = first.T.take(mine.take(some), axis=1)
    theirs = card.take(some)
    some = some.compress((theirs != older) & (theirs != newer))  # few: only those are looked for
    rows = some[np.isin(card[some], np.concatenate([second.ravel(), replaced.ravel()]))]
    kinds[rows] = np.where(kinds[rows] == _CREDIT, _DEBIT, _CREDIT)
    kinds[np.flatnonzero(card == NONE)] = NONE
    return kinds


def _first_kinds(bank: Bank) -> I8:
    """Kind of the customers' first cards, by income; shape (customers,)."""
    given = {str(name): share for name, share in bank.scenario.activity.card_types.items()}
    shares = np.array([given.get(name, 0.0) for name in CARD_TYPES])
    place = bank.traits.bracket / max(1, len(bank.scenario.population.income_brackets) - 1) - 0.5
    weight = np.cumsum(shares * np.exp(place[:, None] * _BY_INCOME), axis=1)
    u = hashed_uniforms(bank.scenario.seed, "card.kind", bank.traits.index) * weight[:, -1]
    return (weight[:, :-1] <= u[:, None]).sum(axis=1).astype(np.int8)


def second_card(bank: Bank, who: I64, u: F64) -> Bools | None:
    """Where customers take their second card; the finer digits of ``u`` decide. None where nobody has one."""
    share = bank.scenario.activity.second_card_share
    return has_second_card(bank)[who] & (finer(u, 2.0**20) < share) if share > 0 else None


def devices_used(
    bank: Bank, who: I64, outing: I64, category: I64, event_us: I64, is_away: Bools, device_u: F64, net_u: F64
) -> tuple[I64, I8]:
    """Device and kind of network of each row; ``NONE`` at a terminal and of what arrives by itself.

    The draws are one an outing.
    """
    hand = bank.instrument[category]
    remote = np.flatnonzero((hand != AT_TERMINAL) & (hand != BY_ITSELF))
    person, outing, kind, hand = who[remote], outing[remote], bank.channel[category[remote]], hand[remote]
    u = device_u[outing]
    lender = lenders(bank.scenario, bank.traits, person, finer(u))
    owned = owns(bank.scenario, bank.traits)
    # Bank: laptop before phone. Online: phone .6, laptop .3, tablet .1, of what there is. Apps and codes: the phone.
    online = (u >= 0.6).astype(np.int64) + (u >= 0.9)
    slot = np.where(kind == BANK, u < 0.6, online) * (hand == ANY_DEVICE)
    slot = np.where(owned.ravel()[lender * owned.shape[1] + slot], slot, ~owned[lender, 0])
    device_id = np.full(len(category), NONE)
    device_id[remote] = device(bank.scenario, bank.traits, lender, slot, event_us[remote])

    n = net_u[outing]
    kinds = np.full(len(remote), HOME_NET, dtype=np.int8)
    kinds[(n > 0.93) | is_away[remote]] = PUBLIC_NET
    kinds[(slot == 0) & (n < bank.scenario.devices.mobile_share)] = MOBILE_NET
    kinds[is_hidden(bank.scenario, bank.traits, person, finer(n, 16))] = VPN_NET
    # In a shop there is no line of one's own, and nobody hides where everybody sees one stand.
    scan = np.flatnonzero(hand == BY_SCAN)
    kinds[scan] = np.where(n[scan] > 0.93, PUBLIC_NET, MOBILE_NET)
    net = np.full(len(category), NONE, dtype=np.int8)
    net[remote] = kinds
    return device_id, net


def out_of_home(bank: Bank, category: I64, net: Column) -> Column:
    """Kinds of network, but for codes at a counter: nobody scans one on the line at home, whosever phone it is."""
    scan = bank.instrument[category] == BY_SCAN
    own, of_device = net == HOME_NET, net == OF_DEVICE + HOME_NET
    return np.where(scan & own, MOBILE_NET, np.where(scan & of_device, OF_DEVICE + MOBILE_NET, net))

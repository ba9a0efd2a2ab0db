"""Mirrors: what one customer sends to another arrives there as a row of its own."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.clocks import offset_at
from fraud_assets.simulation.intents import APPROVED, DAY, INCOME, NONE, SECOND, TO_PERSON, Bank, Intents
from fraud_assets.simulation.recipients import handle
from fraud_assets.simulation.streams import I64, hashed_uniforms, ids

#: Seconds until it has arrived: the next block of the chain or the one after [P].
_FASTEST, _SLOWEST = 4.0, 95.0


def arrives_after(seed: int, number: I64) -> I64:
    """Microseconds from a transfer (by transaction id) to its arrival, to the millisecond; most arrive soon."""
    wait = _FASTEST * (_SLOWEST / _FASTEST) ** hashed_uniforms(seed, "mirror.wait", number)
    return np.rint(wait * 1000).astype(np.int64) * (SECOND // 1000)


def arrivals(bank: Bank, rows: Intents) -> Intents:
    """Transfers of the rows as they arrive with those of the bank's customers who are paid; nothing unless mirrored.

    Only customers who came to the bank later than the sender are told apart from strangers: whoever joins it changes
    nothing for those who were there.
    """
    settings = bank.scenario.receipts
    if settings is None or not settings.mirrored:
        return Intents.make(0)
    traits, seed = bank.traits, bank.scenario.seed
    numbers = handle(bank.scenario, traits.index)
    order = np.argsort(numbers)
    sent = np.flatnonzero((rows.payee != NONE) & (rows.status == APPROVED) & (rows.kind < INCOME))
    sent = sent[(bank.recipient == TO_PERSON)[rows.category[sent]]]
    place = np.searchsorted(numbers[order], rows.payee[sent]).clip(0, len(order) - 1)
    receiver = order[place] if len(order) else place
    ours = numbers[receiver] == rows.payee[sent]
    ours &= (receiver > rows.who[sent]) & (traits.registered_day[receiver] * DAY < rows.event_us[sent] - DAY)
    sent, receiver = sent[ours], receiver[ours]
    there = rows.take(sent)
    event_us = there.event_us + arrives_after(seed, there.transaction_id)
    home = traits.city[receiver]
    return Intents.make(
        len(sent),
        transaction_id=ids(seed, "mirror", there.transaction_id),
        who=receiver,
        event_us=event_us,
        offset=offset_at(bank.scenario, home, event_us),
        category=there.category,
        kind=INCOME,
        place=home,
        payee=numbers[there.who],
        cents=there.cents,
    )

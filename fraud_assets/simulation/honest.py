"""All honest and erroneous rows of some units in a month, with what only the simulator knows of them."""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.blocks import Block, blocks
from fraud_assets.simulation.devices import guests
from fraud_assets.simulation.echoes import card_checks, refunds, retries
from fraud_assets.simulation.fraud.accidents import accidents
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.reaction import react
from fraud_assets.simulation.intents import (
    AMOUNT,
    CARD_PRESENT,
    GEOGRAPHIC,
    HOUR,
    MINUTE,
    NONE,
    SECOND,
    TEMPORAL,
    Bank,
    Intents,
    concat,
)
from fraud_assets.simulation.ledger import inside
from fraud_assets.simulation.recurring import recurring
from fraud_assets.simulation.spending import Spending, spending
from fraud_assets.simulation.streams import I64

#: How long a one-off device is used [P].
_VISIT_SECONDS = 4 * 3600


def honest(bank: Bank, month: Month) -> Intents:
    """The honest and erroneous rows of the ledger month, in no order that matters."""
    parts = []
    for block in blocks(bank.scenario, month):
        parts += [inside(rows, month) for rows in _block(bank, block)]
    return react(bank, month, _on_other_devices(bank, month, concat(parts)))


def _on_other_devices(bank: Bank, month: Month, rows: Intents) -> Intents:
    """Payments in the hours after a customer turns to a one-off device (a friend's phone, a work computer) go by it."""
    visit = guests(bank.scenario, month, bank.units)
    order = np.lexsort((visit.first_us, visit.who))
    key = (visit.who[order] << np.int64(42)) | (visit.first_us[order] // SECOND)
    remote = np.flatnonzero(rows.device != NONE)
    at = (rows.who[remote] << np.int64(42)) | (rows.event_us[remote] // SECOND)
    last = np.searchsorted(key, at, side="right") - 1
    there = (
        (last >= 0) & (at - key[np.maximum(last, 0)] < _VISIT_SECONDS) if len(key) else np.zeros(len(at), dtype=bool)
    )
    device = rows.device.copy()
    device[remote[there]] = visit.device_id[order][last[there]]
    return rows.but(device=device)


def _block(bank: Bank, block: Block) -> list[Intents]:
    spent = spending(bank, block)
    unusual = _unusual(bank, spent)
    spent = Spending(
        spent.rows.but(anomaly=unusual, lookalike=_lookalikes(bank, spent)),
        spent.local_day,
        spent.is_away,
        spent.is_new_recipient,
        spent.contact,
    )
    checks = card_checks(bank, spent)
    rows, after = accidents(bank, block, spent)
    return [rows, after, checks, retries(bank, rows), refunds(bank, rows), recurring(bank, block)]


def _lookalikes(bank: Bank, spent: Spending) -> I64:
    """Index of the (sorted) fraud type that an honest payment resembles, ``NONE`` for most."""
    lookalike = np.full(len(spent.rows), NONE)
    for number, (_, kind) in enumerate(sorted(bank.scenario.fraud.types.items())):
        lookalike[FAMILIES[kind.family].resembles(bank, spent)] = number
    return lookalike


def _unusual(bank: Bank, spent: Spending) -> I64:
    """Kind of unusual but honest behaviour: abroad, above the normal maximum, a transfer in the dead of night."""
    rows = spent.rows
    hour = (rows.event_us + rows.offset * MINUTE) // HOUR % 24
    at_night = (hour >= 2) & (hour < 5) & (rows.payee != NONE)
    high = rows.cents > 100 * bank.normal_maximum[rows.category]
    away = spent.is_away & (bank.channel[rows.category] == CARD_PRESENT)
    return np.select([high, away, at_night], [AMOUNT, GEOGRAPHIC, TEMPORAL], NONE)

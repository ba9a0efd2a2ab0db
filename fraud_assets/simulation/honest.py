"""All honest and erroneous rows of some units in a month, with what only the simulator knows of them."""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.blocks import Block, blocks
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
    TEMPORAL,
    Bank,
    Intents,
    concat,
)
from fraud_assets.simulation.ledger import inside
from fraud_assets.simulation.recurring import recurring
from fraud_assets.simulation.spending import Spending, spending
from fraud_assets.simulation.streams import I64


def honest(bank: Bank, month: Month) -> Intents:
    """The honest and erroneous rows of the ledger month, in no order that matters."""
    parts = []
    for block in blocks(bank.scenario, month):
        parts += [inside(rows, month) for rows in _block(bank, block)]
    return react(bank, month, concat(parts))


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

"""Borrowed devices: who turns to a friend's phone or a computer at work pays by it for some hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.guests import VISIT_SECONDS, Guests, lines, visits
from fraud_assets.simulation.instruments import out_of_home
from fraud_assets.simulation.intents import NONE, SECOND, Bank, Intents
from fraud_assets.simulation.streams import I64


def on_borrowed_devices(bank: Bank, month: Month, payments: Intents, besides: Intents) -> list[Intents]:
    """The payments, and the rows besides, each by the device that is in hand then, and by its line.

    Some visits on which a payment was made go on until the next day.
    """
    visit = visits(bank.scenario, month, bank.units).paid_on(bank.scenario, bank.traits)
    at_payments, at_besides = (_at_visits(bank, visit, rows) for rows in (payments, besides))
    lasting = _lasting(bank, visit, at_payments)
    return [_moved(bank, visit, lasting, *rows) for rows in ((payments, at_payments), (besides, at_besides))]


@dataclass(frozen=True)
class _AtVisits:
    """Rows that come from a device after a visit of their customer, the last such visit, and how long ago it began."""

    row: I64
    visit: I64
    seconds: I64


def _lasting(bank: Bank, visit: Guests, payments: _AtVisits) -> I64:
    """Seconds that each visit lasts: some of those on which something was paid go on until the next day."""
    is_paid = np.zeros(len(visit.who), dtype=bool)
    is_paid[payments.visit[payments.seconds < VISIT_SECONDS]] = True
    return np.where(is_paid, visit.lasting_seconds(bank.scenario, bank.traits), VISIT_SECONDS)


def _moved(bank: Bank, visit: Guests, lasting: I64, rows: Intents, at: _AtVisits) -> Intents:
    """The rows, those within a visit on its device and line."""
    there = np.flatnonzero(at.seconds < lasting[at.visit])
    moved, where = at.row[there], at.visit[there]
    device, net = rows.device.copy(), rows.net.copy()
    device[moved] = visit.device_id[where]
    net[moved] = out_of_home(bank, rows.category[moved], lines(bank.scenario, device[moved]))
    return rows.but(device=device, net=net)


def _at_visits(bank: Bank, visit: Guests, rows: Intents) -> _AtVisits:
    key = (visit.who << np.int64(42)) | (visit.start_us // SECOND)
    begins = np.searchsorted(visit.who, np.arange(len(bank.traits.index) + 1))  # each customer's visits among all
    goes = begins[1:] > begins[:-1]
    row = np.flatnonzero(goes[rows.who] & (rows.device != NONE))  # few rows, where only those are looked at
    who = rows.who[row]
    at = (who << np.int64(42)) | (rows.event_us[row] // SECOND)
    last = np.searchsorted(key, at, side="right") - 1
    after = np.flatnonzero(last >= begins[who])
    last = last[after]
    return _AtVisits(row[after], last, at[after] - key[last])

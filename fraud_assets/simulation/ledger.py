"""From intents to the ledger: the one writer of rows, honest, erroneous and fraudulent alike.

Every column is a function of the row's own intent and of draws keyed by its transaction_id, so any subset of rows comes
out as it would among all of them. Truth does not pass through here.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.simulation.intents import (
    CARD_PRESENT,
    DAY,
    INCOME,
    NONE,
    REFUND,
    SECOND,
    Bank,
    Intents,
)
from fraud_assets.simulation.merchants import terminal_id
from fraud_assets.simulation.network import address_number, format_addresses, geolocate
from fraud_assets.simulation.streams import F64, I64, keyed

#: Contactless, chip, swipe, keyed at the counter [P].
_ENTRY_SHARES = np.cumsum([0.52, 0.36, 0.09])
_ENTRY = np.array([tables.ENTRY_MODES.index(m) for m in ("contactless", "chip", "swipe", "keyed")])
_NULLABLE = ("merchant_id", "payee_id", "card_id", "device_id", "terminal_id", "original_transaction_id")
_ENUMS = {
    "channel": tables.CHANNELS,
    "kind": tables.KINDS,
    "direction": tables.DIRECTIONS,
    "entry_mode": tables.ENTRY_MODES,
    "status": tables.STATUSES,
}
#: By channel; at a counter it is drawn.
_REMOTE_ENTRY = np.array([tables.ENTRY_MODES.index(m) for m in ("contactless", "ecommerce", "wallet", "account")])
#: Everything posts within two minutes but for the category's late share: six hours to three days [P].
_ON_TIME, _LATE = 120.0, (6 * 3600.0, 72 * 3600.0)


def inside(rows: Intents, month: Month) -> Intents:
    """The rows of the ledger month."""
    return rows.take((rows.event_us >= _us(month)) & (rows.event_us < _us(month + 1)))


def in_order(rows: Intents, month: Month) -> Intents:
    """Rows of the ledger month, and of no other, in the ledger's order: customer, time, number."""
    here = np.flatnonzero((rows.event_us >= _us(month)) & (rows.event_us < _us(month + 1)))
    key = (rows.who[here] << np.int64(42)) | (rows.event_us[here] - _us(month))  # a month has less than 2**42 of them
    order = np.argsort(key)
    if np.any(np.diff(key[order]) == 0):
        order = np.lexsort((rows.transaction_id[here], key))
    return rows.take(here[order])


def ledger(bank: Bank, rows: Intents) -> pl.DataFrame:
    """The ledger's rows, in the order given; columns of :class:`fraud_assets.tables.Transactions`."""
    scenario, directory = bank.scenario, bank.directory
    channel = bank.channel[rows.category]
    u_post, u_entry, u_terminal = _three(keyed(scenario.seed, "ledger", rows.transaction_id))

    place = rows.place.copy()
    remote = np.flatnonzero(rows.net != NONE)
    day = rows.event_us[remote] // DAY
    kind = rows.net[remote].astype(np.int64)
    address, seen_in = address_number(scenario, bank.traits, rows.who[remote], kind, place[remote], day)
    place[remote] = seen_in
    at_terminal = (channel == CARD_PRESENT) & (rows.kind != REFUND)
    towns = scenario.cities
    latitude = np.array([c.latitude for c in towns])[place]
    longitude = np.array([c.longitude for c in towns])[place]
    latitude[remote], longitude[remote] = geolocate(scenario, address, seen_in)
    shop = np.flatnonzero((channel == CARD_PRESENT) & (rows.merchant != NONE))
    latitude[shop] = directory.latitude[rows.merchant[shop]]
    longitude[shop] = directory.longitude[rows.merchant[shop]]

    terminal = np.full(len(rows), NONE)
    till = np.flatnonzero(at_terminal & (rows.merchant != NONE))
    which = (u_terminal[till] * directory.terminals[rows.merchant[till]]).astype(np.int64)
    terminal[till] = terminal_id(scenario, rows.merchant[till], which)
    entry = _REMOTE_ENTRY[channel]
    counter = np.flatnonzero(channel == CARD_PRESENT)
    entry[counter] = _ENTRY[np.searchsorted(_ENTRY_SHARES, u_entry[counter])]
    late = np.array([c.late_posting for c in scenario.categories])[rows.category]
    is_late = np.flatnonzero(u_post < late)
    delay = _ON_TIME * u_post
    delay[is_late] = _LATE[0] + (_LATE[1] - _LATE[0]) * u_post[is_late] / late[is_late]
    posted = rows.event_us + np.rint(delay).astype(np.int64) * SECOND

    kinds = scenario.categories
    merchant = np.where(rows.merchant == NONE, NONE, directory.merchant_id[np.maximum(rows.merchant, 0)])
    frame = pl.DataFrame(
        {
            "transaction_id": rows.transaction_id,
            "customer_id": bank.traits.customer_id[rows.who],
            "event_time": rows.event_us,
            "utc_offset_minutes": rows.offset.astype(np.int16),
            "posted_at": posted,
            "method": _texts([c.method for c in kinds], rows.category),
            "channel": channel.astype(np.uint8),
            "kind": rows.kind.astype(np.uint8),
            "direction": (rows.kind >= INCOME).astype(np.uint8),
            "category": _texts([c.category for c in kinds], rows.category),
            "amount": rows.cents / 100.0,
            "currency": pl.repeat(scenario.currency, len(rows), dtype=pl.String, eager=True),
            "recipient_entity": _recipients(bank, rows),
            "merchant_id": merchant,
            "payee_id": rows.payee,
            "card_id": rows.card,
            "entry_mode": entry.astype(np.uint8),
            "device_id": rows.device,
            "terminal_id": terminal,
            "ip_address": _scattered(format_addresses(address), remote, len(rows)),
            "city": _texts([c.city for c in towns], place),
            "state": _texts([c.state for c in towns], place),
            "country": _texts([c.country for c in towns], place),
            "latitude": latitude,
            "longitude": longitude,
            "status": rows.status.astype(np.uint8),
            "decline_reason": rows.reason.astype(np.int8),
            "original_transaction_id": rows.original,
        }
    )
    return frame.with_columns(
        *(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in ("event_time", "posted_at")),
        *(pl.when(pl.col(name) >= 0).then(pl.col(name)) for name in _NULLABLE),
        *(pl.col(name).cat.to(pl.Enum(values)) for name, values in _ENUMS.items()),
        pl.when(pl.col("decline_reason") >= 0)
        .then(pl.col("decline_reason").clip(0).cast(pl.UInt8))
        .cat.to(pl.Enum(tables.DECLINE_REASONS)),
    )


def recipient_name(payee: I64) -> pl.Series:
    """The recipient as entered, ``user_`` and the account number; null where there is none."""
    distinct, place = np.unique(payee, return_inverse=True)
    names = pl.Series(distinct, dtype=pl.Int64)
    named = pl.select(pl.when(names >= 0).then(pl.format("user_{}", names)))[:, 0]
    return named.gather(place)


def _recipients(bank: Bank, rows: Intents) -> pl.Series:
    """Brand or account name of each row's recipient."""
    names = bank.directory.name.gather(np.maximum(rows.merchant, 0))
    person = np.flatnonzero(rows.payee != NONE)
    if len(person):
        names = names.scatter(person, recipient_name(rows.payee[person]))
    return names


def _three(bits: np.ndarray) -> tuple[F64, F64, F64]:
    """Three uniform numbers of 21 bits from one hash."""
    mask = np.uint64((1 << 21) - 1)
    return tuple(((bits >> np.uint64(shift)) & mask).astype(np.float64) * 2.0**-21 for shift in (0, 21, 42))  # type: ignore[return-value]


def _texts(values: list[str], code: I64) -> pl.Series:
    return pl.Series(values, dtype=pl.String).gather(code)


def _scattered(values: pl.Series, place: I64, n: int) -> pl.Series:
    """Values at their places, null elsewhere."""
    source = np.full(n, len(values), dtype=np.int64)
    source[place] = np.arange(len(place))
    return pl.concat([values, pl.Series([None], dtype=values.dtype)]).gather(source)


def _us(month: Month) -> int:
    return int(month.start.timestamp()) * 1_000_000

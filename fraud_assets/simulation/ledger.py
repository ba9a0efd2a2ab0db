"""From intents to the ledger: the one writer of rows, honest, erroneous and fraudulent alike.

Every column is a function of the row's own intent and of draws keyed by its transaction_id, so any subset of rows comes
out as it would among all of them. Truth does not pass through here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets import codes, tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.deliveries import deliveries
from fraud_assets.simulation.instruments import card_types
from fraud_assets.simulation.intents import (
    CARD_PRESENT,
    DAY,
    INCOME,
    MINUTE,
    NONE,
    ONLINE,
    REFUND,
    SECOND,
    TO_CASH,
    TO_MERCHANT,
    Bank,
    Column,
    Intents,
)
from fraud_assets.simulation.merchants import terminal_id
from fraud_assets.simulation.names import person_entries
from fraud_assets.simulation.network import address_number, format_addresses, geolocate
from fraud_assets.simulation.prices import charged
from fraud_assets.simulation.recipients import cities
from fraud_assets.simulation.streams import F64, I64, U64, Bools, hashed_uniforms, keyed, step
from fraud_assets.simulation.tokens import tokens

#: Contactless, chip, swipe, keyed at the counter [P].
_ENTRY_SHARES = np.cumsum([0.52, 0.36, 0.09])
_ENTRY = np.array([codes.ENTRY_MODES.index(m) for m in ("contactless", "chip", "swipe", "keyed")])
_CHIP = codes.ENTRY_MODES.index("chip")
#: By channel; at a counter it is drawn.
_REMOTE_ENTRY = np.array([codes.ENTRY_MODES.index(m) for m in ("contactless", "ecommerce", "wallet", "account")])
#: Everything posts within two minutes but for the category's late share: six hours to three days [P].
_ON_TIME, _LATE = 120.0, (6 * 3600.0, 72 * 3600.0)


#: A month has less than 2**22 seconds.
_SECOND_BITS, _MOST_BITS = 22, 63


def inside(rows: Intents, month: Month) -> Intents:
    """The rows of the ledger month."""
    return rows.take((rows.event_us >= _us(month)) & (rows.event_us < _us(month + 1)))


def order(parts: list[Intents], month: Month) -> I64:
    """Places, in all rows of all parts, of those of the ledger month in the ledger's order: customer, time, number."""
    event_us = np.concatenate([part.event_us for part in parts])
    here = np.flatnonzero((event_us >= _us(month)) & (event_us < _us(month + 1)))
    who = np.concatenate([part.who for part in parts])
    found = in_order(month, who[here], event_us[here], lambda: np.concatenate([p.transaction_id for p in parts])[here])
    return here[found]


def in_order(month: Month, who: I64, event_us: I64, number: Callable[[], I64]) -> I64:
    """Places of a month's rows in the order of customer, time and number."""
    # Keys made of customer, second and place are sorted in half the time that places by customer and time take.
    room = np.int64(len(who).bit_length())
    if int(who.max(initial=0)).bit_length() + room + _SECOND_BITS > _MOST_BITS:  # of very many, very quiet customers
        return np.lexsort((number(), event_us, who))
    key = who << (room + _SECOND_BITS)
    key |= ((event_us - _us(month)) // SECOND) << room
    key |= np.arange(len(who))
    key.sort()
    here, key = key & ((1 << room) - 1), key >> room
    # Few rows share customer and second; only these are put in the order of their times and numbers.
    twins = np.flatnonzero(key[1:] == key[:-1])
    if len(twins):
        tied = np.union1d(twins, twins + 1)
        numbers = number()[here[tied]]
        here[tied] = here[tied][np.lexsort((numbers, event_us[here[tied]], key[tied]))]
    return here


def keys(bank: Bank, rows: Intents) -> pl.DataFrame:
    """Those columns of the ledger's rows that the truth repeats."""
    return pl.DataFrame(
        {
            "transaction_id": rows.transaction_id,
            "customer_id": bank.traits.customer_id[rows.who],
            "event_time": _instants(rows.event_us),
            "amount": charged(bank, rows.category, rows.merchant, rows.cents) / 100.0,
            "status": _coded(codes.STATUSES, rows.status),
            "merchant_id": _given(bank.directory.merchant_id[rows.merchant], rows.merchant),
            "payee_id": _given(rows.payee),
            "device_id": _given(_told_device(bank, rows)),
        }
    )


def _told_device(bank: Bank, rows: Intents) -> I64:
    """The devices as the bank hears of them: with some online payments nobody says from which one they come.

    Points are the bank's own, and redeemed where it sees who comes.
    """
    online = (bank.channel == ONLINE) & (bank.recipient == TO_MERCHANT) & ~bank.tagged("points")
    hit = np.flatnonzero(online[rows.category] & (rows.device != NONE))
    told = hashed_uniforms(bank.scenario.seed, "ledger.device", rows.transaction_id[hit])
    device = rows.device.copy()
    device[hit.compress(told >= bank.scenario.devices.online_tells_device)] = NONE
    return device


@lru_cache(maxsize=8)
def words(scenario: Scenario) -> dict[str, pl.Enum]:
    """Columns of the ledger whose texts are words of the scenario, and the words."""
    found = {
        "method": [c.method for c in scenario.categories],
        "category": [c.category for c in scenario.categories],
        "currency": [scenario.currency],
        "token": [token.name for token in scenario.tokens],
        "city": [c.city for c in scenario.cities],
        "state": [c.state for c in scenario.cities],
        "country": [c.country for c in scenario.cities],
    }
    return {column: pl.Enum(list(dict.fromkeys(texts))) for column, texts in found.items()}


@dataclass(frozen=True)
class Sight:
    """Where rows seem to be, to whoever sees the shop or the address that they come from."""

    place: I64  # index of the city, shape (rows,)
    latitude: F64
    longitude: F64
    remote: I64  # the rows that come from an address
    address: I64  # the different addresses
    which: I64  # address of each of the remote rows


def sight(bank: Bank, rows: Intents) -> Sight:
    """The shop where a counter is, else where the address seems to be, else the city."""
    scenario, directory = bank.scenario, bank.directory
    place = rows.place.copy()
    remote = np.flatnonzero(rows.net != NONE)
    day = rows.event_us[remote] // DAY
    kind = rows.net[remote].astype(np.int64)
    number, seen_in = address_number(
        scenario, bank.traits, rows.who[remote], kind, place[remote], day, rows.device[remote]
    )
    # An address comes back some five times: how it is written and where it seems to be is found out once.
    seen, which = np.unique((number << np.int64(16)) | seen_in, return_inverse=True)
    address = seen >> np.int64(16)
    # Whose code is scanned says where, whatever the address says.
    counter = bank.at_counter[rows.category]
    place[remote] = np.where(counter[remote], place[remote], seen_in)
    latitude = np.array([c.latitude for c in scenario.cities])[place]
    longitude = np.array([c.longitude for c in scenario.cities])[place]
    north, east = geolocate(scenario, address, seen & 0xFFFF)
    latitude[remote], longitude[remote] = north[which], east[which]
    shop = np.flatnonzero(counter & (rows.merchant != NONE))
    latitude[shop] = directory.latitude[rows.merchant[shop]]
    longitude[shop] = directory.longitude[rows.merchant[shop]]
    return Sight(place, latitude, longitude, remote, address, which)


def ledger(bank: Bank, rows: Intents) -> pl.DataFrame:
    """The ledger's rows, in the order given; columns of :class:`fraud_assets.tables.Transactions`.

    Texts of :func:`words` are given as one of the words.
    """
    scenario, directory = bank.scenario, bank.directory
    channel = bank.channel[rows.category]
    bits = keyed(scenario.seed, "ledger", rows.transaction_id)  # for three questions
    u_post = _part(bits, 0)

    at = sight(bank, rows)
    at_terminal = (channel == CARD_PRESENT) & (rows.kind != REFUND)
    terminal = np.full(len(rows), NONE)
    till = np.flatnonzero(at_terminal & (rows.merchant != NONE))
    which = (_part(bits[till], 2) * directory.terminals[rows.merchant[till]]).astype(np.int64)
    terminal[till] = terminal_id(scenario, rows.merchant[till], which)
    entry = _REMOTE_ENTRY[channel]
    read = np.flatnonzero(channel == CARD_PRESENT)
    entry[read] = _ENTRY[step(_ENTRY_SHARES, _part(bits[read], 1))]
    entry[bank.recipient[rows.category] == TO_CASH] = _CHIP  # which a cash machine keeps inside while it counts
    late = np.array([c.late_posting for c in scenario.categories])[rows.category]
    is_late = np.flatnonzero(u_post < late)
    delay = _ON_TIME * u_post
    delay[is_late] = _LATE[0] + (_LATE[1] - _LATE[0]) * u_post[is_late] / late[is_late]
    posted = rows.event_us + np.rint(delay).astype(np.int64) * SECOND

    delivery, express = deliveries(bank, rows)
    by_category, by_place = _kinds(scenario)[_index(rows.category)], _towns(scenario)[_index(at.place)]
    more = pl.DataFrame(
        {
            "utc_offset_minutes": rows.offset.astype(np.int16),
            "posted_at": _instants(posted),
            "kind": _coded(codes.KINDS, rows.kind),
            "direction": _coded(codes.DIRECTIONS, rows.kind >= INCOME),
            "currency": pl.Series([scenario.currency], dtype=words(scenario)["currency"]).new_from_index(0, len(rows)),
            "token": tokens(bank, rows, words(scenario)["token"]),
            "recipient_entity": _recipients(bank, rows),
            "card_id": _given(rows.card),
            "card_type": _coded(codes.CARD_TYPES, card_types(bank, rows.event_us, rows.who, rows.card)),
            "entry_mode": _coded(codes.ENTRY_MODES, entry),
            "terminal_id": _given(terminal),
            "ip_address": _scattered(format_addresses(at.address), at.which, at.remote, len(rows)),
            "latitude": at.latitude,
            "longitude": at.longitude,
            "decline_reason": _coded(codes.DECLINE_REASONS, rows.reason),
            "original_transaction_id": _given(rows.original),
            "delivery_address_id": _given(delivery),
            "is_express_delivery": _given(express == 1, express),
        }
    )
    found = {column.name: column for part in (keys(bank, rows), by_category, by_place, more) for column in part}
    return pl.DataFrame([found[name] for name in tables.Transactions.column_names()])


def _recipients(bank: Bank, rows: Intents) -> pl.Series:
    """Brand or account name of each row's recipient."""
    person = np.flatnonzero(rows.payee != NONE)
    merchants = bank.directory.name
    by_account = bank.by_account[rows.category[person]]
    payee, intended = rows.payee[person], rows.intended[person]
    city = cities(bank, rows.who[person], np.where(intended == NONE, payee, intended))
    day = (rows.event_us[person] + rows.offset[person] * MINUTE) // DAY
    people, whose = person_entries(bank.scenario, payee, intended, by_account, city, day)
    which = rows.merchant.copy()
    which[person] = len(merchants) + whose
    # One gather from both, in one piece: putting texts between others copies all of them.
    return pl.concat([merchants, people], rechunk=True)[_index(which)]


def _part(bits: U64, nth: int) -> F64:
    """One of the three uniform numbers of 21 bits that a hash makes."""
    u = ((bits >> np.uint64(21 * nth)) & np.uint64((1 << 21) - 1)).astype(np.float64)
    u *= 2.0**-21
    return u


@lru_cache(maxsize=8)
def _kinds(scenario: Scenario) -> pl.DataFrame:
    """What a category says of its rows."""
    return pl.DataFrame(
        [(c.method, c.channel, c.category) for c in scenario.categories],
        schema={
            "method": words(scenario)["method"],
            "channel": pl.Enum(codes.CHANNELS),
            "category": words(scenario)["category"],
        },
        orient="row",
    )


@lru_cache(maxsize=8)
def _towns(scenario: Scenario) -> pl.DataFrame:
    return pl.DataFrame(
        [(c.city, c.state, c.country) for c in scenario.cities],
        schema={column: words(scenario)[column] for column in ("city", "state", "country")},
        orient="row",
    )


def _coded(values: list[str], code: Column | Bools) -> pl.Series:
    """Values by code, null for ``NONE``."""
    if code.min(initial=0) >= 0:
        return _enumeration(tuple(values))[_index(code)]
    # Nulls come last: polars takes three times as long to gather from values of which one is null.
    return _enumeration(tuple(values))[_index(np.maximum(code, 0))].set(pl.Series(code < 0), None)


@lru_cache(maxsize=64)
def _enumeration(values: tuple[str, ...]) -> pl.Series:
    return pl.Series(values, dtype=pl.Enum(values))


def _instants(us: I64) -> pl.Series:
    return pl.Series(us).cast(pl.Datetime("us", "UTC"))


def _given(values: I64 | Bools, code: Column | None = None) -> pl.Series:
    """The values, null where they, or the codes beside them, are ``NONE``."""
    return pl.Series(values).set(pl.Series((values if code is None else code) < 0), None)


def _index(code: npt.NDArray[np.generic]) -> pl.Series:
    """Positions in the form in which polars gathers by them without another look at each."""
    return pl.Series(code.astype(np.uint32))


def _scattered(values: pl.Series, which: I64, place: I64, n: int) -> pl.Series:
    """The values with these numbers at these places, null elsewhere."""
    source = np.zeros(n, dtype=np.int64)
    source[place] = which + 1
    return pl.concat([pl.Series([""]), values], rechunk=True)[_index(source)].set(pl.Series(source == 0), None)


def _us(month: Month) -> int:
    return int(month.start.timestamp()) * 1_000_000

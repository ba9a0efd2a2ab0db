"""The features of one event: the same families over one customer's history. No query engine, numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.codes import CARD_TYPES, CHANNELS, DIRECTIONS, KINDS, STATUSES
from fraud_assets.features.arrays import F64, I64
from fraud_assets.features.block import NAMED, Block
from fraud_assets.features.compute import computed
from fraud_assets.features.context import Context, instant
from fraud_assets.features.history import History
from fraud_assets.features.lookup import ipv4
from fraud_assets.features.people import KYC_LEVELS, NO_DAY, Logins, People, Reports
from fraud_assets.features.registry import REGISTRY
from fraud_assets.tables import Transactions, polars_schema

_EPOCH = date(1970, 1, 1)
_ENUMS = {"channel": CHANNELS, "kind": KINDS, "direction": DIRECTIONS, "status": STATUSES}
_NUMBERS = ("transaction_id", "event_time", "posted_at", "utc_offset_minutes")
_FLOATS = ("amount", "latitude", "longitude")
#: What is compared only for being the same: code -> the columns that together tell it.
_CODED = {
    "category": ("category",),
    "merchant": ("merchant_id",),
    "city": ("city", "state", "country"),
    "country": ("country",),
    "device": ("device_id",),
    "ip": ("ip_address",),
    "payee": ("payee_id",),
    "recipient": ("recipient_entity",),
    "address": ("delivery_address_id",),
}
#: Of ``is_express_delivery``.
_EXPRESS = {None: -1, False: 0, True: 1}
_NAMES = list(REGISTRY)
_IN_ORDER = itemgetter(*_NAMES)
_FLOAT = [feature.dtype == pl.Float32 for feature in REGISTRY.values()]
_IS_FLOAT = np.array(_FLOAT)
Value = tuple[Any, ...]


@dataclass(frozen=True)
class Recent:
    """What a scoring service keeps at hand of a customer: recent rows, logins and reports, as plain arrays.

    Attributes
    ----------
    history, logins, reports
        As in a block.
    codes
        Column of codes -> code of each value.
    categories, recipients
        What the codes stand for.
    """

    history: History
    logins: Logins | None
    reports: Reports
    codes: dict[str, dict[Value, int]]
    categories: list[str]
    recipients: list[str]

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame,
        customer: Mapping[str, Any] | None = None,
        reported_at: Sequence[datetime] = (),
        logins: pl.DataFrame | None = None,
    ) -> Recent:
        """From one customer's rows.

        Parameters
        ----------
        rows
            The customer's ``transactions`` of the 84 days before (:class:`fraud_assets.tables.Transactions`), in any
            order.
        customer
            The customer's row of ``customers``; None where the bank has none.
        reported_at
            Instants at which fraud reports on the customer's transactions reached the bank.
        logins
            The customer's ``logins`` of the 84 days before, in any order; None where the bank has no such table.
        """
        types = polars_schema(Transactions)
        names = dict.fromkeys(
            (
                "is_express_delivery",
                "card_type",
                *_NUMBERS,
                *_FLOATS,
                *_ENUMS,
                *(name for parts in _CODED.values() for name in parts),
            )
        )
        rows = rows.sort("event_time", "transaction_id").select(pl.col(name).cast(types[name]) for name in names)
        whole = rows.select(pl.col(*_NUMBERS, *_ENUMS).to_physical().cast(pl.Int64))
        floats = rows.select(pl.col(_FLOATS).fill_null(np.nan))
        codes: dict[str, dict[Value, int]] = {}
        columns = {series.name: series.to_numpy() for series in (*whole, *floats)}
        for name, parts in _CODED.items():
            values = [_told(name, value) for value in rows.select(parts).iter_rows()]
            known = codes[name] = {value: code for code, value in enumerate(dict.fromkeys(values))}
            columns[name] = np.array([-1 if value[0] is None else known[value] for value in values], dtype=np.int64)
        columns["express"] = rows["is_express_delivery"].cast(pl.Int64).fill_null(-1).to_numpy()
        columns["card_type"] = rows["card_type"].to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        person = customer or {}
        return cls(
            history=History.of(_people(person, codes), {**columns, "group": np.zeros(rows.height, dtype=np.int64)}),
            logins=None if logins is None else _logins(logins, codes["device"]),
            reports=Reports(
                np.zeros(len(reported_at), dtype=np.int64),
                np.array(sorted(instant(at) for at in reported_at), dtype=np.int64),
            ),
            codes=codes,
            categories=[name for (name,) in codes["category"]],
            recipients=[name for (name,) in codes["recipient"]],
        )


def features_of_event(
    event: Mapping[str, Any], recent: Recent, context: Context, known: Mapping[str, F64]
) -> dict[str, float | int | str | None]:
    """The features of a payment at the moment it is attempted.

    Parameters
    ----------
    event
        The new payment, a debit, by the column names of ``transactions``; its own status, decline reason and posting
        are not needed and not read.
    recent
        What is known of its customer; events at the same instant or later are ignored.
    context
        The context of the event's month.
    known
        What is looked up for it, as from :meth:`fraud_assets.features.lookup.Lookups.at_event`; a column that is not
        there is missing.

    Returns
    -------
    Feature name -> value in the order of the registry; None where it is missing.
    """
    code = {
        name: _code(recent.codes[name], _told(name, tuple(event[part] for part in parts)))
        for name, parts in _CODED.items()
    }
    recipients = [*recent.recipients, event["recipient_entity"]]
    own = _own(event) | code | {"group": 0}
    numbers = dict(zip(own, np.array(list(own.values()), dtype=np.int64), strict=True))
    numbers |= {name: np.float64(np.nan if event[name] is None else event[name]) for name in _FLOATS}
    block = Block(
        history=recent.history,
        at=History.of(recent.history.people, numbers),
        reports=recent.reports,
        logins=recent.logins,
        categories=[*recent.categories, event["category"]],
        recipients=lambda codes: [recipients[c] for c in codes.tolist()],
        known=known,
    )
    with np.errstate(over="ignore"):  # running sums may wrap around, of which arrays do not speak
        columns = computed(block, context)
    values = np.fromiter(_IN_ORDER(columns), np.float64, len(_NAMES))
    found = np.where(_IS_FLOAT, values.astype(np.float32), values).tolist()
    return {
        name: None if value != value else value if is_float else int(value)
        for name, value, is_float in zip(_NAMES, found, _FLOAT, strict=True)
    } | {name: _name(block, name, int(columns[name])) for name in NAMED}


def _people(person: Mapping[str, Any], codes: dict[str, dict[Value, int]]) -> People:
    """The one customer; the codes learn the home's."""

    def home(name: str) -> I64:
        value = tuple(person.get(f"home_{part}") for part in _CODED[name])
        return np.array([-1 if value[0] is None else codes[name].setdefault(value, len(codes[name]))])

    def one(name: str, missing: float) -> Any:
        value = person.get(name)
        return np.array([missing if value is None else value])

    joined, lives_at = person.get("registered_at"), (person.get("address_id"),)
    known = codes["address"]
    address = np.array([-1 if lives_at[0] is None else known.setdefault(lives_at, len(known))])
    return People(
        customer_id=np.array([person.get("customer_id", -1)]),
        home_latitude=one("home_latitude", np.nan),
        home_longitude=one("home_longitude", np.nan),
        home_city=home("city"),
        home_country=home("country"),
        home_address=address,
        payday=one("payday", 0),
        registered=np.array([NO_DAY if joined is None else (joined - _EPOCH).days]),
        kyc_level=np.array([KYC_LEVELS.index(level) if (level := person.get("kyc_level")) in KYC_LEVELS else -1]),
        is_verified=np.array([person.get("kyc_status") == "verified"]),
    )


def _logins(logins: pl.DataFrame, devices: dict[Value, int]) -> Logins:
    """One customer's logins; the codes learn their devices."""
    logins = logins.sort("event_time")
    login, success = (logins["event"] == "login").to_numpy(), logins["is_success"].to_numpy()
    codes = [devices.setdefault((device,), len(devices)) for device in logins["device_id"].to_list()]
    addresses = [ipv4(text) for text in logins["ip_address"].to_list()]
    places = {address: code for code, address in enumerate(dict.fromkeys(addresses))}
    return Logins(
        group=np.zeros(logins.height, dtype=np.int64),
        time=logins["event_time"].to_physical().to_numpy(),
        device=np.array(codes, dtype=np.int64),
        ip=np.array([-1 if address is None else places[address] for address in addresses], dtype=np.int64),
        entered=login & success,
        failed=login & ~success,
        changed=~login & success,
    )


def _own(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event's numbers; what is not known when it is attempted is filled with what changes nothing."""
    now = instant(event["event_time"])
    numbers = {name: _ENUMS[name].index(event[name]) for name in ("channel", "kind", "direction")}
    return numbers | {
        "transaction_id": event["transaction_id"],
        "utc_offset_minutes": event["utc_offset_minutes"],
        "event_time": now,
        "posted_at": now,
        "status": STATUSES.index("pending"),
        "card_type": -1 if event["card_type"] is None else CARD_TYPES.index(event["card_type"]),
        "express": _EXPRESS[event["is_express_delivery"]],
    }


def _told(name: str, value: Value) -> Value:
    return (ipv4(value[0]),) if name == "ip" else value


def _code(known: Mapping[Value, int], value: Value) -> int:
    """The code of a value; one past all codes if it is new, -1 if its first part is null."""
    return -1 if value[0] is None else known.get(value, len(known))


def _name(block: Block, feature: str, code: int) -> str | None:
    return None if code < 0 else block.names(feature)[code]

"""The features of one event: the same families over a block of one customer. No query engine, numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.features.block import NAMED, NO_DAY, Block
from fraud_assets.features.compute import features_of_block
from fraud_assets.features.context import Context, instant
from fraud_assets.features.events import I64
from fraud_assets.features.registry import REGISTRY
from fraud_assets.tables import CHANNELS, DIRECTIONS, KINDS, STATUSES, Transactions, polars_schema

_EPOCH = date(1970, 1, 1)
_ENUMS = {"channel": CHANNELS, "kind": KINDS, "direction": DIRECTIONS, "status": STATUSES}
_NUMBERS = ("transaction_id", "event_time", "posted_at", "utc_offset_minutes", "merchant_id")
_FLOATS = ("amount", "latitude", "longitude")
#: What is compared only for being the same: each name with the columns that together tell it.
_CODED = {"category": ("category",), "country": ("country",), "city": ("city", "state", "country")}


@dataclass(frozen=True)
class Recent:
    """A customer's recent events as plain arrays, in ledger order: what a scoring service keeps at hand.

    Attributes
    ----------
    numbers
        Column -> its values; -1 or NaN for null.
    codes
        Column of strings -> code of each value; -1 for null.
    known
        Column of strings -> what its codes stand for.
    """

    numbers: dict[str, npt.NDArray[Any]]
    codes: dict[str, I64]
    known: dict[str, dict[tuple[str | None, ...], int]]

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Recent:
        """From one customer's ``transactions`` (:class:`fraud_assets.tables.Transactions`), in any order."""
        types = polars_schema(Transactions)
        names = dict.fromkeys((*_NUMBERS, *_FLOATS, *_ENUMS, *(name for parts in _CODED.values() for name in parts)))
        rows = rows.sort("event_time", "transaction_id").select(pl.col(name).cast(types[name]) for name in names)
        whole = rows.select(pl.col(*_NUMBERS, *_ENUMS).to_physical().cast(pl.Int64).fill_null(-1))
        floats = rows.select(pl.col(_FLOATS).fill_null(np.nan))
        codes, known = {}, {}
        for name, parts in _CODED.items():
            values = rows.select(parts).rows()
            known[name] = {value: code for code, value in enumerate(dict.fromkeys(values))}
            listed = [-1 if value[0] is None else known[name][value] for value in values]
            codes[name] = np.array(listed, dtype=np.int64)
        return cls({series.name: series.to_numpy() for series in (*whole, *floats)}, codes, known)


def features_of_event(
    event: Mapping[str, Any],
    recent: Recent,
    customer: Mapping[str, Any] | None,
    reported_at: Sequence[datetime],
    context: Context,
) -> dict[str, float | int | str | None]:
    """The features of a payment at the moment it is attempted.

    Parameters
    ----------
    event
        The new payment, by the column names of ``transactions``; its own status, decline reason and posting are not
        needed and not read.
    recent
        That customer's events of the 84 days before; events at the same instant or later are ignored.
    customer
        The customer's row of ``customers``; None where the bank has none.
    reported_at
        Instants at which fraud reports on the customer's transactions reached the bank.
    context
        The context of the event's month.

    Returns
    -------
    Feature name -> value in the order of the registry; None where it is missing.
    """
    person = customer or {}
    own = _own(event)
    past = int(np.searchsorted(recent.numbers["event_time"], own["event_time"]))
    code = {name: _code(recent.known[name], tuple(event[part] for part in parts)) for name, parts in _CODED.items()}
    home = person.get("home_country")
    joined = person.get("registered_at")
    reports = np.array(sorted(instant(at) for at in reported_at), dtype=np.int64)
    block = Block.of(
        {
            **{name: np.append(values[:past], own[name]) for name, values in recent.numbers.items()},
            **{name: np.append(values[:past], code[name]) for name, values in recent.codes.items()},
            "group": np.zeros(past + 1, dtype=np.int64),
        },
        scored=np.arange(past + 1) == past,
        categories=tuple(name or "" for (name,) in {**recent.known["category"], (event["category"],): 0}),
        customer_id=np.array([event["customer_id"]]),
        home_latitude=_one(person.get("home_latitude"), np.nan),
        home_longitude=_one(person.get("home_longitude"), np.nan),
        home_country=np.array(
            [code["country"] if home == event["country"] else _code(recent.known["country"], (home,))]
        ),
        payday=_one(person.get("payday"), 0),
        registered=_one(joined and (joined - _EPOCH).days, NO_DAY),
        report_group=np.zeros(len(reports), dtype=np.int64),
        report_time=reports,
    )
    columns = features_of_block(block, context)
    return {
        name: block.names(name)[int(values[0])] if name in NAMED else _number(values[0], REGISTRY[name].dtype)
        for name, values in columns.items()
    }


def _own(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event's numbers and codes; what is not known when it is attempted is filled with what changes nothing."""
    now = instant(event["event_time"])
    numbers = {"event_time": now, "posted_at": now, "status": STATUSES.index("pending")}
    for name in ("channel", "kind", "direction"):
        numbers[name] = _ENUMS[name].index(event[name])
    for name in ("transaction_id", "utc_offset_minutes", "merchant_id"):
        numbers[name] = -1 if event[name] is None else event[name]
    return numbers | {name: np.nan if event[name] is None else event[name] for name in _FLOATS}


def _one(value: Any, missing: Any) -> Any:
    return np.array([missing if value is None else value])


def _code(known: Mapping[tuple[str | None, ...], int], value: tuple[str | None, ...]) -> int:
    """The code of a value; one past all codes if it is new, -1 if its first part is null."""
    return -1 if value[0] is None else known.get(value, len(known))


def _number(value: Any, dtype: type[pl.DataType]) -> float | int | None:
    if np.isnan(value):
        return None
    return float(value) if dtype == pl.Float32 else int(value)

"""What is looked up for a payment in other tables: its device, its merchant and their hour, whom it shares what with.

None of it is computed here or depends on the ledger rows of the month: the tables say what was known before the row's
month, day or hour began. A table that a bank does not have gives no columns, which makes the features missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.features.arrays import (
    F64,
    I64,
    Bool,
    by_code,
    coded,
    either,
    is_one,
    micros,
    nothing,
    number,
    smaller,
)
from fraud_assets.features.context import instant
from fraud_assets.months import Month

#: Columns of the tiles that features take.
TILE_COLUMNS = (
    "known_fraud_rate_1d", "known_fraud_rate_7d", "known_fraud_rate_30d", "count_1h_z", "decline_rate_1h",
    "small_amount_share_1h", "refund_rate_30d", "customers_per_hour",
)  # fmt: skip
#: Kind of entity -> columns of ``shared_entities`` that features take.
SHARED_COLUMNS = {
    "device": ("customers_30d",),
    "ip": ("customers_24h",),
    "payee": ("customers_24h", "customers_30d"),
    "address": ("customers_30d",),
    "customer": ("ring_size", "ring_known_fraud_share"),
}
#: Numbers of customers are exact in half the memory.
_STORED = {name: pl.Float32 for names in SHARED_COLUMNS.values() for name in names} | {
    "ring_known_fraud_share": pl.Float64
}
#: What a payment is looked up by.
KEYS = ("customer_id", "device_id", "merchant_id", "payee_id", "delivery_address_id", "ip", "time")
#: Kind of entity -> which of them.
_KEY_OF = {"ip": "ip", "address": "delivery_address_id"}


@dataclass(frozen=True)
class Lookup:
    """Values by an id and a step of time (an hour, a day; 0 for what has no time)."""

    ids: I64  # different ones, ascending
    first: int  # step
    width: int
    key: I64  # place among ids * width + step - first, ascending
    values: dict[str, npt.NDArray[Any]]

    @classmethod
    def of(cls, ids: I64, step: I64, values: Mapping[str, npt.NDArray[Any]]) -> Lookup:
        """From columns of shape (n,), each (id, step) once."""
        known, place = np.unique(ids, return_inverse=True)
        first = int(step.min()) if len(step) else 0
        width = int(step.max()) - first + 1 if len(step) else 1
        key = place * width + (step - first)
        if (key[1:] < key[:-1]).any():
            order = np.argsort(key)
            key, values = key[order], {name: column[order] for name, column in values.items()}
        return cls(known, first, width, key, dict(values))

    def at(self, ids: I64, step: I64) -> dict[str, F64]:
        """The values for each id and step, shape (q,); NaN where there are none."""
        if not len(self.key):
            return dict.fromkeys(self.values, nothing(ids))
        if is_one(ids):
            there, found = self._found(ids, step)
            return {name: either(there, column[found], np.nan) for name, column in self.values.items()}
        asked = np.flatnonzero(ids >= 0)
        if int(ids.max(initial=0)).bit_length() + len(ids).bit_length() < 63:
            asked = asked[by_code(ids[asked])[1]]  # searches in ascending order walk through the cache
        there, found = self._found(ids[asked], step[asked])
        listed = np.flatnonzero(there)
        rows, found = asked[listed], found[listed]
        known = {}
        for name, column in self.values.items():
            known[name] = np.full(len(ids), np.nan, dtype=column.dtype)
            known[name][rows] = column[found]
        return known

    def _found(self, ids: I64, step: I64) -> tuple[Bool, I64]:
        """Whether there is an entry for each id and step, and where."""
        place = smaller(self.ids.searchsorted(ids), len(self.ids) - 1)
        after = step - self.first
        is_known = (self.ids[place] == ids) & (after >= 0) & (after < self.width)
        if self.width == 1:  # no time: an entry for each id
            return is_known, place
        wanted = place * self.width + after
        found = smaller(self.key.searchsorted(wanted), len(self.key) - 1)
        return is_known & (self.key[found] == wanted), found


@dataclass(frozen=True)
class Lookups:
    """All that is looked up; an entry that is None, or not there, for a table that the bank does not have."""

    devices: Lookup | None = None
    merchants: Lookup | None = None
    activity: Lookup | None = None
    shared: dict[str, Lookup] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        devices: pl.LazyFrame | None = None,
        merchants: pl.LazyFrame | None = None,
        merchant_activity: pl.LazyFrame | None = None,
        shared_entities: pl.LazyFrame | None = None,
    ) -> Lookups:
        """From the tables, in any order of rows.

        Parameters
        ----------
        devices
            ``devices`` of the month before: first use and version as they stood then. If it has no customer's device,
            nothing is known of old ones, as for a bank without the table.
        merchants
            ``merchants`` of the month.
        merchant_activity, shared_entities
            Of the month.
        """
        return cls(
            devices=None if devices is None else _devices(devices),
            merchants=None if merchants is None else _merchants(merchants),
            activity=None if merchant_activity is None else _activity(merchant_activity),
            shared={} if shared_entities is None else _shared(shared_entities),
        )

    def at(self, keys: Mapping[str, I64]) -> dict[str, F64]:
        """What ``Block.known`` holds.

        Parameters
        ----------
        keys
            ``KEYS`` of the payments, shape (q,); the time in microseconds, ids -1 where there are none.
        """
        time = keys["time"]
        timeless, hour, day = 0 * time, time // micros("1h"), time // micros("1d")
        known: dict[str, F64] = {}
        if self.devices is not None:
            found = self.devices.at(keys["device_id"], timeless)
            is_own = found.pop("owner") == keys["customer_id"] % _OWNERS
            known |= found | {"device_first_used": either(is_own, found["device_first_used"], np.nan)}
        if self.merchants is not None:
            known |= self.merchants.at(keys["merchant_id"], timeless)
        if self.activity is not None:
            known |= self.activity.at(keys["merchant_id"], hour)
        for kind, lookup in self.shared.items():
            ids = keys[_KEY_OF.get(kind, f"{kind}_id")]
            known |= {f"{kind}_{name}": values for name, values in lookup.at(ids, day).items()}
        return known

    def at_event(self, event: Mapping[str, Any]) -> dict[str, F64]:
        """The same as numbers, for one payment by the columns of ``transactions``: what a service asks its stores."""
        keys = {name: event[name] for name in KEYS if name.endswith("_id")}
        keys |= {"ip": ipv4(event["ip_address"]), "time": instant(event["event_time"])}
        return self.at({name: number(-1 if value is None else value) for name, value in keys.items()})


#: Owners are told apart by what of their number a float holds exactly.
_OWNERS = 2**53


def ipv4(text: str | None) -> int | None:
    """An IPv4 address as a number; None for anything else."""
    parts = (text or "").split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    return int.from_bytes(bytes(map(int, parts))) if all(int(part) < 256 for part in parts) else None


def ip_codes(addresses: pl.Series) -> tuple[I64, I64]:
    """A column of IPv4 addresses, many of them missing, as numbers and as dense codes; -1 for anything else."""
    texts, text = words(addresses)
    found = pl.LazyFrame({"ip": texts}).select(ip_numbers("ip")).collect().to_series()  # lazily, a text is split once
    numbers = found.fill_null(-1).to_numpy()
    different, code = coded(numbers)
    code -= int(len(different) > 0 and different[0] < 0)  # -1 is no address
    return np.append(numbers, -1)[text], np.append(code, -1)[text]


def words(values: pl.Series) -> tuple[pl.Series, I64]:
    """The different texts of a column in the order in which they come, and each row's among them; -1 for null."""
    own = pl.Categories.random()  # its own: texts are numbered from 0, whatever else is being numbered
    code = values.cast(pl.Categorical(own)).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    # Each from where it comes first: the categories give theirs only one by one.
    return values.gather(np.flatnonzero(np.diff(np.maximum.accumulate(code), prepend=-1))), code


def ip_numbers(column: str) -> pl.Expr:
    """A text column of IPv4 addresses as numbers; null for anything else."""
    parts = pl.col(column).str.split_exact(".", 4)
    octets = [parts.struct.field(f"field_{k}").cast(pl.UInt8, strict=False).cast(pl.Int64) for k in range(4)]
    number = sum((octet * 256 ** (3 - k) for k, octet in enumerate(octets)), pl.lit(0, dtype=pl.Int64))
    return pl.when(parts.struct.field("field_4").is_null()).then(number)


def devices_at_start(month: Month, devices: pl.LazyFrame) -> pl.LazyFrame:
    """What was known of devices when a bank's first month began, before which there is no table: from the month's own.

    Those used first before it, without their versions, which are the month's.
    """
    earlier = devices.filter(pl.col("first_used_at") < month.start)
    return earlier.with_columns(app_version=pl.lit(None, dtype=pl.String))


def _devices(devices: pl.LazyFrame) -> Lookup | None:
    owned = devices.filter(pl.col("customer_id").is_not_null())
    shares = pl.len().over("app_version") / pl.col("app_version").count()
    frame = owned.select(
        "device_id",
        "customer_id",
        first=pl.col("first_used_at").to_physical(),
        rarity=pl.when(pl.col("app_version").is_not_null()).then(-shares.log()),
    ).collect()
    if frame.is_empty():
        return None
    ids = frame["device_id"].to_numpy()
    return Lookup.of(
        ids,
        np.zeros(len(ids), dtype=np.int64),
        {
            "owner": (frame["customer_id"].to_numpy() % _OWNERS).astype(np.float64),
            "device_first_used": frame["first"].to_numpy().astype(np.float64),
            "app_version_rarity": _floats(frame["rarity"]),
        },
    )


def _merchants(merchants: pl.LazyFrame) -> Lookup:
    frame = merchants.select("merchant_id", "reputation", opened=pl.col("opened_on").to_physical()).collect()
    ids = frame["merchant_id"].to_numpy()
    values = {"reputation": _floats(frame["reputation"]), "opened_on": _floats(frame["opened"])}
    return Lookup.of(ids, np.zeros(len(ids), dtype=np.int64), values)


def _activity(tiles: pl.LazyFrame) -> Lookup:
    hour = pl.col("hour").to_physical() // micros("1h")
    frame = tiles.select("merchant_id", hour, *(pl.col(name).cast(pl.Float32) for name in TILE_COLUMNS)).collect()
    values = {name: frame[name].fill_null(np.nan).to_numpy() for name in TILE_COLUMNS}
    return Lookup.of(frame["merchant_id"].to_numpy(), frame["hour"].to_numpy(), values)


def _shared(entities: pl.LazyFrame) -> dict[str, Lookup]:
    found = {}
    for kind, names in SHARED_COLUMNS.items():  # one by one: together they are the largest thing that is kept in memory
        part = (
            entities.filter(pl.col("kind").cast(pl.String) == kind)
            .select(
                "entity_id",
                pl.col("day").to_physical().cast(pl.Int64),
                *(pl.col(name).cast(_STORED[name]) for name in names),
            )
            .collect(engine="streaming")
        )
        values = {name: part[name].fill_null(np.nan).to_numpy() for name in names}
        found[kind] = Lookup.of(part["entity_id"].to_numpy(), part["day"].to_numpy(), values)
    return found


def _floats(values: pl.Series) -> F64:
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy()

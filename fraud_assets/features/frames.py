"""From frames to a block: strings and foreign ids become codes, rows come into order, targets are looked up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from fraud_assets.codes import CARD_TYPES, CHANNELS, DIRECTIONS, KINDS, STATUSES
from fraud_assets.features.arrays import F64, I64, coded, in_order, micros
from fraud_assets.features.block import CUSTOMER_COLUMNS, LEDGER_COLUMNS, LOGIN_COLUMNS, Block
from fraud_assets.features.context import instant
from fraud_assets.features.history import PAST, History
from fraud_assets.features.judging import BASELINE
from fraud_assets.features.lookup import Lookups, ip_codes, ip_numbers, words
from fraud_assets.features.people import KYC_LEVELS, NO_DAY, Logins, People, Reports
from fraud_assets.features.registry import REACH
from fraud_assets.months import Month

_NUMBERS = ("transaction_id", "event_time", "posted_at", "utc_offset_minutes")
_FLOATS = ("amount", "latitude", "longitude")
_ENUMS = {"channel": CHANNELS, "kind": KINDS, "direction": DIRECTIONS, "status": STATUSES}
_LEVELS = {level: k for k, level in enumerate(KYC_LEVELS)}
#: Numbers that are compared only for being the same: code -> column.
_IDS = {"merchant": "merchant_id", "payee": "payee_id"}
_LEDGER = [
    *(pl.col(name).cast(pl.Enum(_ENUMS[name])) if name in _ENUMS else pl.col(name) for name in LEDGER_COLUMNS
      if name not in ("recipient_entity", "is_express_delivery", "card_type")),
    pl.when(pl.col("payee_id").is_not_null()).then("recipient_entity").alias("recipient"),
    pl.col("is_express_delivery").cast(pl.Int8).fill_null(-1).alias("express"),
    pl.col("card_type").cast(pl.Enum(CARD_TYPES)).to_physical().cast(pl.Int8).fill_null(-1),
]  # fmt: skip
_LOGINS = [
    *(pl.col(name) for name in LOGIN_COLUMNS if name != "ip_address"), ip_numbers("ip_address").alias("ip"),
]  # fmt: skip


@dataclass(frozen=True)
class Frames:
    """The tables that are read customer by customer, or those rows of them that a block is made of.

    Attributes
    ----------
    transactions
        Of the month and the months before.
    logins
        None where the bank has none.
    """

    month: Month
    transactions: pl.LazyFrame
    customers: pl.LazyFrame
    reports: pl.LazyFrame
    logins: pl.LazyFrame | None

    def between(self, first: int, last: int) -> Frames:
        """What a block of the customers from first to last is made of, in memory."""
        chosen = pl.col("customer_id").is_between(first, last)
        start, end = self.month.start - REACH, self.month.end
        wanted = [
            self.transactions.filter(chosen, pl.col("event_time") >= start).select(_LEDGER),
            self.customers.filter(chosen).select(CUSTOMER_COLUMNS),
            self.reports.filter(
                chosen, pl.col("kind") == "fraud", pl.col("reported_at").is_between(start, end, closed="left")
            ).select("customer_id", "reported_at"),
        ]
        if self.logins is not None:
            time = pl.col("event_time")
            wanted += [self.logins.filter(chosen, time.is_between(start, end, closed="left")).select(_LOGINS)]
        rows = [frame.lazy() for frame in pl.collect_all(wanted, engine="streaming")]
        return Frames(self.month, rows[0], rows[1], rows[2], rows[3] if self.logins is not None else None)


def blocks_of(frames: Frames, lookups: Lookups, block_rows: int) -> Iterator[Block]:
    """The blocks of some customers, each of consecutive ones.

    Parameters
    ----------
    frames
        Their rows, from :meth:`Frames.between`; the debits of the month become the targets.
    lookups
        Where those are looked up.
    block_rows
        Rows in a block; only a customer with more of them makes a larger one.
    """
    rows, month = frames.transactions.collect(), frames.month
    ids, group = coded(rows["customer_id"].to_numpy())
    people = pl.DataFrame({"customer_id": ids}).join(
        frames.customers.collect(), on="customer_id", how="left", maintain_order="left"
    )
    login_rows = None if frames.logins is None else frames.logins.filter(pl.col("customer_id").is_in(ids)).collect()
    devices = rows["device_id"] if login_rows is None else pl.concat([rows["device_id"], login_rows["device_id"]])
    device = _dense(devices)
    city, country = _places(rows, people)
    address = _dense(pl.concat([rows["delivery_address_id"], people["address_id"]]))
    ip, ip_code = ip_codes(rows["ip_address"])
    categories, category = words(rows["category"])
    names = rows["recipient"]
    columns = {
        "group": group,
        "category": category,
        "recipient": np.arange(rows.height),
        "ip": ip_code,
        "city": city[: rows.height],
        "country": country[: rows.height],
        "device": device[: rows.height],
        "address": address[: rows.height],
        **{name: rows[name].cast(pl.Int64).to_numpy() for name in ("express", "card_type")},
        **{code: _dense(rows[name]) for code, name in _IDS.items()},
        **{name: _floats(rows[name]) for name in _FLOATS},
        **{name: rows[name].to_physical().cast(pl.Int64).fill_null(-1).to_numpy() for name in (*_ENUMS, *_NUMBERS)},
    }
    ids_of = ("device_id", "merchant_id", "payee_id", "delivery_address_id")
    foreign = {name: rows[name].fill_null(-1).to_numpy() for name in ids_of}
    order = _ledger_order(group, columns["event_time"], columns["transaction_id"])
    everybody = _people(people, city[rows.height :], country[rows.height :], address[rows.height :])
    reports = _reports(frames.reports.collect(), ids)
    logins = None if login_rows is None else _logins(login_rows, ids, device[rows.height :])
    del rows, login_rows, devices  # what is not needed any more makes room while the blocks are worked on
    ends = np.bincount(group).cumsum()
    for first, last in _ranges(ends, block_rows):
        mine = order[ends[first - 1] if first else 0 : ends[last - 1]]
        history = History.of(
            everybody.between(first, last),
            {name: values[mine] for name, values in columns.items()} | {"group": group[mine] - first},
            instant(month.start) - micros(PAST) + micros(BASELINE),
        )
        targets = np.flatnonzero(
            history.debit & (history.time >= instant(month.start)) & (history.time < instant(month.end))
        )
        history.log_amount, history.metres_from_home  # noqa: B018  # made here, they go along with the targets
        at, asked = history.take(targets), mine[targets]
        keys = {name: values[asked] for name, values in foreign.items()}
        keys |= {"ip": ip[asked], "customer_id": history.people.customer_id[at.group], "time": at.time}
        yield Block(
            history=history,
            at=at,
            reports=reports.between(first, last),
            logins=None if logins is None else logins.between(first, last),
            categories=tuple(categories),
            recipients=lambda codes: names.gather(codes).to_list(),
            known=lookups.at(keys),
            places=targets,
        )
        del history, at  # one block at a time


def _ranges(ends: I64, block_rows: int) -> Iterator[tuple[int, int]]:
    """Customers from one to before another, of each block; from where the rows of each customer end."""
    block = np.append(0, ends[:-1]) // block_rows
    edges = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(ends)]
    return pairwise(edges) if len(ends) else iter(())


def _people(people: pl.DataFrame, city: I64, country: I64, address: I64) -> People:
    return People(
        customer_id=people["customer_id"].to_numpy(),
        home_latitude=_floats(people["home_latitude"]),
        home_longitude=_floats(people["home_longitude"]),
        home_city=city,
        home_country=country,
        home_address=address,
        payday=people["payday"].fill_null(0).cast(pl.Int64).to_numpy(),
        registered=people["registered_at"].to_physical().cast(pl.Int64).fill_null(NO_DAY).to_numpy(),
        kyc_level=people["kyc_level"]
        .replace_strict(_LEVELS, default=-1, return_dtype=pl.Int64)
        .fill_null(-1)
        .to_numpy(),
        is_verified=(people["kyc_status"] == "verified").fill_null(value=False).to_numpy(),
    )


def _reports(reports: pl.DataFrame, ids: I64) -> Reports:
    known = reports.filter(pl.col("customer_id").is_in(ids)).sort("customer_id", "reported_at")
    return Reports(ids.searchsorted(known["customer_id"].to_numpy()), known["reported_at"].to_physical().to_numpy())


def _logins(logins: pl.DataFrame, ids: I64, device: I64) -> Logins:
    group = ids.searchsorted(logins["customer_id"].to_numpy())
    time = logins["event_time"].to_physical().to_numpy()
    order, _ = in_order(group, time)
    login, success = (logins["event"] == "login").to_numpy()[order], logins["is_success"].to_numpy()[order]
    return Logins(
        group=group[order],
        time=time[order],
        device=device[order],
        ip=_dense(logins["ip"])[order],
        entered=login & success,
        failed=login & ~success,
        changed=~login & success,
    )


def _places(rows: pl.DataFrame, people: pl.DataFrame) -> tuple[I64, I64]:
    """Codes of cities and of countries, of the rows and then of the people's homes; -1 for null."""
    names = ("city", "state", "country")
    places = pl.concat([rows.select(names), people.select(pl.col(f"home_{name}").alias(name) for name in names)])
    # Most rows are where the one before them was.
    is_other = (
        places.select(pl.any_horizontal(pl.all().ne_missing(pl.all().shift(1)))).to_series().to_numpy(writable=True)
    )
    is_other[:1] = True
    others = places.filter(is_other)
    (_, city), (states, state), (countries, country) = (words(others[name]) for name in names)
    place = (city * (len(states) + 1) + state + 1) * (len(countries) + 1) + country + 1  # a name may be in two states
    rows_of_each = np.diff(np.flatnonzero(is_other), append=len(is_other))
    return np.where(city < 0, -1, place).repeat(rows_of_each), country.repeat(rows_of_each)


def _ledger_order(group: I64, time: I64, transaction_id: I64) -> I64:
    """The order by (group, time, transaction id) of the rows of several months, each in that order."""
    order, key = in_order(group, time)
    same = np.flatnonzero(key[1:] == key[:-1])
    if (transaction_id[order[same]] > transaction_id[order[same + 1]]).any():
        return np.lexsort((transaction_id, time, group))
    return order


def _dense(values: pl.Series) -> I64:
    """Numbers in place of the different ids; -1 for null."""
    rows = values.is_not_null().to_numpy()
    codes = np.full(len(values), -1)
    codes[rows] = coded(values.drop_nulls().cast(pl.Int64).to_numpy())[1]
    return codes


def _floats(values: pl.Series) -> F64:
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy()

"""Ledger rows as plain arrays: the columns that are stored, before anything is derived from them.

Numbers are exact integers: cents, microseconds; strings and foreign ids are codes that say no more than same or
different.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fraud_assets.codes import DIRECTIONS, STATUSES
from fraud_assets.features.arrays import F64, I64, Bool, is_one, rounded
from fraud_assets.features.people import NO_DAY, People

#: Amounts stay below it, in major units, so that cents and a row number fit in one 64-bit sort key.
MOST = 10_000_000_000

_DEBIT = DIRECTIONS.index("debit")
_DECLINED = STATUSES.index("declined")
#: Columns that are no arrays of the rows.
_SHARED = ("people", "watched_from")


@dataclass(frozen=True)
class Rows:
    """Ledger rows sorted by (group, time, transaction id); a group is a customer, numbered from 0 without gaps.

    Attributes
    ----------
    people
        Who the groups are.
    group, time, local, posted
        Customer number; instant, local wall time and time of posting in microseconds; shape (n,) like all others.
    kind, channel, card_type
        Index into ``codes.KINDS``, ``codes.CHANNELS`` and ``codes.CARD_TYPES``, -1 without a card.
    category, merchant, city, country, device, ip, payee, recipient, address
        Codes, -1 where missing; ``ip`` the network address, ``recipient`` the name as entered, ``address`` the one that
        goods are sent to.
    express
        Whether they are to arrive fast: 1, 0, -1 where nothing is sent.
    latitude, longitude
        Degrees; NaN where missing.
    watched_from
        No window over anomalies begins before this instant.
    """

    people: People
    transaction_id: I64
    group: I64
    time: I64
    local: I64
    posted: I64
    cents: I64
    debit: Bool
    declined: Bool
    kind: I64
    channel: I64
    category: I64
    merchant: I64
    city: I64
    country: I64
    device: I64
    ip: I64
    payee: I64
    recipient: I64
    address: I64
    express: I64
    card_type: I64
    latitude: F64
    longitude: F64
    watched_from: int = NO_DAY

    @classmethod
    def of(cls, people: People, columns: Mapping[str, npt.NDArray[Any]], watched_from: int = NO_DAY) -> Self:
        """From the ledger's columns as numbers.

        Parameters
        ----------
        people
            The customers.
        columns
            transaction_id; group; event_time, posted_at (microseconds); utc_offset_minutes; amount; latitude,
            longitude; the physical codes of the enums channel, kind, direction, status; and the codes as they are named
            here; all of shape (n,), sorted by (group, event_time, transaction_id).

        Raises
        ------
        ValueError
            If an amount is too large to be counted in cents beside the other numbers of a sort key.
        """
        amount = columns["amount"]
        most = amount if is_one(amount) else amount.max(initial=0)
        if most >= MOST:
            customer = people.customer_id[np.atleast_1d(columns["group"])[amount.argmax()]]
            raise ValueError(
                f"an amount of customer {customer} is {most:,.2f}; features count in cents, up to {MOST:,} major units"
            )
        time = columns["event_time"]
        same = ("transaction_id", "group", "latitude", "longitude")
        codes = (
            "category", "merchant", "city", "country", "device", "ip", "payee", "recipient", "address", "express",
            "card_type",
        )  # fmt: skip
        return cls(
            people=people,
            **{name: columns[name] for name in (*same, *codes)},
            time=time,
            local=time + columns["utc_offset_minutes"] * 60_000_000,
            posted=columns["posted_at"],
            cents=rounded(amount * 100),
            debit=columns["direction"] == _DEBIT,
            declined=columns["status"] == _DECLINED,
            kind=columns["kind"],
            channel=columns["channel"],
            watched_from=watched_from,
        )

    def take(self, rows: I64) -> Self:
        """Some of the rows, in ascending order."""
        columns = (field.name for field in fields(self) if field.name not in _SHARED)
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

"""A block: the events of some customers as plain arrays, and what several families need from them.

It is made by ``build`` (consecutive customers of a month) and by ``single`` (one customer and a new event); the
families cannot tell which. Numbers are exact integers: cents, microseconds, metres, logarithms in ten-thousandths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fraud_assets.features.events import F64, I64, Bool, Events, micros
from fraud_assets.tables import CHANNELS, DIRECTIONS, KINDS, STATUSES

#: Fixed point of logarithms of amounts: 1e-4 is a hundredth of a percent of the amount.
LOG_SCALE = 10_000
#: Amounts stay below it, in major units, so that cents and a row number fit in one 64-bit sort key.
MOST = 10_000_000_000
#: How far back anything looks.
PAST = "84d"
#: ``Block.registered`` of a customer who is not on file.
NO_DAY = np.iinfo(np.int64).min
CARD_PRESENT = CHANNELS.index("card_present")
#: Columns of the ledger that features may read; nothing else of it is ever loaded.
LEDGER_COLUMNS = (
    "transaction_id", "customer_id", "event_time", "utc_offset_minutes", "posted_at", "channel", "kind", "direction",
    "category", "amount", "merchant_id", "city", "state", "country", "latitude", "longitude", "status",
)  # fmt: skip
#: Columns of the customer table that features may read.
CUSTOMER_COLUMNS = ("customer_id", "registered_at", "home_country", "home_latitude", "home_longitude", "payday")

#: Features that are codes in a block and strings in a table.
NAMED = ("channel", "category")

_RETURNS = (KINDS.index("refund"), KINDS.index("reversal"))
_DEBIT, _CREDIT = DIRECTIONS.index("debit"), DIRECTIONS.index("credit")
_DECLINED = STATUSES.index("declined")

_EARTH_METRES = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True)
class Block:
    """Events sorted by (group, time, transaction id); a group is a customer, numbered from 0 without gaps.

    Attributes
    ----------
    transaction_id
        Shape (n,).
    group, time, local, posted
        Customer number; instant, local wall time and time of posting in microseconds; shape (n,).
    cents
        Amount.
    debit, declined, returned
        Money leaves the account; the attempt was declined; money of an earlier payment comes back.
    channel, category, merchant, city, country
        Codes; channel indexes ``tables.CHANNELS``, category ``categories``; -1 where missing.
    latitude, longitude
        Degrees; NaN where missing.
    targets
        Positions of the rows to compute features for, ascending.
    customer_id, home_latitude, home_longitude, home_country, payday, registered
        A customer's, shape (groups,): NaN, -1, 0 and ``NO_DAY`` where missing; ``home_country`` coded as ``country``.
    report_group, report_time
        Fraud reports sorted by (group, time), in microseconds.
    """

    transaction_id: I64
    group: I64
    time: I64
    local: I64
    posted: I64
    cents: I64
    debit: Bool
    declined: Bool
    returned: Bool
    channel: I64
    category: I64
    categories: tuple[str, ...]
    merchant: I64
    city: I64
    country: I64
    latitude: F64
    longitude: F64
    targets: I64
    customer_id: I64
    home_latitude: F64
    home_longitude: F64
    home_country: I64
    payday: I64
    registered: I64
    report_group: I64
    report_time: I64

    @classmethod
    def of(cls, columns: Mapping[str, npt.NDArray[Any]], scored: Bool, **others: Any) -> Block:
        """A block from the ledger's columns as numbers.

        Parameters
        ----------
        columns
            transaction_id; group; event_time, posted_at (microseconds); utc_offset_minutes; amount; latitude,
            longitude; the physical codes of the enums channel, kind, direction, status; codes of category, city,
            country (-1 for null) and merchant_id (-1 for null); all of shape (n,), sorted by (group, event_time,
            transaction_id).
        scored
            The rows that want features; the debits among them become the targets.
        others
            The remaining attributes of a block.

        Raises
        ------
        ValueError
            If an amount is too large to be counted in cents beside the other numbers of a sort key.
        """
        if (columns["amount"] >= MOST).any():
            raise ValueError(
                f"an amount of customer {others['customer_id'][columns['group'][columns['amount'].argmax()]]} is"
                f" {columns['amount'].max():,.2f}; features count in cents, up to {MOST:,} major units"
            )
        direction, kind = columns["direction"], columns["kind"]
        declined = columns["status"] == _DECLINED
        known, merchant = np.unique(columns["merchant_id"], return_inverse=True)
        if len(known) and known[0] < 0:
            merchant = merchant - 1
        time = columns["event_time"]
        debit = direction == _DEBIT
        return cls(
            transaction_id=columns["transaction_id"],
            group=columns["group"],
            time=time,
            local=time + columns["utc_offset_minutes"].astype(np.int64) * micros("1m"),
            posted=columns["posted_at"],
            cents=np.rint(columns["amount"] * 100).astype(np.int64),
            debit=debit,
            declined=declined,
            returned=(direction == _CREDIT) & ~declined & ((kind == _RETURNS[0]) | (kind == _RETURNS[1])),
            channel=columns["channel"].astype(np.int64),
            category=columns["category"],
            merchant=merchant,
            city=columns["city"],
            country=columns["country"],
            latitude=columns["latitude"],
            longitude=columns["longitude"],
            targets=np.flatnonzero(scored & debit),
            **others,
        )

    def names(self, feature: str) -> Sequence[str]:
        """What the codes of one of the features ``NAMED`` stand for."""
        return CHANNELS if feature == "channel" else self.categories

    @cached_property
    def events(self) -> Events:
        """All events, asked about each target's past."""
        return Events.of(self.group, self.time, self.group[self.targets], self.time[self.targets])

    @cached_property
    def attempts(self) -> Events:
        """Payments out of the account, whatever became of them."""
        return self.events.where(self.debit)

    @cached_property
    def spending(self) -> Events:
        """Payments out of the account that were not declined at the time (a pending one holds the money)."""
        return self.events.where(self.debit & ~self.declined)

    @cached_property
    def log_amount(self) -> I64:
        """Natural logarithm of the amount in major units, fixed point, shape (n,)."""
        return np.rint(np.log(self.cents / 100) * LOG_SCALE).astype(np.int64)

    @cached_property
    def local_day(self) -> I64:
        """Local calendar day since 1970-01-01, shape (n,)."""
        return self.local // micros("1d")

    @cached_property
    def local_hour(self) -> I64:
        """Local hour of the day, shape (n,)."""
        return self.local % micros("1d") // micros("1h")

    @cached_property
    def metres_from_home(self) -> I64:
        """Distance of each event from its customer's home, -1 where unknown, shape (n,)."""
        return metres(self.latitude, self.longitude, self.home_latitude[self.group], self.home_longitude[self.group])


def metres(latitude: F64, longitude: F64, other_latitude: F64, other_longitude: F64) -> I64:
    """Great-circle distance in whole metres by the haversine formula (Sinnott 1984); -1 where a coordinate is NaN."""
    phi, other_phi = np.radians(latitude), np.radians(other_latitude)
    half_chord = (
        np.sin((other_phi - phi) / 2) ** 2
        + np.cos(phi) * np.cos(other_phi) * np.sin(np.radians(other_longitude - longitude) / 2) ** 2
    )
    distance = 2 * _EARTH_METRES * np.arcsin(np.sqrt(np.minimum(half_chord, 1)))
    rounded: I64 = np.where(np.isnan(distance), -1, np.rint(distance)).astype(np.int64)
    return rounded

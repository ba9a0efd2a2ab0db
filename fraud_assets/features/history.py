"""What is known of some customers: their ledger rows, the people themselves, their logins and the reports on them.

Plain arrays, numbers as exact integers: cents, microseconds, metres, logarithms in ten-thousandths; strings and foreign
ids as codes that say no more than same or different. Columns that families derive from others are made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fraud_assets.features.arrays import F64, I64, Bool, in_order, micros
from fraud_assets.features.events import Events
from fraud_assets.features.tracks import Instants, Timeline
from fraud_assets.tables import CHANNELS, DIRECTIONS, KINDS, STATUSES

#: Fixed point of logarithms of amounts: 1e-4 is a hundredth of a percent of the amount.
LOG_SCALE = 10_000
#: Amounts stay below it, in major units, so that cents and a row number fit in one 64-bit sort key.
MOST = 10_000_000_000
#: How far back anything looks.
PAST = "84d"
#: ``People.registered`` of a customer who is not on file.
NO_DAY = int(np.iinfo(np.int64).min)
#: What is posted later than this is a correction rather than a posting.
LATEST_POSTING = "30d"
#: Money that stays longer than this on the account has not been passed through.
LONGEST_HOLD = "7d"
#: Further from home than this is away.
AWAY_METRES = 100_000
CARD_PRESENT = CHANNELS.index("card_present")

_INCOME, _TRANSFER, _WITHDRAWAL = (KINDS.index(kind) for kind in ("income", "transfer", "withdrawal"))
_RETURNS = (KINDS.index("refund"), KINDS.index("reversal"))
_DEBIT = DIRECTIONS.index("debit")
_DECLINED = STATUSES.index("declined")

_EARTH_METRES = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True)
class People:
    """The customers of the groups, shape (groups,): NaN, -1, 0 and ``NO_DAY`` where missing.

    Attributes
    ----------
    home_city, home_country
        Coded as the ledger's.
    """

    customer_id: I64
    home_latitude: F64
    home_longitude: F64
    home_city: I64
    home_country: I64
    payday: I64
    registered: I64


@dataclass(frozen=True)
class Reports(Instants):
    """Fraud reports on the customers' rows when they reached the bank, sorted by (group, time)."""

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline.of(self)


@dataclass(frozen=True)
class Logins(Instants):
    """The customers' logins and changes of credentials, sorted by (group, time); ``device`` coded as the ledger's."""

    device: I64
    entered: Bool  # a login that succeeded
    failed: Bool
    changed: Bool  # password, phone number or other credentials

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline.of(self)


@dataclass(frozen=True)
class History:
    """Ledger rows sorted by (group, time, transaction id); a group is a customer, numbered from 0 without gaps.

    Attributes
    ----------
    people
        Who the groups are.
    group, time, local, posted
        Customer number; instant, local wall time and time of posting in microseconds; shape (n,) like all others.
    kind, channel
        Index into ``tables.KINDS`` and ``tables.CHANNELS``.
    category, merchant, city, country, device, ip, payee, recipient
        Codes, -1 where missing; ``ip`` the network address, ``recipient`` the name as entered.
    latitude, longitude
        Degrees; NaN where missing.
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
    latitude: F64
    longitude: F64

    @classmethod
    def of(cls, people: People, columns: Mapping[str, npt.NDArray[Any]]) -> History:
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
        if len(amount) and amount.max() >= MOST:
            raise ValueError(
                f"an amount of customer {people.customer_id[columns['group'][amount.argmax()]]} is {amount.max():,.2f};"
                f" features count in cents, up to {MOST:,} major units"
            )
        time = columns["event_time"]
        same = ("transaction_id", "group", "latitude", "longitude")
        codes = ("category", "merchant", "city", "country", "device", "ip", "payee", "recipient")
        return cls(
            people=people,
            **{name: columns[name] for name in (*same, *codes)},
            time=time,
            local=time + columns["utc_offset_minutes"].astype(np.int64) * 60_000_000,
            posted=columns["posted_at"],
            cents=np.rint(amount * 100).astype(np.int64),
            debit=columns["direction"] == _DEBIT,
            declined=columns["status"] == _DECLINED,
            kind=columns["kind"].astype(np.int64),
            channel=columns["channel"].astype(np.int64),
        )

    def take(self, rows: I64) -> History:
        """Some of the rows, in ascending order."""
        columns = (field.name for field in fields(self) if field.name != "people")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    @cached_property
    def timeline(self) -> Timeline:
        """All rows."""
        return Timeline.of(self)

    @cached_property
    def postings(self) -> Timeline:
        """Payments in the order in which they became known to be posted, corrections left out."""
        known = np.maximum(self.posted, self.time)  # a posting dated before its payment is not known before it
        rows = np.flatnonzero(self.paid & (self.posting_delay <= micros(LATEST_POSTING)))
        rows = rows[in_order(self.group[rows], known[rows])[0]]
        return Timeline(self, rows, self.group[rows], known[rows])

    # What kind of row it is.

    @cached_property
    def paid(self) -> Bool:
        """A payment out of the account that was not declined at the time (a pending one holds the money)."""
        return self.debit & ~self.declined

    @cached_property
    def refused(self) -> Bool:
        """A payment that was declined."""
        return self.debit & self.declined

    @cached_property
    def returned(self) -> Bool:
        """Money of an earlier payment came back."""
        return ~self.debit & ~self.declined & ((self.kind == _RETURNS[0]) | (self.kind == _RETURNS[1]))

    @cached_property
    def received(self) -> Bool:
        """Other money came in."""
        return ~self.debit & ~self.declined & (self.kind == _INCOME)

    @cached_property
    def sent(self) -> Bool:
        """A payment to a person or an account, or cash."""
        return self.paid & self.is_sending

    @cached_property
    def is_sending(self) -> Bool:
        return (self.kind == _TRANSFER) | (self.kind == _WITHDRAWAL)

    @cached_property
    def in_person(self) -> Bool:
        return self.channel == CARD_PRESENT

    @cached_property
    def is_placed(self) -> Bool:
        return ~(np.isnan(self.latitude) | np.isnan(self.longitude))

    @cached_property
    def has_merchant(self) -> Bool:
        return self.merchant >= 0

    @cached_property
    def has_city(self) -> Bool:
        return self.city >= 0

    @cached_property
    def has_device(self) -> Bool:
        return self.device >= 0

    @cached_property
    def has_ip(self) -> Bool:
        return self.ip >= 0

    @cached_property
    def has_payee(self) -> Bool:
        return self.payee >= 0

    @cached_property
    def has_distance(self) -> Bool:
        return self.metres_from_home >= 0

    @cached_property
    def is_near_home(self) -> Bool:
        return self.metres_from_home <= AWAY_METRES

    @cached_property
    def was_held(self) -> Bool:
        return self.hold >= 0

    # What follows from the columns.

    @cached_property
    def posting_delay(self) -> I64:
        """Microseconds from payment to posting."""
        return np.maximum(self.posted, self.time) - self.time

    @cached_property
    def log_amount(self) -> I64:
        """Natural logarithm of the amount in major units, fixed point."""
        return np.rint(np.log(self.cents / 100) * LOG_SCALE).astype(np.int64)

    @cached_property
    def log_square(self) -> I64:
        return self.log_amount * self.log_amount

    @cached_property
    def local_day(self) -> I64:
        """Local calendar day since 1970-01-01."""
        return self.local // 86_400_000_000

    @cached_property
    def local_hour(self) -> I64:
        """Local hour of the day."""
        return self.local // 3_600_000_000 % 24

    @cached_property
    def metres_from_home(self) -> I64:
        """Distance from the customer's home, -1 where unknown."""
        people, group = self.people, self.group
        return metres(self.latitude, self.longitude, people.home_latitude[group], people.home_longitude[group])

    @cached_property
    def square_from_home(self) -> I64:
        return self.metres_from_home * self.metres_from_home

    @cached_property
    def hold(self) -> I64:
        """Microseconds from the last incoming money to each row that sends money on; -1 for others and without one."""
        rows = np.flatnonzero(self.sent)
        out = np.full(len(self.time), -1)
        out[rows] = held(Events.of(self.timeline, Instants(self.group[rows], self.time[rows])))
        return out


def held(events: Events) -> I64:
    """Microseconds from the last money that came in before each query; -1 where there is none in ``LONGEST_HOLD``."""
    last = events.where("received").latest("time", LONGEST_HOLD)
    return np.where(last < 0, -1, events.at.time - last)


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

"""The history of some customers: their ledger rows, and the columns that families derive from them, each made once.

What is kept: what was derived from the row alone, and what of its customer's past before it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Self

import numpy as np

from fraud_assets.codes import CHANNELS, KINDS
from fraud_assets.features.arrays import I64, LOG_SCALE, Bool, either, in_order, micros, rounded
from fraud_assets.features.distance import AWAY_METRES, metres
from fraud_assets.features.events import Events
from fraud_assets.features.judging import DAY_PARTS, Attempts, Judged, judge
from fraud_assets.features.rows import Rows
from fraud_assets.features.tracks import Instants, Timeline

#: How far back anything looks.
PAST = "84d"
#: What is posted later than this is a correction rather than a posting.
LATEST_POSTING = "30d"
#: Money that stays longer than this on the account has not been passed through.
LONGEST_HOLD = "7d"
CARD_PRESENT = CHANNELS.index("card_present")

_INCOME, _TRANSFER, _WITHDRAWAL = (KINDS.index(kind) for kind in ("income", "transfer", "withdrawal"))
_RETURNS = (KINDS.index("refund"), KINDS.index("reversal"))
#: Derived columns of the row alone that are dear enough to be taken along with the rows.
_TAKEN = ("log_amount", "metres_from_home")


class History(Rows):
    """Ledger rows with all that is derived from them."""

    def take(self, rows: I64) -> Self:
        """Some of the rows, in ascending order."""
        taken = super().take(rows)
        taken.__dict__.update({name: self.__dict__[name][rows] for name in _TAKEN if name in self.__dict__})
        return taken

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

    @cached_property
    def has_address(self) -> Bool:
        return self.address >= 0

    @cached_property
    def is_withdrawal(self) -> Bool:
        """Cash or, from a wallet, money to a bank or an exchange."""
        return self.kind == _WITHDRAWAL

    @cached_property
    def is_payee_sent(self) -> Bool:
        """Money that was sent to a person or an account that can be told from others."""
        return self.sent & self.has_payee

    # What follows from the columns.

    @cached_property
    def posting_delay(self) -> I64:
        """Microseconds from payment to posting."""
        return np.maximum(self.posted, self.time) - self.time

    @cached_property
    def log_amount(self) -> I64:
        """Natural logarithm of the amount in major units, fixed point."""
        return rounded(np.log(self.cents / 100) * LOG_SCALE)

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
        out[rows] = held(Events.of(self.timeline, Instants(self.group[rows], self.time[rows]), places=rows))
        return out

    @cached_property
    def day_part(self) -> I64:
        """Which sixth of the local day."""
        return self.local_hour * DAY_PARTS // 24

    @cached_property
    def habit(self) -> I64:
        """Category and channel together."""
        return self.category * len(CHANNELS) + self.channel

    # What was out of the ordinary when it was attempted.

    @cached_property
    def judged(self) -> Judged:
        """The verdicts on the attempts from ``watched_from`` on; on other rows there is none."""
        rows = np.flatnonzero(self.debit & (self.time >= self.watched_from))
        at = Attempts.of(self, rows)
        return judge(self, at, Events.of(self.timeline, at, places=rows)).spread(rows, len(self.time))

    @cached_property
    def is_behavioural(self) -> Bool:
        return self.judged.flags["behavioural"]

    @cached_property
    def is_geographic(self) -> Bool:
        return self.judged.flags["geographic"]

    @cached_property
    def is_temporal(self) -> Bool:
        return self.judged.flags["temporal"]

    @cached_property
    def is_amount(self) -> Bool:
        return self.judged.flags["amount"]

    @cached_property
    def is_anomalous(self) -> Bool:
        """Out of the ordinary in any way."""
        return self.is_behavioural | self.is_geographic | self.is_temporal | self.is_amount

    @cached_property
    def is_ordinary(self) -> Bool:
        return ~self.is_anomalous

    @cached_property
    def is_anomalous_again(self) -> Bool:
        """An anomalous attempt right after another; the first of a customer is counted by nobody."""
        rows = np.flatnonzero(self.debit)
        found = self.is_anomalous[rows]
        out = np.zeros(len(self.time), dtype=np.bool_)
        out[rows[1:]] = found[1:] & found[:-1]
        return out

    @cached_property
    def severity(self) -> I64:
        return self.judged.severity


def held(events: Events) -> I64:
    """Microseconds from the last money that came in before each query; -1 where there is none in ``LONGEST_HOLD``."""
    last = events.where("received").latest("time", LONGEST_HOLD)
    return either(last >= 0, events.at.time - last, -1)

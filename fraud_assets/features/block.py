"""A block: the rows that want features, and everything that was known of their customers.

It is made by ``build`` (consecutive customers of a month) and by ``single`` (one customer and a new event); the
families cannot tell which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fraud_assets.codes import CARD_TYPES, CHANNELS
from fraud_assets.features.arrays import F64, I64, either, is_nan, nothing, opposite
from fraud_assets.features.events import Events
from fraud_assets.features.history import History, held
from fraud_assets.features.judging import Judged, judge
from fraud_assets.features.people import Logins, People, Reports

#: Columns of the ledger that features may read; nothing else of it is ever loaded.
LEDGER_COLUMNS = (
    "transaction_id", "customer_id", "event_time", "utc_offset_minutes", "posted_at", "channel", "kind", "direction",
    "category", "amount", "recipient_entity", "merchant_id", "payee_id", "device_id", "ip_address", "city", "state",
    "country", "latitude", "longitude", "status", "delivery_address_id", "is_express_delivery",
    "card_type",
)  # fmt: skip
#: Columns of the customer table that features may read.
CUSTOMER_COLUMNS = (
    "customer_id", "registered_at", "home_city", "home_state", "home_country", "home_latitude", "home_longitude",
    "payday", "address_id", "kyc_level", "kyc_status",
)  # fmt: skip
#: Columns of the logins that features may read.
LOGIN_COLUMNS = ("customer_id", "event_time", "event", "is_success", "device_id", "ip_address")

#: Features that are codes in a block and strings in a table.
NAMED = ("channel", "category", "card_type")


@dataclass(frozen=True)
class Block:
    """What the families compute from, beside the context of the month.

    Attributes
    ----------
    history
        The customers' rows; may hold rows at and after the targets, which no window sees.
    at
        The targets: debits, sorted as the history, in its codes. Their status and posting are not to be read. The
        columns of a single event are numbers instead of arrays, and so is what the families make of them; ``arrays``
        has what they need for both.
    reports
        Fraud reports on the customers.
    logins
        Their logins; None where the bank has no such table.
    categories
        What its codes stand for.
    recipients
        From codes of recipients to their names.
    known
        What was looked up for each target in the tables of devices, merchants and shared entities: column -> shape
        (targets,), NaN where the table has no row for it. A column is not there if the table is not.
    places
        Positions of the targets in the history; None where they are not in it.
    """

    history: History
    at: History
    reports: Reports
    logins: Logins | None
    categories: Sequence[str]
    recipients: Callable[[I64], list[str]]
    known: Mapping[str, F64]
    places: I64 | None = None

    def names(self, feature: str) -> Sequence[str]:
        """What the codes of one of the features ``NAMED`` stand for; -1 is for none."""
        return {"channel": CHANNELS, "card_type": CARD_TYPES}.get(feature, self.categories)

    def looked_up(self, column: str, unlisted: float = np.nan) -> F64:
        """A column of ``known``, with ``unlisted`` for those that the table has no row for; NaN without the table."""
        found = self.known.get(column)
        if found is None:
            return nothing(self.at.time)
        if unlisted != unlisted:  # NaN, which it is already
            return found
        return either(opposite(is_nan(found)), found, unlisted)

    @property
    def people(self) -> People:
        return self.history.people

    @cached_property
    def events(self) -> Events:
        """All rows, asked about each target's past."""
        return Events.of(self.history.timeline, self.at)

    @cached_property
    def attempts(self) -> Events:
        """Payments out of the account, whatever became of them."""
        return self.events.where("debit")

    @cached_property
    def spending(self) -> Events:
        """Payments out of the account that were not declined at the time."""
        return self.events.where("paid")

    @cached_property
    def sessions(self) -> Events | None:
        """The logins, for a bank that has such a table."""
        return None if self.logins is None else Events.of(self.logins.timeline, self.at)

    @cached_property
    def judged(self) -> Judged:
        """Whether the targets themselves are out of the ordinary."""
        if self.places is None:
            return judge(self.history, self.at, self.events)
        return self.history.judged.take(self.places)

    @cached_property
    def hold(self) -> I64:
        """Microseconds from the last money that came in before each target; -1 without any in ``LONGEST_HOLD``."""
        return held(self.events)

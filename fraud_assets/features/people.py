"""Who the customers are, and what is known of them beside their ledger rows: logins, and the reports on them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np

from fraud_assets.features.arrays import F64, I64, Bool
from fraud_assets.features.events import Events
from fraud_assets.features.tracks import Instants, Timeline

#: ``People.registered`` of a customer who is not on file.
NO_DAY = int(np.iinfo(np.int64).min)
#: How well a customer has been identified, in ascending order.
KYC_LEVELS = ("none", "basic", "full")
#: A login's network address is new if the customer's earlier logins of so long have not come from it.
LOGIN_MEMORY = "60d"


@dataclass(frozen=True)
class People:
    """The customers of the groups, shape (groups,): NaN, -1, 0 and ``NO_DAY`` where missing.

    Attributes
    ----------
    home_city, home_country, home_address
        Coded as the ledger's.
    kyc_level
        Position in ``KYC_LEVELS``.
    """

    customer_id: I64
    home_latitude: F64
    home_longitude: F64
    home_city: I64
    home_country: I64
    home_address: I64
    payday: I64
    registered: I64
    kyc_level: I64
    is_verified: Bool

    def between(self, first: int, last: int) -> Self:
        """The customers from one to before another."""
        return type(self)(**{field.name: getattr(self, field.name)[first:last] for field in fields(self)})


class _OfGroups(Instants):
    """Rows of groups, of which those of some groups can be taken."""

    def between(self, first: int, last: int) -> Self:
        """The rows of the groups from one to before another, which are numbered anew from 0."""
        rows = slice(*self.group.searchsorted([first, last]).tolist())
        taken = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return type(self)(**taken | {"group": taken["group"] - first})


@dataclass(frozen=True)
class Reports(_OfGroups):
    """Fraud reports on the customers' rows when they reached the bank, sorted by (group, time)."""

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline.of(self)


@dataclass(frozen=True)
class Logins(_OfGroups):
    """The customers' logins and changes of credentials, sorted by (group, time).

    Attributes
    ----------
    device, ip
        Codes, the device's as the ledger's, -1 where missing.
    """

    device: I64
    ip: I64
    entered: Bool  # a login that succeeded
    failed: Bool
    changed: Bool  # password, phone number or other credentials

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline.of(self)

    @cached_property
    def entered_from_new_ip(self) -> Bool:
        """A login that succeeded, from where the customer's earlier ones of ``LOGIN_MEMORY`` have not come."""
        all_rows = Events.of(self.timeline, self, places=self.timeline.rows)
        is_new = all_rows.where("entered").alike("ip").is_none(LOGIN_MEMORY)
        return self.entered & (self.ip >= 0) & is_new

"""What somebody set out to do: the common form of honest, erroneous and fraudulent rows before the bank writes them
down.

Every source of ledger rows (spending, bills, accidents, campaigns) yields :class:`Intents`; ``ledger.py`` alone turns
them into the tables, so that nothing about a row's form can tell where it came from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.scenario.sections import Tag
from fraud_assets.simulation.merchants import Directory, directory
from fraud_assets.simulation.streams import F64, I64, Bools
from fraud_assets.simulation.traits import Traits, traits

T = TypeVar("T")

MICROSECOND = 1
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

NONE = -1

# Codes; the order is that of the enums in tables.py.
CARD_PRESENT, ONLINE, APP, BANK = range(4)
PURCHASE, BILL, TRANSFER, WITHDRAWAL, INCOME, REFUND, REVERSAL = range(7)
APPROVED, DECLINED, PENDING = range(3)
(
    INSUFFICIENT_FUNDS,
    DO_NOT_HONOR,
    WRONG_CREDENTIALS,
    LIMIT_EXCEEDED,
    EXPIRED_CARD,
    CARD_BLOCKED,
    INVALID_ACCOUNT,
    TECHNICAL,
    WRONG_PIN,
    CVV_MISMATCH,
    SUSPECTED_FRAUD,
) = range(11)
RECIPIENTS = ["merchant", "person", "own", "biller", "employer", "cash", "source", "sender", "payout"]
TO_MERCHANT, TO_PERSON, TO_OWN, TO_BILLER, TO_EMPLOYER, TO_CASH, FROM_SOURCE, FROM_SENDER, TO_PAYOUT = range(9)
AT_TERMINAL, BY_SCAN, BY_PHONE, ANY_DEVICE, BY_ITSELF = range(5)
BEHAVIOURAL, GEOGRAPHIC, TEMPORAL, AMOUNT = range(4)
HOME_NET, MOBILE_NET, VPN_NET, PUBLIC_NET = range(4)
#: What befalls an honest row, as bits; a payment that starts a burst has the bit until the burst is carried out.
BURST, HIGH_AMOUNT, MISTYPED, FALSE_REPORT = 1, 2, 4, 8
#: A payment that the same merchant will get again; the bit is gone when that has been carried out.
REPEATED = 16


I8 = npt.NDArray[np.int8]
Column = npt.NDArray[np.signedinteger[Any]]
#: Columns of codes: a byte each, since rows are copied several times on their way to the ledger.
_CODES = frozenset({"kind", "net", "status", "reason", "accident", "anomaly", "lookalike", "express"})


@dataclass(frozen=True)
class Intents:
    """Rows to be, one array a column, all of one length; the order is of no meaning.

    ``NONE`` (-1) stands for "no such thing" in every integer column.
    """

    transaction_id: I64
    who: I64  # position in Traits
    event_us: I64  # UTC
    offset: I64  # minutes, where it happened
    category: I64  # index into scenario.categories
    kind: I8
    place: I64  # city index: of the terminal, or of the address's geolocation
    merchant: I64  # position in Directory
    payee: I64  # account number of a person
    cents: I64
    device: I64  # device_id
    net: I8  # kind of network; NONE at a terminal and for standing orders
    card: I64  # card_id
    status: I8
    reason: I8
    original: I64  # transaction_id that a refund or reversal refers to
    campaign: I64  # position in the plan
    accident: I8  # bits
    anomaly: I8  # kind of unusual behaviour
    lookalike: I8  # index into sorted fraud types
    intended: I64  # the payee that was meant
    delivery: I64  # address to which goods go; NONE is where people have them sent
    express: I8  # 1 or 0; NONE is as people do

    def __len__(self) -> int:
        return len(self.transaction_id)

    def take(self, rows: Bools | I64 | slice) -> Intents:
        """The chosen rows; these very rows where a mask leaves none out."""
        if not isinstance(rows, slice) and rows.dtype == np.bool_:
            if rows.all():
                return self
            rows = np.flatnonzero(rows)  # once for all columns
        if isinstance(rows, slice):
            return Intents(**{name: column[rows] for name, column in vars(self).items()})
        return Intents(**{name: column.take(rows) for name, column in vars(self).items()})  # faster than by brackets

    def but(self, **columns: Column) -> Intents:
        """The same rows with other columns."""
        return Intents(**{**vars(self), **{name: _narrow(name, column) for name, column in columns.items()}})

    @classmethod
    def make(cls, n: int, **columns: Column | int) -> Intents:
        """``n`` rows; a column that is not given is ``NONE`` (no accident bits, approved)."""
        defaults = {"accident": 0, "status": APPROVED}
        arrays = {}
        for f in fields(cls):
            value = columns.get(f.name, defaults.get(f.name, NONE))
            whole = value if isinstance(value, np.ndarray) else np.full(n, value, dtype=_dtype(f.name))
            arrays[f.name] = _narrow(f.name, whole)
        return cls(**arrays)


def _dtype(column: str) -> type[np.signedinteger[Any]]:
    return np.int8 if column in _CODES else np.int64


def _narrow(name: str, column: Column) -> Column:
    return column.astype(_dtype(name), copy=False)


def concat(parts: list[Intents], rows: I64 | None = None) -> Intents:
    """All rows of all parts, or the chosen ones of all of them: then only one column at a time is whole in memory."""
    if len(parts) == 1:
        return parts[0] if rows is None else parts[0].take(rows)
    columns = {}
    for name in vars(parts[0]):
        column = np.concatenate([getattr(part, name) for part in parts])
        columns[name] = column if rows is None else column.take(rows)
    return Intents(**columns)


def expand(counts: npt.ArrayLike) -> tuple[I64, I64]:
    """A row for each of ``counts[k]`` things that ``k`` has: whose it is, and which of them; both of shape (sum,).

    >>> expand([2, 0, 3])
    (array([0, 0, 2, 2, 2]), array([0, 1, 0, 1, 2]))
    """
    number = np.asarray(counts, dtype=np.int64)
    whose = np.repeat(np.arange(len(number)), number)
    return whose, np.arange(len(whose)) - np.repeat(np.cumsum(number) - number, number)


@dataclass(frozen=True)
class Bank:
    """What the emitters of some units need to know: the scenario, their customers and the merchants."""

    scenario: Scenario
    units: tuple[int, ...]

    @cached_property
    def _kept(self) -> dict[Callable[[Bank], Any], Any]:
        return {}

    def kept(self, function: Callable[[Bank], T]) -> T:
        """What the function says of this bank, asked once."""
        if function not in self._kept:
            self._kept[function] = function(self)
        found: T = self._kept[function]
        return found

    @cached_property
    def traits(self) -> Traits:
        return traits(self.scenario, self.units)

    @cached_property
    def directory(self) -> Directory:
        return directory(self.scenario)

    @cached_property
    def counts(self) -> I64:
        """Customers in each of the units."""
        return np.bincount(np.searchsorted(np.asarray(self.units), self.traits.unit), minlength=len(self.units)).astype(
            np.int64
        )

    @cached_property
    def channel(self) -> I64:
        """Channel code of each category."""
        return self._codes("channel", ["card_present", "online", "app", "bank"])

    @cached_property
    def recipient(self) -> I64:
        """Recipient code of each category."""
        return self._codes("recipient", RECIPIENTS)

    @cached_property
    def instrument(self) -> I64:
        """Instrument code of each category: what is in hand when it is paid."""
        return self._codes("instrument", ["terminal", "scan", "phone", "any", "none"])

    @cached_property
    def at_counter(self) -> Bools:
        """Categories whose merchants have a place where the customer stands."""
        return (self.instrument == AT_TERMINAL) | (self.instrument == BY_SCAN)

    @cached_property
    def by_account(self) -> Bools:
        """Categories in which money goes from account to account, by hand: who is paid is written as an account."""
        return (self.channel == BANK) & (self.instrument == ANY_DEVICE)

    @cached_property
    def method(self) -> I64:
        """Method index of each category."""
        return self._codes("method", [m.name for m in self.scenario.methods])

    @cached_property
    def is_bought(self) -> Bools:
        """Categories of what merchants sell for money; points are redeemed by who is logged in, not with a card."""
        return (self.recipient == TO_MERCHANT) & ~self.tagged("points")

    @cached_property
    def is_bought_online(self) -> Bools:
        """Those of them that are paid for online."""
        return self.is_bought & (self.channel == ONLINE)

    @cached_property
    def median(self) -> F64:
        """Median amount of each category, major units."""
        return np.array([c.median for c in self.scenario.categories])

    @cached_property
    def popularity(self) -> F64:
        """Share of payments by hand that is of each category, as the scenario asks for it; a bill has one of bills."""
        shares = np.array([m.share for m in self.scenario.methods])
        return shares[self.method] * np.array([c.weight for c in self.scenario.categories])

    @cached_property
    def normal_maximum(self) -> F64:
        """Normal maximum of each category's method, major units."""
        return np.array([m.normal_maximum for m in self.scenario.methods])[self.method]

    @cached_property
    def hard_maximum(self) -> F64:
        """What each category's method refuses to exceed, major units; infinite for most."""
        return np.array([m.hard_maximum or np.inf for m in self.scenario.methods])[self.method]

    @cached_property
    def lowest(self) -> F64:
        """What nobody pays less than for things of each category, major units."""
        return np.array([c.lowest for c in self.scenario.categories])

    @cached_property
    def highest(self) -> F64:
        """What nobody pays more than for things of each category, major units; infinite for most."""
        return np.array([c.highest or np.inf for c in self.scenario.categories])

    @cached_property
    def most(self) -> F64:
        """What payments of each category are folded below: what the network carries or else what is normal by it, and
        what nobody pays more than; major units.
        """
        limited = np.isfinite(self.hard_maximum)
        return np.minimum(np.where(limited, self.hard_maximum, self.normal_maximum), self.highest)

    @cached_property
    def till_maximum(self) -> F64:
        """What large purchases of each category are kept within, major units: its method's or its own maximum."""
        return np.minimum(self.normal_maximum, self.highest)

    @cached_property
    def takes_large(self) -> Bools:
        """Categories in which nothing keeps a sum below what is normal for the method."""
        return self.highest >= self.normal_maximum

    @cached_property
    def is_listed(self) -> Bools:
        """Which categories have a list of all the prices that there are."""
        return np.array([bool(c.listed) for c in self.scenario.categories])

    def tagged(self, tag: Tag) -> Bools:
        """Which categories have the tag; read-only, since all who ask get the same."""
        if tag not in self._tagged:
            found = np.array([tag in c.tags for c in self.scenario.categories])
            found.flags.writeable = False
            self._tagged[tag] = found
        return self._tagged[tag]

    @cached_property
    def _tagged(self) -> dict[Tag, Bools]:
        return {}

    def some(self, meant: Bools, what: str) -> I64:
        """Indices of the categories meant, of which an episode or a fraud type needs at least one.

        Raises
        ------
        ScenarioError
            If the scenario has none.
        """
        if not meant.any():
            raise ScenarioError(
                f"scenario {self.scenario.name}: categories.csv: an episode or a fraud type needs {what}, and"
                " there is none; add a category, or leave that episode or type out of scenario.yaml"
            )
        return np.flatnonzero(meant)

    def _codes(self, column: str, values: list[str]) -> I64:
        return np.array([values.index(getattr(c, column)) for c in self.scenario.categories], dtype=np.int64)


def kinds(bank: Bank) -> I8:
    """What a payment of each category is called in the ledger, bills and salaries aside."""
    called = {
        TO_MERCHANT: PURCHASE,
        TO_CASH: WITHDRAWAL,
        TO_PAYOUT: WITHDRAWAL,
        FROM_SOURCE: INCOME,
        FROM_SENDER: INCOME,
    }
    return np.array([called.get(int(party), TRANSFER) for party in bank.recipient], dtype=np.int8)

"""Anomaly rules: whether an attempt is out of the ordinary for its customer, of which kind, and by how much.

Four kinds, each a rule over the customer's payments of the 54 days before the attempt and over the attempt itself; its
status and whatever came later play no part, so that past attempts can be judged as they were when they were made.

- *amount*: far more than usual: the log amount lies ``DEVIATIONS`` standard deviations above the mean.
- *temporal*: at an unusual time: few payments in that sixth of the local day.
- *geographic*: far from home, in a city where the customer has not paid.
- *behavioural*: a category that the customer has not paid for over that channel, or one of many attempts in an hour.

Thresholds are engineering priors: about one attempt in twenty of honest customers is out of the ordinary.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from fraud_assets.codes import ANOMALY_TYPES
from fraud_assets.features.arrays import F64, I64, Bool, constant, deviations, either, is_one, larger, ratio, rounded
from fraud_assets.features.distance import AWAY_METRES
from fraud_assets.features.events import Events
from fraud_assets.features.tracks import Instants

if TYPE_CHECKING:
    from fraud_assets.features.history import History

#: What an attempt is compared with: the customer's payments of so long before it.
BASELINE = "54d"
#: Payments needed before anything is out of the ordinary.
ENOUGH = 10
#: Standard deviations of the log amount, which is at least a tenth.
DEVIATIONS = 2.5
#: Parts of the local day, and the share of payments in a part, this one counted, below which it is unusual.
DAY_PARTS, RARE = 6, 0.05
#: Attempts in an hour, this one counted, that are still ordinary.
BURST = 5
#: Payments without a habit's kind of payment after which such a one is half as unusual as can be.
NOVEL = 100
#: Fixed point of severities.
SEVERITY_SCALE = 1000


@dataclass(frozen=True)
class Judged:
    """Verdicts on attempts, shape (n,) each.

    Attributes
    ----------
    is_known
        Whether there were payments enough to compare with.
    flags
        Kind -> whether the attempt is out of the ordinary.
    severity
        How far beyond the rule's limit, 0 to 1 in thousandths, the most of the kinds; 0 where nothing is.
    """

    is_known: Bool
    flags: dict[str, Bool]
    severity: I64

    def take(self, rows: I64) -> Judged:
        """Some of the verdicts."""
        flags = {kind: flag[rows] for kind, flag in self.flags.items()}
        return Judged(self.is_known[rows], flags, self.severity[rows])

    def spread(self, rows: I64, size: int) -> Judged:
        """The verdicts as those of some of more rows; on the others there is none."""

        def wide(values: Bool) -> Bool:
            out = np.zeros(size, dtype=values.dtype)
            out[rows] = values
            return out

        severity = np.zeros(size, dtype=np.int64)
        severity[rows] = self.severity
        return Judged(wide(self.is_known), {kind: wide(flag) for kind, flag in self.flags.items()}, severity)


@dataclass(frozen=True)
class Attempts(Instants):
    """What is looked at of attempts, by the names that it has in a history."""

    city: I64
    habit: I64
    day_part: I64
    log_amount: I64
    metres_from_home: I64

    @classmethod
    def of(cls, history: History, rows: I64) -> Attempts:
        """Some rows of a history, in ascending order."""
        return cls(**{field.name: getattr(history, field.name)[rows] for field in fields(cls)})


def judge(history: History, at: Attempts | History, events: Events | None = None) -> Judged:
    """The verdicts on some attempts of the history's customers.

    Parameters
    ----------
    history
        What the customers had done; rows at and after an attempt are not seen by it.
    at
        The attempts, sorted as the history, in its codes.
    events
        All of the history's rows, asked about each attempt's past, where they are at hand.
    """
    events = events or Events.of(history.timeline, at)
    payments = events.where("paid")
    n = payments.count(BASELINE)
    is_known = n >= ENOUGH
    beyond = {
        "behavioural": larger(_novelty(payments, n), _burst(events)),
        "geographic": _remoteness(history, at),
        "temporal": _oddness(payments, n),
        "amount": _excess(payments, n, at),
    }
    severity = {kind: either(is_known, beyond[kind], 0) for kind in ANOMALY_TYPES}
    flags = {kind: value > 0 for kind, value in severity.items()}
    most = reduce(larger, severity.values())
    return Judged(is_known, flags, rounded(most * SEVERITY_SCALE))


# Each of the following is 0 where the rule does not hold, and rises towards 1 beyond its limit.


def _novelty(payments: Events, n: I64) -> F64:
    return either(payments.alike("habit").is_none(BASELINE), n / (n + NOVEL), 0)


def _burst(events: Events) -> F64:
    return larger(1 - BURST / (events.where("debit").count("1h") + 1), 0)


def _remoteness(history: History, at: Attempts | History) -> F64:
    is_far = (at.metres_from_home > AWAY_METRES) & (at.city >= 0)
    if is_one(is_far):
        return _strangeness(history, at) if is_far else constant(at.time, 0)
    out, far = np.zeros(len(at.time)), np.flatnonzero(is_far)  # few
    if len(far):
        out[far] = _strangeness(history, at, far)
    return out


def _strangeness(history: History, at: Attempts | History, rows: I64 | tuple[()] = ()) -> F64:
    """The remoteness of some attempts, all of them far from home."""
    payments = Events.of(history.timeline, Instants(at.group[rows], at.time[rows])).where("paid")
    # Payments without a city are like none; left out, they are the events that families ask about cities, too.
    is_new = payments.where("has_city").alike("city", at.city[rows]).is_none(BASELINE)
    return either(is_new, 1 - AWAY_METRES / at.metres_from_home[rows], 0)


def _oddness(payments: Events, n: I64) -> F64:
    share = (payments.own("day_part", DAY_PARTS, BASELINE) + 1) / (n + 1)
    return larger(1 - share / RARE, 0)


def _excess(payments: Events, n: I64, at: Attempts | History) -> F64:
    mean = ratio(payments.sum("log_amount", BASELINE), n)
    variance = ratio(payments.sum("log_square", BASELINE), n) - mean * mean
    return 1 - DEVIATIONS / np.fmax(deviations(at.log_amount, mean, variance), DEVIATIONS)

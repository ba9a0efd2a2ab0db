"""How a payment ends: approved, declined for a reason, or pending."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.intents import (
    APPROVED,
    BY_ITSELF,
    DECLINED,
    DO_NOT_HONOR,
    EXPIRED_CARD,
    I8,
    INSUFFICIENT_FUNDS,
    LIMIT_EXCEEDED,
    NONE,
    ONLINE,
    PENDING,
    TECHNICAL,
    WRONG_CREDENTIALS,
    Bank,
)
from fraud_assets.simulation.streams import F64, I64

_REASONS = np.array(
    [INSUFFICIENT_FUNDS, DO_NOT_HONOR, WRONG_CREDENTIALS, LIMIT_EXCEEDED, EXPIRED_CARD, TECHNICAL], dtype=np.int64
)
#: Half of online declines are for insufficient funds [S]; the rest [P].
_REASON_SHARES = np.cumsum([0.50, 0.22, 0.12, 0.06, 0.04])


def outcomes(bank: Bank, who: I64, category: I64, cents: I64, place: I64, u: F64) -> tuple[I8, I8]:
    """Status and decline reason; declines grow with distance, amount and a thin purse."""
    n = len(who)
    decline = np.array([m.decline for m in bank.scenario.methods])[bank.method]
    decline = np.where(bank.instrument == BY_ITSELF, 0.0, decline)
    pending = np.array([m.pending for m in bank.scenario.methods])[bank.method]
    some = np.flatnonzero(u < (2.87 * decline + pending)[category])  # it fails no more often than that
    who, category, cents, u = who[some], category[some], cents[some], u[some]
    far = place[some] != bank.traits.city[who]
    large = cents > 25 * bank.normal_maximum[category]  # a quarter of the maximum, in cents
    thin = bank.traits.amount_factor[who] < 0.8
    p = np.minimum(decline[category] * (0.92 + 0.6 * far + 0.9 * large + 0.35 * thin), 0.9)
    status = np.full(n, APPROVED, dtype=np.int8)
    status[some] = np.where(u < p, DECLINED, np.where(u < p + pending[category], PENDING, APPROVED))
    reason = np.full(n, NONE, dtype=np.int8)
    fails = np.flatnonzero(u < p)
    why = _REASONS[np.searchsorted(_REASON_SHARES, np.minimum(u[fails] / p[fails], 0.999999))]
    # Accounts do not expire; nor does a card in the hand: the old one is on file with an online shop.
    why[(why == EXPIRED_CARD) & (bank.channel[category[fails]] != ONLINE)] = TECHNICAL
    reason[some[fails]] = why
    return status, reason

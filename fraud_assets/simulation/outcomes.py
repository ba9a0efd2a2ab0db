"""How a payment ends: approved, declined for a reason, or pending."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.calendar import month_place
from fraud_assets.simulation.intents import (
    APPROVED,
    BY_ITSELF,
    CVV_MISMATCH,
    DECLINED,
    DO_NOT_HONOR,
    EXPIRED_CARD,
    I8,
    INSUFFICIENT_FUNDS,
    LIMIT_EXCEEDED,
    NONE,
    PENDING,
    SUSPECTED_FRAUD,
    TECHNICAL,
    WRONG_CREDENTIALS,
    WRONG_PIN,
    Bank,
)
from fraud_assets.simulation.recurring import paid_twice
from fraud_assets.simulation.streams import F64, I64

#: Why payments fail, by channel: at a counter (a PIN is asked for), online (the number on the back; a card that has
#: expired is still on file), by app and from the account (a password). Half of online declines are for insufficient
#: funds [S]; the rest [P].
_REASONS = np.array(
    [
        INSUFFICIENT_FUNDS, DO_NOT_HONOR, WRONG_PIN, CVV_MISMATCH, WRONG_CREDENTIALS, LIMIT_EXCEEDED, EXPIRED_CARD,
        SUSPECTED_FRAUD, TECHNICAL,
    ]
)  # fmt: skip
_SHARES = np.array(
    [
        [0.43, 0.18, 0.19, 0.00, 0.00, 0.06, 0.00, 0.04, 0.10],
        [0.50, 0.15, 0.00, 0.12, 0.00, 0.05, 0.05, 0.07, 0.06],
        [0.47, 0.10, 0.00, 0.00, 0.17, 0.10, 0.00, 0.05, 0.11],
        [0.48, 0.04, 0.00, 0.00, 0.15, 0.15, 0.00, 0.05, 0.13],
    ]
)
_MONEY, _LIMIT, _SUSPECTED = 0, 5, 7
#: How much money is missing on payday, and how much more a moment before the next one; mean 1 [P].
_ON_PAYDAY, _MORE_LATER = 0.6, 0.8
#: Declines grow with distance, amount and a thin purse [P]; all of it, on the day before payday, is the factor below.
_BASE, _FAR, _LARGE, _THIN = 0.92, 0.6, 0.9, 0.35
_WORST = (_BASE + _FAR + _LARGE + _THIN) * (1 + 0.5 * (_ON_PAYDAY + _MORE_LATER - 1))


def outcomes(bank: Bank, who: I64, category: I64, cents: I64, place: I64, day: I64, u: F64) -> tuple[I8, I8]:
    """Status and decline reason.

    Declines grow with distance, amount, a thin purse and the days since payday; far away and for large sums more of
    them are a suspicion.

    Parameters
    ----------
    day
        Local day since 1970, shape (n,), as all others; an UTC day will do.
    u
        Uniform draws.
    """
    n = len(who)
    decline = np.array([m.decline for m in bank.scenario.methods])[bank.method]
    decline = np.where(bank.instrument == BY_ITSELF, 0.0, decline)
    pending = np.array([m.pending for m in bank.scenario.methods])[bank.method]
    some = np.flatnonzero(u < (_WORST * decline + pending)[category])  # it fails no more often than that
    who, category, cents, u = who[some], category[some], cents[some], u[some]
    far = place[some] != bank.traits.city[who]
    large = cents > 25 * bank.normal_maximum[category]  # a quarter of the maximum, in cents
    thin = bank.traits.amount_factor[who] < 0.8
    money = _ON_PAYDAY + _MORE_LATER * _since_payday(bank, who, day[some])
    short = _SHARES[bank.channel[category], _MONEY] * (money - 1)
    p = np.minimum(decline[category] * (_BASE + _FAR * far + _LARGE * large + _THIN * thin) * (1 + short), 0.9)
    status = np.full(n, APPROVED, dtype=np.int8)
    status[some] = np.where(u < p, DECLINED, np.where(u < p + pending[category], PENDING, APPROVED))
    reason = np.full(n, NONE, dtype=np.int8)
    fails = np.flatnonzero(u < p)
    weight = _SHARES[bank.channel[category[fails]]]
    weight[:, _MONEY] *= money[fails] * np.where(thin[fails], 1.3, 0.9)
    weight[:, _LIMIT] *= np.where(large[fails], 3.0, 0.6)
    weight[:, _SUSPECTED] *= 0.6 + 1.6 * far[fails] + 1.2 * large[fails]
    passed = np.cumsum(weight, axis=1)
    why = (passed <= (u[fails] / p[fails] * passed[:, -1])[:, None]).sum(axis=1)
    reason[some[fails]] = _REASONS[np.minimum(why, len(_REASONS) - 1)]
    return status, reason


def _since_payday(bank: Bank, who: I64, day: I64) -> F64:
    """How much of the time from one payday to the next is over, 0 to 1."""
    day_of_month, length = month_place(day)
    since = (day_of_month - np.minimum(bank.traits.payday[who], length)) % length
    half = bank.kept(paid_twice)[who]
    return np.minimum(np.where(half, since % 15 / 15, since / length), 1.0)

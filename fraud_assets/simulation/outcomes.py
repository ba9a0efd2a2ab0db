"""How a payment ends: approved, declined for a reason, or pending."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from fraud_assets.scenario import Scenario
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
    [  # the last line is of points, of which nobody has too few: a balance is shown, and no more can be asked for
        [0.43, 0.18, 0.19, 0.00, 0.00, 0.06, 0.00, 0.04, 0.10],
        [0.50, 0.15, 0.00, 0.12, 0.00, 0.05, 0.05, 0.07, 0.06],
        [0.47, 0.10, 0.00, 0.00, 0.17, 0.10, 0.00, 0.05, 0.11],
        [0.48, 0.04, 0.00, 0.00, 0.15, 0.15, 0.00, 0.05, 0.13],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.32, 0.00, 0.23, 0.45],
    ]
)
_MONEY, _LIMIT, _SUSPECTED = 0, 5, 7
#: A declined payment is tried again with this probability, and again, at most three times; the share of tries that fail
#: as well [P].
TRIES, DECLINED_AGAIN = (0.50, 0.35, 0.25), 0.55
#: How much money is missing on payday, and how much more a moment before the next one; mean 1 [P].
_ON_PAYDAY, _MORE_LATER = 0.6, 0.8
#: Declines grow with distance, amount and a thin purse [P]: a twentieth of payments are far away, an eighth from thin
#: purses, so that with them and without large amounts the mean is 1. All of it, on the day before payday, is the worst.
_BASE, _FAR, _LARGE, _THIN = 0.93, 0.6, 0.9, 0.35
_WORST = (_BASE + _FAR + _LARGE + _THIN) * (1 + 0.5 * (_ON_PAYDAY + _MORE_LATER - 1))
#: What is large, as a share of a method's normal maximum, and a thin purse: the income's factor on amounts [P].
_LARGE_FROM, _THIN_BELOW = 0.25, 0.8
#: Customers differ by about this much in what they pay for the same things (standard deviation of the logarithm).
_CUSTOMERS = 0.4


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
    decline = np.where(bank.instrument == BY_ITSELF, 0.0, _first_declines(bank.scenario))
    pending = np.array([m.pending for m in bank.scenario.methods])[bank.method]
    some = np.flatnonzero(u < (_WORST * decline + pending)[category])  # it fails no more often than that
    who, category, cents, u = who[some], category[some], cents[some], u[some]
    far = place[some] != bank.traits.city[who]
    large = cents > 100 * _LARGE_FROM * bank.normal_maximum[category]
    brackets = np.array([b.amount_factor for b in bank.scenario.population.income_brackets])
    thin = (brackets < _THIN_BELOW)[bank.traits.bracket[who]]
    money = _ON_PAYDAY + _MORE_LATER * _since_payday(bank, who, day[some])
    way = np.where(bank.tagged("points"), len(_SHARES) - 1, bank.channel)[category]
    short = _SHARES[way, _MONEY] * (money - 1)
    p = np.minimum(decline[category] * (_BASE + _FAR * far + _LARGE * large + _THIN * thin) * (1 + short), 0.9)
    status = np.full(n, APPROVED, dtype=np.int8)
    status[some] = np.where(u < p, DECLINED, np.where(u < p + pending[category], PENDING, APPROVED))
    reason = np.full(n, NONE, dtype=np.int8)
    fails = np.flatnonzero(u < p)
    weight = _SHARES[way[fails]]
    weight[:, _MONEY] *= money[fails] * np.where(thin[fails], 1.3, 0.9)
    weight[:, _LIMIT] *= np.where(large[fails], 3.0, 0.6)
    weight[:, _SUSPECTED] *= 0.6 + 1.6 * far[fails] + 1.2 * large[fails]
    passed = np.cumsum(weight, axis=1)
    why = (passed <= (u[fails] / p[fails] * passed[:, -1])[:, None]).sum(axis=1)
    reason[some[fails]] = _REASONS[np.minimum(why, len(_REASONS) - 1)]
    return status, reason


@lru_cache(maxsize=8)
def _first_declines(scenario: Scenario) -> F64:
    """How often first tries fail, by category, so that of all tries those fail that the scenario asks for.

    A decline brings further tries, of which many fail; and large amounts, which are common in some categories, fail
    more often.
    """
    decline, ceiling = (
        np.array([getattr(m, name) for m in scenario.methods]) for name in ("decline", "normal_maximum")
    )
    names = [m.name for m in scenario.methods]
    method = np.array([names.index(c.method) for c in scenario.categories])
    further = np.cumprod(TRIES) * DECLINED_AGAIN ** np.arange(len(TRIES))  # tries after a decline, by their number
    asked = decline[method]
    first = asked / (1 + further.sum() * (DECLINED_AGAIN - asked))
    median = np.array([c.median for c in scenario.categories])
    spread = np.sqrt(2 * np.log(np.array([c.mean for c in scenario.categories]) / median) + _CUSTOMERS**2)
    large = ndtr(np.log(median / (_LARGE_FROM * ceiling[method])) / spread)
    return np.asarray(first / (1 + _LARGE * large))


def _since_payday(bank: Bank, who: I64, day: I64) -> F64:
    """How much of the time from one payday to the next is over, 0 to 1."""
    day_of_month, length = month_place(day)
    since = (day_of_month - np.minimum(bank.traits.payday[who], length)) % length
    half = bank.kept(paid_twice)[who]
    return np.minimum(np.where(half, since % 15 / 15, since / length), 1.0)

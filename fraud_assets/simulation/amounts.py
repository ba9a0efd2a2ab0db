"""Amounts: a skewed draw a category, a taste a customer, and the price points on which people and shops land."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fraud_assets.simulation.intents import TO_BILLER, Bank
from fraud_assets.simulation.streams import F64, I64, normals

#: Share of the log-variance that is the customer's own taste in a category [P].
_TASTE = 0.25
#: Categories of at least this mean have big tickets: nobody buys a car at the coffee shop [P].
_DEAR = 55.0
_STYLES = ["cents", "tens", "nines", "round", "exact"]
_, _TENS, _NINES, _ROUND, _ = range(5)


def taste(bank: Bank) -> F64:
    """Each customer's standing taste in each category; standard normal, shape (customers, categories)."""
    width = len(bank.scenario.categories)
    draws = normals(bank.scenario.seed, "amount.taste", [(0, unit) for unit in bank.units], bank.counts * width)
    return draws.reshape(-1, width)


def amounts(bank: Bank, who: I64, category: I64, z: F64, u: F64, habit: F64) -> I64:
    """Amounts in cents.

    Lognormal with ``mu = ln(median)`` and ``sigma = sqrt(2 ln(mean / median))``, scaled by income and cost of living,
    folded below the method's normal maximum (a share ``big_ticket_share`` reaches to several times it), then rounded to
    the category's price points.

    Parameters
    ----------
    who, category
        Position of the customer, index of the category; shape (n,).
    z, u
        A standard normal and a uniform draw a row.
    habit
        :func:`taste`.
    """
    kinds = bank.scenario.categories
    median = np.array([c.median for c in kinds])
    sigma = np.sqrt(2 * np.log(np.array([c.mean for c in kinds]) / median))
    draw = np.sqrt(_TASTE) * habit[who, category] + np.sqrt(1 - _TASTE) * z
    value = median[category] * np.exp(sigma[category] * draw) * bank.traits.amount_factor[who]

    ceiling = bank.normal_maximum[category]
    dear, share = _dear(bank)
    big = dear[category] & (u < share)
    over = (value > ceiling) & ~big
    value = np.where(over, ceiling * (0.45 + 0.5 * u), value)
    # The honest tail (a car, a wedding, tuition) reaches further than slips of the finger do.
    value[big] = ceiling[big] * np.exp(0.1 + 1.8 * u[big] / share)
    return price_points(bank, category, value, u)


def _dear(bank: Bank) -> tuple[npt.NDArray[np.bool_], float]:
    """Categories in which a big ticket makes sense, and its share there, so that overall it is ``big_ticket_share``."""
    kinds = bank.scenario.categories
    dear = np.array([c.mean >= _DEAR for c in kinds])
    use = np.array([m.share for m in bank.scenario.methods])[bank.method] * np.array([c.weight for c in kinds])
    use = use * (bank.recipient != TO_BILLER)
    return dear, min(0.2, bank.scenario.activity.big_ticket_share * float(use.sum() / max(use[dear].sum(), 1e-9)))


def price_points(bank: Bank, category: I64, value: F64, u: F64) -> I64:
    """Values rounded to where prices of their category lie, in cents, at least 50."""
    style = np.array([_STYLES.index(c.price_style) for c in bank.scenario.categories])[category]
    cents = np.rint(value * 100).astype(np.int64)

    # ``u`` also decides the tail above; its finer digits are used here, so that the two do not go together.
    tens = np.flatnonzero((style == _TENS) & (value >= 5))
    tens = tens[_finer(u[tens]) < 0.55]
    cents[tens] = np.maximum(1, np.rint(value[tens] / 10)).astype(np.int64) * 1000

    nines = np.flatnonzero(style == _NINES)
    fine = _finer(u[nines])
    ending = np.select([fine < 0.62, fine < 0.72, fine < 0.80], [99, 95, 49], cents[nines] % 100)
    cents[nines] = cents[nines] // 100 * 100 + ending

    whole = np.flatnonzero(style == _ROUND)
    whole = whole[_finer(u[whole]) < 0.86]
    part = value[whole]
    step = np.select([part < 20, part < 60, part < 250, part < 1500], [1.0, 5.0, 10.0, 50.0], 100.0)
    cents[whole] = np.rint(np.maximum(1, np.rint(part / step)) * step * 100).astype(np.int64)
    return np.maximum(cents, 50)


def _finer(u: F64) -> F64:
    return (u * 4096) % 1.0

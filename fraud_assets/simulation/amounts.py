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


def taste(bank: Bank) -> F64:
    """Each customer's standing taste in each category; standard normal, shape (customers, categories)."""
    width = len(bank.scenario.categories)
    draws = normals(bank.scenario.seed, "amount.taste", 0, bank.units, bank.counts * width)
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
    fine = (u * 4096) % 1.0

    tens = (style == 1) & (fine < 0.55) & (value >= 5)
    cents = np.where(tens, np.maximum(1, np.rint(value / 10)).astype(np.int64) * 1000, cents)

    whole = np.floor(value).astype(np.int64) * 100
    nines = style == 2
    cents = np.where(nines & (fine < 0.62), whole + 99, cents)
    cents = np.where(nines & (fine >= 0.62) & (fine < 0.72), whole + 95, cents)
    cents = np.where(nines & (fine >= 0.72) & (fine < 0.80), whole + 49, cents)

    step = np.select([value < 20, value < 60, value < 250, value < 1500], [1.0, 5.0, 10.0, 50.0], 100.0)
    rounded = np.maximum(1, np.rint(value / step)) * step
    cents = np.where((style == 3) & (fine < 0.86), np.rint(rounded * 100).astype(np.int64), cents)
    return np.maximum(cents, 50)

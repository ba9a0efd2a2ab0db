"""Amounts: a skewed draw a category, a taste a customer, and the price points on which people and shops land."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation import kyc
from fraud_assets.simulation.intents import TO_BILLER, Bank
from fraud_assets.simulation.prices import not_below, of_list
from fraud_assets.simulation.streams import F64, I64, Bools, finer, normals, step

#: Share of the log-variance that is the customer's own taste in a category [P].
_TASTE = 0.25
#: The draw that all payments at a usual price share; any will do that is no big ticket.
_USUAL = 0.7123
#: From this on, nothing is so cheap that its price ends in hundredths.
_WHOLE_CHARM = 10
_STYLES = ["cents", "tens", "nines", "round", "exact", "notes"]
_, _TENS, _NINES, _ROUND, _, _NOTES = range(6)


def taste(bank: Bank) -> F64:
    """Each customer's standing taste in each category; standard normal, shape (customers, categories)."""
    return bank.kept(_taste)


def _taste(bank: Bank) -> F64:
    width = len(bank.scenario.categories)
    draws = normals(bank.scenario.seed, "amount.taste", [(0, unit) for unit in bank.units], bank.counts * width)
    return draws.reshape(-1, width)


def _usual(bank: Bank) -> F64:
    """The middle of what each customer pays in each category, major units: ten rows or so ask for each of them."""
    return bank.median * np.exp(np.sqrt(_TASTE) * _sigma(bank) * taste(bank)) * bank.traits.amount_factor[:, None]


def _sigma(bank: Bank) -> F64:
    """Standard deviation of the logarithm of each category's amounts."""
    kinds = bank.scenario.categories
    return np.sqrt(2 * np.log(np.array([c.mean / c.median for c in kinds])))


def amounts(bank: Bank, who: I64, category: I64, z: F64, u: F64) -> I64:
    """Amounts in cents.

    Lognormal with ``mu = ln(median)`` and ``sigma = sqrt(2 ln(mean / median))``, scaled by income and cost of living,
    pressed together where they are much of the customer's income, folded below the method's hard maximum or, where the
    network has none, its normal one (a share ``big_ticket_share`` reaches to several times that), then rounded to the
    category's price points.

    Parameters
    ----------
    who, category
        Position of the customer, index of the category; shape (n,).
    z, u
        A standard normal and a uniform draw a row.
    """
    spread = (np.sqrt(1 - _TASTE) * _sigma(bank))[category] * z
    if (share := bank.scenario.activity.usual_price_share) > 0:
        # The same thing again: what the customer always has, at its price.
        again = np.flatnonzero(bank.tagged("usual")[category] & (finer(u, 512) < share))
        spread[again] = 0.0
        u = u.copy()
        u[again] = _USUAL
    value = np.exp(spread) * bank.kept(_usual).ravel()[who * len(bank.scenario.categories) + category]

    limited = np.isfinite(bank.hard_maximum)
    ceiling = bank.most[category]
    allowed = kyc.limits(bank.scenario)
    if np.isfinite(allowed).any():
        ceiling = np.minimum(ceiling, allowed[bank.traits.kyc_level[who]])
    dear, share = _dear(bank, ~limited)
    big = dear[category] & (u < share)
    if bank.scenario.activity.much_of_income is not None:
        value = np.where(big, value, within_income(bank, who, value))
    over = np.flatnonzero((value > ceiling) & ~big)
    value[over] = ceiling[over] * (0.45 + 0.5 * u[over])
    # The honest tail (a car, a wedding, tuition) reaches further than slips of the finger do.
    value[big] = ceiling[big] * np.exp(0.1 + 1.8 * u[big] / share)
    if bank.lowest.any():
        value = not_below(bank, category, value, u)
    return price_points(bank, category, value, u)


def within_income(bank: Bank, who: I64, value: F64) -> F64:
    """Values, major units, pressed together where they are much of the customer's income (``much_of_income``)."""
    if (much := bank.scenario.activity.much_of_income) is None:
        return value
    purse = (much / 12 * bank.traits.annual_income)[who]
    return np.where(value > purse, purse * np.cbrt(value / purse), value)


def _dear(bank: Bank, allowed: Bools) -> tuple[Bools, float]:
    """Categories in which a big ticket makes sense, and its share there, so that overall it is ``big_ticket_share``."""
    kinds = bank.scenario.categories
    dear = np.array([c.mean >= bank.scenario.prices.big_tickets_from for c in kinds]) & allowed
    use = bank.popularity * (bank.recipient != TO_BILLER)
    return dear, min(0.2, bank.scenario.activity.big_ticket_share * float(use.sum() / max(use[dear].sum(), 1e-9)))


def price_points(bank: Bank, category: I64, value: F64, u: F64) -> I64:
    """Values rounded to where prices of their category lie, in cents."""
    prices = bank.scenario.prices
    style = np.array([_STYLES.index(c.price_style) for c in bank.scenario.categories])[category]
    cents = np.rint(value * 100).astype(np.int64)
    if prices.whole > 0:
        plain = np.flatnonzero(finer(u, 64) < prices.whole)
        cents[plain] = np.rint(value[plain]).astype(np.int64) * 100

    # ``u`` also decides the tail above; its finer digits are used here, so that the two do not go together.
    tens = np.flatnonzero((style == _TENS) & (value >= 5))
    tens = tens.compress(finer(u[tens]) < 0.55)
    cents[tens] = np.maximum(1, np.rint(value[tens] / 10)).astype(np.int64) * 1000

    nines = np.flatnonzero(style == _NINES)
    fine = finer(u[nines])
    # What costs less than 99 ends in 9, in the same proportion; where people round to whole units, in whole ones.
    charm = np.rint(np.where(value[nines] < prices.charm, prices.charm * 10, prices.charm * 100)).astype(np.int64)
    ending = np.array([99, 95, 49, -1])[step((0.62, 0.72, 0.80), fine)] * charm // 100
    if prices.charm >= _WHOLE_CHARM:
        ending = np.where(ending > 0, ending // 100 * 100, ending)
    cents[nines] = np.where(ending < 0, cents[nines], cents[nines] // charm * charm + ending)

    whole = np.flatnonzero(style == _ROUND)
    whole = whole.compress(finer(u[whole]) < 0.86)
    cents[whole] = in_steps(value[whole], prices.round_steps)
    cash = np.flatnonzero(style == _NOTES)
    cents[cash] = in_steps(value[cash], prices.cash_steps)
    np.maximum(cents, round(prices.smallest * 100), out=cents)
    if bank.is_listed.any():
        rows = np.flatnonzero(bank.is_listed[category])
        for k in np.flatnonzero(bank.is_listed):
            own = rows[category[rows] == k]
            cents[own] = of_list(bank.scenario, int(k), value[own])
    return np.minimum(cents, _most_cents(bank)[category], out=cents)


def in_steps(value: F64, steps: dict[float, float]) -> I64:
    """Values in cents, rounded to multiples (at least one) of the step of their size."""
    size = np.array(list(steps.values()))[step(list(steps), value) - 1]
    return np.rint(np.maximum(1, np.rint(value / size)) * size * 100).astype(np.int64)


def _most_cents(bank: Bank) -> I64:
    """What each category's network carries at most, in cents."""
    return np.minimum(bank.hard_maximum * 100, 2.0**62).astype(np.int64)

"""What befalls payments: slips of the finger, bursts, wrong recipients, false reports, and paying once more."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.intents import (
    APPROVED,
    BURST,
    FALSE_REPORT,
    HIGH_AMOUNT,
    I8,
    INCOME,
    MISTYPED,
    REPEATED,
    TO_BILLER,
    TO_CASH,
    TO_MERCHANT,
    TO_PERSON,
    Bank,
    kinds,
)
from fraud_assets.simulation.streams import F64, I64, Bools

#: What may befall a payment; at most one of these.
_NOTHING, _HIGH, _BURST, _MISTYPED, _FALSE, _AGAIN = range(6)
BITS = np.array([0, HIGH_AMOUNT, BURST, MISTYPED, FALSE_REPORT, REPEATED], dtype=np.int8)


def fates(bank: Bank, who: I64, category: I64, is_new: Bools, status: I8, u: F64) -> I8:
    """What befalls each payment that went through: by one draw, so at most one thing."""
    settings, traits, false = bank.scenario.accidents, bank.traits, bank.scenario.fraud.false_report
    slips = bank.kept(_slips)
    clumsy = u < (slips.max() * traits.p_high + traits.p_burst + traits.p_mistyped + false)[who]  # which few rows are
    some = np.flatnonzero(clumsy & (status == APPROVED))
    # The other end of the draw: who is clumsy is not the one who pays again.
    again = np.flatnonzero((u >= 1 - repeat_shares(bank).sum(axis=0)[category]) & ~clumsy & (status == APPROVED))
    u, person = u[some], who[some]
    typed = np.where(is_new[some], settings.typed_new_payee, settings.typed_known_payee)
    typed *= (bank.recipient == TO_PERSON)[category[some]]
    # A cash machine offers sums and pays out once; what arrives is not keyed in here.
    keyed_in = ((bank.recipient != TO_CASH) & (kinds(bank) != INCOME))[category[some]]
    high = traits.p_high[person] * keyed_in * slips[category[some]]
    burst = high + traits.p_burst[person] * keyed_in
    mistyped = burst + typed * traits.p_mistyped[person]
    fate = np.full(len(who), _NOTHING, dtype=np.int8)
    fate[again] = _AGAIN
    fate[some] = np.select(
        [u < high, u < burst, u < mistyped, u < mistyped + false], [_HIGH, _BURST, _MISTYPED, _FALSE], _NOTHING
    )
    return fate


def _slips(bank: Bank) -> F64:
    """How much more often than on average sums are mistyped as far too high ones, by category.

    Never where no till takes such a sum, or where nobody keys in what it costs (a fare), so that overall it is as often
    as the customers' probabilities say.
    """
    least = bank.scenario.accidents.high_amount_factor[0] * bank.normal_maximum
    takes = (bank.highest >= np.minimum(least, bank.hard_maximum)) & ~bank.tagged("fares")
    use = bank.popularity * ((bank.recipient != TO_CASH) & (bank.recipient != TO_BILLER) & (kinds(bank) != INCOME))
    taken = float(use[takes].sum())
    if taken == 0:
        return np.ones(len(use))
    return np.where(takes, float(use.sum()) / taken, 0.0)


def repeat_shares(bank: Bank) -> F64:
    """How often payments of each category are repeated, by each of the scenario's ways; shape (ways, categories)."""
    ways = bank.scenario.activity.repeats
    shop = bank.recipient == TO_MERCHANT
    shares = [way.share * (shop if way.tag is None else bank.tagged(way.tag)) for way in ways]
    return np.array(shares).reshape(len(ways), len(shop))

"""Honest errors: payments that fire several times, amounts far too high, recipients mistyped.

Not fraud, and a class of their own in the truth. Every customer has a probability of its own for each kind. What
follows (the reversal of a burst, the correction of an amount, the bounce of an unknown account) comes with it.
"""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.echoes import reversals
from fraud_assets.simulation.intents import (
    BURST,
    DECLINED,
    HIGH_AMOUNT,
    INVALID_ACCOUNT,
    MISTYPED,
    REFUND,
    SECOND,
    Bank,
    Intents,
    concat,
)
from fraud_assets.simulation.recipients import one_digit_off
from fraud_assets.simulation.streams import I64, hashed_uniforms, ids

#: Substituted 60-95 %, transposed 10-20 %, left out or added 10-20 % of typing errors [S, Verhoeff 1969].
_SUBSTITUTED, _TRANSPOSED, _LEFT_OUT = 0.74, 0.88, 0.94


def accidents(bank: Bank, rows: Intents) -> tuple[Intents, Intents]:
    """Payments with the accidents that they are marked for carried out, and the rows that follow from these."""
    rows, corrections = _high_amounts(bank, rows, np.flatnonzero(rows.accident == HIGH_AMOUNT))
    rows, bounces = _mistyped(bank, rows, np.flatnonzero(rows.accident == MISTYPED))
    first = rows.accident == BURST
    bursts = _bursts(bank, rows.take(np.flatnonzero(first)))
    return rows.but(accident=np.where(first, 0, rows.accident)), concat([corrections, bounces, bursts])


def _high_amounts(bank: Bank, rows: Intents, hit: I64) -> tuple[Intents, Intents]:
    """Amounts of 2.5-4 times the method's normal maximum, or a decimal point slipped by one or two places."""
    settings = bank.scenario.accidents
    number = rows.transaction_id[hit]
    u = hashed_uniforms(bank.scenario.seed, "accident.high.size", number)
    slip = hashed_uniforms(bank.scenario.seed, "accident.high.slip", number) < settings.decimal_slip
    ceiling = bank.normal_maximum[rows.category[hit]] * 100
    low, high = settings.high_amount_factor
    far = np.rint(ceiling * (low + (high - low) * u)).astype(np.int64)
    old = rows.cents[hit]
    for scale in (100, 10):  # a slip counts only where it carries the amount out of the ordinary
        slipped = old * scale
        fits = slip & (slipped >= ceiling) & (slipped <= ceiling * 2 * high)
        far = np.where(fits, slipped, far)
    cents = rows.cents.copy()
    cents[hit] = np.minimum(far, 100 * bank.hard_maximum[rows.category[hit]])
    changed = rows.but(cents=cents)
    noticed = hit[hashed_uniforms(bank.scenario.seed, "accident.high.noticed", number) < settings.high_amount_corrected]
    return changed, reversals(bank, changed.take(noticed), 24, 120, REFUND)


def _mistyped(bank: Bank, rows: Intents, hit: I64) -> tuple[Intents, Intents]:
    """Account numbers typed wrong; most hit nobody and bounce, at once or within two days."""
    settings = bank.scenario.accidents
    seed = bank.scenario.seed
    number = rows.transaction_id[hit]
    meant = rows.payee[hit]
    payee, intended = rows.payee.copy(), rows.intended.copy()
    kind, digit = hashed_uniforms(seed, "accident.kind", number), hashed_uniforms(seed, "accident.digit", number)
    payee[hit] = mistype(meant, kind, digit)
    intended[hit] = meant
    fate = hashed_uniforms(seed, "accident.fate", number)
    status, reason = rows.status.copy(), rows.reason.copy()
    at_once = hit[fate < settings.mistyped_bounces * 0.5]
    status[at_once] = DECLINED
    reason[at_once] = INVALID_ACCOUNT
    changed = rows.but(payee=payee, intended=intended, status=status, reason=reason)
    later = hit[(fate >= settings.mistyped_bounces * 0.5) & (fate < settings.mistyped_bounces)]
    return changed, reversals(bank, changed.take(later), 1, 48)


def mistype(meant: I64, kind: np.ndarray, digit: np.ndarray) -> I64:
    """Ten-digit account numbers with one typing error; an omitted digit leaves nine, an added one makes eleven."""
    substituted = one_digit_off(meant, digit)
    position = 1 + (digit * 8).astype(np.int64)  # of the left one of two neighbours, counted from the left
    scale = 10 ** (8 - position)
    left, right = meant // (scale * 10) % 10, meant // scale % 10
    transposed = meant + (right - left) * scale * 10 + (left - right) * scale
    transposed = np.where(left == right, substituted, transposed)
    cut = 10 ** (9 - position)
    left_out = meant // (cut * 10) * cut + meant % cut
    added = meant // cut * (cut * 10) + (meant // cut % 10) * cut + meant % cut  # a digit struck twice
    return np.select(
        [kind < _SUBSTITUTED, kind < _TRANSPOSED, kind < _LEFT_OUT], [substituted, transposed, left_out], added
    )


def _bursts(bank: Bank, base: Intents) -> Intents:
    """One to three further payments within seconds: the same amount again, or parts of it; most are reversed."""
    settings = bank.scenario.accidents
    seed = bank.scenario.seed
    count = 1 + (hashed_uniforms(seed, "burst.count", base.transaction_id) * 3).astype(np.int64)
    rows = base.take(np.repeat(np.arange(len(base)), count))
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    low, high = settings.burst_seconds
    u = hashed_uniforms(seed, "burst.wait", rows.transaction_id, nth)
    # Steps share the burst's seconds, so that the last row, too, comes within the limit; they are whole milliseconds,
    # since a sum of fractions would depend on the rows before.
    step = ((low + (high - low) * u) * 1000 / np.repeat(count, count)).astype(np.int64)
    wait = np.cumsum(step)
    wait -= np.repeat((wait - step)[np.cumsum(count) - count], count)
    same = hashed_uniforms(seed, "burst.same", rows.transaction_id) < settings.burst_same_amount
    part = 0.15 + 0.5 * hashed_uniforms(seed, "burst.part", rows.transaction_id, nth)
    extra = rows.but(
        transaction_id=ids(seed, "burst", rows.transaction_id, nth),
        event_us=rows.event_us + np.maximum(wait, 1000) * (SECOND // 1000),
        cents=np.where(same, rows.cents, np.maximum(50, (rows.cents * part).astype(np.int64))),
        accident=np.full(len(rows), BURST),
    )
    back = hashed_uniforms(seed, "burst.reversed", rows.transaction_id) < settings.burst_reversed
    return concat([extra, reversals(bank, extra.take(back), 0.1, 72)])

"""What follows from an honest payment: another try after a decline, the same shop again, a small check of a new card
on file, a refund.

Every echo comes within ``blocks.TAIL_DAYS`` of its payment and belongs to the payment's block. Its draws are keyed by
the payment's number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.fates import repeat_shares
from fraud_assets.simulation.intents import (
    APPROVED,
    CARD_PRESENT,
    CVV_MISMATCH,
    DAY,
    DECLINED,
    EXPIRED_CARD,
    HOUR,
    INSUFFICIENT_FUNDS,
    INVALID_ACCOUNT,
    MINUTE,
    MISTYPED,
    NONE,
    ONLINE,
    REFUND,
    REPEATED,
    REVERSAL,
    SECOND,
    TECHNICAL,
    TO_MERCHANT,
    Bank,
    Intents,
    concat,
    expand,
)
from fraud_assets.simulation.outcomes import DECLINED_AGAIN, TRIES
from fraud_assets.simulation.spending import Spending
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms, ids

#: Repetitions that fail for want of money [P].
_REPEAT_FAILS = 0.06
#: Refunds that a shop makes out without a reference to what they are for [P].
UNREFERENCED = 0.06
#: How likely purchases are refunded, relative to those by card online: at a counter, and orders by other ways (the tag
#: ``returned``), of which many are a meal or a basket of which something was missing [P].
_AT_COUNTER, _BY_OTHER_WAYS = 0.2, 0.35
#: New online merchants that check a card with a tiny authorisation first [P].
_CARD_CHECK = 0.035


def retries(bank: Bank, rows: Intents) -> Intents:
    """Further attempts after declines, each 8 seconds to 4 minutes after the last.

    Who has mistyped an account number looks again, or makes the same mistake again.
    """
    tries: list[Intents] = []
    last = rows
    declined = np.flatnonzero(rows.status == DECLINED)
    for nth, probability in enumerate(TRIES):
        u = _u(bank, f"retry.{nth}", last.transaction_id[declined])
        last = last.take(declined[u < probability])
        u = _u(bank, f"retry.{nth}.wait", last.transaction_id)
        wait = np.rint((8 + 232 * u**2) * 1000).astype(np.int64) * 1000
        again = (_u(bank, f"retry.{nth}.status", last.transaction_id) < DECLINED_AGAIN) | (last.reason == EXPIRED_CARD)
        mended = (last.reason == INVALID_ACCOUNT) & ~again
        attempt = last.but(
            transaction_id=ids(bank.scenario.seed, "retry", last.transaction_id, nth),
            event_us=last.event_us + wait,
            payee=np.where(mended, last.intended, last.payee),
            intended=np.where(mended, NONE, last.intended),
            accident=np.where(mended, last.accident & ~MISTYPED, last.accident),
            status=np.where(again, DECLINED, APPROVED),
            reason=np.where(again, last.reason, NONE),
        )
        tries.append(attempt)
        last, declined = attempt, np.flatnonzero(again)
    return concat(tries)


def repeats(bank: Bank, rows: Intents) -> tuple[Intents, Intents, I64, npt.NDArray[np.bool_]]:
    """Payments with the repetitions that they are marked for carried out, and these.

    Of each repetition also its place in the series, from 1 on, and whether it repeats the amount. A game's next level,
    the next machine of a row, an order sent twice: the same shop again, sooner or later.
    """
    ways = bank.scenario.activity.repeats
    marked = rows.accident == REPEATED
    if not ways:
        return rows, Intents.make(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
    base = rows.take(np.flatnonzero(marked))
    shares = np.cumsum(repeat_shares(bank), axis=0)[:, base.category]
    way = (shares <= _u(bank, "repeat.way", base.transaction_id) * shares[-1]).sum(axis=0)
    fewest, most = np.array([w.more for w in ways]).T
    u = _u(bank, "repeat.count", base.transaction_id)
    count = fewest[way] + np.floor((most - fewest + 1)[way] * u**2).astype(np.int64)
    count *= _in_season(bank)[way, base.event_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12]

    of, nth = expand(count)
    extra, way = base.take(of), way[of]
    key = (extra.transaction_id, nth)
    shortest, longest = np.array([w.minutes for w in ways]).T[:, way]
    gap = shortest * (longest / shortest) ** hashed_uniforms(bank.scenario.seed, "repeat.gap", *key)
    passed = np.cumsum(_milli(gap * MINUTE))  # of whole milliseconds: a sum of fractions would depend on other rows
    first = np.cumsum(count) - count
    passed -= np.concatenate([[0], passed])[first][of]
    same = _u(bank, "repeat.same", extra.transaction_id) < np.array([w.same_amount for w in ways])[way]
    z = hashed_uniforms(bank.scenario.seed, "repeat.amount", *key)
    other = price_points(bank, extra.category, extra.cents / 100 * np.exp(1.2 * (z - 0.5)), z)
    fails = hashed_uniforms(bank.scenario.seed, "repeat.status", *key) < _REPEAT_FAILS
    extra = extra.but(
        transaction_id=ids(bank.scenario.seed, "repeat", *key),
        event_us=extra.event_us + passed,
        cents=np.where(same, extra.cents, other),
        status=np.where(fails, DECLINED, APPROVED),
        reason=np.where(fails, np.where(bank.tagged("points"), TECHNICAL, INSUFFICIENT_FUNDS)[extra.category], NONE),
        accident=np.zeros(len(extra), dtype=np.int64),
        anomaly=np.full(len(extra), NONE),
        lookalike=np.full(len(extra), NONE),
    )
    return rows.but(accident=np.where(marked, 0, rows.accident)), extra, nth + 1, same


def _in_season(bank: Bank) -> I64:
    """Whether the ways to repeat a payment are of the season, 1 or 0; shape (ways, months of the year)."""
    months = [way.months or range(1, 13) for way in bank.scenario.activity.repeats]
    return np.array([[month in some for month in range(1, 13)] for some in months]).astype(np.int64)


def may_check_card(bank: Bank, spent: Spending) -> npt.NDArray[np.bool_]:
    """Payments before which :func:`card_checks` may put one: first ones at an online merchant; shape (rows,)."""
    return ((bank.channel == ONLINE) & (bank.recipient == TO_MERCHANT))[spent.category] & spent.is_new


def card_checks(bank: Bank, rows: Intents, may: npt.NDArray[np.bool_]) -> Intents:
    """Tiny authorisations (0.50-2.00) by new online merchants just before a first purchase, some declined.

    The honest twin of a card tester's attempt.
    """
    first = np.flatnonzero(may)
    first = first[_u(bank, "check", rows.transaction_id[first]) < _CARD_CHECK]
    checked = rows.take(first)
    u = _u(bank, "check.amount", checked.transaction_id)
    cents = np.where(u < 0.45, 100, 50 + (u * 150).astype(np.int64))
    plain = _u(bank, "check.whole", checked.transaction_id) < bank.scenario.prices.whole
    fails = _u(bank, "check.status", checked.transaction_id)
    return checked.but(
        transaction_id=ids(bank.scenario.seed, "check", checked.transaction_id),
        event_us=checked.event_us - _milli((15 + 90 * u) * SECOND),
        cents=np.where(plain, np.maximum(1, np.rint(cents / 100)).astype(np.int64) * 100, cents),
        status=np.where(fails < 0.18, DECLINED, APPROVED),
        reason=np.where(fails < 0.18, CVV_MISMATCH, NONE),
        accident=np.zeros(len(checked), dtype=np.int64),
        anomaly=np.full(len(checked), NONE),
    )


def is_refunded(bank: Bank, category: I64, cents: I64, number: I64) -> npt.NDArray[np.bool_]:
    """Which purchases (categories, amounts, transaction ids) go back, whatever else becomes of them; shape (rows,)."""
    ways = [bank.channel == ONLINE, bank.channel == CARD_PRESENT, bank.tagged("returned")]
    likely = np.select(ways, [1.0, _AT_COUNTER, _BY_OTHER_WAYS], 0.0)
    share = bank.scenario.activity.refund_share * likely * (bank.recipient == TO_MERCHANT)
    probability = share[category]
    may = np.flatnonzero((probability > 0) & (cents >= 500))
    refunded = np.zeros(len(number), dtype=bool)
    refunded[may] = _u(bank, "refund", number[may]) < probability[may]
    return refunded


def refunds(bank: Bank, rows: Intents) -> Intents:
    """Refunds of bought goods, 1-5 days later: most whole, some in part."""
    seed = bank.scenario.seed
    chosen = rows.take(is_refunded(bank, rows.category, rows.cents, rows.transaction_id) & (rows.status == APPROVED))
    u = _u(bank, "refund.time", chosen.transaction_id)
    part = _u(bank, "refund.part", chosen.transaction_id)
    cents = np.where(part < 0.8, chosen.cents, np.maximum(100, (chosen.cents * part).astype(np.int64)))
    number = ids(seed, "refund", chosen.transaction_id)
    made_out = _credit(chosen, number, chosen.event_us + _milli(DAY * (1 + 4 * u)), cents, REFUND)
    bare = _u(bank, "refund.reference", chosen.transaction_id) < UNREFERENCED
    return made_out.but(original=np.where(bare, NONE, made_out.original))


def reversals(bank: Bank, rows: Intents, low_hours: float, high_hours: float, kind: int = REVERSAL) -> Intents:
    """The whole sums of the rows come back, log-uniformly between the given hours later."""
    u = _u(bank, "reversal.time", rows.transaction_id)
    hours = low_hours * (high_hours / low_hours) ** u
    number = ids(bank.scenario.seed, "reversal", rows.transaction_id)
    return _credit(rows, number, rows.event_us + _milli(HOUR * hours), rows.cents, kind)


def _credit(rows: Intents, number: I64, event_us: I64, cents: I64, kind: int) -> Intents:
    """Money that comes back: sent by the other side, so no device, network, card reader or truth of its own."""
    nothing = np.full(len(rows), NONE)
    return rows.but(
        transaction_id=number,
        event_us=event_us,
        cents=cents,
        kind=np.full(len(rows), kind),
        device=nothing,
        net=nothing,
        status=np.full(len(rows), APPROVED),
        reason=nothing,
        original=rows.transaction_id,
        campaign=nothing,
        accident=np.zeros(len(rows), dtype=np.int64),
        anomaly=nothing,
        lookalike=nothing,
        intended=nothing,
    )


def _milli(microseconds: F64) -> I64:
    """Whole milliseconds, in microseconds."""
    return np.rint(microseconds / 1000).astype(np.int64) * 1000


def _u(bank: Bank, salt: str, number: I64) -> F64:
    return hashed_uniforms(bank.scenario.seed, salt, number)

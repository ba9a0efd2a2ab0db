"""Episodes at a device that is not the customer's own, or is no longer known: trials and sprees.

Somebody sets up a browser without its cookies, a friend's console or a hotel's computer, and pays from there: one small
service after the other asks for a card, checks it with a small authorisation and often refuses it at first; or a night
of games, or of presents for everybody, at one or two shops. Card testers and scripts do nothing else, as far as a
bank can see. What lives here: these two, in closed form of the visit. What does not: the visits (``guests.py``), and
that what is paid during one goes by its device (``honest.py``).
"""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.scenario import Episode
from fraud_assets.simulation.amounts import price_points
from fraud_assets.simulation.fraud.actors import weak_merchants
from fraud_assets.simulation.guests import visits
from fraud_assets.simulation.intents import (
    CVV_MISMATCH,
    DECLINED,
    DO_NOT_HONOR,
    EXPIRED_CARD,
    INSUFFICIENT_FUNDS,
    MINUTE,
    ONLINE,
    TECHNICAL,
    TO_MERCHANT,
    Bank,
    Intents,
)
from fraud_assets.simulation.scenes import Scene
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms

VISIT_KINDS = ("trial", "spree")
#: Minutes from the visit's beginning to the first payment [P].
_SOON = (2.0, 40.0)
#: Sign-ups that are checked by a sum of the episode's ``amount``; the others cost what they cost [P].
_CHECKED = 0.65
#: Small services ask again and again: how often a card that is typed in at a new shop is refused, and in a spree [P,
#: several times the refusals of online purchases: a number typed on a small screen, a prepaid card without money].
_TRIAL_REFUSED, _SPREE_REFUSED = 0.50, 0.22
_REASONS = np.array([INSUFFICIENT_FUNDS, CVV_MISMATCH, DO_NOT_HONOR, EXPIRED_CARD])
_REASON_SHARES = np.cumsum([0.34, 0.34, 0.26])
#: Sprees in which each payment is the same sum [P].
_SAME = 0.4


def at_visits(bank: Bank, months: list[Month], kind: str, episode: Episode) -> tuple[Scene, I64]:
    """The scene of one kind, and the instant at which each row's episode began: soon after that of a visit.

    Of the visits of a customer in a month the first one counts; ``episode.share`` of these.
    """
    seed, index = bank.scenario.seed, bank.traits.index
    who, month, begun = [], [], []
    for of in months:
        visit = visits(bank.scenario, of, bank.units).paid_on(bank.scenario, bank.traits)
        order = np.lexsort((visit.start_us, visit.who))
        person, first = np.unique(visit.who[order], return_index=True)
        who.append(person)
        month.append(np.full(len(person), of.index))
        begun.append(visit.start_us[order][first])
    people, number, start = np.concatenate(who), np.concatenate(month), np.concatenate(begun)
    plays = hashed_uniforms(seed, f"{kind}.plays", index[people], number) < episode.share
    people, number, start = people[plays], number[plays], start[plays]
    low, high = episode.parts
    u = hashed_uniforms(seed, f"{kind}.parts", index[people], number)
    scene = Scene(bank, f"episode.{kind}", people, number, low + ((high - low + 1) * u).astype(np.int64))
    soon = _SOON[0] + (_SOON[1] - _SOON[0]) * scene.of_part("soon")
    return scene, start[scene.part] + _ms(soon * MINUTE)


def _trial(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """Sign-ups at one to three small services, many of them checked by a tiny authorisation, many refused at first."""
    bank = scene.bank
    category, merchant = _shops(scene, -1.0)
    low, high = episode.amount
    tiny = low + (high - low) * scene.u("tiny")
    # As card_checks: most are one unit, or two.
    whole = (scene.u("whole") < 0.45) | (scene.of_part("whole") < bank.scenario.prices.whole)
    checked = np.where(whole, np.maximum(1.0, np.rint(tiny)), np.rint(tiny * 100) / 100)
    usual = bank.median[category] * np.exp(0.7 * (scene.u("usual") - 0.6))
    is_check = scene.u("check") < _CHECKED
    cents = np.where(
        is_check, np.rint(checked * 100).astype(np.int64), price_points(bank, category, usual, scene.u("p"))
    )
    return _refused(scene, scene.paid(_paced(scene, begun, episode), category, cents, fixed=True, merchant=merchant),
                    _TRIAL_REFUSED)  # fmt: skip


def _spree(scene: Scene, begun: I64, episode: Episode) -> Intents:
    """Payment after payment at one or two shops, often of one sum; ``amount`` in medians."""
    bank = scene.bank
    category, merchant = _shops(scene, -0.4)
    low, high = episode.amount
    value = (
        bank.median[category] * (low + (high - low) * scene.of_part("level")) * np.exp(1.4 * (scene.u("value") - 0.5))
    )
    cents = price_points(bank, category, np.minimum(value, 0.9 * bank.till_maximum[category]), scene.u("price"))
    first = cents[np.arange(len(scene)) - scene.nth]
    cents = np.where(scene.of_part("same") < _SAME, first, cents)
    return _refused(scene, scene.paid(_paced(scene, begun, episode), category, cents, fixed=True, merchant=merchant),
                    _SPREE_REFUSED)  # fmt: skip


def _shops(scene: Scene, power: float) -> tuple[I64, I64]:
    """Category and merchant of each row, among one to three online shops of the episode that do not look closely."""
    bank = scene.bank
    nth = (scene.u("shop") * (1 + 2 * scene.of_part("shops"))).astype(np.int64)
    online = bank.some((bank.channel == ONLINE) & (bank.recipient == TO_MERCHANT), "a merchant who is paid online")
    weight = np.cumsum(bank.median[online] ** power)
    place = np.searchsorted(weight / weight[-1], scene.of_part("category", nth), side="right")
    category = online[place.clip(0, len(online) - 1)]
    return category, weak_merchants(bank, category, scene.of_part("merchant", nth))


def _paced(scene: Scene, begun: I64, episode: Episode) -> I64:
    """Instants: the steps between payments are exponential, and make up the episode's hours on average."""
    mean = scene.between("hours", episode.hours) * 60 / np.maximum(1, scene.count - 1)
    step = np.where(scene.nth == 0, 0, _ms(-np.log1p(-0.95 * scene.u("gap")) * mean * MINUTE))
    passed = np.cumsum(step)  # whole milliseconds, so that a sum does not depend on the rows before
    return begun + passed - passed[np.arange(len(scene)) - scene.nth]


def _refused(scene: Scene, rows: Intents, share: float) -> Intents:
    """The rows, of which the share is declined; a customer's luck differs from episode to episode."""
    refused = scene.u("refused") < share * (0.4 + 1.2 * scene.of_part("luck"))
    why = _REASONS[np.searchsorted(_REASON_SHARES, scene.u("why"), side="right")]
    why = np.where(scene.bank.tagged("points")[rows.category], TECHNICAL, why)  # neither a card nor money is asked for
    return rows.but(status=np.where(refused, DECLINED, rows.status), reason=np.where(refused, why, rows.reason))


def _ms(microseconds: F64) -> I64:
    """Whole milliseconds, in microseconds."""
    return np.rint(microseconds / 1000).astype(np.int64) * 1000


VISIT_EPISODES = [_trial, _spree]

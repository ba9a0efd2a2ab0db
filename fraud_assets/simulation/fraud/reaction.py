"""How the world answers to reports: a reported card is blocked and replaced; the customer goes on spending.

Time, amount and merchant of an honest row never change, only its card and, in the days of the change, its status.
"""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.clocks import microseconds
from fraud_assets.simulation.echoes import is_refunded
from fraud_assets.simulation.fraud.delays import stopped_at
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.plan import campaigns_from, victims
from fraud_assets.simulation.groups import FRAUD, by_group
from fraud_assets.simulation.intents import APPROVED, CARD_BLOCKED, DAY, DECLINED, NONE, PURCHASE, SECOND, Bank, Intents
from fraud_assets.simulation.streams import I64, hashed_uniforms, ids

#: A new card arrives within this time; until then now and then the old one is tried [P].
_NEW_CARD_AFTER, _OLD_CARD_TRIED = 2 * DAY, 0.10
#: Cards are renewed after four years, so older reports do not matter.
_CARD_MONTHS = 48


def react(bank: Bank, month: Month, rows: Intents) -> Intents:
    """The rows with the cards that replaced reported ones and the attempts that fail meanwhile.

    Linear in the rows, plus the victims of the last four years among the customers of the units' groups.
    """
    card, waits, old = _replaced(bank, month, rows)
    tried = hashed_uniforms(bank.scenario.seed, "card.tried", rows.transaction_id[waits]) < _OLD_CARD_TRIED
    waits, old = waits[tried], old[tried]
    plain = (rows.kind[waits] == PURCHASE) & (rows.status[waits] == APPROVED) & (rows.accident[waits] == 0)
    # What was refunded cannot have been declined.
    plain &= ~is_refunded(bank, rows.category[waits], rows.cents[waits], rows.transaction_id[waits])
    plain &= ~np.isin(rows.transaction_id[waits], rows.original[rows.original != NONE])
    fails = waits[plain]
    status, reason = rows.status.copy(), rows.reason.copy()
    status[fails] = DECLINED
    reason[fails] = CARD_BLOCKED
    card[fails] = old[plain]
    return rows.but(card=card, status=status, reason=reason)


def with_new_cards(bank: Bank, month: Month, rows: Intents) -> Intents:
    """The rows of campaigns with the cards that replaced reported ones: what is stolen is the card of the day."""
    card, _, _ = _replaced(bank, month, rows)
    return rows.but(card=card)


def _replaced(bank: Bank, month: Month, rows: Intents) -> tuple[I64, I64, I64]:
    """The cards of all rows after those reported were replaced; rows whose card is on its way, and their last card."""
    key = _blocked(bank, month)
    begin = np.searchsorted(key, np.arange(len(bank.traits.index) + 1) << np.int64(42))  # of each customer's keys
    reported = begin[1:] > begin[:-1]
    carded = np.flatnonzero(reported[rows.who] & (rows.card != NONE))  # few rows, where only those are looked at
    owner = rows.who[carded]
    place = np.searchsorted(key, (owner << np.int64(42)) | (rows.event_us[carded] // SECOND), side="right")
    before = begin[owner]
    replaced = place > before
    hit, count = carded[replaced], (place - before)[replaced]
    first = rows.card[hit]
    card = rows.card.copy()
    card[hit] = ids(bank.scenario.seed, "card.replaced", first, count)
    blocked_us = (key[place[replaced] - 1] & ((1 << 42) - 1)) * SECOND
    waits = np.flatnonzero(rows.event_us[hit] - blocked_us < _NEW_CARD_AFTER)
    first, count = first[waits], count[waits]
    old = np.where(count > 1, ids(bank.scenario.seed, "card.replaced", first, count - 1), first)
    return card, hit[waits], old


def _blocked(bank: Bank, month: Month) -> I64:
    """When cards of the units' customers were reported: keys of position and second, in order."""
    found = [np.empty(0, dtype=np.int64)]
    for share, keys in blocked.of(bank, month):
        low, high = np.searchsorted(keys, np.array([share.first, share.end]) << np.int64(42))
        found.append(keys[low:high] + (np.int64(share.shift) << np.int64(42)))
    return np.concatenate(found)


@by_group(FRAUD)
def blocked(group: Bank, month: Month) -> I64:
    """When cards were reported before the end of the month: keys of position in the group and second, in order."""
    scenario, index = group.scenario, group.traits.index
    found = [np.empty(0, dtype=np.int64)]
    end = microseconds(month.end)
    start = max(scenario.first - 1, month - _CARD_MONTHS)
    for name, kind in sorted(scenario.fraud.types.items()):
        family = FAMILIES[kind.family]
        if not family.blocks_card or not len(index):
            continue
        for started in range((month.index - start.index) + 1):
            plan = campaigns_from(scenario, name, start + started)
            hit = victims(scenario, plan, int(index[0]), int(index[-1]) + 1)
            stop = stopped_at(scenario, plan, hit.campaign, hit.index, family.first_us(group, plan, hit))
            known = stop < end
            found.append(((hit.index[known] - index[0]) << np.int64(42)) | (stop[known] // SECOND))
    return np.sort(np.concatenate(found))

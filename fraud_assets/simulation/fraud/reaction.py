"""How the world answers to reports: a reported card is blocked and replaced; the customer goes on spending.

Time, amount and merchant of an honest row never change, only its card and, in the days of the change, its status.
"""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.echoes import is_refunded
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.plan import campaigns_from, victims
from fraud_assets.simulation.fraud.reports import stopped_at
from fraud_assets.simulation.intents import APPROVED, CARD_BLOCKED, DAY, DECLINED, NONE, PURCHASE, Bank, Intents
from fraud_assets.simulation.streams import I64, hashed_uniforms, ids

#: A new card arrives within this time; until then now and then the old one is tried [P].
_NEW_CARD_AFTER, _OLD_CARD_TRIED = 2 * DAY, 0.10
#: Cards are renewed after four years, so older reports do not matter.
_CARD_MONTHS = 48


def react(bank: Bank, month: Month, rows: Intents) -> Intents:
    """The rows with the cards that replaced reported ones and the attempts that fail meanwhile.

    Complexity: linear in the rows plus the victims of the last four years among the bank's units.
    """
    who, blocked = _blocked(bank, month)
    if not len(who):
        return rows
    key = np.sort((who << np.int64(42)) | (blocked // 1_000_000))
    carded = np.flatnonzero(rows.card != NONE)
    owner = rows.who[carded] << np.int64(42)
    place = np.searchsorted(key, owner | (rows.event_us[carded] // 1_000_000), side="right")
    before = np.searchsorted(key, owner)
    replaced = place > before
    hit, count, last = carded[replaced], (place - before)[replaced], key[place[replaced] - 1]

    card, status, reason = rows.card.copy(), rows.status.copy(), rows.reason.copy()
    card[hit] = ids(bank.scenario.seed, "card.replaced", card[hit], count)
    since = rows.event_us[hit] - (last & ((1 << 42) - 1)) * 1_000_000
    tried = hashed_uniforms(bank.scenario.seed, "card.tried", rows.transaction_id[hit]) < _OLD_CARD_TRIED
    plain = (rows.kind[hit] == PURCHASE) & (rows.status[hit] == APPROVED) & (rows.accident[hit] == 0)
    # What was refunded cannot have been declined.
    plain &= ~is_refunded(bank, rows.category[hit], rows.cents[hit], rows.transaction_id[hit])
    fails = hit[(since < _NEW_CARD_AFTER) & tried & plain]
    status[fails] = DECLINED
    reason[fails] = CARD_BLOCKED
    return rows.but(card=card, status=status, reason=reason)


def _blocked(bank: Bank, month: Month) -> tuple[I64, I64]:
    """Customers (positions) whose card was reported before the end of the month, and when (UTC microseconds)."""
    scenario = bank.scenario
    index = bank.traits.index
    people: list[I64] = [np.empty(0, dtype=np.int64)]
    when: list[I64] = [np.empty(0, dtype=np.int64)]
    end = int(month.end.timestamp()) * 1_000_000
    start = max(scenario.first - 1, month - _CARD_MONTHS)
    for name, kind in sorted(scenario.fraud.types.items()):
        family = FAMILIES[kind.family]
        if not family.blocks_card or not len(index):
            continue
        for started in range((month.index - start.index) + 1):
            plan = campaigns_from(scenario, name, start + started)
            found = victims(scenario, plan, int(index[0]), int(index[-1]) + 1)
            first = family.first_us(bank, plan, found)
            stop = stopped_at(scenario, plan, found.campaign, found.index, first)
            known = stop < end
            people.append(found.index[known] - index[0])
            when.append(stop[known])
    return np.concatenate(people), np.concatenate(when)

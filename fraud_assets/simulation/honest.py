"""All honest and erroneous rows of some units in a month, with what only the simulator knows of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.allowances import allowances
from fraud_assets.simulation.blocks import blocks
from fraud_assets.simulation.borrowed import on_borrowed_devices
from fraud_assets.simulation.clocks import microseconds
from fraud_assets.simulation.echoes import card_checks, is_refunded, may_check_card, refunds, repeats, retries
from fraud_assets.simulation.episodes import episodes
from fraud_assets.simulation.fraud.accidents import accidents
from fraud_assets.simulation.fraud.lookalikes import (
    joined,
    lookalikes,
    of_episodes,
    of_first_payments,
    of_repeats,
    of_spending,
)
from fraud_assets.simulation.fraud.reaction import react
from fraud_assets.simulation.groups import EVERYDAY, by_customer, by_group, rows_of
from fraud_assets.simulation.intents import (
    AMOUNT,
    APPROVED,
    BEHAVIOURAL,
    BY_ITSELF,
    GEOGRAPHIC,
    HOUR,
    I8,
    MINUTE,
    NONE,
    TEMPORAL,
    TO_OWN,
    TO_PERSON,
    Bank,
    Intents,
    concat,
)
from fraud_assets.simulation.mirrors import arrivals
from fraud_assets.simulation.possible import is_shut
from fraud_assets.simulation.prices import charged
from fraud_assets.simulation.receipts import receipts
from fraud_assets.simulation.recurring import recurring
from fraud_assets.simulation.spending import Spending, intents, numbers, spending
from fraud_assets.simulation.streams import Bools


def honest(bank: Bank, month: Month) -> list[Intents]:
    """All honest and erroneous rows of the ledger month, and some of the days around it, in no order that matters.

    Those with a truth to tell are marked with it (``accident``, ``anomaly``, ``lookalike``). In two parts, the many
    payments and the few rows besides, since the ledger's order moves every row anyway.
    """
    return [react(bank, month, rows) for rows in on_borrowed_devices(bank, month, *_meant(bank, month))]


def _meant(bank: Bank, month: Month) -> tuple[Intents, Intents]:
    """Payments, and what follows from them with bills and income, before the world answers."""
    spent = spending(bank, blocks(bank.scenario, month))
    spent = spent.take(_in_reach(bank, month, spent))
    drafts = intents(bank, spent)
    seen = replace(spent, cents=charged(bank, spent.category, drafts.merchant, spent.cents))
    unusual, alike = _unusual(bank, seen), lookalikes(bank, of_spending(bank, seen))
    drafts = drafts.but(anomaly=unusual, lookalike=alike)
    rows, after = accidents(bank, drafts)
    checks = card_checks(bank, drafts, may_check_card(bank, spent))
    rows, again, place, same = repeats(bank, rows)
    few = concat([again, checks])
    look = joined([of_repeats(bank, again, place, same), of_first_payments(bank, checks)])
    few = few.but(lookalike=lookalikes(bank, look))
    more = [arrivals(bank, rows), rows_of(bank, month, beside)]
    besides = concat([after, few, retries(bank, rows), refunds(bank, rows), *more])
    return rows, besides.take(~is_shut(bank, besides))


@by_group(EVERYDAY)
def beside(group: Bank, month: Month) -> Intents:
    """Bills and income, what customers receive, and the rows of their episodes."""
    income = [recurring(group, month), allowances(group, month), receipts(group, month)]
    return by_customer(concat([*income, _episodes(group, month)]))


def _episodes(bank: Bank, month: Month) -> Intents:
    """The rows of episodes, marked as unusual and as what they resemble."""
    rows, kind = episodes(bank, month)
    anomaly = np.where(rows.cents > 100 * bank.normal_maximum[rows.category], AMOUNT, BEHAVIOURAL)
    return rows.but(anomaly=anomaly, lookalike=lookalikes(bank, of_episodes(bank, rows, kind)))


def _near(month: Month, spent: Spending) -> Bools:
    """Payments in the month or so close to it that a retry or a card check may lie in it."""
    start, end = microseconds(month.start), microseconds(month.end)
    return (spent.event_us >= start - HOUR) & (spent.event_us < end + HOUR)


def _in_reach(bank: Bank, month: Month, spent: Spending) -> Bools:
    """Payments of which any row may lie in the month: of the days before it, those that come back."""
    reach = _near(month, spent) | (spent.fate != 0)
    far = np.flatnonzero(~reach & (spent.status == APPROVED))
    reach[far] = is_refunded(bank, spent.category[far], spent.cents[far], numbers(bank, spent, far))
    return reach


def _unusual(bank: Bank, spent: Spending) -> I8:
    """Kind of unusual but honest behaviour: abroad, above the normal maximum, a transfer in the dead of night."""
    to_person = (bank.recipient == TO_PERSON) | (bank.recipient == TO_OWN)
    sent = np.flatnonzero(to_person[spent.category])
    hour = (spent.event_us[sent] + spent.offset[sent] * MINUTE) // HOUR % 24
    at_night = sent[(hour >= 2) & (hour < 5)]
    high = spent.cents > 100 * bank.normal_maximum[spent.category]
    # Where nobody pays at a counter, it is the address from which somebody acts that is far from home.
    seen = bank.at_counter if bank.at_counter.any() else bank.instrument != BY_ITSELF
    away = spent.is_away & seen[spent.category]
    kind = np.full(len(spent.who), NONE, dtype=np.int8)
    for rows, what in ((at_night, TEMPORAL), (away, GEOGRAPHIC), (high, AMOUNT)):  # the last word counts
        kind[rows] = what
    return kind

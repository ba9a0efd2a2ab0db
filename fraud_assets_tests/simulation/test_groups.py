"""Rows that are worked out for groups of units: each chunk gets its own of them, whatever the groups."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.fraud import rows as fraud
from fraud_assets.simulation.groups import Grouped, begin, rows_of, shares
from fraud_assets.simulation.intents import Bank, Intents, expand
from fraud_assets.simulation.streams import UNIT

MONTH = Month.parse("2024-02")
UNITS = 7


@pytest.fixture(scope="module")
def bank() -> Scenario:
    tiny = Scenario.load("tiny_bank")
    people = tiny.population.model_copy(update={"customers": UNITS * UNIT - 100})
    return tiny.model_copy(update={"population": people})


@settings(max_examples=20, deadline=None)
@given(first=st.integers(0, UNITS - 1), n=st.integers(1, UNITS), width=st.integers(1, 9))
def test_shares_are_all_customers_of_the_units_once_and_in_order(
    bank: Scenario, first: int, n: int, width: int
) -> None:
    own = Bank(bank, tuple(range(first, min(first + n, UNITS))))
    found = []
    for share in shares(own, width):
        index = Bank(bank, share.units).traits.index[share.first : share.end]
        place = np.arange(share.first, share.first + len(index)) + share.shift
        assert (own.traits.index[place] == index).all()
        found.append(index)
    assert np.array_equal(np.concatenate(found), own.traits.index)


def test_what_campaigns_do_to_an_account_does_not_depend_on_whose_fraud_is_worked_out_with_it(bank: Scenario) -> None:
    own = Bank(bank, (2, 3, 4))
    found = fraud.group_rows.__wrapped__  # type: ignore[attr-defined]  # as update_wrapper leaves it
    alone, together = (_sorted(rows_of(own, MONTH, Grouped(found, width))) for width in (1, UNITS))
    assert len(alone) > 20
    for f in fields(Intents):
        assert np.array_equal(getattr(alone, f.name), getattr(together, f.name)), f.name


def _sorted(rows: Intents) -> Intents:
    return rows.take(np.argsort(rows.transaction_id))


def test_a_thread_that_finds_another_at_a_group_begins_the_next_one_and_waits_for_nobody(bank: Scenario) -> None:
    began, go_on = threading.Event(), threading.Event()
    asked: list[tuple[int, ...]] = []

    def slow(group: Bank, month: Month) -> int:
        asked.append(group.units)
        if group.units[0] == 0:
            began.set()
            assert go_on.wait(10)
        return len(group.units)

    grouped = Grouped(slow, width=4)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(begin, Bank(bank, (0,)), MONTH, grouped)
        assert began.wait(10)
        begin(Bank(bank, (1,)), MONTH, grouped)
        assert asked == [(0, 1, 2, 3), (4, 5, 6)]
        go_on.set()
        first.result(10)
    assert [found for _, found in grouped.of(Bank(bank, tuple(range(UNITS))), MONTH)] == [4, 3]
    assert len(asked) == 2


def test_chunks_as_wide_as_groups_have_each_group_worked_out_once_however_few_are_kept() -> None:
    asked: list[int] = []
    people = Scenario.load("tiny_bank")
    many = people.model_copy(update={"population": people.population.model_copy(update={"customers": 40 * UNIT})})
    grouped = Grouped(lambda group, month: asked.append(group.units[0]), width=4, kept=2)
    for first in range(0, 40, 3):
        chunk = Bank(many, tuple(range(first, min(first + 3, 40))))
        begin(chunk, MONTH, grouped)
        list(grouped.of(chunk, MONTH))
    assert asked == list(range(0, 40, 4))


def test_rows_are_expanded_in_order_with_their_places() -> None:
    whose, nth = expand([2, 0, 3])
    assert whose.tolist() == [0, 0, 2, 2, 2]
    assert nth.tolist() == [0, 1, 0, 1, 2]

"""Rows that the ledger leaves for its labels: they save work, and no label depends on whether they are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import generator, honest, told
from fraud_assets.simulation.told import Shelf

MONTH = Month.parse("2024-02")
_MIDNIGHT = pl.datetime(2024, 4, 17, time_zone="UTC")


@pytest.fixture(scope="module")
def bank() -> Scenario:
    tiny = Scenario.load("tiny_bank")
    return tiny.model_copy(update={"population": tiny.population.model_copy(update={"customers": 1_200})})


@pytest.fixture(autouse=True)
def narrow() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generator, "CHUNK_ROWS", 4_000)  # a unit each
        yield


def _labels(bank: Scenario) -> list[pl.DataFrame]:
    return [chunk() for chunk in generator.label_chunks(bank, MONTH)]


@pytest.fixture(scope="module")
def alone(bank: Scenario) -> list[pl.DataFrame]:
    """Labels without anything that was left for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generator, "CHUNK_ROWS", 4_000)
        patch.setattr(told, "_shelf", Shelf(0))
        return _labels(bank)


@settings(max_examples=6, deadline=None)
@given(made=st.lists(st.integers(0, 4), max_size=5, unique=True), room=st.sampled_from([60_000, 2**20]))
def test_labels_are_the_same_whatever_part_of_the_ledger_was_made_before(
    bank: Scenario, alone: list[pl.DataFrame], made: Sequence[int], room: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(told, "_shelf", Shelf(room))
        ledger = generator.transaction_chunks(bank, MONTH)
        for chunk in made:
            ledger[chunk]()
        after = _labels(bank)
    assert sum(frame.height for frame in alone) > 100
    assert all(a.equals(b) for a, b in zip(alone, after, strict=True))


def test_labels_after_the_ledger_know_the_day_on_which_names_change() -> None:
    """From 17 April 2024, by the customer's clock, a handle of UPI is written another way."""
    india = Scenario.load("india_bank")
    clumsy = {"mistyped": (300.0, 1.0), "typed_new_payee": 1.0, "typed_known_payee": 1.0}
    bank = india.model_copy(
        update={
            "population": india.population.model_copy(update={"customers": 1_000}),
            "accidents": india.accidents.model_copy(update=clumsy),
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(told, "_shelf", Shelf(2**24))
        alone, ledger, after = (
            pl.concat([chunk() for chunk in chunks(bank, Month.parse("2024-04"))])
            for chunks in (generator.label_chunks, generator.transaction_chunks, generator.label_chunks)
        )
    assert after.equals(alone)
    night = pl.col("event_time").is_between(pl.datetime(2024, 4, 16, 18, 30, time_zone="UTC"), _MIDNIGHT)
    meant = after.filter(night & pl.col("original_recipient_entity").str.contains("@pt"))
    assert meant.height > 0
    assert ledger.height > after.height


def test_labels_after_the_ledger_do_not_make_it_again(bank: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_shelf", Shelf(2**20))
    for chunk in generator.transaction_chunks(bank, MONTH):
        chunk()

    def again(*_: object) -> None:
        raise AssertionError("the payments were made again")

    monkeypatch.setattr(honest, "spending", again)
    assert sum(frame.height for frame in _labels(bank)) > 100


def test_a_shelf_holds_no_more_than_its_room_and_gives_each_thing_once(bank: Scenario) -> None:
    shelf = Shelf(room=10)
    for unit in range(4):
        shelf.put((bank, MONTH, unit), b"four")
    keys = [(bank, MONTH, unit) for unit in range(4)]
    assert shelf.take(keys[:3]) is None  # the first two had to go, so nothing is taken
    assert shelf.take(keys[2:]) == [b"four", b"four"]
    assert shelf.take(keys[2:]) is None
    shelf.put(keys[0], b"more than ten")
    shelf.put(keys[1], b"four")
    assert shelf.take(keys[:1]) is None
    assert shelf.take(keys[1:2]) == [b"four"]

"""Chunk functions as a LazyFrame: order, bounds, push-downs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NoReturn

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fraud_assets.lake.streaming import ThreadsError, default_threads, in_order, lazy_chunks
from fraud_assets_tests.lake.frames import SCHEMA, chunk, chunks


def whole(count: int) -> pl.DataFrame:
    return pl.concat([make() for make in chunks(count)])


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_rows_are_those_of_the_chunks_in_their_order(threads: int) -> None:
    assert_frame_equal(lazy_chunks(SCHEMA, chunks(7), threads).collect(), whole(7))


@settings(max_examples=25, deadline=None)
@given(threads=st.integers(1, 3), least=st.floats(0, 200), rows=st.integers(0, 5000), descending=st.booleans())
def test_projections_filters_and_limits_change_no_result(
    threads: int, least: float, rows: int, descending: bool
) -> None:
    def query(frame: pl.LazyFrame) -> pl.DataFrame:
        kept = frame.filter(pl.col("amount") >= least).select("city", "amount").head(rows)
        return kept.sort("amount", descending=descending, maintain_order=True).collect()

    assert_frame_equal(query(lazy_chunks(SCHEMA, chunks(4), threads)), query(whole(4).lazy()))


def test_no_chunks_are_a_frame_without_rows() -> None:
    assert_frame_equal(lazy_chunks(SCHEMA, []).collect(), pl.DataFrame(schema=SCHEMA))


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_slow_reader_never_has_more_frames_made_for_it_than_threads_one_and_those_that_may_wait(waiting: int) -> None:
    begun: set[int] = set()
    lock = threading.Lock()

    def work(number: int) -> pl.DataFrame:
        with lock:
            begun.add(number)
        return pl.DataFrame({"n": [number]})

    for read, frame in enumerate(in_order(work, 20, 3, waiting)):
        assert frame.item() == read
        # Read ones are gone; the one in hand, three ahead and those that wait are all there may be.
        assert max(begun) <= read + 3 + waiting


def test_a_reader_that_stops_early_stops_the_chunks() -> None:
    begun: list[int] = []

    def counting(number: int, make: Callable[[], pl.DataFrame]) -> Callable[[], pl.DataFrame]:
        def run() -> pl.DataFrame:
            begun.append(number)
            return make()

        return run

    frame = lazy_chunks(SCHEMA, [counting(number, make) for number, make in enumerate(chunks(50))], threads=1)
    assert frame.head(10).collect().height == 10
    assert len(begun) < 10


def test_what_a_chunk_raises_comes_through_as_it_is() -> None:
    def broken() -> NoReturn:
        raise KeyError("merchant 17")

    with pytest.raises(KeyError, match="merchant 17"):
        lazy_chunks(SCHEMA, [*chunks(2), broken, *chunks(2)], threads=2).collect()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda frame: frame.cast({"amount": pl.Float32}), "chunk 1 of 2: column amount is Float32, Float64 was"),
        (lambda frame: frame.drop("city"), "column city is missing"),
        (lambda frame: frame.with_columns(extra=1), "column extra was not declared"),
        (lambda frame: frame.select(reversed(frame.columns)), "the columns are in the order"),
    ],
)
def test_a_chunk_with_other_columns_is_named(change: Callable[[pl.DataFrame], pl.DataFrame], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lazy_chunks(SCHEMA, [*chunks(1), lambda: change(chunk(1, 10))]).collect()


def test_threads_come_from_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_THREADS", "3")
    assert default_threads() == 3
    for wrong in ("0", "two", "-1", "1.5"):
        monkeypatch.setenv("FRAUD_ASSETS_THREADS", wrong)
        with pytest.raises(ThreadsError, match=f"FRAUD_ASSETS_THREADS is '{wrong}'; a whole number from 1 on"):
            default_threads()


def test_threads_end_with_the_reading() -> None:
    before = {thread for thread in threading.enumerate() if thread.name.startswith("chunk")}
    list(in_order(lambda number: pl.DataFrame({"n": [number]}), 5, threads=2))
    for thread in threading.enumerate():
        if thread.name.startswith("chunk") and thread not in before:
            thread.join(timeout=10)
            assert not thread.is_alive()


def test_a_thread_goes_on_while_the_chunk_whose_turn_it_is_takes_longer() -> None:
    third = threading.Event()

    def work(number: int) -> pl.DataFrame:
        if number == 0:
            assert third.wait(timeout=10)
        if number == 2:
            third.set()
        return pl.DataFrame({"n": [number]})

    assert [frame.item() for frame in in_order(work, 5, threads=2, waiting=1)] == [0, 1, 2, 3, 4]

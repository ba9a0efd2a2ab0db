"""Results that threads share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fraud_assets.simulation.once import once


def test_what_threads_ask_for_at_the_same_time_is_worked_out_by_one_of_them() -> None:
    calls: list[int] = []
    asked, go_on = threading.Event(), threading.Event()

    @once(kept=2)
    def square(n: int) -> int:
        calls.append(n)
        asked.set()
        assert go_on.wait(10)
        return n * n

    with ThreadPoolExecutor(3) as pool:
        found = [pool.submit(square, 7) for _ in range(3)]
        assert asked.wait(10)
        go_on.set()
        assert [f.result(10) for f in found] == [49, 49, 49]
    assert calls == [7]


def test_another_question_does_not_wait_for_one_that_takes_long() -> None:
    began, go_on = threading.Event(), threading.Event()

    @once(kept=2)
    def same(n: int) -> int:
        if n == 1:
            began.set()
            assert go_on.wait(10)
        return n

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(same, 1)
        assert began.wait(10)
        assert same(2) == 2
        go_on.set()
        assert slow.result(10) == 1


def test_only_the_latest_results_are_kept() -> None:
    calls: list[int] = []

    @once(kept=2)
    def same(n: int) -> int:
        calls.append(n)
        return n

    for n in (1, 2, 1, 3, 1, 2):
        assert same(n) == n
    assert calls == [1, 2, 3, 2]


def test_a_failure_is_told_and_not_kept() -> None:
    answers: Iterator[ValueError | int] = iter([ValueError("not yet"), 5])

    @once(kept=1)
    def five() -> int:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    with pytest.raises(ValueError, match="not yet"):
        five()
    assert five() == 5

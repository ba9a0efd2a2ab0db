"""Draws from many distributions at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.simulation.choices import Choices
from fraud_assets.simulation.streams import F64, step


def _weights(rows: int, outcomes: int, seed: int) -> F64:
    rng = np.random.default_rng(seed)
    weights = rng.gamma(0.3, size=(rows, outcomes)) * (rng.random((rows, outcomes)) < 0.7)
    weights[np.arange(rows), rng.integers(0, outcomes, rows)] += 0.1  # somebody without any choice is not asked
    return weights


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 30), outcomes=st.integers(1, 50), seed=st.integers(0, 10**6))
def test_a_draw_is_the_outcome_in_whose_share_it_lies(rows: int, outcomes: int, seed: int) -> None:
    weights = _weights(rows, outcomes, seed)
    rng = np.random.default_rng(seed + 1)
    row, u = rng.integers(0, rows, 200), rng.random(200)
    drawn = Choices(weights).draw(row, u)
    ends = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    wanted = np.array([np.searchsorted(ends[r], x, side="right") for r, x in zip(row, u, strict=True)])
    assert (drawn == np.minimum(wanted, outcomes - 1)).all()
    assert (weights[row, drawn] > 0).all()


def test_a_draw_does_not_depend_on_the_distributions_beside_its_own() -> None:
    weights = _weights(4000, 40, seed=3)
    u = np.random.default_rng(4).random(4000)
    together = Choices(weights).draw(np.arange(4000), u)
    for k in (0, 17, 3999):
        assert Choices(weights[k : k + 1]).draw(np.zeros(1, dtype=np.int64), u[k : k + 1])[0] == together[k]


def test_the_ends_of_the_unit_interval_belong_to_the_first_and_the_last_outcome_there_is() -> None:
    weights = np.array([[0.0, 1.0, 1.0, 0.0]])
    drawn = Choices(weights).draw(np.zeros(3, dtype=np.int64), np.array([0.0, 0.5, np.nextafter(1.0, 0.0)]))
    assert drawn.tolist() == [1, 2, 2]


@settings(max_examples=30, deadline=None)
@given(bounds=st.lists(st.integers(0, 12), max_size=8), values=st.lists(st.integers(-1, 13), max_size=40))
def test_a_step_counts_the_bounds_that_a_value_has_reached(bounds: list[int], values: list[int]) -> None:
    ascending = np.sort(np.array(bounds, dtype=np.float64))
    found = step(ascending, np.array(values, dtype=np.float64))
    assert found.tolist() == np.searchsorted(ascending, values, side="right").tolist()

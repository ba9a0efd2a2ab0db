"""Numbers in place of ids and texts."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.features.arrays import coded
from fraud_assets.features.lookup import words

#: Close together, far apart, and so far that no sort key holds them.
_IDS = st.one_of(st.integers(-3, 9), st.integers(-(10**9), 10**9), st.integers(-(2**62), 2**62))
_RUNS = st.lists(st.tuples(_IDS, st.sampled_from([1, 2, 15])), max_size=12)


@settings(max_examples=150, deadline=None)
@given(_RUNS)
def test_ids_are_numbered_in_their_order_however_far_apart_and_however_often_repeated(
    runs: list[tuple[int, int]],
) -> None:
    values = np.array([value for value, times in runs for _ in range(times)], dtype=np.int64)
    different, code = coded(values)
    assert different.tolist() == sorted(set(values.tolist()))
    assert different[code].tolist() == values.tolist()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.sampled_from(["", "Austin", "Köln", "austin"])), max_size=12))
def test_texts_are_numbered_from_0_for_each_column_by_itself(column: list[str | None]) -> None:
    for values in (pl.Series(column, dtype=pl.String), pl.Series(column[::-1], dtype=pl.String)):
        texts, code = words(values)
        assert texts.to_list() == list(dict.fromkeys(text for text in values if text is not None))
        assert [None if k < 0 else texts[k] for k in code.tolist()] == values.to_list()

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import given, settings

from fraud_assets.detection.slices import Slices, split
from fraud_assets.months import TRAINING_WINDOW, Month

MONTHS = st.builds(Month, st.integers(2000, 2060), st.integers(1, 12))


@given(MONTHS, st.integers(1, 40))
@settings(max_examples=80)
def test_no_slice_overlaps_another_or_reaches_past_the_embargo(first: Month, later: int) -> None:
    month = first + later
    slices = split(month, first)
    assert slices is not None
    assert slices.train.start == max(first, month - TRAINING_WINDOW).start
    assert slices.train.end == slices.tune.start
    assert slices.tune.end == slices.compare.start
    assert slices.compare.end == slices.embargo.start
    assert slices.cut == month.start
    assert slices.embargo.days == 7
    assert slices.tune.days == slices.compare.days == (14 if later > 1 else 7)
    assert slices.train.end - slices.train.start >= timedelta(days=7)
    assert Slices.load(slices.document()) == slices


@given(MONTHS, st.integers(0, 5))
def test_the_first_month_has_no_slices(first: Month, earlier: int) -> None:
    assert split(first - earlier, first) is None

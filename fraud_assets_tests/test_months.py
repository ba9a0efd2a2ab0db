"""Months: what is a key, and that arithmetic crosses years."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_assets.months import Month

months = st.builds(Month, st.integers(1900, 2199), st.integers(1, 12))


@pytest.mark.parametrize(
    "key", ["2024-01\n", "２０２４-01", "2024-1", "2024-13", "2024-00", " 2024-01", "2024-01-01", ""]
)
def test_what_only_looks_like_a_month_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="is not of the form 2024-01"):
        Month.parse(key)


@given(months)
def test_a_month_is_read_back_from_its_key(month: Month) -> None:
    assert Month.parse(month.key) == month


@given(months, st.integers(0, 60))
def test_months_follow_one_another_without_gap_or_overlap(month: Month, steps: int) -> None:
    assert month + steps - steps == month
    assert month.end == (month + 1).start
    assert Month.of(month.start) == month
    found = [*month.back(steps), month]
    assert [later.index - earlier.index for earlier, later in pairwise(found)] == [1] * steps

"""Ids: the same text is the same number for ever, other texts are others."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.ingest import numbers

#: Alerts of years ago are traced back by them.
FROZEN = [2767820654351327062, 4846732870581633304, None, 7668872551067467032, 1395474545138643655]


def test_numbers_never_change() -> None:
    texts = pl.Series("id", ["K17", "", None, "a much longer number, of more than 16 bytes", "ü"])
    assert numbers(texts, "customer", "foreign").to_list() == FROZEN


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=40), unique=True, min_size=1))
def test_different_texts_have_different_numbers_wherever_they_stand(texts: list[str]) -> None:
    found = numbers(pl.Series(texts), "customer", "foreign")
    assert found.n_unique() == len(texts)
    assert found.min() >= 0  # type: ignore[operator]
    assert found.reverse().to_list() == numbers(pl.Series(texts[::-1]), "customer", "foreign").to_list()
    alone = [numbers(pl.Series([text]), "customer", "foreign")[0] for text in texts]
    assert found.to_list() == alone


def test_kinds_and_banks_have_numbers_of_their_own() -> None:
    one = pl.Series(["17"])
    found = {numbers(one, kind, bank)[0] for kind in ("customer", "merchant") for bank in ("a", "b")}
    assert len(found) == 4

"""Figures and names as people read them."""

from __future__ import annotations

import pytest

from fraud_assets.counting import counted
from fraud_assets.evaluation.words import number, percent, title


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.00264, "0.26%"), (0.0059, "0.59%"), (0.0101, "1.0%"), (0.256, "26%"), (0.000321, "0.032%"), (0, "0%")],
)
def test_a_small_share_keeps_two_digits(share: float, written: str) -> None:
    assert percent(share) == written


@pytest.mark.parametrize("write", [number, percent])
@pytest.mark.parametrize("value", [0.5, 0.013, 0.0002])
def test_what_is_below_zero_differs_by_a_true_minus_sign_alone(write: type[str], value: float) -> None:
    assert write(-value) == f"−{write(value)}"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("cvv_mismatch", "CVV mismatch"),
        ("wrong_pin", "Wrong PIN"),
        ("first_party_bust_out", "First-party bust-out"),
        ("xgboost_2024-02", "XGBoost 2024-02"),
        ("18_25", "18–25"),
    ],
)
def test_names_are_written_as_people_write_them(name: str, written: str) -> None:
    assert title(name) == written


@pytest.mark.parametrize(
    ("number_of", "noun", "plural", "said"),
    [
        (1, "row", None, "1 row"),
        (0, "row", None, "0 rows"),
        (2_300, "fraud row", None, "2,300 fraud rows"),
        (1, "city", "cities", "1 city"),
        (2, "row is", "rows are", "2 rows are"),
        (None, "merchant", None, "– merchants"),
    ],
)
def test_one_of_a_thing_is_no_plural(number_of: int | None, noun: str, plural: str | None, said: str) -> None:
    assert counted(number_of, noun, plural) == said

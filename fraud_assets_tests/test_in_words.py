"""How a reason reads."""

from __future__ import annotations

import pytest

from fraud_assets.in_words import in_words, text


@pytest.mark.parametrize(
    ("feature", "value", "usual", "said"),
    [
        ("device_age_days_c", 0.0125, 419.2, "first seen with this device: 18 minutes (419 days)"),
        ("device_age_days_c", 1.0, None, ": 1 day (unknown)"),
        ("c_amount_30d", 3699.85, 1727.8, ": 3,699.85 EUR (1,727.80 EUR)"),
        ("c_count_1h", 6, 1, "in the 1 hour before, declined ones included: 6 attempts (1 attempt)"),
        ("c_count_5m", 6, 1, "in the 5 minutes before, declined ones included: 6 attempts (1 attempt)"),
        ("is_night", 1, 0, "Local time is between 00:00 and 05:00"),
        ("is_express_delivery", 0, 0, "The goods are to arrive fast: no (no)"),
        ("channel", "online", "card_present", ": online (card_present)"),
        ("device_age_days_c", "unknown: the file lacks columns for it", 3.0, "the file lacks columns for it (3 days)"),
        ("gone_feature", 2.0, 1.0, "gone_feature is 2 (1)"),
    ],
)
def test_a_reason_reads_with_its_unit_and_the_usual_in_brackets(
    feature: str, value: object, usual: object, said: str
) -> None:
    assert in_words({"feature": feature, "value": value, "usual": usual}, "EUR").endswith(said)


@pytest.mark.parametrize("value", [-0.0, 0.0])
def test_nothing_has_no_sign(value: float) -> None:
    assert text(value) == "0"

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from fraud_assets.detection.encoding import Encoder

FRAME = pl.DataFrame(
    {
        "number": [1.5, None, float("inf"), 3.0, 2.0],
        "flag": [True, False, True, None, True],
        "word": ["b", "a", "b", None, "c"],
    },
    schema_overrides={"word": pl.Enum(["a", "b", "c", "d"])},
)
NAMES = ["number", "flag", "word"]


def test_the_matrix_survives_json() -> None:
    encoder = Encoder.fit(FRAME, NAMES)
    again = Encoder.load(json.loads(json.dumps(encoder.document())))
    assert again == encoder
    assert np.array_equal(again.codes(FRAME), encoder.codes(FRAME), equal_nan=True)


def test_codes_go_by_frequency_and_missing_unknown_and_infinite_values_are_nan() -> None:
    codes = Encoder.fit(FRAME, NAMES).codes(FRAME)
    assert codes.dtype == np.float32
    nan = np.nan
    expected = np.array([[1.5, 1, 0], [nan, 0, 1], [nan, 1, 0], [3, nan, nan], [2, 1, 2]])
    assert np.array_equal(codes, expected, equal_nan=True)
    new = FRAME.head(1).with_columns(word=pl.lit("never seen"))
    assert np.isnan(Encoder.fit(FRAME, NAMES).codes(new)[0, 2])


def test_a_missing_feature_is_named() -> None:
    with pytest.raises(ValueError, match="lacks flag, on which the model depends"):
        Encoder.fit(FRAME, NAMES).codes(FRAME.drop("flag"))


def test_features_that_are_the_same_in_all_rows_are_left_out() -> None:
    same = FRAME.with_columns(
        nothing=pl.lit(None, dtype=pl.Float32),
        one=pl.lit(1.0),
        word_one=pl.lit("w"),
        sometimes=pl.Series([1, None] * 2 + [1]),
    )
    names = [*NAMES, "nothing", "one", "word_one", "sometimes"]
    assert Encoder.fit(same, names).features == (*NAMES, "sometimes")
    assert Encoder.fit(same.head(1), ["one"]).features == ("one",)

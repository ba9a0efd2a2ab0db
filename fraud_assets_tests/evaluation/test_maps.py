"""The map of a report shows every city that it is given, and north above."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fraud_assets.evaluation.maps import city_map

DEGREES = {"longitude": st.floats(-180, 180), "latitude": st.floats(-85, 85)}


@given(st.lists(st.fixed_dictionaries({**DEGREES, "rows": st.integers(0, 9), "city": st.text(max_size=9)}), min_size=1))
def test_every_city_lies_within_a_map_whose_north_is_above(cities: list[dict[str, Any]]) -> None:
    drawn = city_map(cities, "rows", [None] * len(cities), 1.0, [[]] * len(cities), "")
    assert drawn is not None
    (west, east), (south, north) = (drawn["layout"][axis]["range"] for axis in ("xaxis", "yaxis"))
    assert west < east
    assert south < north
    assert all(south <= city["latitude"] <= north and west <= city["longitude"] <= east for city in cities)


def test_a_city_at_a_pole_leaves_a_map_whose_north_is_above() -> None:
    drawn = city_map([{"longitude": 0.0, "latitude": 90.0, "rows": 1, "city": "Pole"}], "rows", [None], 1.0, [[]], "")
    assert drawn is not None
    south, north = drawn["layout"]["yaxis"]["range"]
    assert south < north

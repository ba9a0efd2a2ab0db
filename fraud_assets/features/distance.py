"""Distances on the globe."""

from __future__ import annotations

import numpy as np

from fraud_assets.features.arrays import F64, I64, either, is_nan, opposite, rounded, smaller

#: Further from home than this is away.
AWAY_METRES = 100_000

_EARTH_METRES = 6_371_008.8  # mean radius, IUGG


def metres(latitude: F64, longitude: F64, other_latitude: F64, other_longitude: F64) -> I64:
    """Great-circle distance in whole metres by the haversine formula (Sinnott 1984); -1 where a coordinate is NaN."""
    phi, other_phi = np.radians(latitude), np.radians(other_latitude)
    north, east = np.sin((other_phi - phi) / 2), np.sin(np.radians(other_longitude - longitude) / 2)
    half_chord = north * north + np.cos(phi) * np.cos(other_phi) * (east * east)
    distance = 2 * _EARTH_METRES * np.arcsin(np.sqrt(smaller(half_chord, 1)))
    return rounded(either(opposite(is_nan(distance)), distance, -1))

"""The map that all reports draw: cities as bubbles on the outlines of the land, named where a name has room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import cos, radians, sqrt
from typing import Any

from fraud_assets.evaluation.plotting import REDS, Figure, axis, figure

_LAND, _SEA = "#f1ede3", "#e3ebf1"
MAP_COLORS: list[list[Any]] = [[0, "#ffffff"], *REDS[1:]]
#: Across, in pixels.
_LARGEST, _SMALLEST = 38.0, 4.0
_NAMED = 14
#: Degrees of latitude beyond which nothing is drawn.
_POLE = 85.0
City = dict[str, Any]
Ring = list[tuple[float, float]]


def city_map(
    cities: Sequence[City],
    size: str,
    shares: Sequence[float | None],
    reddest: float,
    told: Sequence[list[Any]],
    hover: str,
) -> Figure | None:
    """Bubbles on the land; None without a city.

    Parameters
    ----------
    cities
        Each with ``city``, ``longitude``, ``latitude`` (degrees) and the count under ``size``.
    size
        Key of what a bubble's area is; the largest are named first.
    shares
        Of each city, its colour; None leaves it blank.
    reddest
        The share that is drawn in full colour.
    told, hover
        Custom data of each city, and Plotly's template of what is said when it is pointed at.
    """
    if not cities:
        return None
    west, east, south, north = _window(cities)
    most = max(max(city[size] for city in cities), 1)
    largest = sorted(cities, key=lambda city: -city[size])[:_NAMED]
    names = _apart(largest, (east - west) / 4, (north - south) / 14)
    bubbles = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [city["longitude"] for city in cities],
        "y": [city["latitude"] for city in cities],
        "text": [city["city"] if city["city"] in names else "" for city in cities],
        "textposition": [_beside(city["longitude"], west, east) for city in cities],
        "textfont": {"size": 10.5},
        "marker": {
            "size": [max(_SMALLEST, _LARGEST * sqrt(city[size] / most)) for city in cities],
            "color": list(shares),
            "colorscale": MAP_COLORS,
            "cmin": 0,
            "cmax": reddest,
            "opacity": 0.9,
            "line": {"color": "#8c6f62", "width": 0.8},
            "showscale": False,
        },
        "customdata": list(told),
        "hovertemplate": hover,
        "showlegend": False,
    }
    degree: dict[str, Any] = {"showticklabels": False, "showgrid": False}
    middle = (south + north) / 2
    aspect = max(0.3, min(1.1, (north - south) / (east - west) / cos(radians(middle))))
    return figure(
        [_coasts(west, east, south, north), bubbles],
        round(880 * aspect),
        # A degree of longitude is shorter than one of latitude, away from the equator.
        xaxis=axis(range=[west, east], constrain="domain", **degree),
        yaxis=axis(
            range=[south, north], scaleanchor="x", scaleratio=1 / cos(radians(middle)), constrain="domain", **degree
        ),
        plot_bgcolor=_SEA,
        meta={"aspect": aspect},
    )


@cache
def _land() -> list[Ring]:
    """Rings of (longitude, latitude) of all land."""
    text = (files("fraud_assets.evaluation") / "land.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pairs = ([point.split(",") for point in line.split()] for line in lines)
    return [[(int(east) / 10, int(north) / 10) for east, north in ring] for ring in pairs]


def _coasts(west: float, east: float, south: float, north: float) -> dict[str, Any]:
    """The land that is within a window."""
    x: list[float | None] = []
    y: list[float | None] = []
    for ring in _land():
        lons, lats = [p[0] for p in ring], [p[1] for p in ring]
        if max(lons) >= west and min(lons) <= east and max(lats) >= south and min(lats) <= north:
            x += [*lons, None]
            y += [*lats, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "fill": "toself",
        "fillcolor": _LAND,
        "line": {"color": _LAND, "width": 0.6},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _beside(longitude: float, west: float, east: float) -> str:
    """Where a name has room: not over the edge."""
    place = (longitude - west) / (east - west)
    return "middle right" if place < 0.15 else "middle left" if place > 0.85 else "top center"


def _window(cities: Sequence[City]) -> tuple[float, float, float, float]:
    """West, east, south and north of the cities with some sea around them; at least a few degrees."""
    lons, lats = [city["longitude"] for city in cities], [city["latitude"] for city in cities]
    wide, high = max(max(lons) - min(lons), 6.0), max(max(lats) - min(lats), 4.0)
    # The land is not drawn up to the poles.
    middle = (max(lons) + min(lons)) / 2, min(max((max(lats) + min(lats)) / 2, -_POLE + 2), _POLE - 2)
    return (
        max(-180.0, middle[0] - 0.56 * wide),
        min(180.0, middle[0] + 0.56 * wide),
        max(-_POLE, middle[1] - 0.6 * high),
        min(_POLE, middle[1] + 0.6 * high),
    )


def _apart(cities: Sequence[City], wide: float, high: float) -> set[str]:
    """Names that do not run into the name of a larger city."""
    placed: list[City] = []
    for city in cities:
        if all(
            abs(city["longitude"] - other["longitude"]) > wide or abs(city["latitude"] - other["latitude"]) > high
            for other in placed
        ):
            placed.append(city)
    return {city["city"] for city in placed}

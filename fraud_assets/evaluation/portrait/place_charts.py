"""The map: cities as bubbles on the outlines of the land, and what is declined far from home."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from math import cos, radians, sqrt
from typing import Any

from fraud_assets.codes import ANOMALY_TYPES
from fraud_assets.evaluation.plotting import INK, MUTED, PALE_REDS, REDS, Figure, axis, channel_color, figure
from fraud_assets.evaluation.portrait.places import DISTANCES
from fraud_assets.evaluation.portrait.rows import in_order
from fraud_assets.evaluation.words import title

_LAND, _SEA = "#f1ede3", "#e3ebf1"
MAP_COLORS: list[list[Any]] = [[0, "#ffffff"], *REDS[1:]]
_LARGEST = 38
#: Cities with fewer payments tell nothing of their share of fraud, and of declines far away as little.
_ENOUGH = 100
_NAMED = 14
Ring = list[tuple[float, float]]


@cache
def _land() -> list[Ring]:
    """Rings of (longitude, latitude) of all land."""
    text = (files("fraud_assets.evaluation.portrait") / "land.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pairs = ([point.split(",") for point in line.split()] for line in lines)
    return [[(int(east) / 10, int(north) / 10) for east, north in ring] for ring in pairs]


def place_charts(document: dict[str, Any]) -> dict[str, Figure | None]:
    found = document["places"]
    return {
        "map": _map(found["cities"]),
        "distances": _distances(found["distances"]),
        "city_kinds": _city_kinds(found["anomalies"]),
    }


def _map(cities: list[dict[str, Any]]) -> Figure | None:
    if not cities:
        return None
    west, east, south, north = _window(cities)
    most = max(city["rows"] for city in cities)
    x: list[float | None] = []
    y: list[float | None] = []
    for ring in _land():
        lons, lats = [p[0] for p in ring], [p[1] for p in ring]
        if max(lons) >= west and min(lons) <= east and max(lats) >= south and min(lats) <= north:
            x += [*lons, None]
            y += [*lats, None]
    largest = sorted(cities, key=lambda city: -city["rows"])[:_NAMED]
    names = _apart(largest, (east - west) / 4, (north - south) / 14)
    land = {
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
    bubbles = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [city["longitude"] for city in cities],
        "y": [city["latitude"] for city in cities],
        "text": [city["city"] if city["city"] in names else "" for city in cities],
        "textposition": [_beside(city["longitude"], west, east) for city in cities],
        "textfont": {"size": 10.5},
        "marker": {
            "size": [max(4.0, _LARGEST * sqrt(city["rows"] / most)) for city in cities],
            "color": [city["fraud"] / city["rows"] if city["rows"] >= _ENOUGH else None for city in cities],
            "colorscale": MAP_COLORS,
            "cmin": 0,
            "cmax": reddest(cities),
            "opacity": 0.9,
            "line": {"color": "#8c6f62", "width": 0.8},
            "showscale": False,
        },
        "customdata": [
            [
                ", ".join(filter(None, (city["city"], city["state"], city["country"]))),
                city["rows"],
                city["fraud"],
                city["homes"],
            ]
            for city in cities
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]:,} payments<br>%{customdata[2]:,} of them fraud"
        "<br>home of %{customdata[3]:,} customers<extra></extra>",
        "showlegend": False,
    }
    degree: dict[str, Any] = {"showticklabels": False, "showgrid": False}
    middle = (south + north) / 2
    aspect = max(0.3, min(1.1, (north - south) / (east - west) / cos(radians(middle))))
    return figure(
        [land, bubbles],
        round(880 * aspect),
        # A degree of longitude is shorter than one of latitude, away from the equator.
        xaxis=axis(range=[west, east], constrain="domain", **degree),
        yaxis=axis(
            range=[south, north], scaleanchor="x", scaleratio=1 / cos(radians(middle)), constrain="domain", **degree
        ),
        plot_bgcolor=_SEA,
        meta={"aspect": aspect},
    )


def reddest(cities: list[dict[str, Any]]) -> float:
    """Share of fraud that is drawn in full colour: three times the usual one."""
    rows = sum(city["rows"] for city in cities)
    return max(3 * sum(city["fraud"] for city in cities) / max(rows, 1), 1e-4)


def _beside(longitude: float, west: float, east: float) -> str:
    """Where a name has room: not over the edge."""
    place = (longitude - west) / (east - west)
    return "middle right" if place < 0.15 else "middle left" if place > 0.85 else "top center"


def _window(cities: list[dict[str, Any]]) -> tuple[float, float, float, float]:
    """West, east, south and north of the cities with some sea around them; at least a few degrees."""
    lons, lats = [city["longitude"] for city in cities], [city["latitude"] for city in cities]
    wide, high = max(max(lons) - min(lons), 6.0), max(max(lats) - min(lats), 4.0)
    middle = (max(lons) + min(lons)) / 2, (max(lats) + min(lats)) / 2
    return (
        max(-180.0, middle[0] - 0.56 * wide),
        min(180.0, middle[0] + 0.56 * wide),
        max(-85.0, middle[1] - 0.6 * high),
        min(85.0, middle[1] + 0.6 * high),
    )


def _apart(cities: list[dict[str, Any]], wide: float, high: float) -> set[str]:
    """Names that do not run into the name of a larger city."""
    placed: list[dict[str, Any]] = []
    for city in cities:
        if all(
            abs(city["longitude"] - other["longitude"]) > wide or abs(city["latitude"] - other["latitude"]) > high
            for other in placed
        ):
            placed.append(city)
    return {city["city"] for city in placed}


def distance_name(k: int) -> str:
    if k + 1 == len(DISTANCES):
        return f"over {DISTANCES[k]:,} km"
    return f"{DISTANCES[k]:,}–{DISTANCES[k + 1]:,} km"


def _distances(cells: list[dict[str, Any]]) -> Figure | None:
    """Declined share of honest payments by distance from home, a line a channel."""
    honest = [cell for cell in cells if not cell["is_fraud"] and cell["rows"] >= _ENOUGH]
    channels = in_order([cell["channel"] for cell in honest])
    data = []
    for channel in channels:
        own = [cell for cell in honest if cell["channel"] == channel]
        rate = [cell["declined"] / cell["rows"] for cell in own]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [distance_name(cell["distance"]) for cell in own],
                "y": rate,
                "error_y": {
                    "type": "data",
                    "array": [1.96 * sqrt(p * (1 - p) / cell["rows"]) for p, cell in zip(rate, own, strict=True)],
                    "thickness": 1,
                    "width": 2,
                    "color": channel_color(channel),
                },
                "name": title(channel),
                "line": {"color": channel_color(channel), "width": 2},
                "customdata": [cell["rows"] for cell in own],
                "hovertemplate": "%{x}: %{y:.1%} of %{customdata:,}<extra>" + title(channel) + "</extra>",
            }
        )
    if not data:
        return None
    order = [distance_name(k) for k in range(len(DISTANCES))]
    return figure(
        data,
        290,
        xaxis=axis(categoryorder="array", categoryarray=order, showgrid=False),
        yaxis=axis("Declined", tickformat=".0%", range=[0, 1.25 * max(max(line["y"]) for line in data) or 1]),
    )


def _city_kinds(cities: list[dict[str, Any]]) -> Figure | None:
    """Anomalies of each kind, and fraud, in 1,000 payments of each of the largest cities."""
    kinds = [kind for kind in ANOMALY_TYPES if any(city[kind] for city in cities)]
    if not cities or not kinds:
        return None
    lines = [*kinds, "fraud"]
    z = [[1000 * city[line] / city["rows"] for line in lines] for city in cities]
    # Each column on its own ground: one kind is a hundred times as frequent as another.
    tops = [max(row[k] for row in z) or 1 for k in range(len(lines))]
    data = [
        {
            "type": "heatmap",
            "z": [[value / top for value, top in zip(row, tops, strict=True)] for row in z],
            "x": [title(line) for line in lines],
            "y": [city["city"] for city in cities],
            "text": [[f"{value:.1f}" for value in row] for row in z],
            "texttemplate": "%{text}",
            "textfont": {"size": 11, "color": INK},
            "colorscale": PALE_REDS,
            "showscale": False,
            "xgap": 2,
            "ygap": 2,
            "hovertemplate": "%{y}: %{text} of 1,000 payments<extra>%{x}</extra>",
        }
    ]
    return figure(
        data,
        70 + 27 * len(cities),
        xaxis=axis(side="top", tickfont={"size": 11.5, "color": MUTED}, showgrid=False),
        yaxis=axis(autorange="reversed", showgrid=False),
    )

"""Where payments and their fraud are, on the map, and what is declined far from home."""

from __future__ import annotations

from math import sqrt
from typing import Any

from fraud_assets.codes import ANOMALY_TYPES
from fraud_assets.evaluation.maps import city_map
from fraud_assets.evaluation.plotting import INK, MUTED, PALE_REDS, Figure, axis, channel_color, figure
from fraud_assets.evaluation.portrait.places import DISTANCES
from fraud_assets.evaluation.portrait.rows import in_order
from fraud_assets.evaluation.words import title

#: Cities with fewer payments tell nothing of their share of fraud, and of declines far away as little.
_ENOUGH = 100


def place_charts(document: dict[str, Any]) -> dict[str, Figure | None]:
    found = document["places"]
    return {
        "map": _map(found["cities"]),
        "distances": _distances(found["distances"]),
        "city_kinds": _city_kinds(found["anomalies"]),
    }


def _map(cities: list[dict[str, Any]]) -> Figure | None:
    return city_map(
        cities,
        "rows",
        [city["fraud"] / city["rows"] if city["rows"] >= _ENOUGH else None for city in cities],
        reddest(cities),
        [
            [
                ", ".join(filter(None, (city["city"], city["state"], city["country"]))),
                city["rows"],
                city["fraud"],
                city["homes"],
            ]
            for city in cities
        ],
        "<b>%{customdata[0]}</b><br>%{customdata[1]:,} payments<br>%{customdata[2]:,} of them fraud"
        "<br>home of %{customdata[3]:,} customers<extra></extra>",
    )


def reddest(cities: list[dict[str, Any]]) -> float:
    """Share of fraud that is drawn in full colour: three times the usual one."""
    rows = sum(city["rows"] for city in cities)
    return max(3 * sum(city["fraud"] for city in cities) / max(rows, 1), 1e-4)


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

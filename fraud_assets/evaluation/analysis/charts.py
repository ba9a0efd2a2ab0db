"""The charts of what goes with fraud, by name."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.maps import city_map
from fraud_assets.evaluation.plotting import BLUE, INK, MUTED, PALE, RED, SAND, TEAL, Figure, axis, day_axis, figure
from fraud_assets.evaluation.unjudged import every_row, unjudged, unjudged_notes
from fraud_assets.evaluation.words import number, title

_FEATURES, _EFFECTS = 15, 20
#: With more features the cells of a phone are too narrow for figures; colours and the table tell them.
_MOST_FIGURES = 10
#: From -1 to 1.
_BOTH_WAYS = [[0, "#2a6f97"], [0.5, "#f7f5ef"], [1, RED]]


def analysis_charts(analysis: dict[str, Any]) -> dict[str, Figure | None]:
    """Chart name -> figure; None where there is nothing to show."""
    found = analysis["anomalies"]
    return {
        "importance": _importance(analysis["features"]),
        "correlations": _correlations(analysis["correlations"]),
        "effects": _effects(analysis["differences"]["features"]),
        "anomaly_days": None if found["reason"] else anomaly_days(found["days"]),
        "anomaly_severity": None if found["reason"] else _severities(found["severities"]),
        "anomaly_map": None if found["reason"] else _cities(found["cities"]),
        "moved": _moved(analysis["moved"]),
    }


def _importance(features: list[dict[str, Any]]) -> Figure | None:
    rows = [row for row in features if row["permutation"] is not None][:_FEATURES][::-1]
    if not rows:
        return None
    names = [row["name"] for row in rows]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [row["permutation"] for row in rows],
            "y": names,
            "name": "average precision lost without it",
            "marker": {"color": BLUE},
            "hovertemplate": "%{y}: %{x:.3f} lost<extra></extra>",
        }
    ]
    for key, color, name in (("gain", SAND, "share of gain"), ("information", TEAL, "mutual information, share")):
        if any(row[key] is not None for row in rows):
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [row[key] for row in rows],
                    "y": names,
                    "name": name,
                    "marker": {"color": color, "size": 9, "symbol": "diamond"},
                    "hovertemplate": f"%{{x:.3f}} {name}<extra></extra>",
                }
            )
    return figure(
        data,
        110 + 26 * len(rows),
        xaxis=axis("Lost, or share"),
        yaxis=axis(tickfont={"size": 11.5}, showgrid=False),
    )


def _correlations(found: dict[str, Any]) -> Figure | None:
    names = found["features"]
    if len(names) < 2:
        return None
    # Above the diagonal Pearson's, below it Spearman's.
    values = [
        [None if a == b else found["pearson" if a < b else "spearman"][a][b] for b in range(len(names))]
        for a in range(len(names))
    ]
    return figure(
        [
            {
                "type": "heatmap",
                "x": list(range(1, len(names) + 1)),
                "y": [f"{k}  {name}" for k, name in enumerate(names, 1)],
                "z": values,
                "zmin": -1,
                "zmax": 1,
                "colorscale": _BOTH_WAYS,
                "text": [
                    ["" if v is None else f"{v:.1f}".replace("0.", ".").replace("-", "−") for v in line]
                    for line in values
                ],
                "texttemplate": "%{text}" if len(names) <= _MOST_FIGURES else "",
                "textfont": {"size": 9.5},
                "showscale": False,
                "hovertemplate": "%{y} with %{x}: %{z:.2f}<extra></extra>",
                "xgap": 1,
                "ygap": 1,
            }
        ],
        80 + 26 * len(names),
        xaxis=axis(type="category", side="top", showgrid=False, tickfont={"size": 10.5}),
        yaxis=axis(autorange="reversed", showgrid=False, tickfont={"size": 10.5}),
    )


def _effects(features: list[dict[str, Any]]) -> Figure | None:
    rows = features[:_EFFECTS][::-1]
    if not rows:
        return None
    return figure(
        [
            {
                "type": "bar",
                "orientation": "h",
                "x": [row["effect"] for row in rows],
                "y": [row["name"] for row in rows],
                "marker": {"color": [SAND if row["test"] == "chi-square" else BLUE for row in rows]},
                "customdata": [row["effect_is"] for row in rows],
                "hovertemplate": "%{y}: %{customdata} %{x:.2f}<extra></extra>",
                "showlegend": False,
            }
        ],
        70 + 24 * len(rows),
        xaxis=axis("Cohen’s d, or Cramér’s V", zeroline=True, zerolinecolor=MUTED),
        yaxis=axis(tickfont={"size": 11.5}, showgrid=False),
        bargap=0.35,
    )


def anomaly_days(days: list[dict[str, Any]]) -> Figure:
    """Anomalies a day (``day``, ``anomalies``, ``frauds``), the frauds among them in red."""
    honest = [day["anomalies"] - day["frauds"] for day in days]
    data = [
        {
            "type": "bar",
            "x": [day["day"] for day in days],
            "y": values,
            "name": name,
            "marker": {"color": color},
            "hovertemplate": f"%{{x}}: %{{y:,}} {name}<extra></extra>",
        }
        for name, color, values in (("fraud", RED, [day["frauds"] for day in days]), ("not fraud", PALE, honest))
    ]
    return figure(data, 280, xaxis=day_axis(), yaxis=axis("Anomalies"), barmode="stack")


def _severities(rows: list[dict[str, Any]]) -> Figure | None:
    if not rows:
        return None
    values = [row["median"] for row in rows]
    return figure(
        [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [f"{title(row['severity'])}<br>{counted(row['rows'], 'fraud')}" for row in rows],
                "y": values,
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [row["high"] - row["median"] for row in rows],
                    "arrayminus": [row["median"] - row["low"] for row in rows],
                    "color": INK,
                    "thickness": 1.6,
                    "width": 6,
                },
                "marker": {"size": 12, "color": RED},
                "hovertemplate": "median %{y:.3f}<extra></extra>",
                "showlegend": False,
            }
        ],
        280,
        xaxis=axis(type="category", showgrid=False),
        yaxis=axis("Anomaly score, middle half"),
    )


def _cities(cities: list[dict[str, Any]]) -> Figure | None:
    busiest = max((city["rows"] for city in cities), default=0)
    # A share of few payments is chance: it does not say what red is.
    shares = sorted(city["anomalies"] / city["rows"] for city in cities if city["rows"] >= busiest / 50)
    return city_map(
        cities,
        "anomalies",
        [city["anomalies"] / city["rows"] for city in cities],
        max(shares[round(0.95 * (len(shares) - 1))], 1e-9) if shares else 1.0,
        [[city["city"], city["rows"], city["anomalies"], city["frauds"]] for city in cities],
        "<b>%{customdata[0]}</b><br>%{customdata[1]:,} payments<br>%{customdata[2]:,} unusual"
        "<br>%{customdata[3]:,} frauds<extra></extra>",
    )


def _moved(found: dict[str, Any]) -> Figure | None:
    rows = found["features"][::-1]
    if not rows:
        return None
    key = "used" if found["has_limits"] else "psi"
    lines = [{"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 1, "x1": 1, "line": {"color": INK, "width": 2}}]
    return figure(
        [
            {
                "type": "bar",
                "orientation": "h",
                "x": [None if unjudged(row, key) else row[key] for row in rows],
                "y": [row["name"] for row in rows],
                "marker": {"color": [RED if row["is_alarm"] else BLUE for row in rows]},
                "customdata": [number(row["psi"], 4) for row in rows],
                "hovertemplate": "%{y}: PSI %{customdata}<extra></extra>",
                "showlegend": False,
            }
        ],
        70 + 24 * len(rows),
        annotations=unjudged_notes(rows, key),
        xaxis=axis(
            "Share of its drift limit" if found["has_limits"] else "PSI, no limits yet",
            tickformat=".0%" if found["has_limits"] else None,
            rangemode="tozero",
        ),
        yaxis=axis(tickfont={"size": 11.5}, showgrid=False, **every_row(rows)),
        shapes=lines if found["has_limits"] else [],
    )

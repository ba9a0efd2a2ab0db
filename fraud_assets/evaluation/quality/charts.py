"""The charts of a data-quality report, by name."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation.plotting import BLUE, MUTED, PALE, SAND, TEAL, Figure, axis, figure
from fraud_assets.evaluation.words import title

_COLUMNS_DRAWN = 18
_DAY_COLORS = (PALE, TEAL, BLUE)


def quality_charts(document: dict[str, Any]) -> dict[str, Figure]:
    """Chart name -> figure; those without anything to show are left out."""
    columns = [(one["name"], column) for one in document["tables"] for column in one["columns"] if one["rows"]]
    partly = [(name, c) for name, c in columns if 0 < c["missing"] < 1]
    partly.sort(
        key=lambda pair: (
            -abs(pair[1]["missing"] - (pair[1]["missing_before"] or pair[1]["missing"])),
            -pair[1]["missing"],
        )
    )
    far = sorted(((n, c) for n, c in columns if c["outliers"]), key=lambda pair: -pair[1]["outliers"])
    drawn: dict[str, Figure] = {}
    if partly:
        drawn["missing"] = _bars(partly[:_COLUMNS_DRAWN], "missing", "Share of rows without a value", "missing_before")
    if far:
        drawn["outliers"] = _bars(far[:_COLUMNS_DRAWN], "outliers", "Share of values far out")
    labels = document["labels"]
    if labels["has_truth"] and any(w["share"] is not None for one in labels["types"] for w in one["within"].values()):
        drawn["labels"] = _reported(labels)
    return drawn


def _bars(columns: list[tuple[str, dict[str, Any]]], key: str, name: str, before: str | None = None) -> Figure:
    # Two lines: on a phone a long name would leave no room for the bar.
    names = [
        f"{column['name']}<br><span style='font-size:9.5px;color:{MUTED}'>{one}</span>" for one, column in columns
    ][::-1]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [column[key] for _, column in columns][::-1],
            "y": names,
            "name": "this month",
            "marker": {"color": BLUE},
            "hovertemplate": "%{y}: %{x:.2%}<extra></extra>",
        }
    ]
    if before and any(column[before] is not None for _, column in columns):
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [column[before] for _, column in columns][::-1],
                "y": names,
                "name": "the month before",
                "marker": {"color": SAND, "size": 9, "symbol": "diamond"},
                "hovertemplate": "%{x:.2%} the month before<extra></extra>",
            }
        )
    return figure(
        data,
        90 + 32 * len(columns),
        xaxis=axis(name, tickformat=".0%", rangemode="tozero"),
        yaxis=axis(tickfont={"size": 10.5}, showgrid=False),
        bargap=0.3,
    )


def _reported(labels: dict[str, Any]) -> Figure:
    types = labels["types"][::-1]
    names = [title(one["fraud_type"]) if one["fraud_type"] else "<b>All</b>" for one in types]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [one["within"][str(days)]["share"] for one in types],
            "y": names,
            "name": f"within {days} days",
            "marker": {"color": color},
            "hovertemplate": f"%{{y}}: %{{x:.0%}} within {days} days<extra></extra>",
        }
        for days, color in zip(labels["days"], _DAY_COLORS, strict=True)
    ]
    return figure(
        data[::-1],
        110 + 44 * len(types),
        xaxis=axis("Share known", tickformat=".0%", range=[0, 1.02]),
        yaxis=axis(showgrid=False, tickfont={"size": 11.5}),
        barmode="group",
        bargap=0.25,
        legend={"traceorder": "reversed", "orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )

"""The charts of a drift report, by name."""

from __future__ import annotations

from math import sqrt
from typing import Any

from fraud_assets.evaluation.plotting import BLUE, INK, MUTED, PALE, RED, SAND, Figure, axis, figure
from fraud_assets.evaluation.unjudged import every_row, unjudged, unjudged_notes
from fraud_assets.evaluation.words import month_name, number, percent

_FEATURES = 15
_MONTHS_OF = 20


def drift_charts(document: dict[str, Any]) -> dict[str, Figure]:
    """Chart name -> figure; those without anything to show are left out."""
    drawn: dict[str, Figure | None] = {
        "shift": _shift(document["features"]),
        "months": _months(document),
        "score": _bins(document["score"]["bins"]) if document["score"] else None,
        "adversary": _adversary(document),
        "alert_rate": _alert_rate(document),
    }
    for k, row in enumerate(document["features"]):
        if "bins" in row:
            drawn[f"bins-{k}"] = _bins(row["bins"])
    return {name: chart for name, chart in drawn.items() if chart is not None}


def _shift(features: list[dict[str, Any]]) -> Figure | None:
    """How much of its limit each feature has used; the PSI itself where there are no limits."""
    rows = features[:_FEATURES][::-1]
    if not rows:
        return None
    has_limits = any(row["used"] is not None for row in rows)
    shapes = [{"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 1, "x1": 1, "line": {"color": INK, "width": 2}}]
    name, key = ("Share of its limit", "used") if has_limits else ("PSI, no limits yet", "psi")
    return figure(
        [
            {
                "type": "bar",
                "orientation": "h",
                "x": [None if unjudged(row, key) else row[key] for row in rows],
                "y": [row["name"] for row in rows],
                "marker": {"color": [RED if row["is_alarm"] else BLUE for row in rows]},
                "customdata": [[number(row["psi"], 4), number(row["ks"], 3)] for row in rows],
                "hovertemplate": "%{y}: PSI %{customdata[0]}, KS %{customdata[1]}<extra></extra>",
                "width": 0.6,
                "showlegend": False,
            }
        ],
        70 + 25 * len(rows),
        annotations=unjudged_notes(rows, key),
        xaxis=axis(name, rangemode="tozero", tickformat=".0%" if has_limits else None),
        yaxis=axis(tickfont={"size": 11.5}, showgrid=False, **every_row(rows)),
        shapes=shapes if has_limits else [],
    )


def _months(document: dict[str, Any]) -> Figure | None:
    """A heat map: the features of the month in past months."""
    rows = document["features"][:_MONTHS_OF][::-1]
    if not rows or not rows[0]["past"]:
        return None
    months = [*(past["month"] for past in rows[0]["past"]), document["month"]]
    values = [[*(past["psi"] for past in row["past"]), row["psi"]] for row in rows]
    written = [[number(value, 3) for value in line] for line in values]
    return figure(
        [
            {
                "type": "heatmap",
                "x": [month_name(key) for key in months],
                "y": [row["name"] for row in rows],
                # The root: a distance, so that a large figure does not make all others white.
                "z": [[None if value is None else sqrt(max(0.0, value)) for value in line] for line in values],
                "text": written,
                "texttemplate": "%{text}",
                "textfont": {"size": 10.5},
                "colorscale": [[0, "#f3f1ea"], [0.5, "#e9c9a6"], [1, RED]],
                "showscale": False,
                "hovertemplate": "%{y}, %{x}: PSI %{text}<extra></extra>",
                "xgap": 2,
                "ygap": 2,
            }
        ],
        90 + 23 * len(rows),
        xaxis=axis(showgrid=False, side="top", tickfont={"size": 11}, type="category"),
        yaxis=axis(showgrid=False, tickfont={"size": 11}),
    )


def _bins(bins: list[dict[str, Any]]) -> Figure:
    names = [row["bin"] for row in bins]
    return figure(
        [
            {
                "type": "bar",
                "x": names,
                "y": [row["now"] for row in bins],
                "name": "this month",
                "marker": {"color": BLUE},
                "hovertemplate": "%{x}: %{y:.1%} this month<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": names,
                "y": [row["before"] for row in bins],
                "name": "reference",
                "line": {"color": SAND, "width": 2, "shape": "hvh"},
                "marker": {"size": 6, "color": SAND},
                "hovertemplate": "%{x}: %{y:.1%} in the reference<extra></extra>",
            },
        ],
        270,
        xaxis=axis(type="category", tickfont={"size": 10}, tickangle=-45, showgrid=False),
        yaxis=axis(tickformat=".0%", rangemode="tozero"),
        bargap=0.25,
    )


def _adversary(document: dict[str, Any]) -> Figure | None:
    found = document["adversary"]
    if not found:
        return None
    months = [*(past["month"] for past in found["past"]), document["month"]]
    return _control(
        months,
        [*(past["area"] for past in found["past"]), found["area"]],
        found["is_alarm"],
        (None, found["limit"]),
        "ROC area (0.5: the months are alike)",
        ".2f",
        number,
    )


def _alert_rate(document: dict[str, Any]) -> Figure | None:
    found = document["alert_rate"]
    if not found["months"]:
        return None
    return _control(
        [row["month"] for row in found["months"]],
        [row["rate"] for row in found["months"]],
        found["is_alarm"],
        (found["low"], found["high"]),
        "Share of payments flagged or rejected",
        ".1%",
        percent,
        zero=True,
    )


def _control(
    months: list[str],
    values: list[float],
    is_alarm: bool,
    limits: tuple[float | None, float | None],
    title: str,
    form: str,
    write: Any,
    *,
    zero: bool = False,
) -> Figure:
    """A control chart: months in their order, the last one red if it is out of its limits."""
    names = [month_name(key) for key in months]
    shapes = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": limit,
            "y1": limit,
            "line": {"color": MUTED, "width": 1.4, "dash": "dash"},
        }
        for limit in limits
        if limit is not None
    ]
    notes = [
        {
            "xref": "paper",
            "x": 0,
            "y": limit,
            "text": f"{which} limit {write(limit)}",
            "showarrow": False,
            "xanchor": "left",
            "yanchor": "bottom",
            "font": {"size": 11, "color": MUTED},
        }
        for which, limit in zip(("lower", "upper"), limits, strict=True)
        if limit is not None and (which == "upper" or limit > 0)
    ]
    top = max(value for value in (*values, *limits) if value is not None)
    bottom = 0.0 if zero else min(0.5, *values) - 0.02
    return figure(
        [
            {
                "type": "scatter",
                "mode": "lines+markers+text",
                "x": names,
                "y": values,
                "text": [write(value) for value in values],
                "textposition": "top center",
                "cliponaxis": False,
                "textfont": {"size": 11},
                "line": {"color": PALE, "width": 2},
                "marker": {"size": 11, "color": [*[PALE] * (len(values) - 1), RED if is_alarm else BLUE]},
                "hovertemplate": f"%{{x}}: %{{y:{form}}}<extra></extra>",
                "showlegend": False,
            }
        ],
        280,
        xaxis=axis(type="category", showgrid=False),
        yaxis=axis(title, tickformat=form, range=[bottom, bottom + (top - bottom) * 1.18]),
        shapes=shapes,
        annotations=notes,
    )

"""The charts of the page about detectors without labels, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.analysis.charts import anomaly_days
from fraud_assets.evaluation.plotting import BLUE, INK, MUTED, PALE, RED, SAND, TEAL, Figure, axis, bars, figure
from fraud_assets.evaluation.words import number, title

#: How each ranking is called, on two lines at most: on a phone a long name would leave no room for the chart.
NAMES = {
    "anomaly_score": "The three together",
    "isolation_forest": "Isolation forest",
    "one_class_svm": "One-class SVM",
    "ecdf": "Tail probabilities",
    "best_single_feature": "Best single feature",
    "champion": "Champion",
}
_COLORS = {"anomaly_score": BLUE, "best_single_feature": SAND, "champion": TEAL}


def detectors_charts(verdict: dict[str, Any]) -> dict[str, Figure]:
    """Chart name -> figure; those without anything to show are left out."""
    drawn = {"ladder": _ladder(verdict["average_precision"])}
    severities = [one for one in verdict["by_severity"][::-1] if one["kind"] != "none"]
    for name, kinds, color, noun, nothing in (
        ("types", verdict["by_type"], RED, "fraud", "Not named"),
        ("severity", severities, RED, "fraud", ""),
        ("honest", verdict["honest_by_kind"], SAND, "payment", "Nothing unusual"),
        ("alike", verdict["honest_by_look_alike"], SAND, "payment", "No fraud"),
    ):
        if kinds:
            drawn[name] = _shares(kinds, color, noun, nothing)
    if verdict["in_time"]["days"]:
        drawn["days"] = anomaly_days(verdict["in_time"]["days"])
    return drawn


def _ladder(found: dict[str, dict[str, Any]]) -> Figure:
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [estimate["value"]],
            "y": [NAMES.get(name, title(name))],
            "error_x": bars([estimate], _COLORS.get(name, MUTED)),
            "marker": {"size": 13 if name == "anomaly_score" else 10, "color": _COLORS.get(name, MUTED)},
            "hovertemplate": f"{NAMES.get(name, title(name))}: {number(estimate['value'], 3)}<extra></extra>",
            "showlegend": False,
        }
        for name, estimate in sorted(found.items(), key=lambda one: one[1]["value"])
    ]
    return figure(
        data,
        90 + 40 * len(data),
        xaxis=axis("Average precision", rangemode="tozero", nticks=6),
        yaxis=axis(showgrid=False),
    )


def _shares(kinds: Sequence[dict[str, Any]], color: str, noun: str, nothing: str) -> Figure:
    """Of each kind the share that is called an anomaly, how many there are under its name; ``none`` is ``nothing``."""
    rows = kinds[::-1]
    names = [
        f"{nothing if one['kind'] == 'none' else title(one['kind'])}<br><span style='font-size:10.5px;color:{MUTED}'>"
        f"{counted(one['rows'], noun)}</span>"
        for one in rows
    ]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [one["share"] for one in rows],
            "y": names,
            "marker": {"color": [PALE if one["kind"] == "none" else color for one in rows]},
            "customdata": [[one["anomalies"], one["rows"]] for one in rows],
            "hovertemplate": "%{x:.1%}: %{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
            "text": [f"{one['share']:.{0 if one['share'] >= 0.1 else 1}%}" for one in rows],
            "textposition": "outside",
            "textfont": {"size": 10.5, "color": INK},
            "cliponaxis": False,
            "width": 0.6,
            "showlegend": False,
        }
    ]
    most = max(one["share"] for one in rows)
    return figure(
        data,
        70 + 38 * len(rows),
        xaxis=axis("Share called anomalies", tickformat=".0%", range=[0, min(1.12, 1.18 * most or 0.01)], nticks=5),
        yaxis=axis(showgrid=False, tickfont={"size": 11.5}),
    )

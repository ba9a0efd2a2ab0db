"""Charts of the scores: ladder, curves, recall by type, reliability, look-alikes, label delay."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.plotting import BLUE, INK, MUTED, PALE, RED, SAND, Figure, axis, bars, colors, figure
from fraud_assets.evaluation.words import count, delay_name, number, percent, title


def ladder(report: dict[str, Any]) -> Figure:
    color_of, data = colors(report), []
    for rung in report["ladder"]:
        ap = rung["average_precision"]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [ap["value"]],
                "y": [title(rung["name"])],
                "error_x": bars([ap], color_of[rung["name"]]),
                "marker": {"size": 13 if rung["is_champion"] else 10, "color": color_of[rung["name"]]},
                "hovertemplate": f"{title(rung['name'])}: {number(ap['value'], 3)}<extra></extra>",
                "showlegend": False,
            }
        )
    return figure(
        data,
        height=90 + 44 * len(data),
        xaxis=axis("Average precision", range=[-0.01, 1], tickformat=".1f"),
        yaxis=axis(tickfont={"size": 13}, showgrid=False),
    )


def precision_recall(report: dict[str, Any]) -> Figure | None:
    data = _lines(report, "recall", "precision", "%{x:.0%} of fraud found, %{y:.0%} of alerts right")
    if not data:
        return None
    xaxis = axis("Share of fraud found (recall)", range=[0, 1], tickformat=".0%")
    return figure(
        data,
        380,
        xaxis=xaxis,
        yaxis=axis("Alerts that are fraud (precision)", range=[0, 1.02], tickformat=".0%"),
    )


def roc(report: dict[str, Any]) -> Figure | None:
    data = _lines(report, "fpr", "tpr", "%{y:.0%} of fraud found while %{x:.2%} of honest payments are disturbed")
    if not data:
        return None
    for line in data:  # a logarithmic axis has no zero
        line["x"], line["y"] = line["x"][1:], line["y"][1:]
    ticks = [1e-4, 1e-3, 1e-2, 1e-1, 1]
    xaxis = axis(
        "Share of honest payments disturbed, logarithmic",
        type="log",
        range=[-4, 0],
        tickvals=ticks,
        ticktext=["0.01%", "0.1%", "1%", "10%", "100%"],
    )
    return figure(data, 380, xaxis=xaxis, yaxis=axis("Share of fraud found", range=[0, 1.02], tickformat=".0%"))


def _lines(report: dict[str, Any], x: str, y: str, hover: str, shape: str = "linear") -> list[dict[str, Any]]:
    """A line a candidate, the champion last and so on top."""
    color_of = colors(report)
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": report["curves"][rung["name"]][x],
            "y": report["curves"][rung["name"]][y],
            "name": title(rung["name"]),
            "line": {"color": color_of[rung["name"]], "width": 3 if rung["is_champion"] else 1.8, "shape": shape},
            "hovertemplate": f"{title(rung['name'])}<br>{hover}<extra></extra>",
        }
        for rung in sorted(report["ladder"], key=lambda rung: bool(rung["is_champion"]))
        if report["curves"][rung["name"]][x]
    ]


def fraud_types(report: dict[str, Any]) -> Figure | None:
    rows = report["fraud_types"][::-1]
    if not rows:
        return None
    names = [
        f"{title(r['fraud_type'])}<br><span style='font-size:11px;color:{MUTED}'>"
        f"{count(r['frauds'])} in {counted(r['campaigns'], 'campaign')}</span>"
        for r in rows
    ]
    budget = [r["recall_at_budget"] for r in rows]
    decisions = [r["recall_of_decisions"] for r in rows]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [e["value"] for e in budget],
            "y": names,
            "name": f"{report['settings']['alerts_per_10000']:g} highest scores of 10,000",
            "marker": {"color": BLUE},
            "error_x": bars(budget, INK),
            "hovertemplate": "%{x:.0%} found<extra></extra>",
            "width": 0.5,
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [e["value"] for e in decisions],
            "y": names,
            "name": "the month’s decisions",
            "marker": {"color": "#ffffff", "size": 11, "symbol": "diamond", "line": {"color": RED, "width": 2.5}},
            "hovertemplate": "%{x:.0%} flagged or rejected<extra></extra>",
            "cliponaxis": False,
        },
    ]
    return figure(
        data,
        height=110 + 50 * len(rows),
        xaxis=axis("Share of the type’s fraud found", range=[-0.03, 1.03], tickformat=".0%"),  # room for diamonds
        yaxis=axis(showgrid=False),
    )


def reliability(report: dict[str, Any]) -> Figure | None:
    bins = [b for b in report["calibration"].get("bins", []) if b["observed"]["value"]]
    if len(bins) < 2:
        return None
    everything = [b["expected"] for b in bins] + [b["observed"]["value"] for b in bins]
    low, high = min(everything) / 2, 1.0
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [low, high],
            "y": [low, high],
            "line": {"color": MUTED, "dash": "dot", "width": 1.5},
            "name": "exactly right",
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [b["expected"] for b in bins],
            "y": [b["observed"]["value"] for b in bins],
            "error_y": bars([b["observed"] for b in bins], BLUE),
            "line": {"color": BLUE, "width": 1.5},
            "marker": {"color": BLUE, "size": 9},
            "name": "a tenth of the expected fraud each",
            "customdata": [[b["rows"], b["frauds"]] for b in bins],
            "hovertemplate": "said %{x:.2%}, was %{y:.2%}<br>%{customdata[1]:,} of %{customdata[0]:,}<extra></extra>",
        },
    ]
    ticks = {"tickvals": [1e-4, 1e-3, 1e-2, 1e-1, 1], "ticktext": ["0.01%", "0.1%", "1%", "10%", "100%"], "type": "log"}
    return figure(
        data, 380, xaxis=axis("Probability that was said", **ticks), yaxis=axis("Share that was fraud", **ticks)
    )


def look_alikes(report: dict[str, Any]) -> Figure | None:
    rows = sorted(report["look_alikes"], key=lambda row: row["false_positive_rate"]["value"] or 0)
    if not rows:
        return None
    rates = [row["false_positive_rate"] for row in rows]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [rate["value"] for rate in rates],
            "y": [f"looks like {title(row['lookalike_of']).lower()}" for row in rows],
            "marker": {"color": SAND},
            "error_x": bars(rates, INK),
            "customdata": [[row["rows"], row["times_the_usual"]] for row in rows],
            "hovertemplate": "%{x:.1%} of %{customdata[0]:,}, %{customdata[1]:.1f} times the usual<extra></extra>",
            "width": 0.6,
        }
    ]
    return figure(
        data,
        height=80 + 34 * len(rows),
        xaxis=axis("Share that is a false alarm", tickformat=".0%", rangemode="tozero"),
        yaxis=axis(showgrid=False),
    )


def label_delay(report: dict[str, Any]) -> Figure | None:
    rows = [row for row in report["label_delay"] if row["is_known"] and row["average_precision"] is not None]
    if not rows:
        return None
    names = [delay_name(row["days"]) for row in rows]
    data = [
        {
            "type": "bar",
            "x": names,
            "y": [row[key] for row in rows],
            "name": label,
            "marker": {"color": color},
            "text": [percent(row[key]) if key == "recall_at_budget" else number(row[key]) for row in rows],
            "textposition": "outside",
            "cliponaxis": False,
            "hovertemplate": "%{x}: %{text}<extra>" + label + "</extra>",
        }
        for key, label, color in (
            ("average_precision", "average precision", BLUE),
            ("recall_at_budget", "fraud found within the budget", PALE),
        )
    ]
    return figure(
        data,
        300,
        xaxis=axis(showgrid=False),
        yaxis=axis(range=[0, 1.08], tickformat=".1f"),
        barmode="group",
        bargap=0.35,
    )

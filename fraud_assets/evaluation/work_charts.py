"""Charts of the work and the money: alert budget, daily queue, policies, campaigns."""

from __future__ import annotations

import math
from typing import Any

from fraud_assets.evaluation.plotting import BLUE, INK, PALE, RED, SAND, TEAL, Figure, axis, bars, day_axis, figure
from fraud_assets.evaluation.words import money, policy


def budget(report: dict[str, Any]) -> Figure | None:
    name = report["champion"]
    curve = report["curves"][name]
    if not curve["per_10000"]:
        return None
    per = report["settings"]["alerts_per_10000"]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": curve["per_10000"],
            "y": curve[key],
            "name": label,
            "line": {"color": color, "width": 3},
            "hovertemplate": "%{x:.0f} alerts per 10,000: %{y:.0%} " + label + "<extra></extra>",
        }
        for key, label, color in (
            ("caught", "of fraud found (recall)", BLUE),
            ("purity", "of alerts are fraud (precision)", SAND),
        )
    ]
    line = {
        "type": "line",
        "x0": per,
        "x1": per,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": RED, "dash": "dot"},
    }
    note = {
        "x": math.log10(per),
        "y": 0.98,
        "yref": "paper",
        "text": f"budget: {per:g}",
        "showarrow": False,
        "xanchor": "left",
        "xshift": 6,
        "font": {"color": RED, "size": 12},
    }
    ticks = [1, 3, 10, 30, 100, 300, 1000]
    return figure(
        data,
        xaxis=axis(
            "Alerts per 10,000 payments, logarithmic", type="log", tickvals=ticks, ticktext=[f"{t:,}" for t in ticks]
        ),
        yaxis=axis(range=[0, 1.02], tickformat=".0%"),
        shapes=[line],
        annotations=[note],
    )


def daily(report: dict[str, Any]) -> Figure:
    days = [row["day"] for row in report["daily"]]
    caught = [row["queue_frauds"] for row in report["daily"]]
    false = [row["queue"] - row["queue_frauds"] for row in report["daily"]]
    data = [
        {"type": "bar", "x": days, "y": caught, "name": "fraud found", "marker": {"color": BLUE}},
        {"type": "bar", "x": days, "y": false, "name": "false alarm", "marker": {"color": PALE}},
        {
            "type": "scatter",
            "mode": "markers",
            "x": days,
            "y": [row["frauds"] for row in report["daily"]],
            "name": "all fraud of the day",
            "marker": {"color": RED, "size": 8, "symbol": "line-ew", "line": {"color": RED, "width": 2.5}},
        },
    ]
    return figure(
        data,
        xaxis=day_axis(),
        yaxis=axis("Payments in the day’s queue"),
        barmode="stack",
        bargap=0.25,
        hovermode="x unified",
    )


def policies(report: dict[str, Any]) -> Figure:
    # Refusing everybody loses so much that the other bars would vanish beside it: it is in the table.
    rows = [row for row in report["policies"] if row["policy"] not in ("refuse_everything", "approve_everything")][::-1]
    colors = {"decisions": BLUE, "ideal": TEAL}
    currency = report["settings"]["currency"]
    savings = [row["savings"] for row in rows]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [s["value"] for s in savings],
            "y": [policy(row["policy"], report["labels"]) for row in rows],
            "marker": {"color": [colors.get(row["policy"], PALE) for row in rows]},
            "error_x": bars(savings, INK),
            "text": [money(s["value"], currency) for s in savings],
            "hovertemplate": "%{y}: %{text}<extra></extra>",
            "textposition": "none",
            "width": 0.6,
        }
    ]
    return figure(
        data,
        height=90 + 42 * len(rows),
        xaxis=axis(f"Net savings, {currency}", tickformat="~s"),
        yaxis=axis(showgrid=False),
    )


def campaigns(report: dict[str, Any]) -> Figure | None:
    losses = report["campaigns"]
    if not losses:
        return None
    currency = report["settings"]["currency"]
    parts = (
        ("lost_before_first_alert", "before the first alarm", SAND),
        ("at_or_after_first_alert", "on it or after: can be stopped", BLUE),
        ("lost_never_alerted", "no alarm at all", RED),
    )
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [losses[key]],
            "y": [""],
            "name": label,
            "marker": {"color": color},
            "hovertemplate": f"{label}: {money(losses[key], currency)}<extra></extra>",
            "width": 0.5,
        }
        for key, label, color in parts
    ]
    return figure(
        data,
        height=170,
        xaxis=axis(f"What the campaigns would cost the bank, {currency}", tickformat="~s", nticks=6),
        yaxis=axis(showgrid=False, visible=False),
        barmode="stack",
    )

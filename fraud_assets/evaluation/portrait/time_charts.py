"""Charts of when people pay: hours, the week, the days of the month, the days around payday."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from fraud_assets.evaluation.plotting import (
    BLUE,
    BLUES,
    INK,
    MUTED,
    PALE,
    RED,
    SAND,
    SERIES,
    Figure,
    axis,
    channel_color,
    figure,
)
from fraud_assets.evaluation.words import title

_HOURS: dict[str, Any] = {
    "tickvals": [0, 6, 12, 18, 23],
    "ticktext": ["0 h", "6 h", "12 h", "18 h", "23 h"],
    "range": [-0.4, 23.4],
}
_DAY_MS = 86_400_000
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
#: With fewer payments a line by hour is a drawing of chance.
_ENOUGH = 50


def time_charts(document: dict[str, Any]) -> dict[str, Figure | None]:
    found = document["rhythm"]
    hours = found["hours"]
    is_same = sorted(map(sum, hours["channel"].values())) == sorted(map(sum, hours["method"].values()))
    return {
        "hours_channel": _hours(hours["channel"], {channel: channel_color(channel) for channel in hours["channel"]}),
        # Where each channel has one method the second picture would be the first.
        "hours_method": None if is_same and len(hours["method"]) == len(hours["channel"]) else _hours(hours["method"]),
        "hours_week": _hours(hours["part_of_week"]),
        "hours_truth": _hours(hours["truth"], {"honest": BLUE, "fraud": RED}),
        "week": _week(found["week"]),
        "weekdays": _weekdays(found["days"]),
        "days": _days(found),
        "payday": _payday(found["payday_effect"]),
    }


def _hours(lines: dict[str, list[float]], colors: dict[str, str] | None = None) -> Figure | None:
    data = []
    for name, color in zip(lines, SERIES * len(lines), strict=False):
        total = sum(lines[name])
        if total < _ENOUGH:
            continue
        is_fraud = name == "fraud"
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if is_fraud else "lines",
                "x": list(range(24)),
                "y": [rows / total for rows in lines[name]],
                "name": title(name),
                "line": {"color": (colors or {}).get(name, color), "width": 2.2},
                "marker": {"size": 5},
                "hovertemplate": "%{x} h: %{y:.1%}<extra>" + title(name) + "</extra>",
                # So few frauds fall into an hour that chance has to be seen.
                "error_y": {
                    "type": "data",
                    "array": [np.sqrt(rows) / total for rows in lines[name]],
                    "visible": is_fraud,
                    "color": RED,
                    "thickness": 1,
                    "width": 0,
                },
            }
        )
    if not data:
        return None
    return figure(data, 290, xaxis=axis(**_HOURS), yaxis=axis(tickformat=".0%", rangemode="tozero"))


def _week(grid: list[list[float]]) -> Figure | None:
    if not sum(map(sum, grid)):
        return None
    data = [
        {
            "type": "heatmap",
            "z": grid,
            "x": list(range(24)),
            "y": WEEKDAYS,
            "colorscale": BLUES,
            "showscale": False,
            "xgap": 1,
            "ygap": 1,
            "hovertemplate": "%{y} %{x} h: %{z:,.0f} payments<extra></extra>",
        }
    ]
    return figure(data, 230, xaxis=axis(**_HOURS | {"range": [-0.5, 23.5]}), yaxis=axis(autorange="reversed"))


def _weekdays(days: list[dict[str, Any]]) -> Figure | None:
    """Mean of the complete days of each weekday over the mean day: honest bars, fraud dots."""
    whole = [day for day in days if day["is_complete"]]
    total, frauds = (sum(day[key] for day in whole) for key in ("rows", "fraud"))
    if not total:
        return None

    def index(key: str, weekday: int, mean: float) -> float | None:
        those = [day[key] for day in whole if day["weekday"] == weekday]
        return sum(those) / len(those) / mean if those else None

    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": WEEKDAYS,
            "y": [index("rows", k, total / len(whole)) for k in range(1, 8)],
            "name": "honest",
            "marker": {"color": BLUE},
            "width": 0.6,
            "hovertemplate": "%{x}: %{y:.2f} times the mean day<extra></extra>",
        }
    ]
    if frauds >= _ENOUGH:
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": WEEKDAYS,
                "y": [index("fraud", k, frauds / len(whole)) for k in range(1, 8)],
                "name": "fraud",
                "marker": {"color": "#ffffff", "size": 10, "symbol": "diamond", "line": {"color": RED, "width": 2.2}},
                "hovertemplate": "%{x}: %{y:.2f} times the mean day<extra>fraud</extra>",
            }
        )
    return figure(data, 260, xaxis=axis(showgrid=False), yaxis=axis(rangemode="tozero", tickformat=".1f"))


def _days(found: dict[str, Any]) -> Figure | None:
    days = found["days"]
    top = max((day["rows"] for day in days), default=0)
    if not top:
        return None
    color = [PALE if not day["is_complete"] else "#6f93c4" if day["weekday"] >= 6 else BLUE for day in days]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": [day["day"] for day in days],
            "y": [day["rows"] for day in days],
            "marker": {"color": color},
            "customdata": [WEEKDAYS[day["weekday"] - 1] for day in days],
            "hovertemplate": "%{customdata} %{x|%-d}: %{y:,} payments<extra></extra>",
            "showlegend": False,
        }
    ]
    if paydays := found["paydays"]:
        most = max(payday["share"] for payday in paydays)
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [payday["day"] for payday in paydays],
                "y": [-0.05 * top] * len(paydays),
                "marker": {
                    "symbol": "triangle-up",
                    "color": SAND,
                    "size": [3 + 11 * payday["share"] / most for payday in paydays],
                },
                "customdata": [payday["share"] for payday in paydays],
                "hovertemplate": "payday of %{customdata:.0%} of the customers<extra></extra>",
                "showlegend": False,
                "cliponaxis": False,
            }
        )
    shapes, notes = _holidays(found["holidays"], days[0]["day"], days[-1]["day"], top)
    longest = max((len(note["text"]) for note in notes), default=0)
    return figure(
        data,
        270 + 7 * longest,
        # The names stand upright above the bars: the longest decides how much room they need.
        yaxis=axis(range=[-0.1 * top, top * (1.06 + 0.034 * longest)], **_up_to(top)),
        xaxis=axis(
            type="date", tickformat="%-d", tick0=days[0]["day"], dtick=3 * _DAY_MS, range=_around(days), showgrid=False
        ),
        shapes=shapes,
        annotations=notes,
        bargap=0.18,
    )


def _around(days: list[dict[str, Any]]) -> list[str]:
    """From half a bar before the first day to half a bar after the last."""
    first, last = (datetime.fromisoformat(days[k]["day"]) for k in (0, -1))
    return [(first - timedelta(hours=16)).isoformat(), (last + timedelta(hours=16)).isoformat()]


def _up_to(top: float) -> dict[str, Any]:
    """Ticks from 0 to the top, not into the room above it."""
    step = 10 ** (len(str(int(top))) - 1)
    step = step if top / step >= 3 else step / 2
    return {"tickvals": [k * step for k in range(int(top / step) + 1)], "tickformat": ",d"}


def _holidays(
    holidays: list[dict[str, Any]], first: str, last: str, top: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Shaded days and their names."""
    shapes, notes = [], []
    for holiday in holidays:
        begin = date.fromisoformat(max(holiday["first"], first))
        end = date.fromisoformat(min(holiday["last"], last))
        # A day's bar is centred on its midnight.
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": f"{begin - timedelta(days=1)}T12:00",
                "x1": f"{end}T12:00",
                "y0": 0,
                "y1": 1,
                "fillcolor": SAND,
                "opacity": 0.16,
                "line": {"width": 0},
                "layer": "below",
            }
        )
        notes.append(
            {
                "x": (datetime.combine(begin, time()) + (end - begin) / 2).isoformat(),
                "y": 1.05 * top,
                "text": holiday["name"],
                "textangle": -90,
                "showarrow": False,
                "yanchor": "bottom",
                "font": {"size": 11, "color": INK},
            }
        )
    return shapes, notes


def _payday(effect: list[dict[str, Any]]) -> Figure | None:
    if len(effect) < 3:
        return None
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [point["offset"] for point in effect],
            "y": [point["index"] for point in effect],
            "error_y": {
                "type": "data",
                "array": [1.96 * point["index"] / np.sqrt(point["rows"]) for point in effect],
                "color": MUTED,
                "thickness": 1,
                "width": 2,
            },
            "line": {"color": BLUE, "width": 2},
            "marker": {"size": 7, "color": [SAND if point["offset"] == 0 else BLUE for point in effect]},
            "hovertemplate": "day %{x}: %{y:.2f} times the usual<extra></extra>",
        }
    ]
    return figure(
        data,
        260,
        xaxis=axis("Days since payday", dtick=2),
        yaxis=axis(tickformat=".2f"),
        shapes=[
            {
                "type": "line",
                "x0": 0,
                "x1": 1,
                "xref": "paper",
                "y0": 1,
                "y1": 1,
                "line": {"color": MUTED, "dash": "dot"},
            }
        ],
    )

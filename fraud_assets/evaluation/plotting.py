"""What all charts share: colours, axes, layout, error bars. A chart is a Plotly figure in plain dictionaries."""

from __future__ import annotations

from typing import Any

Figure = dict[str, Any]

INK, MUTED, GRID = "#1d2433", "#6b7280", "#e7e5df"
BLUE, RED, TEAL, SAND, PALE = "#1f4e8c", "#c2412d", "#2a8c82", "#c9a24b", "#c3cbd8"
#: Quiet colours for the rungs below the champion, from the lowest up.
_RUNGS = ["#b9bec8", "#c9a24b", "#7fa7a1", "#a178a8", "#8a94a6"]
#: Lines that are named in a legend, in this order.
SERIES = [BLUE, TEAL, SAND, "#8e5a9b", "#8a94a6", "#b5654a", "#6f9ad3", "#5d6b3a"]
#: From nothing to much, for heat maps: of anything, and of fraud.
BLUES = [[0, "#f3f1ea"], [0.15, "#d9e0e6"], [0.5, "#7d9dc4"], [1, BLUE]]
REDS = [[0, "#f3f1ea"], [0.15, "#f0d5c8"], [0.5, "#dd8a70"], [1, RED]]
#: The same where figures stand in the cells: never so dark that ink on it is hard to read.
PALE_REDS = [[0, "#f8efe9"], [0.5, "#f3cfbf"], [1, "#e9a58f"]]
_CHANNELS = dict(zip(("card_present", "online", "app", "bank"), SERIES, strict=False))
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"


#: In lines above the chart.
LEGEND: dict[str, Any] = {
    "orientation": "h",
    "x": 0,
    "y": 1.02,
    "xanchor": "left",
    "yanchor": "bottom",
    "traceorder": "normal",
}


def channel_color(channel: str) -> str:
    """The same colour for a channel in every chart."""
    return _CHANNELS.get(channel, SERIES[4])


def axis(text: str | None = None, **options: Any) -> dict[str, Any]:
    axis = {
        "gridcolor": GRID,
        "zeroline": False,
        "linecolor": GRID,
        "automargin": True,
        "fixedrange": True,
        "ticks": "",
    }
    if text:
        axis["title"] = {"text": text, "standoff": 8, "font": {"size": 12, "color": MUTED}}
    return axis | options


def day_axis() -> dict[str, Any]:
    """Days of a month, written alike in all charts, and when pointed at: ``3 Mar``."""
    return axis(type="date", tickformat="%-d %b", showgrid=False)


def figure(data: list[dict[str, Any]], height: int = 340, **layout: Any) -> Figure:
    base = {
        "height": height,
        "margin": {"l": 10, "r": 14, "t": 12, "b": 10},
        "font": {"family": _FONT, "size": 12.5, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {
            "bgcolor": "#ffffff",
            "bordercolor": GRID,
            "font": {"family": _FONT, "color": INK, "size": 12.5},
        },
        "legend": LEGEND,
        "dragmode": False,
    }
    return {"data": data, "layout": base | layout}


def bars(estimates: list[dict[str, Any]], color: str) -> dict[str, Any]:
    """Error bars from intervals; where there is none the bar has no length."""
    values = [e["value"] or 0 for e in estimates]
    high = [(e["high"] if e["high"] is not None else v) - v for e, v in zip(estimates, values, strict=True)]
    low = [v - (e["low"] if e["low"] is not None else v) for e, v in zip(estimates, values, strict=True)]
    return {
        "type": "data",
        "symmetric": False,
        "array": high,
        "arrayminus": low,
        "color": color,
        "thickness": 2,
        "width": 5,
    }


def colors(report: dict[str, Any]) -> dict[str, str]:
    quiet = iter(_RUNGS * len(report["ladder"]))
    return {r["name"]: BLUE if r["is_champion"] else next(quiet) for r in report["ladder"]}

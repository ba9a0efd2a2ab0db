"""Charts of the truth: fraud by type, look-alikes, kinds of anomaly, and when the bank learns of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from fraud_assets.codes import SEVERITIES
from fraud_assets.evaluation.plotting import (
    BLUE,
    BLUES,
    INK,
    MUTED,
    PALE,
    PALE_REDS,
    RED,
    REDS,
    SAND,
    TEAL,
    Figure,
    axis,
    figure,
)
from fraud_assets.evaluation.portrait.knowledge import STATIONS
from fraud_assets.evaluation.words import month_name, title

_SEVERITY_COLORS = dict(zip(SEVERITIES, ("#e9d9cd", "#e0a58e", "#d0694d", "#8f2315"), strict=True))


def fraud_charts(document: dict[str, Any]) -> dict[str, Figure | None]:
    found = document["frauds"]
    return {
        "types_days": _types_by_day(found["days"], document["month"]),
        "months": _months(found["months"]),
        "look_alikes": _look_alikes(found["look_alikes"]),
        "severity": _severity(found["severity"]),
        "kinds": _kinds(found["kinds"]),
        "kind_hours": _kind_hours(found["kind_hours"]),
        "delays": _delays(document["knowledge"]),
    }


def _types_by_day(days: dict[str, list[int]], month: str) -> Figure | None:
    if not days:
        return None
    kinds = sorted(days, key=lambda kind: sum(days[kind]))
    first = date.fromisoformat(f"{month}-01")
    x = [str(first + timedelta(days=k)) for k in range(len(days[kinds[0]]))]
    rows = [days[kind] for kind in kinds]
    total = {
        "type": "bar",
        "x": x,
        "y": [sum(line[k] for line in rows) for k in range(len(x))],
        "marker": {"color": RED},
        "yaxis": "y2",
        "hovertemplate": "%{x|%-d}: %{y} rows of fraud<extra></extra>",
        "showlegend": False,
    }
    grid = _grid(x, [title(kind) for kind in kinds], rows, "%{y}, %{x|%-d}: %{text} rows")
    xaxis = axis(type="date", tickformat="%-d", tick0=x[0], dtick=86_400_000 * 3, showgrid=False, anchor="y")
    return _above(grid, total, 30 * len(kinds), xaxis, None)


def _months(months: list[dict[str, Any]]) -> Figure | None:
    """Rows of each type by month, above them all fraud in 10,000 ledger rows."""
    kinds = sorted(
        {kind for month in months for kind in month["types"]},
        key=lambda kind: (sum(month["types"].get(kind, 0) for month in months), kind),
    )
    if len(months) < 2 or not kinds:
        return None
    x = [month_name(month["month"]).replace(" ", "<br>") for month in months]
    rows = [[month["types"].get(kind, 0) for month in months] for kind in kinds]
    grid = _grid(x, [title(kind) for kind in kinds], rows, "%{y}: %{text} rows") | {
        "texttemplate": "%{text}",
        "textfont": {"size": 11, "color": INK},
        "colorscale": PALE_REDS,
    }
    rates = [10_000 * sum(month["types"].values()) / month["rows"] if month["rows"] else None for month in months]
    total = {
        "type": "bar",
        "x": x,
        "y": rates,
        "text": ["" if rate is None else f"{rate:.1f}" for rate in rates],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": RED},
        "width": 0.5,
        "yaxis": "y2",
        "hovertemplate": "%{y:.1f} of 10,000 rows<extra></extra>",
        "showlegend": False,
    }
    return _above(grid, total, 30 * len(kinds), axis(type="category", showgrid=False, anchor="y"), "Of 10,000 rows")


def _grid(x: list[str], y: list[str], rows: list[list[int]], hover: str) -> dict[str, Any]:
    """A heat map of counts: an empty cell is paper, and the root lets a single row be seen beside a burst."""
    return {
        "type": "heatmap",
        "x": x,
        "y": y,
        "z": [[count**0.5 if count else None for count in line] for line in rows],
        "text": [[str(count) if count else "" for count in line] for line in rows],
        "colorscale": [[0, "#f3ddd2"], *REDS[1:]],
        "zmin": 0,
        "showscale": False,
        "xgap": 1.5,
        "ygap": 1.5,
        "hovertemplate": hover + "<extra></extra>",
    }


def _above(grid: dict[str, Any], bars: dict[str, Any], below: int, xaxis: dict[str, Any], y: str | None) -> Figure:
    """Bars above a heat map of ``below`` pixels, on the same days or months."""
    height = below + 160
    return figure(
        [grid, bars],
        height,
        xaxis=xaxis,
        yaxis=axis(domain=[0, below / height], showgrid=False),
        yaxis2=axis(y, domain=[below / height + 0.06, 1], nticks=3, rangemode="tozero"),
        bargap=0.2,
    )


def _look_alikes(rows: list[dict[str, Any]]) -> Figure | None:
    shown = [row for row in rows if row["fraud"] or row["look_alikes"]][::-1]
    if not shown:
        return None
    names = [title(row["kind"]) for row in shown]
    x: list[float | None] = []
    y: list[str | None] = []
    for name, row in zip(names, shown, strict=True):
        if row["fraud"] and row["look_alikes"]:
            x += [row["fraud"], row["look_alikes"], None]
            y += [name, name, None]
    bridge = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": PALE, "width": 3},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    dots = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [row[key] or None for row in shown],
            "y": names,
            "name": label,
            "marker": {"color": color, "size": 12, "symbol": symbol},
            "hovertemplate": "%{x:,} rows<extra>" + label + "</extra>",
        }
        for key, label, color, symbol in (
            ("fraud", "fraud", RED, "circle"),
            ("look_alikes", "honest rows that look like it", SAND, "diamond"),
        )
    ]
    return figure(
        [bridge, *dots],
        110 + 32 * len(shown),
        xaxis=axis(
            "Rows, logarithmic",
            type="log",
            tickvals=[step * 10**power for power in range(7) for step in (1, 2, 5)],
            tickformat=",d",
        ),
        yaxis=axis(categoryorder="array", categoryarray=names),
    )


def _severity(table: dict[str, dict[str, int]]) -> Figure | None:
    if not table:
        return None
    kinds = sorted(table, key=lambda kind: -sum(table[kind].values()))[::-1]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [table[kind][severity] / sum(table[kind].values()) for kind in kinds],
            "y": [title(kind) for kind in kinds],
            "name": severity,
            "marker": {"color": _SEVERITY_COLORS[severity]},
            "customdata": [table[kind][severity] for kind in kinds],
            "hovertemplate": "%{x:.0%}, %{customdata:,} rows<extra>" + severity + "</extra>",
        }
        for severity in SEVERITIES
    ]
    return figure(
        data,
        110 + 30 * len(kinds),
        barmode="stack",
        bargap=0.35,
        xaxis=axis("Share of the type’s rows", tickformat=".0%"),
        yaxis=axis(showgrid=False),
    )


def _kinds(kinds: list[dict[str, Any]]) -> Figure | None:
    if not kinds:
        return None
    shown = kinds[::-1]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [row["fraud"] if is_fraud else row["rows"] - row["fraud"] for row in shown],
            "y": [title(row["kind"]) for row in shown],
            "name": name,
            "marker": {"color": color},
            "hovertemplate": "%{x:,}<extra>" + name + "</extra>",
        }
        for name, color, is_fraud in (("honest", BLUE, False), ("fraud", RED, True))
    ]
    return figure(
        data,
        90 + 34 * len(shown),
        barmode="stack",
        bargap=0.35,
        xaxis=axis("Rows", tickformat=",d"),
        yaxis=axis(showgrid=False),
    )


def _kind_hours(grid: dict[str, list[int]]) -> Figure | None:
    if not grid:
        return None
    kinds = list(grid)
    data = [
        {
            "type": "heatmap",
            "x": list(range(24)),
            "y": [title(kind) for kind in kinds],
            "z": [[rows / max(sum(grid[kind]), 1) for rows in grid[kind]] for kind in kinds],
            "customdata": [grid[kind] for kind in kinds],
            "colorscale": BLUES,
            "showscale": False,
            "xgap": 1,
            "ygap": 2,
            "hovertemplate": "%{y}, %{x} h: %{customdata:,} rows<extra></extra>",
        }
    ]
    return figure(
        data,
        60 + 34 * len(kinds),
        xaxis=axis(tickvals=[0, 6, 12, 18, 23], ticktext=["0 h", "6 h", "12 h", "18 h", "23 h"], showgrid=False),
        yaxis=axis(autorange="reversed", showgrid=False),
    )


def _delays(found: dict[str, Any] | None) -> Figure | None:
    if not found or not found["curves"]:
        return None
    styles = {
        "went through": {"color": BLUE, "width": 2.6},
        "went through, by amount": {"color": TEAL, "width": 2},
        "declined attempts": {"color": MUTED, "width": 1.8, "dash": "dot"},
    }
    last = max(
        day
        for curve in found["curves"].values()
        for day, known in zip(found["days"], curve, strict=True)
        if known is not None
    )
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": found["days"],
            "y": curve,
            "name": name,
            "line": styles.get(name, {"color": PALE}) | {"shape": "hv"},
            "hovertemplate": "after %{x} days: %{y:.0%}<extra>" + name + "</extra>",
        }
        for name, curve in found["curves"].items()
    ]
    return figure(
        data,
        320,
        xaxis=axis("Days after the fraud", tickvals=[0, *STATIONS[1:], 60, 120], range=[0, last]),
        yaxis=axis("Known to the bank", tickformat=".0%", range=[0, 1.01]),
    )

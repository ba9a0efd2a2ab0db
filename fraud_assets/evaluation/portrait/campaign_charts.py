"""Campaigns as timelines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fraud_assets.evaluation.plotting import RED, Figure, axis, figure

_GREY = "#b3b8c2"
_SYMBOLS = {"approved": "circle", "declined": "x", "pending": "diamond-open"}
_DAY_MS = 86_400_000


def campaign_charts(document: dict[str, Any]) -> dict[str, Figure | None]:
    return {f"campaign_{k}": _campaign(plan) for k, plan in enumerate(document["campaigns"])}


def _campaign(plan: dict[str, Any]) -> Figure | None:
    """Time by amount: honest rows in grey, the campaign's in red, marked by what became of them."""
    if not plan["fraud"]["time"]:
        return None
    data: list[dict[str, Any]] = []
    for key, color, size in (("honest", _GREY, 5), ("fraud", RED, 9)):
        for status, symbol in _SYMBOLS.items():
            for direction in ("debit", "credit"):
                points = plan[key]
                keep = [
                    k
                    for k, (s, d) in enumerate(zip(points["status"], points["direction"], strict=True))
                    if s == status and d == direction
                ]
                if not keep:
                    continue
                is_credit = direction == "credit"
                data.append(
                    {
                        "type": "scatter",
                        "mode": "markers",
                        "x": [points["time"][k] for k in keep],
                        "y": [points["amount"][k] for k in keep],
                        "name": f"{status}{' (received)' if is_credit else ''}" if key == "fraud" else "honest",
                        "marker": {
                            "color": color,
                            "size": size,
                            "symbol": "triangle-up" if is_credit and status == "approved" else symbol,
                            "opacity": 0.65 if key == "honest" else 0.85,
                            "line": {"width": 0.8, "color": "#ffffff"} if symbol == "circle" else {},
                        },
                        "customdata": [[points["what"][k], points["who"][k] + 1] for k in keep],
                        "hovertemplate": "%{x|%-d %b %H:%M}, %{y:,.2f}<br>%{customdata[0]}<br>customer %{customdata[1]}"
                        f"<extra>{status}</extra>",
                        "showlegend": key == "fraud" or not any(line["legendrank"] == 1000 for line in data),
                        "legendrank": 1000 if key == "honest" else 1,
                    }
                )
    return figure(
        data,
        300,
        xaxis=axis(type="date", tickformat="%-d %b", tick0="2000-01-01", dtick=_days_between_ticks(plan) * _DAY_MS),
        yaxis=axis("Amount", type="log", tickformat=",", dtick=1),
    )


def _days_between_ticks(plan: dict[str, Any]) -> int:
    """Whole days, so that no day is named twice."""
    times = sorted(plan["fraud"]["time"] + plan["honest"]["time"])
    span = datetime.fromisoformat(times[-1]) - datetime.fromisoformat(times[0])
    return max(1, -(-span.days // 5))

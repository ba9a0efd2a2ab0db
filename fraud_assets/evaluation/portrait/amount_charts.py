"""Charts of amounts: by method with their price points, and of fraud beside honest payments."""

from __future__ import annotations

from math import log10
from typing import Any

from fraud_assets.evaluation.plotting import BLUE, INK, RED, Figure, axis, figure
from fraud_assets.evaluation.portrait.amounts import COARSE, FINE
from fraud_assets.evaluation.words import price

#: A favourite amount is named in the picture if so many of the payments are of it.
_NAMED_FROM = 0.008
_MOST_NAMED = 5


def amount_charts(document: dict[str, Any]) -> dict[str, Figure | None]:
    """A chart of honest amounts a method, and one of fraud beside them where there is enough."""
    drawn: dict[str, Figure | None] = {}
    for k, method in enumerate(document["amounts"]):
        drawn[f"amounts_{k}"] = _fine(method)
        drawn[f"fraud_amounts_{k}"] = _against_fraud(method) if method["enough_fraud"] else None
    return drawn


def _steps(side: dict[str, Any], label: str, per_decade: int) -> tuple[list[float], list[float]]:
    """Left borders of the bins (and the last right one) and the share of the rows in each."""
    first, rows, total = side[label]["first"], side[label]["rows"], side["rows"]
    borders = [10 ** ((first + k) / per_decade) for k in range(len(rows) + 1)]
    return borders, [*(count / total for count in rows), 0.0]


def _fine(method: dict[str, Any]) -> Figure | None:
    side = method["honest"]
    if not side["rows"]:
        return None
    borders, shares = _steps(side, "fine", FINE)
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": borders,
            "y": shares,
            "line": {"shape": "hv", "color": BLUE, "width": 1},
            "fill": "tozeroy",
            "fillcolor": "rgba(31,78,140,.22)",
            "hovertemplate": "from %{x:,.2f}: %{y:.2%}<extra></extra>",
        }
    ]
    low, high = _shown(side)
    notes: list[dict[str, Any]] = []
    for favourite in method["favourites"][:_MOST_NAMED]:
        if favourite["rows"] / side["rows"] < _NAMED_FROM or any(
            abs(log10(favourite["amount"]) - note["x"]) < 0.075 * log10(high / low) for note in notes
        ):
            continue
        place = max(k for k, border in enumerate(borders) if border <= favourite["amount"] * (1 + 1e-9))
        notes.append(
            {
                "x": log10((borders[place] + borders[min(place + 1, len(borders) - 1)]) / 2),
                "y": shares[place],
                "text": price(favourite["amount"], method["currency"]).removesuffix(".00"),
                "showarrow": False,
                "yanchor": "bottom",
                "yshift": 1,
                "font": {"size": 10.5, "color": INK},
            }
        )
    return figure(
        data,
        230,
        xaxis=_amount_axis(low, high),
        yaxis=axis(tickformat=".0%" if max(shares) > 0.03 else ".1%", range=[0, max(shares) * 1.14], nticks=4),
        annotations=notes,
    )


def _shown(side: dict[str, Any]) -> tuple[float, float]:
    """Where all but one payment in a thousand lie, at either end."""
    borders, shares = _steps(side, "fine", FINE)
    below, low, high = 0.0, borders[0], borders[-1]
    for k, part in enumerate(shares[:-1]):
        if below < 0.001:
            low = borders[k]
        if below < 0.999:
            high = borders[k + 1]
        below += part
    return low, high


def _amount_axis(low: float, high: float) -> dict[str, Any]:
    steps = [factor * 10.0**power for power in range(-2, 9) for factor in (1, 2, 5)]
    inside = [step for step in steps if low * 0.98 <= step <= high * 1.02]
    if len(inside) > 9:
        inside = [step for step in inside if f"{step:e}"[0] == "1"]
    return axis(
        type="log",
        range=[log10(low) - 0.03, log10(high) + 0.03],
        tickvals=inside,
        ticktext=[f"{step:,.10g}" for step in inside],
    )


def _against_fraud(method: dict[str, Any]) -> Figure:
    data = []
    for name, color, fill in (("honest", BLUE, "rgba(31,78,140,.16)"), ("fraud", RED, "rgba(194,65,45,.12)")):
        borders, shares = _steps(method[name], "coarse", COARSE)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": borders,
                "y": shares,
                "name": name,
                "line": {"shape": "hv", "color": color, "width": 2},
                "fill": "tozeroy",
                "fillcolor": fill,
                "hovertemplate": "from %{x:,.2f}: %{y:.1%}<extra>" + name + "</extra>",
            }
        )
    edges = [_shown(method[name]) for name in ("honest", "fraud")]
    return figure(
        data,
        240,
        xaxis=_amount_axis(min(low for low, _ in edges), max(high for _, high in edges)),
        yaxis=axis(tickformat=".0%", rangemode="tozero", nticks=4),
    )

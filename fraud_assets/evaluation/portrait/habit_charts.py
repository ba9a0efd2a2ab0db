"""Charts of habits and of what is refused: known recipients, pauses, busy days, popularity, declines."""

from __future__ import annotations

from math import log10
from typing import Any

from fraud_assets.evaluation.plotting import BLUE, LEGEND, MUTED, PALE, RED, SERIES, TEAL, Figure, axis, figure
from fraud_assets.evaluation.portrait.habits import MOST_A_DAY, PER_DECADE
from fraud_assets.evaluation.words import title

_PAUSES = {"10 s": 10, "1 min": 60, "10 min": 600, "1 h": 3600, "6 h": 21_600, "1 day": 86_400, "1 week": 604_800}
#: A colour of its own for each of the reasons in ``codes.DECLINE_REASONS``.
_REASONS = [*SERIES, PALE, "#dcb8a3", "#a9c4bf"]


def habit_charts(document: dict[str, Any]) -> dict[str, Figure | None]:
    found = document["habits"]
    return {
        "repeats_days": _repeats_by_day(found["repeats"]),
        "repeats_customers": _repeats_by_customer(found["repeats"]),
        "pauses": _pauses(found["pauses"]),
        "busy": _busy(found["days"]),
        "popularity": _popularity(found["popularity"]),
    }


def _repeats_by_day(found: dict[str, Any] | None) -> Figure | None:
    if not found or len(found["by_day"]) < 3:
        return None
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [day["day"] for day in found["by_day"]],
            "y": [day["known"] for day in found["by_day"]],
            "line": {"color": BLUE, "width": 2},
            "marker": {"size": 5},
            "hovertemplate": "%{x|%-d}: %{y:.1%}<extra></extra>",
        }
    ]
    return figure(
        data,
        250,
        xaxis=axis("Day of the month", type="date", tickformat="%-d", showgrid=False),
        yaxis=axis(range=[0, 1], tickformat=".0%"),
    )


def _repeats_by_customer(found: dict[str, Any] | None) -> Figure | None:
    if not found or not sum(found["customers"]):
        return None
    width = 1 / len(found["customers"])
    data = [
        {
            "type": "bar",
            "x": [(k + 0.5) * width for k in range(len(found["customers"]))],
            "y": found["customers"],
            "width": width * 0.92,
            "marker": {"color": BLUE},
            "hovertemplate": "about %{x:.0%}: %{y:,} customers<extra></extra>",
        }
    ]
    return figure(
        data, 250, xaxis=axis("Share at known recipients", tickformat=".0%", range=[0, 1]), yaxis=axis("Customers")
    )


def _pauses(found: dict[str, Any] | None) -> Figure | None:
    if not found:
        return None
    x = [10 ** ((found["first"] + k) / PER_DECADE) for k in range(len(found["honest"]))]
    data = []
    for key, name, style in (
        ("chance", "moments of pure chance", {"color": MUTED, "dash": "dot", "width": 1.6}),
        ("honest", "honest", {"color": BLUE, "width": 2.2}),
        ("fraud", "before a fraud", {"color": RED, "width": 2}),
    ):
        total = sum(found[key])
        if total < 30:
            continue
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": [rows / total for rows in found[key]],
                "name": name,
                "line": {**style, "shape": "hv"},
                "fill": "tozeroy" if key == "honest" else "none",
                "fillcolor": "rgba(31,78,140,.12)",
                "hovertemplate": "%{y:.1%}<extra>" + name + "</extra>",
            }
        )
    if not data:
        return None
    return figure(
        data,
        320,
        xaxis=axis(
            "Time since the customer’s payment before",
            type="log",
            tickvals=list(_PAUSES.values()),
            ticktext=list(_PAUSES),
            range=[0, log10(x[-1])],
        ),
        yaxis=axis(tickformat=".0%", rangemode="tozero"),
    )


def _busy(found: dict[str, Any] | None) -> Figure | None:
    if not found:
        return None
    total = sum(found["honest"])
    last = max(k for k, rows in enumerate(found["honest"]) if rows > total / 2000 or k < 5)
    x = list(range(last + 1))
    data = [
        {
            "type": "bar",
            "x": x,
            "y": [rows / total for rows in found["honest"][: last + 1]],
            "name": "customer-days",
            "marker": {"color": BLUE},
            "hovertemplate": "%{x} payments: %{y:.1%}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": [rows / sum(found["chance"]) for rows in found["chance"][: last + 1]],
            "name": "pure chance (Poisson)",
            "line": {"color": MUTED, "dash": "dot", "width": 2},
            "hovertemplate": "%{x} payments: %{y:.1%}<extra>Poisson</extra>",
        },
    ]
    note = f" ({MOST_A_DAY} or more: last)" if last == MOST_A_DAY else ""
    return figure(
        data, 280, xaxis=axis(f"Payments a customer and day{note}"), yaxis=axis(tickformat=".0%"), bargap=0.15
    )


def _popularity(found: dict[str, Any] | None) -> Figure | None:
    if not found:
        return None
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": found[key]["rank"],
            "y": found[key]["rows"],
            "name": name,
            "line": {"color": color, "width": 1.5},
            "marker": {"size": 4},
            "hovertemplate": "rank %{x:,}: %{y:,} purchases<extra></extra>",
        }
        for key, name, color in (("names", "names (a chain counts once)", TEAL), ("merchants", "merchants", BLUE))
    ]
    plain = {"type": "log", "dtick": 1, "tickformat": ",d"}
    return figure(data, 320, xaxis=axis("Rank", **plain), yaxis=axis("Purchases in the month", **plain))


def decline_charts(document: dict[str, Any]) -> dict[str, Figure | None]:
    found = document["declines"]
    rows = {channel: side for channel, side in found["channels"].items() if side["honest"]["rows"]}
    order = list(found["reasons"]["honest"])
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "y": [title(channel) for channel in rows][::-1],
            "x": [side["reasons"].get(reason, 0) / side["honest"]["rows"] for side in rows.values()][::-1],
            "name": title(reason),
            "marker": {"color": color},
            "hovertemplate": "%{x:.2%}<extra>" + title(reason) + "</extra>",
        }
        for reason, color in zip(order, _REASONS, strict=False)
    ]
    if not data:
        return {"declines": None}
    return {
        "declines": figure(
            data,
            130 + 46 * len(rows) + 20 * len(order),
            legend=LEGEND | {"maxheight": 0.9},
            barmode="stack",
            bargap=0.35,
            xaxis=axis("Honest payments declined", tickformat=".0%"),
            yaxis=axis(showgrid=False),
        )
    }

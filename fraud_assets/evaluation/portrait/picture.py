"""The portrait in small, for the metadata of the asset: a picture and a few lines of markdown."""

from __future__ import annotations

from typing import Any

import numpy as np

from fraud_assets.counting import counted
from fraud_assets.evaluation.drawing import canvas, plain_axes, png
from fraud_assets.evaluation.plotting import BLUE, INK, RED, SERIES, channel_color
from fraud_assets.evaluation.portrait.amounts import COARSE
from fraud_assets.evaluation.portrait.rhythm import NIGHT_UNTIL
from fraud_assets.evaluation.words import month_name, percent, price, title

_MOST_TYPES = 16
_MOST_METHODS = 4


def portrait_picture(document: dict[str, Any]) -> bytes:
    """PNG of 880 x 340 pixels, below 60 KB: the hours of the day, amounts by method, fraud by type and day."""
    figure = canvas()
    hours, amounts, days = figure.subplots(1, 3, width_ratios=[1, 1, 1.15])
    _draw_hours(hours, document["rhythm"]["hours"])
    _draw_amounts(amounts, document["amounts"])
    _draw_days(days, document["frauds"]["days"])
    return png(figure)


def _draw_hours(axes: Any, hours: dict[str, Any]) -> None:
    plain_axes(axes, "Payments by local hour", "Hour")
    lines = {title(name): (rows, channel_color(name), 1.4) for name, rows in hours["channel"].items()}
    lines["Fraud"] = (hours["truth"]["fraud"], RED, 1.2)
    for name, (rows, color, width) in lines.items():
        if sum(rows):
            style = {"linestyle": ":"} if name == "Fraud" else {}
            axes.plot(range(24), np.array(rows) / sum(rows), color=color, linewidth=width, label=name, **style)
    # Room for the legend above the lines.
    axes.set(xlim=(0, 23), ylim=(0, 1.5 * axes.get_ylim()[1]), xticks=[0, 6, 12, 18, 23])
    axes.yaxis.set_major_formatter("{x:.0%}")
    _legend(axes)


def _draw_amounts(axes: Any, methods: list[dict[str, Any]]) -> None:
    plain_axes(axes, "Honest amounts", "Amount, logarithmic")
    for method, color in zip(methods[:_MOST_METHODS], SERIES, strict=False):
        side = method["honest"]
        if side["rows"]:
            first, rows = side["coarse"]["first"], np.array(side["coarse"]["rows"])
            borders = 10 ** ((first + np.arange(len(rows) + 1)) / COARSE)
            axes.stairs(rows / side["rows"], borders, color=color, linewidth=1.4, label=method["method"])
            axes.set_xscale("log")
    axes.yaxis.set_major_formatter("{x:.0%}")
    _legend(axes)


def _legend(axes: Any) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(edgecolor="none", framealpha=0.85, fontsize=7.5, labelcolor=INK)


def _draw_days(axes: Any, days: dict[str, list[int]]) -> None:
    plain_axes(axes, "Fraud by type and day", "Day of the month")
    kinds = sorted(days, key=lambda kind: -sum(days[kind]))[:_MOST_TYPES]
    if not kinds:
        axes.text(0.5, 0.5, "no fraud", ha="center", va="center", color=BLUE, transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])
        return
    grid = np.sqrt(np.array([days[kind] for kind in kinds], dtype=np.float64))
    axes.imshow(grid, aspect="auto", cmap="Reds", vmin=0, extent=(0.5, grid.shape[1] + 0.5, len(kinds) - 0.5, -0.5))
    axes.set_yticks(range(len(kinds)), [title(kind) for kind in kinds])
    axes.grid(visible=False)
    axes.tick_params(axis="y", labelsize=6.5 if len(kinds) > 8 else 8)


def portrait_markdown(document: dict[str, Any]) -> str:
    """A handful of figures as markdown."""
    ledger, night = document["ledger"], document["rhythm"]["night_share"]
    repeats, declines, known = document["habits"]["repeats"], document["declines"], document["knowledge"]
    lines = [
        f"### {document['bank']}, {month_name(document['month'])}",
        "",
        f"{counted(ledger['rows'], 'ledger row')} of {counted(ledger['customers'], 'customer')}; {_fraud(document)}.",
        "",
    ]
    for money in ledger["currencies"][:1]:
        typical, mean = (price(money[key], money["currency"]) for key in ("median", "mean"))
        lines.append(f"- an honest payment: median **{typical}**, mean {mean}")
    if repeats:
        lines.append(f"- to somebody paid before: **{percent(repeats['known'])}** of honest payments")
    if night["honest"] is not None:
        lines.append(f"- between 0 and {NIGHT_UNTIL} o’clock: {_both(night['honest'], night['fraud'])}")
    if declines["honest"]["rows"]:
        lines.append(f"- declined: {_both(declines['honest']['rate'], declines['fraud']['rate'])}")
    if known and (curve := known["curves"].get("went through")):
        lines.append(
            f"- fraud that went through, known after 7 days: **{percent(curve[7])}**, after 30: {percent(curve[30])}"
        )
    return "\n".join(lines) + "\n"


def _fraud(document: dict[str, Any]) -> str:
    ledger, types = document["ledger"], len(document["frauds"]["types"])
    if not ledger["fraud"]:
        return "none of them is known to be fraud"
    return (
        f"{counted(ledger['fraud'], 'is fraud', 'are fraud')}, in {counted(ledger['campaigns'], 'campaign')} "
        f"of {counted(types, 'type')}"
    )


def _both(honest: float, fraud: float | None) -> str:
    return f"**{percent(honest)}** of honest payments" + ("" if fraud is None else f", {percent(fraud)} of fraud")


def portrait_figures(document: dict[str, Any]) -> dict[str, float]:
    """The figures that are worth a line over the months."""
    repeats, known = document["habits"]["repeats"], document["knowledge"]
    curve = known["curves"].get("went through") if known else None
    figures = {
        "ledger rows": document["ledger"]["rows"],
        "fraud share": document["ledger"]["fraud"] / document["ledger"]["rows"] if document["ledger"]["rows"] else None,
        "fraud types": len(document["frauds"]["types"]),
        "share paid before": repeats["known"] if repeats else None,
        "night share, honest": document["rhythm"]["night_share"]["honest"],
        "declined share, honest": document["declines"]["honest"]["rate"],
        "fraud known within 30 days": curve[30] if curve else None,
    }
    return {name: value for name, value in figures.items() if value is not None}

"""The report in small, for the metadata of an asset: a picture and a few lines of markdown."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation.drawing import canvas, plain_axes, png
from fraud_assets.evaluation.plotting import BLUE, INK, colors
from fraud_assets.evaluation.words import count, money, month_name, number, percent, spread, title, with_spread

_MOST_TYPES = 8


def small_picture(report: dict[str, Any]) -> bytes:
    """PNG of 880 x 340 pixels, below 60 KB: precision-recall curves and recall by fraud type, or why there are none."""
    figure = canvas()
    if report["status"] == "empty":
        text = f"{month_name(report['month'])}: no model to evaluate\n{report['reason']}"
        figure.text(0.5, 0.5, text, ha="center", va="center", color=INK, wrap=True)
    else:
        left, right = figure.subplots(1, 2)
        _draw_curves(left, report)
        _draw_types(right, report)
    return png(figure)


def _draw_curves(axes: Any, report: dict[str, Any]) -> None:
    color_of = colors(report)
    for rung in report["ladder"]:
        curve = report["curves"][rung["name"]]
        axes.plot(
            curve["recall"],
            curve["precision"],
            color=color_of[rung["name"]],
            linewidth=2.2 if rung["is_champion"] else 1.2,
            label=f"{title(rung['name'])}  {number(rung['average_precision']['value'])}",
        )
    ap = report["headline"]["average_precision"]
    heading = f"Average precision {with_spread(ap)}"
    plain_axes(axes, heading, "Share of fraud found", "Share of alerts that are fraud")
    axes.set(xlim=(0, 1), ylim=(0, 1.03))
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend(edgecolor="none", framealpha=0.9, fontsize=8, loc="upper right", reverse=True, labelcolor=INK)


def _draw_types(axes: Any, report: dict[str, Any]) -> None:
    rows = report["fraud_types"][:_MOST_TYPES][::-1]
    found = [row["recall_at_budget"] for row in rows]
    values = [e["value"] or 0.0 for e in found]
    low = [v - (v if e["low"] is None else min(v, e["low"])) for v, e in zip(values, found, strict=True)]
    high = [(v if e["high"] is None else max(v, e["high"])) - v for v, e in zip(values, found, strict=True)]
    names = [f"{title(row['fraud_type'])} ({count(row['frauds'])})" for row in rows]
    axes.barh(names, values, height=0.55, color=BLUE, xerr=[low, high], ecolor=INK, capsize=2)
    recall = report["headline"]["recall_at_budget"]
    plain_axes(axes, f"Fraud found {with_spread(recall, percent)}", "Share found within the alert budget")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_xlim(0, 1.02)
    axes.grid(axis="y", visible=False)


def summary_markdown(report: dict[str, Any]) -> str:
    """The headline and the ladder as markdown."""
    heading = f"### {report['bank']}, {month_name(report['month'])}"
    if report["status"] == "empty":
        return f"{heading}\n\nNo model to evaluate: {report['reason']}\n"
    headline, currency, tested = report["headline"], report["settings"]["currency"], report["tested"]
    per = report["settings"]["alerts_per_10000"]

    def cash(value: float | None) -> str:
        return money(value, currency)

    ladder = report["ladder"][::-1]
    right, found = percent(headline["precision_at_budget"]), with_spread(headline["recall_at_budget"], percent)
    lines = [
        heading,
        "",
        (
            f"{title(report['champion'])} on {count(tested['rows'])} unseen payments, {count(tested['frauds'])} "
            f"({percent(tested['fraud_rate'])}) of them fraud; labels: {report['labels']}."
        ),
        "",
        f"- average precision **{with_spread(headline['average_precision'])}**",
        f"- fraud found in the {per:g} highest scores of 10,000: **{found}**; {right} of those are fraud",
        f"- alerts **{count(headline['alerts'])}**, {percent(headline['alert_precision'])} of them fraud",
        f"- saved **{with_spread(headline['savings'], cash)}**, {percent(headline['share_of_ideal'])} of the ideal",
        "",
        "| candidate | average precision | 95% interval | ROC area | fraud found |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {title(rung['name'])}{' (champion)' if rung['is_champion'] else ''} "
        f"| {number(rung['average_precision']['value'], 3)} | {spread(rung['average_precision'])} "
        f"| {number(rung['roc_auc']['value'], 3)} | {percent(rung['recall_at_budget']['value'])} |"
        for rung in ladder
    ]
    return "\n".join(lines) + "\n"

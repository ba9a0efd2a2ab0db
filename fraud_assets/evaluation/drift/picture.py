"""Drift in small, for the metadata of an asset: a picture, a few lines, and figures to plot over months."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.drawing import canvas, plain_axes, png
from fraud_assets.evaluation.drift.page import sentences
from fraud_assets.evaluation.plotting import BLUE, INK, MUTED, PALE, RED
from fraud_assets.evaluation.words import month_name, number

_FEATURES = 9


def drift_picture(document: dict[str, Any]) -> bytes:
    """PNG of 880 x 340 pixels: the features nearest to their limits, and the alert rate over months."""
    figure = canvas()
    if document["status"] == "empty":
        text = f"{month_name(document['month'])}: nothing to compare with\n{document['reason']}"
        figure.text(0.5, 0.5, text, ha="center", va="center", color=INK, wrap=True)
        return png(figure)
    left, right = figure.subplots(1, 2)
    rows = document["features"][:_FEATURES][::-1]
    has_limits = any(row["used"] is not None for row in rows)
    values = [row["used" if has_limits else "psi"] or 0.0 for row in rows]
    colors = [RED if row["is_alarm"] else BLUE for row in rows]
    left.barh([row["name"] for row in rows], values, height=0.55, color=colors)
    if has_limits:
        left.axvline(1, color=INK, linewidth=1.6)
        left.xaxis.set_major_formatter("{x:.0%}")
    beyond = len(document["alarms"]["features"])
    heading = (
        counted(beyond, "feature beyond its limit", "features beyond their limits")
        if has_limits
        else "Features that moved most"
    )
    plain_axes(left, heading, "Share of the limit from stable months" if has_limits else "PSI")
    left.grid(axis="y", visible=False)
    rate = document["alert_rate"]
    months = rate["months"]
    right.plot([row["month"] for row in months], [row["rate"] for row in months], "o-", color=PALE)
    if rate["rate"] is not None:
        right.plot([document["month"]], [rate["rate"]], "o", color=RED if rate["is_alarm"] else BLUE)
    for limit in (rate["low"], rate["high"]):
        if limit is not None:
            right.axhline(limit, color=MUTED, linestyle="--", linewidth=1)
    plain_axes(right, "Alert rate", "Dashes: limits from the months before" if rate["high"] is not None else "")
    right.yaxis.set_major_formatter("{x:.1%}")
    right.set_ylim(bottom=0)
    return png(figure)


def drift_markdown(document: dict[str, Any]) -> str:
    """The sentences and the features nearest to their limits."""
    lines = [f"### {document['bank']}, {month_name(document['month'])}", "", " ".join(sentences(document))]
    if document["status"] == "empty":
        return "\n".join(lines) + "\n"
    lines += ["", "| feature | PSI | limit | KS | limit |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['name']} | {number(row['psi'], 4)} | {number(row['psi_limit'], 4)} | {number(row['ks'], 3)} "
        f"| {number(row['ks_limit'], 3)} |"
        for row in document["features"][:_FEATURES]
    ]
    return "\n".join(lines) + "\n"


def drift_figures(document: dict[str, Any]) -> dict[str, float]:
    """The figures that the UI plots over the months; none of an empty report."""
    if document["status"] == "empty":
        return {}
    features, score, adversary = document["features"], document["score"], document["adversary"]
    figures = {
        "features beyond limits": len(document["alarms"]["features"]) if document["limits"]["there_are"] else None,
        "largest PSI": max((row["psi"] for row in features if row["psi"] is not None), default=None),
        "score PSI": score["psi"] if score else None,
        "adversary's ROC area": adversary["area"] if adversary else None,
        "alert rate": document["alert_rate"]["rate"],
    }
    return {name: value for name, value in figures.items() if value is not None}

"""Data quality in small, for the metadata of an asset."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation.drawing import canvas, plain_axes, png
from fraud_assets.evaluation.plotting import BLUE, INK, MUTED, PALE
from fraud_assets.evaluation.words import title

_TABLES, _TYPES = 14, 9


def quality_picture(document: dict[str, Any]) -> bytes:
    """PNG of 880 x 340 pixels: cells missing by table, and fraud reported by type, or reports without a truth."""
    figure = canvas()
    left, right = figure.subplots(1, 2)
    tables = [one for one in document["tables"] if one["rows"]][:_TABLES][::-1]
    shares = [sum(column["missing"] for column in one["columns"]) / len(one["columns"]) for one in tables]
    left.barh([one["name"] for one in tables], shares, height=0.55, color=BLUE)
    plain_axes(left, f"{len(document['findings'])} findings", "Share of cells missing")
    left.xaxis.set_major_formatter("{x:.0%}")
    labels = document["labels"]
    rows = labels["types"][:_TYPES][::-1]
    if not rows:
        right.set_axis_off()
        right.text(0.5, 0.5, "no fraud has been reported", ha="center", va="center", color=MUTED)
        return png(figure)
    names = [title(one["fraud_type"]) if one["fraud_type"] else "All" for one in rows]
    if labels["has_truth"]:
        first = str(labels["days"][0])
        right.barh(names, [one["reported"] / one["frauds"] for one in rows], height=0.55, color=PALE)
        right.plot([one["within"][first]["share"] for one in rows], names, "|", color=INK, ms=12, mew=1.8)
        plain_axes(right, "Fraud reported by now, by type", f"Mark: known within {first} days")
        right.xaxis.set_major_formatter("{x:.0%}")
        right.set_xlim(0, 1.02)
    else:
        right.barh(names, [one["reports"] for one in rows], height=0.55, color=PALE)
        plain_axes(right, "Reports by type; the truth is unknown", "Reports")
    for axes in (left, right):
        axes.grid(axis="y", visible=False)
    return png(figure)

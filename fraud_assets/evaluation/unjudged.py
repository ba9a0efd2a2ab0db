"""Features of which no drift can be told yet: what is written in their place, so that they do not look unmoved."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation.plotting import MUTED


def unjudged(row: dict[str, Any], key: str = "psi") -> str | None:
    """Why the feature has no bar, in a few words; None where it has one.

    Parameters
    ----------
    row
        A feature of :func:`fraud_assets.evaluation.drift.measure_drift`.
    key
        What bars show: ``psi``, or ``used`` (the share of its limit).
    """
    if row["is_filling"]:
        return "history still filling"
    return "not measured" if row[key] is None else None


def unjudged_notes(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Annotations in the place of bars that cannot be drawn."""
    return [
        {
            "xref": "paper",
            "x": 0.01,
            "y": row["name"],
            "text": why,
            "showarrow": False,
            "xanchor": "left",
            "font": {"size": 11, "color": MUTED},
        }
        for row in rows
        if (why := unjudged(row, key)) is not None
    ]


def every_row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Options of the axis of names: all of them in their order, those without a bar too."""
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [row["name"] for row in rows],
        "range": [-0.5, len(rows) - 0.5],
    }

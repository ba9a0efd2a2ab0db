"""The model card: what a registered model is, what it was judged on and what it is not for, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fraud_assets.counting import counted


def model_card(scenario: str, model: Mapping[str, Any], candidates: Mapping[str, Any] | None) -> str:
    """The card of a model's document; ``candidates`` is the document it comes from, for its figures, where at hand."""
    origin = model["origin"]
    what = (
        f"Gives the probability that a debit of {scenario} is fraud, from"
        f" {counted(len(model['encoder']['features']), 'feature')}"
        f" known just before it. Trained for {origin['month']} on {origin['training_window']}, with the frauds reported"
        " by the start of that month as labels."
    )
    lines = [
        f"# {scenario}: {model['title']}",
        "",
        what,
        "",
        "| | |",
        "|---|---|",
        *(f"| {name.replace('_', ' ')} | {value} |" for name, value in origin.items()),
        f"| calibration | {model['calibration']['method']} |",
        f"| share of honest rows kept | {model['kept_share_of_honest_rows']:.4g} |",
    ]
    if candidates is not None:
        size = candidates["sizes"]["compare"]
        figures = candidates["metrics"][model["name"]]
        lines += [
            "",
            f"## On the {counted(size['rows'], 'row')} kept for comparing, {size['frauds']} of them reported as fraud",
            "",
            "| figure | value |",
            "|---|---|",
            *(f"| {name.replace('_', ' ')} | {value:.4g} |" for name, value in figures.items()),
        ]
    lines += [
        "",
        "## Limits",
        "",
        "- Labels are what was reported, not what is true: fraud that nobody ever reports is learnt as honest.",
        "- The probability is corrected for frauds not yet reported, by the delays seen so far, and for nothing else.",
        "- It ranks payments for review and prices decisions; it is no evidence against a person.",
        "",
    ]
    return "\n".join(lines)

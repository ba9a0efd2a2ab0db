"""A gate's figures in small, for the metadata of its check: asked and realised side by side."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from fraud_assets.evaluation.drawing import canvas, plain_axes, png
from fraud_assets.evaluation.gates.result import Line, Result, written
from fraud_assets.evaluation.plotting import BLUE, MUTED, PALE, RED
from fraud_assets.evaluation.words import title

_MOST_LINES = 16
_LONGEST_NAME = 64


def gate_picture(result: Result) -> bytes:
    """PNG, 880 pixels wide, below 60 KB: a row a figure, with the range asked for and a dot where the month is."""
    lines = result.lines[:_MOST_LINES][::-1]
    figure = canvas()
    figure.set_size_inches(8.8, 0.9 + 0.27 * len(lines))
    axes = figure.subplots()
    plain_axes(axes, f"{title(result.name)}: realised (dot), allowed (band), asked for (line)", "")
    start, end = _span(lines)
    for place, line in enumerate(lines):
        low, high = (start if line.low is None else line.low), (end if line.high is None else line.high)
        axes.barh(place, high - low, left=low, height=0.6, color=PALE, alpha=0.7)
        if line.asked is not None:
            axes.plot([line.asked, line.asked], [place - 0.38, place + 0.38], color=MUTED, linewidth=1.6)
        axes.plot(line.realised, place, "o", color=BLUE if line.holds else RED, markersize=7)
    axes.set_yticks(range(len(lines)), [_short(title(line.name)) for line in lines])
    axes.set(xlim=(start, end), ylim=(-0.6, len(lines) - 0.4))
    axes.grid(axis="y", visible=False)
    return png(figure)


def gate_markdown(result: Result) -> str:
    """The picture and a table of what was asked for and what is, as Markdown."""
    if not result.lines:
        return result.explanation
    picture = base64.b64encode(gate_picture(result)).decode()
    return f"![{title(result.name)}](data:image/png;base64,{picture})\n\n{gate_table(result.lines)}"


def gate_table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    head = "| figure | asked for (allowed) | realised | holds | |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| {line.name.replace('|', '/')} | {_asked(line)} | {written(line.realised)} "
        f"| {'' if not line.allowed else 'yes' if line.holds else '**no**'} | {line.note} |\n"
        for line in lines
    )


def _asked(line: Line) -> str:
    if line.asked is None or not line.allowed:
        return line.allowed if line.asked is None else written(line.asked)
    return f"{written(line.asked)} ({line.allowed})"


def _span(lines: Sequence[Line]) -> tuple[float, float]:
    ends = [x for line in lines for x in (line.realised, line.low, line.high, line.asked) if x is not None]
    start, end = min(0.0, *ends), max(ends)
    return start, end + 0.04 * (end - start or 1.0)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"

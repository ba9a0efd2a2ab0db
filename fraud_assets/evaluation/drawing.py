"""Small pictures for an asset's metadata, by Matplotlib without a display: a canvas, plain axes, a PNG of few bytes."""

from __future__ import annotations

import io
from typing import Any

from fraud_assets.evaluation.plotting import GRID, INK, MUTED


def canvas() -> Any:
    """An empty Matplotlib figure of 880 x 340 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.8, 3.4), dpi=100, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def plain_axes(axes: Any, heading: str, x: str, y: str = "") -> None:
    """A quiet grid, no frame, a heading at the left, labels in grey."""
    axes.set_title(heading, fontsize=10, loc="left", color=INK)
    axes.set_xlabel(x, fontsize=8.5, color=MUTED)
    axes.set_ylabel(y, fontsize=8.5, color=MUTED)
    axes.tick_params(labelsize=8.5, length=0, colors=INK)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)


def png(figure: Any) -> bytes:
    """The figure as PNG, below 60 KB."""
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    # A palette instead of full colours: a third of the bytes, and no difference to the eye.
    Image.open(drawn).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return small.getvalue()

"""The customers' risk of a month in small: a picture and a few lines for an asset's metadata."""

from __future__ import annotations

import polars as pl

from fraud_assets.codes import RISK_LEVELS
from fraud_assets.counting import counted
from fraud_assets.evaluation.drawing import canvas, plain_axes, png
from fraud_assets.evaluation.plotting import BLUE
from fraud_assets.evaluation.words import count, month_name

_DRIVER = pl.Struct({"sign": pl.String, "value": pl.Float64, "points": pl.Float64})


def risk_picture(risk: pl.DataFrame) -> bytes:
    """PNG of 880 x 340 pixels: how the scores are spread, and what drives those of the riskier half of the levels."""
    figure = canvas()
    left, right = figure.subplots(1, 2)
    left.hist(risk["risk_score"].to_list(), bins=[2 * k for k in range(51)], color=BLUE)
    left.set_yscale("symlog", linthresh=1)
    plain_axes(left, counted(risk.height, "customer"), "Risk score", "Customers")
    drivers = _drivers(risk).head(8).reverse()
    right.barh([name.replace("_", " ") for name in drivers["sign"]], drivers["len"].to_list(), height=0.55, color=BLUE)
    plain_axes(right, "What drives scores of high and critical", "Customers with it among their first three")
    right.grid(axis="y", visible=False)
    return png(figure)


def risk_markdown(bank: str, month: str, risk: pl.DataFrame) -> str:
    """Customers by level and trend, as markdown."""
    lines = [f"### {bank}, {month_name(month)}", "", "| level | customers | rising | falling |", "|---|---|---|---|"]
    for level in reversed(RISK_LEVELS):
        rows = risk.filter(pl.col("risk_level") == level)
        rising, falling = (rows.filter(pl.col("trend") == trend).height for trend in ("rising", "falling"))
        lines.append(f"| {level} | {count(rows.height)} | {count(rising)} | {count(falling)} |")
    return "\n".join(lines) + "\n"


def _drivers(risk: pl.DataFrame) -> pl.DataFrame:
    risky = risk.filter(pl.col("risk_level").cast(pl.String).is_in(RISK_LEVELS[2:]))
    found = risky.select(pl.col("drivers").str.json_decode(pl.List(_DRIVER)).explode().struct.field("sign"))
    return found.drop_nulls().group_by("sign").len().sort("len", "sign", descending=[True, False])

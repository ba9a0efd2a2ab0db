"""Drift: how far a month is from those that its champion learned from, and whether that is more than usual.

What lives here: figures (:func:`measure_drift`), the page (:func:`drift_page`), and a picture and a few lines for the
metadata of an asset. What does not: reading months and scoring them.
"""

from fraud_assets.evaluation.drift.measure import MOST_ROWS, measure_drift
from fraud_assets.evaluation.drift.page import drift_page
from fraud_assets.evaluation.drift.picture import drift_figures, drift_markdown, drift_picture
from fraud_assets.evaluation.drift.table import MonthSample

__all__ = [
    "MOST_ROWS",
    "MonthSample",
    "drift_figures",
    "drift_markdown",
    "drift_page",
    "drift_picture",
    "measure_drift",
]

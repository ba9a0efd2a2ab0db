"""A month in pictures, by which a person judges whether the data look like people and like a bank.

What lives here: :func:`measure` (the lake's tables -> a JSON document), and how it looks (:func:`render_portrait`,
:func:`portrait_picture`, :func:`portrait_markdown`, :func:`portrait_figures`). What does not: gates, which decide
without a person (:mod:`fraud_assets.evaluation.statistics`).
"""

from fraud_assets.evaluation.portrait.measure import measure
from fraud_assets.evaluation.portrait.picture import portrait_figures, portrait_markdown, portrait_picture
from fraud_assets.evaluation.portrait.render import render_portrait
from fraud_assets.evaluation.portrait.subject import Sitter, Tables

__all__ = [
    "Sitter",
    "Tables",
    "measure",
    "portrait_figures",
    "portrait_markdown",
    "portrait_picture",
    "render_portrait",
]

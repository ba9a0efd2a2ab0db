"""Honest evaluation: what a month's scores and decisions were worth, said in figures, a page and a picture.

What lives here: :func:`evaluate` (scored payments -> a JSON document), its pictures (:func:`render_html`,
:func:`small_picture`, :func:`summary_markdown`), and the cheap gates on simulated data (:mod:`.statistics`). What does
not: models, storage and orchestration.
"""

from fraud_assets.evaluation.picture import small_picture, summary_markdown
from fraud_assets.evaluation.render import render_html
from fraud_assets.evaluation.report import evaluate, no_model, to_json
from fraud_assets.evaluation.settings import Settings, Subject

__all__ = ["Settings", "Subject", "evaluate", "no_model", "render_html", "small_picture", "summary_markdown", "to_json"]

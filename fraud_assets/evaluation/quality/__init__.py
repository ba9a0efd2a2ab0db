"""Data quality of a month: what is missing, constant, twice there, far out, refers to nothing, or is known late.

What lives here: the figures of tables (:func:`profile`), links (:func:`link`) and labels (:func:`label_completeness`),
the document that they make (:func:`quality_document`), its page and its picture. What does not: reading the lake, and
the rules that stop a run (checks).
"""

from fraud_assets.evaluation.quality.labels import label_completeness
from fraud_assets.evaluation.quality.links import link
from fraud_assets.evaluation.quality.measure import quality_document, quality_figures
from fraud_assets.evaluation.quality.page import quality_markdown, quality_page
from fraud_assets.evaluation.quality.picture import quality_picture
from fraud_assets.evaluation.quality.tables import profile, twins

__all__ = [
    "label_completeness",
    "link",
    "profile",
    "quality_document",
    "quality_figures",
    "quality_markdown",
    "quality_page",
    "quality_picture",
    "twins",
]

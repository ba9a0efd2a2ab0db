"""Accidents: payments that their customer did not mean to make, of a class of their own beside fraud.

What lives here: the head that learns duplicates and wrong amounts from their reports (``head``), mistyped recipients
and whom the customer meant (``recipients``), and what both say of each payment of a month (``scores``). What does not:
fraud, which the candidates learn.
"""

from fraud_assets.detection.accidents.head import AccidentHead
from fraud_assets.detection.accidents.recipients import SIGNS, RecipientHead, likely_intended
from fraud_assets.detection.accidents.scores import ACCIDENT_SCORES, KINDS, score_accidents

__all__ = [
    "ACCIDENT_SCORES",
    "KINDS",
    "SIGNS",
    "AccidentHead",
    "RecipientHead",
    "likely_intended",
    "score_accidents",
]

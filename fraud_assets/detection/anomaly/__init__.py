"""Unusual payments found without labels: what is surprising in each, and three detectors over the surprises."""

from fraud_assets.detection.anomaly.detectors import DETECTORS, DetectorSet, fit_detectors
from fraud_assets.detection.anomaly.scores import CUSTOMER_SCORES, SCORES, customer_scores, score_anomalies

__all__ = [
    "CUSTOMER_SCORES",
    "DETECTORS",
    "SCORES",
    "DetectorSet",
    "customer_scores",
    "fit_detectors",
    "score_anomalies",
]

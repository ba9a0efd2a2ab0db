"""What goes with fraud: features that matter, how they correlate, how frauds differ, what anomalies have to do with it.

What lives here: sections of the evaluation report that look at features and not at scores alone. Each works on a fixed
sample of the month, so that its cost does not grow with the bank.
"""

from fraud_assets.evaluation.analysis.anomalies import anomalies_and_fraud
from fraud_assets.evaluation.analysis.differences import differences
from fraud_assets.evaluation.analysis.importance import correlations, importance, moved
from fraud_assets.evaluation.analysis.sample import MOST_HONEST, MOST_PERMUTED, SUSPECTED, Sample

__all__ = [
    "MOST_HONEST",
    "MOST_PERMUTED",
    "SUSPECTED",
    "Sample",
    "anomalies_and_fraud",
    "correlations",
    "differences",
    "importance",
    "moved",
]

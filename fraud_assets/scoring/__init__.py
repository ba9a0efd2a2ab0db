"""A loose file of transactions scored: by a month's champion, with what the lake knows of the customers.

Modules: ``loose`` (the file's rows, as they stand and as rows of the ledger), ``standpoint`` (what a month's rows are
scored with), ``files`` (the file in, the file with three more columns out).
"""

from fraud_assets.scoring.files import ADDED, Scored, score_file

__all__ = ["ADDED", "Scored", "score_file"]

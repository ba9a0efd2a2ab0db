"""A loose file of transactions scored: by a month's champion, with what the lake knows of the customers.

Modules: ``loose`` (the file's rows, as they stand and as rows of the ledger), ``standpoint`` (what a month's rows are
scored with), ``files`` (the file in, the file with three more columns out).
"""

from fraud_assets.scoring.files import ADDED, Scored, score_file
from fraud_assets.scoring.loose import LooseFile

__all__ = ["ADDED", "LooseFile", "Scored", "score_file"]

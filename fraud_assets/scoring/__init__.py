"""A loose file of transactions scored: by a month's champion, with what the lake knows of the customers.

Modules: ``loose`` (the file's rows, as they stand and as rows of the ledger), ``rows`` (these, checked and completed
from the lake), ``standpoint`` (what a month's rows are scored with), ``output`` (the rows as they came in, with three
more columns), ``files`` (one after the other).
"""

from fraud_assets.scoring.files import Scored, score_file
from fraud_assets.scoring.loose import LooseFile
from fraud_assets.scoring.output import ADDED

__all__ = ["ADDED", "LooseFile", "Scored", "score_file"]

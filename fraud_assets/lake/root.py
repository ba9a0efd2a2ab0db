"""Which lake is meant: the root that somebody names, else that of the environment, else a folder here."""

from __future__ import annotations

import os

from fraud_assets.lake.store import Lake

VARIABLE = "FRAUD_ASSETS_LAKE"
DEFAULT_ROOT = "data/lake"


def open_lake(root: str = "") -> Lake:
    """The lake of a root; of the environment, or the default one, if it is empty."""
    return Lake.from_url(root or os.environ.get(VARIABLE) or DEFAULT_ROOT)

"""The lake as a Dagster resource: assets and IO managers share it, and no run starts without it."""

from __future__ import annotations

import os

import dagster as dg
from pydantic import Field, PrivateAttr

from fraud_assets.lake.preflight import check_lake_reachable
from fraud_assets.lake.store import Lake

VARIABLE = "FRAUD_ASSETS_LAKE"
DEFAULT_ROOT = "data/lake"


def open_lake(root: str = "") -> Lake:
    """The lake of a root; of the environment, or the default one, if it is empty."""
    return Lake.from_url(root or os.environ.get(VARIABLE) or DEFAULT_ROOT)


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic only for what it hands to assets: itself
    """The lake under one root. Opened, and checked, before the first step of a run."""

    root: str = Field(
        default="",
        description=f"A folder or s3://bucket/prefix; empty: the variable {VARIABLE}, else {DEFAULT_ROOT}",
    )

    _lake: Lake | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Open the lake and fail at once, in one sentence, if it cannot be reached."""
        del context
        check_lake_reachable(self.lake)

    @property
    def lake(self) -> Lake:
        """The opened lake."""
        if self._lake is None:
            self._lake = open_lake(self.root)
        return self._lake

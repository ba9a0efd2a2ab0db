"""The lake as a Dagster resource: assets and IO managers share it, and no run starts without it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

from fraud_assets.lake.preflight import check_lake_reachable, region
from fraud_assets.lake.root import DEFAULT_ROOT, VARIABLE, open_lake
from fraud_assets.lake.store import Lake
from fraud_assets.lake.sweep import sweep

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic only for what it hands to assets: itself
    """The lake under one root. Opened, and checked, before the first step of a run."""

    root: str = Field(
        default="",
        description=f"A folder or s3://bucket/prefix; empty: the variable {VARIABLE}, else {DEFAULT_ROOT}",
    )

    _lake: Lake | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Open the lake, fail at once, in one sentence, if it cannot be reached, and clear up after killed runs.

        On disk alone: of a bucket it takes a permission that few have, and a rule of its own clears what is unfinished.
        """
        del context
        check_before_run(self.lake)
        if self.lake.path:
            with suppress(OSError):  # another run may be clearing up, too
                sweep(self.lake)

    @property
    def lake(self) -> Lake:
        """The opened lake."""
        if self._lake is None:
            self._lake = open_lake(self.root)
        return self._lake


def check_before_run(lake: Lake) -> None:
    """:func:`~fraud_assets.lake.preflight.check_lake_reachable`, asked with Dagster's own S3 resource."""
    check_lake_reachable(lake, client=_client_of_dagster)


def _client_of_dagster() -> S3Client:
    from dagster_aws.s3 import S3Resource

    client: S3Client = S3Resource(max_attempts=1, region_name=region()).get_client()
    return client

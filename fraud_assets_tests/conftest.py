"""What all tests share: no way to a real AWS account, and lakes on disk and on a local S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fraud_assets.lake.store import Lake
from fraud_assets.testing import no_real_aws, s3_lake, s3_server

__all__ = ["s3_lake", "s3_server"]


@pytest.fixture(scope="session", autouse=True)
def _no_real_aws() -> Iterator[None]:
    with no_real_aws():
        yield


@pytest.fixture
def disk_lake(tmp_path: Path) -> Lake:
    """An empty lake on disk."""
    return Lake.from_url(tmp_path / "lake")


@pytest.fixture(params=["disk", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """An empty lake, once on disk and once on S3."""
    return Lake.from_url(tmp_path / "lake" if request.param == "disk" else request.getfixturevalue("s3_lake"))

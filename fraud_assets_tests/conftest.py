"""What all tests share: no way to a real AWS account, lakes on disk and on S3, and which files one worker runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fraud_assets.lake.store import Lake
from fraud_assets.testing import no_real_aws, s3_lake, s3_server

__all__ = ["s3_lake", "s3_server"]

#: Folders whose files share what takes long to make: a finished quarter half a minute, an MLflow some seconds.
_ONE_WORKER_EACH = ("orchestration", "tracking", "card_fraud", "wallets")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """With ``--dist loadfile`` all tests of a file are one worker's; here those of some folders are, too."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class ByFileOrFolder(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = Path(super()._split_scope(nodeid))
            return str(file.parent if file.parent.name in _ONE_WORKER_EACH else file)

    return ByFileOrFolder(config, log)


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

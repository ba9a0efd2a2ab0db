"""A quarter of the tiny bank, made once for all tests of this folder, by the demo and on disk."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import pytest

from fraud_assets.cli import main
from fraud_assets.definitions import build_definitions
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.scenario import Scenario
from fraud_assets.testing import environment

#: Run configuration: nothing on the console.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
MONTHS = ("2024-01", "2024-02", "2024-03")


@dataclass(frozen=True)
class Quarter:
    """Three finished months: the lake, Dagster's records of it, and what the demo said."""

    scenario: Scenario
    lake: Lake
    instance: dg.DagsterInstance
    code: int
    output: str

    def key(self, asset: str, month: str) -> str:
        return Place(self.scenario.name, asset, month).parquet

    def metadata(self, asset: str, month: str) -> dict[str, object]:
        """What the last materialization recorded."""
        found = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey([self.scenario.name, asset]), asset_partitions=[month]), limit=1
        )
        recorded = found.records[0].asset_materialization
        assert recorded is not None
        return {name: value.value for name, value in recorded.metadata.items()}


@pytest.fixture(scope="session")
def tiny_bank() -> Scenario:
    return Scenario.load("tiny_bank")


@pytest.fixture(scope="session")
def definitions(tiny_bank: Scenario) -> dg.Definitions:
    """The chain of the tiny bank; lake and MLflow as the environment says when a run begins."""
    return build_definitions(scenarios=[tiny_bank])


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Dagster's records of a single test."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(scope="session")
def quarter(tmp_path_factory: pytest.TempPathFactory, tiny_bank: Scenario) -> Iterator[Quarter]:
    home = tmp_path_factory.mktemp("quarter")
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    spoken = io.StringIO()
    variables = {"DAGSTER_HOME": str(home), "FRAUD_ASSETS_LAKE": str(home / "lake"), "MLFLOW_TRACKING_URI": None}
    with environment(variables), contextlib.redirect_stdout(spoken):
        code = main(["demo", "--scenario", "tiny_bank", "--months", *MONTHS])
    with environment({"DAGSTER_HOME": str(home)}), dg.DagsterInstance.get() as instance:
        yield Quarter(tiny_bank, Lake.from_url(home / "lake"), instance, code, spoken.getvalue())

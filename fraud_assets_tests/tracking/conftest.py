"""Two decided months of a small bank, an MLflow of their own for each test, and ways to look into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fraud_assets.detection.decide import decide_champion
from fraud_assets.tracking import Logged, MlflowResource, reach
from fraud_assets_tests.detection.synthetic import FEBRUARY, LEARNING, MARCH, bank, candidates

Document = dict[str, Any]


def through_json(document: Document) -> Document:
    found: Document = json.loads(json.dumps(document))
    return found


@pytest.fixture(scope="session")
def february() -> tuple[Document, Document]:
    """Candidates and decision of the first decided month."""
    found = candidates(FEBRUARY)
    decision = decide_champion(found, bank().features, bank().reports, None, LEARNING)
    return through_json(found.document()), through_json(decision)


@pytest.fixture(scope="session")
def march(february: tuple[Document, Document]) -> tuple[Document, Document]:
    """Candidates of the month after, and a decision that promotes its best."""
    found = candidates(MARCH)
    decision = decide_champion(found, bank().features, bank().reports, None, LEARNING)
    promoted = {**decision, "decision": "promoted", "previous": february[1]["champion"]}
    return through_json(found.document()), through_json(promoted)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An SQLite store with its tables, made once: making them takes MLflow two seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
        with reach.client() as found:
            found.search_experiments()
    return path.read_bytes()


@pytest.fixture
def mlflow(tmp_path: Path, empty_database: bytes, monkeypatch: pytest.MonkeyPatch) -> MlflowResource:
    """MLflow on SQLite under the instance's folder, as it is without any setting, and a lake on disk."""
    (tmp_path / ".dagster").mkdir()
    (tmp_path / ".dagster" / "mlflow.db").write_bytes(empty_database)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return MlflowResource(lake_root=str(tmp_path / "lake"))


def client() -> Any:
    with reach.client() as found:
        return found


def log(mlflow: MlflowResource, month: tuple[Document, Document]) -> Logged:
    return mlflow.log_candidates("some_bank", *month, dagster_run_id="run-1")


def aliases() -> dict[str, str]:
    return {name: str(version) for name, version in client().get_registered_model("some_bank-fraud").aliases.items()}


def count() -> tuple[int, int]:
    """Runs and versions in the store."""
    experiment = client().get_experiment_by_name("some_bank-fraud").experiment_id
    return len(client().search_runs([experiment])), len(client().search_model_versions("name = 'some_bank-fraud'"))

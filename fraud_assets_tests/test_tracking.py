from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from fraud_assets.assets.rollback import roll_back
from fraud_assets.detection.decide import decide_champion
from fraud_assets.detection.rollback import standing
from fraud_assets.detection.trained import CandidateSet, TrainedModel
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.tracking import Logged, MlflowError, MlflowResource, reach
from fraud_assets.tracking.record import Record
from fraud_assets_tests.detection.synthetic import FEBRUARY, LEARNING, MARCH, bank, candidates

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # between MLflow, pandas and SQLAlchemy
Document = dict[str, Any]


def through_json(document: Document) -> Document:
    found: Document = json.loads(json.dumps(document))
    return found


@pytest.fixture(scope="module")
def february() -> tuple[Document, Document]:
    """Candidates and decision of the first decided month."""
    found = candidates(FEBRUARY)
    decision = decide_champion(found, bank().features, bank().reports, None, LEARNING)
    return through_json(found.document()), through_json(decision)


@pytest.fixture(scope="module")
def march(february: tuple[Document, Document]) -> tuple[Document, Document]:
    """Candidates of the month after, and a decision that promotes its best."""
    found = candidates(MARCH)
    decision = decide_champion(found, bank().features, bank().reports, None, LEARNING)
    promoted = {**decision, "decision": "promoted", "previous": february[1]["champion"]}
    return through_json(found.document()), through_json(promoted)


@pytest.fixture(scope="module")
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


def test_a_month_is_a_run_with_a_nested_run_a_candidate_and_one_version(
    mlflow: MlflowResource, february: tuple[Document, Document]
) -> None:
    logged = log(mlflow, february)
    found, decision = february
    experiment = client().get_experiment_by_name("some_bank-fraud").experiment_id
    nested = client().search_runs([experiment], f"tags.`mlflow.parentRunId` = '{logged.run_id}'")
    assert {run.data.tags["family"] for run in nested} == set(found["models"])
    for run in nested:
        expected = found["metrics"][run.data.tags["family"]]
        assert run.data.metrics == pytest.approx(expected)
    version = client().get_model_version("some_bank-fraud", "1")
    assert logged.version == logged.champion_version == "1"
    assert version.tags["family"] == decision["champion"]["name"]
    assert version.tags["dagster_run_id"] == "run-1"
    names = ("month", "training_window", "data_sha256", "feature_set_hash", "code_version")
    assert {name: version.tags[name] for name in names} == {name: found["origin"][name] for name in names}
    assert aliases() == {"challenger": "1", "champion": "1"}


def test_the_same_month_again_adds_nothing(mlflow: MlflowResource, february: tuple[Document, Document]) -> None:
    first = log(mlflow, february)
    before = count()
    again = log(mlflow, february)
    assert count() == before
    assert (again.run_id, again.version) == (first.run_id, first.version)
    assert not again.aliases_moved


def test_a_promotion_moves_the_aliases_and_an_older_month_does_not(
    mlflow: MlflowResource, february: tuple[Document, Document], march: tuple[Document, Document]
) -> None:
    log(mlflow, february)
    assert log(mlflow, march).aliases_moved
    assert aliases() == {"challenger": "2", "champion": "2", "previous": "1"}
    other = {**february[1], "why": "the same month, decided anew"}
    assert not log(mlflow, (february[0], other)).aliases_moved
    assert aliases() == {"challenger": "2", "champion": "2", "previous": "1"}


def test_a_refused_challenger_is_registered_and_the_champion_stays(
    mlflow: MlflowResource, february: tuple[Document, Document], march: tuple[Document, Document]
) -> None:
    log(mlflow, february)
    kept = {**march[1], "decision": "kept", "champion": february[1]["champion"], "model": february[1]["model"]}
    log(mlflow, (march[0], kept))
    assert aliases() == {"challenger": "2", "champion": "1"}


@pytest.fixture
def some_bank(tmp_path: Path, february: tuple[Document, Document], march: tuple[Document, Document]) -> Lake:
    """A lake with the decisions of two months."""
    lake = Lake.from_url(tmp_path / "lake")
    for month in (february, march):
        write_decision(lake, month[1])
    return lake


def write_decision(lake: Lake, decision: Document) -> None:
    with lake.open_writer(Place("some_bank", "champion", decision["month"]).value) as writer:
        writer.write(json.dumps(decision).encode())


def newest(lake: Lake) -> Document:
    found: Document = json.loads(lake.read_bytes(Place("some_bank", "champion", "2024-03").value))
    return found


def bank_named(name: str) -> Any:
    return Scenario.load("tiny_bank").model_copy(update={"name": name})


def test_rolling_back_brings_the_document_and_the_aliases_back(
    mlflow: MlflowResource, some_bank: Lake, february: tuple[Document, Document], march: tuple[Document, Document]
) -> None:
    log(mlflow, february)
    with pytest.raises(MlflowError, match="no version under the alias previous"):
        roll_back(some_bank, bank_named("some_bank"), mlflow)
    log(mlflow, march)
    before = newest(some_bank)
    roll_back(some_bank, bank_named("some_bank"), mlflow)
    assert aliases() == {"challenger": "2", "champion": "1", "previous": "2"}
    after = newest(some_bank)
    assert after["decision"] == "rolled_back"
    assert after["why"].startswith("rolled back by order, from ")
    for part in ("champion", "model", "thresholds", "costs"):
        assert after[part] == february[1][part]

    # The month made again: the rules say the same as before, and the order stands.
    again = standing(march[1], after)
    assert again["champion"] == february[1]["champion"]
    assert again["decision"] == "rolled_back"
    assert not log(mlflow, (march[0], through_json(again))).aliases_moved
    assert aliases()["champion"] == "1"
    # Against another winner it was not given.
    other = {**march[1], "champion": {**march[1]["champion"], "identity": "other"}}
    assert standing(other, after) == other

    roll_back(some_bank, bank_named("some_bank"), mlflow)  # a second order brings the other back
    assert aliases() == {"challenger": "2", "champion": "2", "previous": "1"}
    assert {part: newest(some_bank)[part] for part in ("champion", "model")} == {
        part: before[part] for part in ("champion", "model")
    }


def test_rolling_back_to_a_version_by_name(
    mlflow: MlflowResource, some_bank: Lake, february: tuple[Document, Document], march: tuple[Document, Document]
) -> None:
    log(mlflow, february)
    log(mlflow, march)
    some = bank_named("some_bank")
    with pytest.raises(MlflowError, match="has no version 7; it has 1, 2"):
        roll_back(some_bank, some, mlflow, "7")
    with pytest.raises(MlflowError, match="version 2 is the champion of some_bank 2024-03"):
        roll_back(some_bank, some, mlflow, "2")
    assert roll_back(some_bank, some, mlflow, "1")["champion"] == february[1]["champion"]


def test_an_order_killed_between_lake_and_registry_is_completed_by_the_same_order(
    mlflow: MlflowResource,
    some_bank: Lake,
    february: tuple[Document, Document],
    march: tuple[Document, Document],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log(mlflow, february)
    log(mlflow, march)
    with monkeypatch.context() as killed:
        killed.setattr(Record, "order", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            roll_back(some_bank, bank_named("some_bank"), mlflow)
    assert aliases()["champion"] == "2"
    roll_back(some_bank, bank_named("some_bank"), mlflow)
    assert aliases() == {"challenger": "2", "champion": "1", "previous": "2"}


def test_a_study_is_logged_once_and_never_registered(mlflow: MlflowResource) -> None:
    estimate = {"value": 0.4, "low": 0.3, "high": 0.5}
    option = {
        "name": "xgboost", "title": "XGBoost", "group": "models", "average_precision": estimate,
        "difference": estimate, "roc_auc": 0.9, "seconds": 3.5, "found": {},
    }  # fmt: skip
    study = {"month": "2024-03", "reference": "xgboost", "reason": None, "options": [option], "fitted_on": 1_000}
    first = mlflow.log_study("some_bank", study, "run-1")
    assert mlflow.log_study("some_bank", {**study, "options": [{**option, "seconds": 4.0}]}, "run-2") == first
    experiment = client().get_experiment_by_name("some_bank-study").experiment_id
    (nested,) = client().search_runs([experiment], f"tags.`mlflow.parentRunId` = '{first}'")
    assert nested.data.metrics["average_precision_low"] == 0.3
    assert client().search_registered_models() == []


def test_killed_before_the_registration_the_rerun_completes(
    mlflow: MlflowResource, february: tuple[Document, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(Record, "version", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            log(mlflow, february)
    assert client().search_registered_models() == []
    runs, _ = count()
    logged = log(mlflow, february)
    assert count() == (runs, 1)
    assert aliases() == {"challenger": "1", "champion": "1"}
    assert logged.champion_version == "1"


def test_killed_while_artifacts_are_written_leaves_no_version_of_half_a_model(
    mlflow: MlflowResource, february: tuple[Document, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(
            "fraud_assets.tracking.record._write_artifacts", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            log(mlflow, february)
    log(mlflow, february)
    version = client().get_model_version("some_bank-fraud", "1")
    assert client().get_run(version.run_id).info.status == "FINISHED"


def test_a_champion_that_the_store_has_lost_is_registered_again(
    mlflow: MlflowResource, february: tuple[Document, Document]
) -> None:
    empty = CandidateSet.empty("2024-03", "2024-03: no fraud was reported")
    kept = decide_champion(empty, bank().features, bank().reports, february[1], LEARNING)
    logged = log(mlflow, (empty.document(), through_json(kept)))
    assert logged.version is None
    assert aliases() == {"champion": "1"}


def test_a_month_without_any_champion_leaves_the_registry_alone(mlflow: MlflowResource) -> None:
    empty = CandidateSet.empty("2024-01", "2024-01 is the first month")
    nobody = decide_champion(empty, bank().features, bank().reports, None, LEARNING)
    logged = log(mlflow, (empty.document(), nobody))
    assert (logged.run_id, logged.version, logged.aliases_moved) == (None, None, False)


@pytest.mark.parametrize("name", ["xgboost", "logistic"])
def test_the_registered_model_loads_and_scores_as_the_chain_does(
    mlflow: MlflowResource, february: tuple[Document, Document], name: str
) -> None:
    found, decision = february
    wanted = {**decision, "challenger": {**decision["challenger"], "name": name}, "model": found["models"][name]}
    log(mlflow, (found, wanted))
    import mlflow.pyfunc as pyfunc

    folder = client().download_artifacts(client().get_model_version("some_bank-fraud", "1").run_id, "model")
    frame = bank().features.filter(pl.col("event_time") >= Month.parse("2024-03").start).head(500).collect()
    frame = frame.with_columns(channel=pl.when(pl.col("is_night") == 0).then("channel"))  # some are missing
    model = TrainedModel.load(found["models"][name])
    expected = model.calibration.apply(model.raw_scores(model.encoder.codes(frame)))
    columns = [pl.col(n).cast(pl.String if n in model.encoder.levels else pl.Float64) for n in model.encoder.features]
    loaded: Any = pyfunc.load_model(folder)
    assert np.array_equal(loaded.predict(frame.select(columns).to_pandas()), expected)
    assert loaded.metadata.signature is not None
    assert len(loaded.input_example) == 1


def test_nothing_in_the_store_is_a_pickle(
    mlflow: MlflowResource, february: tuple[Document, Document], tmp_path: Path
) -> None:
    log(mlflow, february)
    files = [path for path in (tmp_path / "lake").rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        text = path.read_text(encoding="utf-8")  # a binary pickle is none
        assert "pickle" not in text
        if path.suffix == ".json":
            json.loads(text)
        elif path.suffix in {".yaml", ""}:
            assert isinstance(yaml.safe_load(text), dict)
        else:
            assert path.name in {"requirements.txt", "model_card.md"}


def test_artifacts_go_to_the_lake_on_s3(
    mlflow: MlflowResource, february: tuple[Document, Document], s3_lake: str, tmp_path: Path
) -> None:
    import boto3

    log(MlflowResource(lake_root=s3_lake), february)
    bucket, _, prefix = s3_lake.removeprefix("s3://").partition("/")
    listed = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    keys = [item["Key"] for item in listed]
    assert any("/mlflow/some_bank-fraud/" in f"/{key}" and key.endswith("model/MLmodel") for key in keys)
    assert not (tmp_path / "lake").exists()


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def fails_quickly(february: tuple[Document, Document]) -> str:
    began = time.monotonic()
    with pytest.raises(MlflowError) as failure:
        log(MlflowResource(lake_root="unused"), february)
    assert time.monotonic() - began < 10
    assert "\n" not in str(failure.value)
    return str(failure.value)


def test_a_silent_server_fails_within_seconds(
    silent: str, february: tuple[Document, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", silent.replace("http://", "http://anna:secret@"))
    sentence = fails_quickly(february)
    assert sentence.startswith(f"the MLflow server {silent} does not answer within 4 seconds; start it, or correct")
    assert "secret" not in sentence


def test_a_server_that_is_down_fails_within_seconds(
    february: tuple[Document, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    assert f"the MLflow server http://127.0.0.1:{port} cannot be reached" in fails_quickly(february)


def test_a_server_that_refuses_requests_fails_with_a_sentence(
    february: tuple[Document, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            healthy = self.path == "/health"
            self.send_response(200 if healthy else 403)
            self.end_headers()
            self.wfile.write(b"OK" if healthy else b"go away")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://anna:secret@127.0.0.1:{server.server_port}")
        sentence = fails_quickly(february)
        server.shutdown()
    assert "refused or broke off" in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize("uri", ["mlruns", "file:///tmp/mlruns"])
def test_a_folder_of_files_is_no_tracking_server(
    uri: str, february: tuple[Document, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert fails_quickly(february) == (
        f"MLFLOW_TRACKING_URI is '{uri}'; a server's http(s) address or sqlite:///path is needed"
    )


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("postgresql://anna:secret@host/db", "cannot be used: No module named"),
        ("mysql+nonsense://anna:secret@host/db", "cannot be used: Can't load plugin"),
        ("postgresql://anna:secret:secret", "MLFLOW_TRACKING_URI is no address such as"),
        ("sqlite:///{folder}", "cannot be read: Is a directory"),
        ("sqlite:///{folder}/text.db", "is no SQLite database"),
    ],
)
def test_a_database_that_is_of_no_use_is_a_sentence_within_seconds(
    uri: str, problem: str, february: tuple[Document, Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.db").write_text("this is a text, not a database")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(folder=tmp_path))
    sentence = fails_quickly(february)
    assert problem in sentence
    assert "secret" not in sentence


def test_two_that_record_one_month_at_once_record_it_once(
    mlflow: MlflowResource, february: tuple[Document, Document]
) -> None:
    with ThreadPoolExecutor() as both:
        first, second = both.map(lambda _: log(mlflow, february), range(2))
    assert (first.run_id, first.version) == (second.run_id, second.version)
    assert count() == (1 + len(february[0]["models"]), 1)


def test_two_processes_may_open_a_fresh_home_at_once(tmp_path: Path) -> None:
    code = "from fraud_assets.tracking import reach\nwith reach.client() as c: print(len(c.search_experiments()))"
    variables = {**os.environ, "DAGSTER_HOME": str(tmp_path), "MLFLOW_TRACKING_URI": ""}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for said, complaint in [process.communicate(timeout=120) for process in running]:
        assert said == "1\n", complaint


def test_the_months_of_two_banks_do_not_mix(mlflow: MlflowResource, february: tuple[Document, Document]) -> None:
    log(mlflow, february)
    other = mlflow.log_candidates("other_bank", *february, dagster_run_id="run-2")
    assert other.version == "1"
    assert other.model == "other_bank-fraud"
    assert count()[1] == 1

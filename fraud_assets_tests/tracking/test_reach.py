"""An MLflow that is silent, down, refusing or none at all: a sentence within seconds, and no secret in it."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fraud_assets.tracking import MlflowError, MlflowResource, reach
from fraud_assets.tracking.reach import client, public
from fraud_assets_tests.tracking.conftest import Document, log

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # between MLflow, pandas and SQLAlchemy


@pytest.fixture(autouse=True)
def _relative_lakes_lie_in_the_tests_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("sqlite:////tmp/store/mlflow.db", "sqlite:////tmp/store/mlflow.db"),
        ("sqlite:///store.db?timeout=9", "sqlite:///store.db"),
        ("https://anna:secret@host:5000/ml/?token=secret", "https://host:5000/ml"),
    ],
)
def test_an_address_is_shown_as_it_was_given_but_for_its_secrets(uri: str, shown: str) -> None:
    assert public(uri) == shown


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


_KILLED = """
import os, sqlite3
from mlflow.store.db import utils
from fraud_assets.tracking.reach import client, public

def killed(engine):
    with sqlite3.connect(os.environ["STORE"]) as half:
        half.execute("CREATE TABLE secrets (id INTEGER)")
    os.kill(os.getpid(), 9)

utils._initialize_tables = killed
import mlflow.store.tracking.sqlalchemy_store
with client():
    pass
"""


def test_a_store_whose_maker_was_killed_is_made_again_and_one_that_is_whole_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    monkeypatch.setenv("STORE", str(store))
    assert subprocess.run([sys.executable, "-c", _KILLED], check=False).returncode == -9
    assert store.stat().st_size > 0
    with client() as found:
        kept = found.create_experiment("kept")
    with client() as found:
        again = found.get_experiment_by_name("kept")
    assert again is not None
    assert again.experiment_id == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_store_that_another_program_locks_is_a_sentence_within_seconds_and_recorded_in_afterwards(
    kind: str, mlflow: MlflowResource, february: tuple[Document, Document], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / ".dagster" / "mlflow.db", isolation_level=None)) as other:
        other.execute(f"BEGIN {kind}")
        sentence = fails_quickly(february)
    assert sentence.startswith(f"MLflow's database {tmp_path}/.dagster/mlflow.db is locked by another program")
    assert log(mlflow, february).aliases_moved


def test_a_run_that_never_lets_go_of_the_store_is_not_waited_for_for_ever(
    mlflow: MlflowResource, february: tuple[Document, Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "LOCK_PATIENCE", 0.2)
    with (tmp_path / ".dagster" / "mlflow.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "is in use by another run of fraud_assets" in fails_quickly(february)
    assert log(mlflow, february).aliases_moved


def test_a_full_disk_under_the_models_files_is_a_sentence_and_the_month_is_recorded_once_it_is_free(
    mlflow: MlflowResource, february: tuple[Document, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/lake/model.json")

    with monkeypatch.context() as patch:
        patch.setattr("fraud_assets.tracking.record._write_artifacts", full)
        sentence = fails_quickly(february)
    assert "broke off at /lake/model.json: No space left on device; free some space" in sentence
    assert log(mlflow, february).aliases_moved


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not answer as a web server does; start it, or correct or unset"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>Welcome</html>", "is not an MLflow server's; correct"),
    ],
)
def test_another_server_than_mlflows_is_said_to_be_another(
    answer: bytes, said: str, february: tuple[Document, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(answer)

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        sentence = fails_quickly(february)
        server.shutdown()
    assert said in sentence


def test_a_folder_that_may_be_read_alone_is_refused_before_a_run(
    mlflow: MlflowResource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: not mode & os.W_OK)  # as on a disk mounted for reading
    with pytest.raises(MlflowError, match=rf"folder {tmp_path}/\.dagster of MLflow's database cannot be written; mend"):
        reach.check_reachable()

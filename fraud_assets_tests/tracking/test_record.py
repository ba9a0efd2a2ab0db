"""What a month leaves in MLflow: runs, versions and aliases, once, and whole whenever it is killed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from fraud_assets.detection.decide import decide_champion
from fraud_assets.detection.trained import CandidateSet, TrainedModel
from fraud_assets.months import Month
from fraud_assets.tracking import MlflowResource
from fraud_assets.tracking.record import Record
from fraud_assets_tests.detection.synthetic import LEARNING, bank
from fraud_assets_tests.tracking.conftest import Document, aliases, client, count, log, through_json

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # between MLflow, pandas and SQLAlchemy


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


def test_two_that_record_one_month_at_once_record_it_once(
    mlflow: MlflowResource, february: tuple[Document, Document]
) -> None:
    with ThreadPoolExecutor() as both:
        first, second = both.map(lambda _: log(mlflow, february), range(2))
    assert (first.run_id, first.version) == (second.run_id, second.version)
    assert count() == (1 + len(february[0]["models"]), 1)


def test_the_months_of_two_banks_do_not_mix(mlflow: MlflowResource, february: tuple[Document, Document]) -> None:
    log(mlflow, february)
    other = mlflow.log_candidates("other_bank", *february, dagster_run_id="run-2")
    assert other.version == "1"
    assert other.model == "other_bank-fraud"
    assert count()[1] == 1

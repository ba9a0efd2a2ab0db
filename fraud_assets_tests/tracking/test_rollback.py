"""The order to go back to an earlier champion, in the lake and in the registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fraud_assets.assets.rollback import roll_back
from fraud_assets.cli import main
from fraud_assets.detection.rollback import champions, rolled_back, standing
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.scenario import Scenario
from fraud_assets.tracking import MlflowError, MlflowResource
from fraud_assets.tracking.record import Record
from fraud_assets_tests.tracking.conftest import Document, aliases, log, through_json

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # between MLflow, pandas and SQLAlchemy


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


def test_the_command_does_not_call_a_model_champion_of_a_month_before_the_order(
    mlflow: MlflowResource,
    some_bank: Lake,
    february: tuple[Document, Document],
    march: tuple[Document, Document],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log(mlflow, february)
    log(mlflow, march)
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", some_bank.url)
    some = bank_named("some_bank")
    monkeypatch.setattr("fraud_assets.scenario.load_bank", lambda _: some)
    assert main(["rollback", "some_bank"]) == 0
    name = february[1]["champion"]["name"]
    said = capsys.readouterr().out
    assert said.startswith(f"some_bank: {name} of 2024-02 is the champion again, from 2024-03 on.\n")


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


def test_a_second_order_of_the_month_loses_neither_its_winner_nor_itself(
    february: tuple[Document, Document], march: tuple[Document, Document]
) -> None:
    first, last = february[1], march[1]
    second = first | {"champion": first["champion"] | {"identity": "between"}}
    twice = rolled_back(rolled_back(last, second), first)
    assert [one["champion"]["identity"] for one in champions([twice])] == [
        first["champion"]["identity"],
        last["champion"]["identity"],
    ]
    assert standing(last, twice)["champion"] == first["champion"]
    back = rolled_back(twice, twice["overruled"])
    assert {name: back[name] for name in ("champion", "model", "thresholds")} == {
        name: last[name] for name in ("champion", "model", "thresholds")
    }

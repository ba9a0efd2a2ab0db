"""What commands say of a bank of files, of which nobody knows the truth, and whose costs are known by and by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fraud_assets.cli import main
from fraud_assets.evaluation.settings import Settings
from fraud_assets.scenario import FilesScenario, ScenarioError, load_bank
from fraud_assets_tests.ingest.banks import bank

COSTS = {"loss_share": 0.9, "chargeback_fee": 200, "margin": 0.01, "friction": 60, "review": 40}


def written(folder: Path, **settings: Any) -> Path:
    """The folder of a bank of files, with some settings."""
    document = bank("x/{month}.csv").model_dump(mode="json", exclude={"learning", "limits", "holidays"})
    target = folder / "banks" / "foreign"
    target.mkdir(parents=True)
    (target / "scenario.yaml").write_text(yaml.safe_dump(document | settings))
    return target.parent


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "foreign"], "foreign has no labeled_transactions: it tells the truth"),
        (["export", "foreign", "--table", "fraud_campaigns"], "which only simulated banks have; name another table"),
        (["report", "foreign", "--portrait"], "foreign has no portrait: half of it is the truth"),
        (["explain", "17", "foreign", "--truth"], "nobody knows the truth about the transactions of foreign"),
    ],
)
def test_what_only_simulated_banks_have_is_not_promised_to_come(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_SCENARIOS", str(written(tmp_path)))
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert words in said.err
    assert "foreign_monthly" not in said.err
    assert main(["export", "foreign", "--table", "nothing"]) == 1
    tables = capsys.readouterr().err
    assert "incident_reports" in tables
    assert "labeled_transactions" not in tables


@pytest.mark.parametrize(
    ("learning", "is_own"),
    [({}, False), ({"true_prevalence": 0.002}, False), ({"costs": COSTS}, True), ({"costs": COSTS, "review": 1}, None)],
)
def test_what_a_bank_does_not_know_of_its_learning_is_the_usual(
    learning: dict[str, Any], is_own: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_SCENARIOS", str(written(tmp_path, learning=learning)))
    if is_own is None:
        with pytest.raises(ScenarioError, match=r"learning\.review"):
            load_bank("foreign")
        return
    mine = load_bank("foreign")
    assert isinstance(mine, FilesScenario)
    assert Settings.of(mine).are_costs_own == is_own
    usual = bank("x.csv").learning
    assert mine.learning.true_prevalence == learning.get("true_prevalence", usual.true_prevalence)
    assert mine.learning.alerts_per_10000 == usual.alerts_per_10000
    assert mine.learning.costs.review == (COSTS if is_own else usual.costs.model_dump())["review"]

"""A scenario of one's own in a folder of its own, for tests of what is read from it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fraud_assets.scenario import EXTRA_SCENARIOS, Scenario, ScenarioError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A further scenarios folder with one small bank, `corner_bank`."""
    bank = tmp_path / "corner_bank"
    bank.mkdir()
    write(bank, {"extends": "us_bank", "name": "corner_bank", "population": {"customers": 7}})
    monkeypatch.setenv(EXTRA_SCENARIOS, str(tmp_path))
    return bank


def write(bank: Path, document: dict[str, object]) -> None:
    (bank / "scenario.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def wrong(bank: Path, document: dict[str, object]) -> str:
    """The sentence with which a corner_bank with these sections is refused."""
    write(bank, {"extends": "us_bank", "name": "corner_bank", **document})
    with pytest.raises(ScenarioError) as refused:
        Scenario.load("corner_bank")
    return str(refused.value)

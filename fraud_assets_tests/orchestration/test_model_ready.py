"""``fraud-assets model-ready``: rows and transformer of a finished quarter."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from fraud_assets.cli import main
from fraud_assets.detection.prepared import Preparation
from fraud_assets.lake.store import Lake
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter


@pytest.fixture(autouse=True)
def _in_quarter(quarter: Quarter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    monkeypatch.chdir(tmp_path)


def test_the_transformer_makes_the_exported_numbers_of_the_lakes_features(
    quarter: Quarter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model-ready", "--scenario", "tiny_bank", "--to", "mine", "--truth"]) == 0
    assert {path.name for path in Path("mine").iterdir()} == {"rows.parquet", "transformer.json"}
    rows = pl.read_parquet("mine/rows.parquet")
    document = json.loads(Path("mine/transformer.json").read_text())
    assert document["rows_sha256"] == hashlib.sha256(Path("mine/rows.parquet").read_bytes()).hexdigest()
    preparation = Preparation.load(document)
    test = rows.filter(pl.col("split") == "test")
    features = quarter.lake.scan_parquet([quarter.key("transaction_features", MONTHS[-1])]).collect()
    assert test["transaction_id"].equals(features["transaction_id"])
    assert preparation.apply(features).equals(test.select(preparation.columns))
    frauds = quarter.lake.scan_parquet([quarter.key("labeled_anomalies", MONTHS[-1])]).filter("is_fraud").collect()
    assert test["y_truth"].sum() == features.join(frauds, on="transaction_id", how="semi").height
    said = capsys.readouterr().out
    assert f"{rows.height:,} rows, {len(preparation.columns)} columns" in said
    assert f" {test.height:,} rows, {test['y'].sum():,} reported frauds" in said


def test_in_the_lake_and_on_s3_it_is_the_same_file(
    quarter: Quarter, s3_lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    bucket = s3_lake.removesuffix("/lake")
    asked = ["model-ready", "--scenario", "tiny_bank", "--month", MONTHS[1]]
    assert main(asked) == 0
    assert main([*asked, "--to", f"{bucket}/ready/"]) == 0
    for name in ("rows.parquet", "transformer.json"):
        there = Lake.from_url(bucket).read_bytes(f"ready/{name}")
        assert quarter.lake.read_bytes(f"data/tiny_bank_model_ready/{name}") == there


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--month", MONTHS[0]], ["2024-01 is the first month"]),
        (["--month", "2024-05"], ["2024-04, 2024-05", "transaction_features", "tiny_bank_monthly"]),
        (["--month", "May"], ["'May'"]),
        (["--scenario", "us_bank"], ["has no month with us_bank/transaction_features", "us_bank_monthly"]),
        (["--to", ""], ["the place to write to is empty"]),
        (["--to", "file"], ["file is not a folder"]),
    ],
)
def test_what_the_user_can_mend_is_said_in_one_sentence(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").touch()
    assert main(["model-ready", "--scenario", "tiny_bank", *arguments]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    for word in words:
        assert word in said.err
    assert [path.name for path in Path().iterdir()] == ["file"]

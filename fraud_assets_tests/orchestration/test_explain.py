"""One transaction explained, and the customers' risk, on a finished quarter."""

from __future__ import annotations

import polars as pl
import pytest

from fraud_assets.cli import main
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter


@pytest.fixture
def fraud(quarter: Quarter, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A fraud of the last month."""
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    labels = quarter.lake.scan_parquet([quarter.key("labeled_anomalies", MONTHS[-1])])
    return labels.filter("is_fraud").sort("event_time").collect().row(-1, named=True)


def test_a_transaction_is_explained_with_past_features_and_score(
    quarter: Quarter, fraud: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(fraud["transaction_id"]), "--scenario", "tiny_bank"]) == 0
    said = capsys.readouterr().out
    features = quarter.lake.scan_parquet([quarter.key("transaction_features", MONTHS[-1])])
    now = features.filter(pl.col("transaction_id") == fraud["transaction_id"]).collect().row(0, named=True)
    lines = {line.split()[0]: line.split() for line in said.splitlines() if line.strip()}
    assert lines["c_count_24h"][1] == str(now["c_count_24h"])
    assert lines["customer_id"][1] == str(fraud["customer_id"])
    assert "The customer's last 10 events before it" in said
    assert "probability of fraud" in said
    assert "Truth" not in said
    assert str(fraud["fraud_type"]) not in said.partition("Reports")[0]


def test_the_truth_is_told_on_request(fraud: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(fraud["transaction_id"]), "--scenario", "tiny_bank", "--truth"]) == 0
    assert str(fraud["fraud_type"]) in capsys.readouterr().out.partition("Truth")[2]


@pytest.mark.usefixtures("fraud")
def test_an_unknown_transaction_is_one_sentence(quarter: Quarter, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "17", "--scenario", "tiny_bank"]) == 1
    assert (
        f"transaction 17 is not in the ledger of tiny_bank in the lake {quarter.lake.url} (months: 2024-01 to 2024-03)"
        in capsys.readouterr().err
    )


def test_the_risk_of_a_month_knows_the_month_before(quarter: Quarter) -> None:
    first, last = (
        quarter.lake.scan_parquet([quarter.key("customer_risk", month)]).collect() for month in (MONTHS[0], MONTHS[-1])
    )
    assert first["trend"].null_count() == first.height
    assert last["trend"].null_count() < last.height
    assert "data:image/png;base64," in str(quarter.metadata("customer_risk", MONTHS[-1])["summary"])

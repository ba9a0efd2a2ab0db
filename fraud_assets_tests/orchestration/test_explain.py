"""One transaction explained, and the customers' risk, on a finished quarter."""

from __future__ import annotations

import re

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
    assert "The customer's last 10 events before it, in UTC" in said
    assert "probability of fraud" in said
    assert "Truth" not in said
    assert str(fraud["fraud_type"]) not in said.partition("Reports")[0]


def test_the_explanation_begins_with_a_story_of_three_lines(
    quarter: Quarter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    scored = quarter.lake.scan_parquet([quarter.key("scored_transactions", MONTHS[-1])]).collect()
    worst = scored.filter(pl.col("decision") != "APPROVED").sort("score").row(-1, named=True)
    ledger = quarter.lake.scan_parquet([quarter.key("transactions", MONTHS[-1])])
    row = ledger.filter(transaction_id=worst["transaction_id"]).collect().row(0, named=True)
    assert main(["explain", str(worst["transaction_id"]), "tiny_bank"]) == 0
    who, where, what, gap = capsys.readouterr().out.splitlines()[:4]
    did = "tried to pay" if row["status"] == "declined" else "paid"
    assert f"customer {row['customer_id']} {did} {row['amount']:,.2f} USD to {row['recipient_entity']}" in who
    assert f"In {row['city']}, {row['state']}" in where
    assert what.startswith(f"{worst['decision']}, with a probability of fraud of {worst['score']:.1%}")
    assert "speaks for fraud" in what
    assert gap == ""


def test_what_says_nothing_is_left_out_and_numbers_are_short(
    fraud: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(fraud["transaction_id"]), "tiny_bank"]) == 0
    listed = capsys.readouterr().out.partition("Features, beside")[2].partition("Score")[0]
    lines = {line.split()[0]: line.split() for line in listed.splitlines() if line.strip()}
    assert "deposit_to_redeem_minutes" not in lines  # this bank has no tokens
    assert "features without any value, or always 0" in listed
    assert {lines[name][2] for name in ("hour_sin", "hour_cos", "day_of_week")} == {"-"}
    fractions = [cell for cells in lines.values() for cell in cells[1:3] if re.fullmatch(r"-?[0-9]*[.][0-9]+", cell)]
    assert fractions
    assert max(len(re.sub("^0+", "", cell.strip("-").replace(".", ""))) for cell in fractions) <= 4


def test_an_explanation_says_of_each_reason_what_part_of_the_suspicion_it_is_and_in_which_unit(
    quarter: Quarter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    scored = quarter.lake.scan_parquet([quarter.key("scored_transactions", MONTHS[-1])]).collect()
    for transaction_id in scored.filter(pl.col("decision") != "APPROVED").sort("score")["transaction_id"].tail(5):
        assert main(["explain", str(transaction_id), "tiny_bank"]) == 0
        said = capsys.readouterr().out
        story, table = said.splitlines()[2], said.partition("\nScore\n")[2].partition("\n\n")[0].splitlines()
        assert story.count("usual") <= 1  # said once, for all reasons
        shares = [re.split("  +", row.strip())[1] for row in table[4:]]
        assert shares
        assert 99 - len(shares) <= sum(int(share.strip("<% ")) for share in shares) <= 100 + len(shares)
        assert not re.search(r"(?<=\s)-0(?=\s|$)", said)


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

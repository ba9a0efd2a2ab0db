from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fraud_assets import tables
from fraud_assets.detection import trained
from fraud_assets.detection.candidates import CANDIDATES
from fraud_assets.detection.decide import decide_champion
from fraud_assets.detection.scoring import score_candidates, score_month
from fraud_assets.detection.trained import CandidateSet
from fraud_assets_tests.detection.synthetic import FAMILIES, LEARNING, MARCH, bank, candidates


@pytest.fixture(scope="module", params=["xgboost", "logistic", "small_tree"])
def decision(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A decision for March in which the wanted model is champion."""
    found = decide_champion(candidates(MARCH), bank().features, bank().reports, None, LEARNING)
    return {**found, "model": json.loads(json.dumps(candidates(MARCH).models[request.param].document()))}


@pytest.fixture(scope="module")
def march() -> pl.LazyFrame:
    return bank().features.filter(pl.col("event_time") >= MARCH.start)


def test_scored_rows_are_the_months_rows_in_order_and_pass_their_schema(
    decision: dict[str, Any], march: pl.LazyFrame
) -> None:
    scored = score_month(march, decision, FAMILIES).collect()
    tables.ScoredTransactions.validate(scored)
    assert scored["transaction_id"].equals(march.collect()["transaction_id"])
    assert scored["decision"].n_unique() > 1


def test_no_decision_depends_on_the_chunks(
    decision: dict[str, Any], march: pl.LazyFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = score_month(march, decision, FAMILIES).collect()
    monkeypatch.setattr(trained, "BATCH", 777)
    assert score_month(march, decision, FAMILIES).collect().equals(whole)


def test_reasons_are_given_for_flagged_and_rejected_rows_alone(decision: dict[str, Any], march: pl.LazyFrame) -> None:
    families = {name: family for name, family in FAMILIES.items() if name not in ("channel", "category")}
    scored = score_month(march, decision, families).collect()
    assert (
        scored.filter(pl.col("decision") == "APPROVED")["reasons"].null_count()
        == (scored["decision"] == "APPROVED").sum()
    )
    values = {name: set(march.collect()[name].to_list()) for name in ("channel", "category")}
    with_text = 0
    for text in scored.filter(pl.col("decision") != "APPROVED")["reasons"]:
        why = json.loads(text)
        assert len(why) <= 4
        weights = [reason["weight"] for reason in why]
        assert weights == sorted(weights, reverse=True)
        for reason in why:
            assert families.get(reason["feature"], reason["feature"]) == reason["code"]
            if reason["feature"] in values:
                with_text += 1
                assert reason["value"] in values[reason["feature"]]
                assert reason["usual"] in values[reason["feature"]]
            else:
                assert reason["value"] is None or isinstance(reason["value"], float)
    assert with_text or decision["model"]["name"] == "small_tree"


def test_it_streams_into_a_file_and_reads_only_what_is_asked(
    decision: dict[str, Any], march: pl.LazyFrame, tmp_path: Path
) -> None:
    scored = score_month(march, decision)
    scored.sink_parquet(tmp_path / "scored.parquet")
    whole = scored.collect()
    assert pl.read_parquet(tmp_path / "scored.parquet").equals(whole)
    part = scored.filter(pl.col("decision") == "REJECTED").select("score").head(3).collect()
    assert part.equals(whole.filter(pl.col("decision") == "REJECTED").select("score").head(3))


def test_a_fraud_that_stands_out_is_caught_more_often_than_not(march: pl.LazyFrame) -> None:
    found = decide_champion(candidates(MARCH), bank().features, bank().reports, None, LEARNING)
    scored = score_month(march, found).collect()
    fraud = pl.Series(bank().is_fraud).filter(bank().features.collect()["event_time"] >= MARCH.start)
    stopped = scored["decision"] != "APPROVED"
    assert stopped.filter(fraud).mean() > 5 * stopped.filter(~fraud).mean()  # type: ignore[operator]


def test_without_a_champion_nothing_is_scored(march: pl.LazyFrame) -> None:
    nobody = decide_champion(CandidateSet.empty("2024-01", "first"), bank().features, bank().reports, None, LEARNING)
    scored = score_month(march, nobody).collect()
    assert scored.is_empty()
    tables.ScoredTransactions.validate(scored)


def test_every_candidate_scores_every_row(march: pl.LazyFrame) -> None:
    scores = score_candidates(march, candidates(MARCH)).collect()
    assert scores["transaction_id"].equals(march.collect()["transaction_id"])
    for name in CANDIDATES:
        assert scores[f"score_{name}"].is_between(0, 1).all()
        assert scores[f"raw_{name}"].null_count() == 0
    empty = score_candidates(march, CandidateSet.empty("2024-01", "first")).collect()
    assert empty.schema == scores.schema
    assert empty.is_empty()


def test_a_table_that_lacks_a_feature_is_named(decision: dict[str, Any], march: pl.LazyFrame) -> None:
    with pytest.raises(Exception, match="lacks noise, on which the model depends"):
        score_month(march.drop("noise"), decision).collect()

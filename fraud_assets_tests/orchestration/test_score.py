"""``fraud-assets score``: a file out as it came in, with the scores that the month's own chain gave it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from fraud_assets.cli import main
from fraud_assets.features.needs import missing
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.scoring.files import NOTHING, UNKNOWN
from fraud_assets.scoring.loose import SCHEMA
from fraud_assets_tests.orchestration.conftest import MONTHS, Quarter

REQUIRED = ("transaction_id", "customer_id", "event_time", "amount")
MARCH = MONTHS[-1]
REASONS = pl.List(pl.Struct({"code": pl.String, "weight": pl.Float64, "feature": pl.String, "value": pl.String}))


@pytest.fixture(autouse=True)
def _in_quarter(quarter: Quarter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def excerpt(quarter: Quarter) -> pl.DataFrame:
    """All rows of March of some customers, in no order."""
    ledger = quarter.lake.scan_parquet([quarter.key("transactions", MARCH)])
    every = pl.col("customer_id").rank("dense") % 12 == 0
    return ledger.filter(every).collect().sample(fraction=1, shuffle=True, seed=1)


@pytest.fixture(scope="module")
def scored(quarter: Quarter, excerpt: pl.DataFrame) -> pl.DataFrame:
    """What the chain says of them."""
    found = quarter.lake.scan_parquet([quarter.key("scored_transactions", MARCH)]).collect()
    return excerpt.select("transaction_id").join(found, on="transaction_id", how="left", maintain_order="left")


@pytest.fixture
def own_lake(quarter: Quarter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bank's folder in a copy of the lake, which a test may change."""
    assert quarter.lake.path is not None
    folder = tmp_path / "lake" / "tiny_bank"
    shutil.copytree(quarter.lake.path / "tiny_bank", folder)
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    return folder


def score(*arguments: str) -> int:
    return main(["score", *arguments, "--scenario", "tiny_bank"])


def same(found: pl.DataFrame, scored: pl.DataFrame) -> bool:
    columns = {"fraud_score": "score", "decision": "decision", "reasons": "reasons"}
    theirs = scored.select(pl.col(name).alias(own) for own, name in columns.items()).cast({"decision": pl.String})
    return found.select(theirs.columns).equals(theirs)


def test_an_excerpt_is_scored_as_the_month_was_and_goes_out_as_it_came_in(
    excerpt: pl.DataFrame, scored: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    given = excerpt.with_columns(note=pl.lit('my "note", first'))
    given.write_csv("mine.csv")
    assert score("mine.csv") == 0
    found = pl.read_csv("mine.scored.csv")
    assert found.columns == [*given.columns, "fraud_score", "decision", "reasons"]
    before = pl.read_csv("mine.csv", infer_schema=False)
    assert pl.read_csv("mine.scored.csv", infer_schema=False).select(given.columns).equals(before)
    assert same(found, scored)
    assert {"APPROVED", "REJECTED"} <= set(found["decision"])
    said = capsys.readouterr().out
    assert f"mine.scored.csv: {excerpt.height:,} rows" in said
    assert f"{excerpt.height:,} rows are in the lake, 0 are new to it" in said
    assert {path.name for path in Path().iterdir()} == {"mine.csv", "mine.scored.csv"}


def test_rows_that_the_lake_has_not_are_history_of_the_files_later_rows(
    excerpt: pl.DataFrame, scored: pl.DataFrame, own_lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = own_lake / "transactions" / f"month={MARCH}" / "part-0000.parquet"
    rest = pl.read_parquet(ledger).join(excerpt.select("transaction_id"), on="transaction_id", how="anti")
    rest.write_parquet(ledger)
    excerpt.write_parquet("new.parquet")
    assert score("new.parquet", "--out", "out.parquet") == 0
    found = pl.read_parquet("out.parquet")
    assert found.drop("fraud_score", "decision", "reasons").equals(excerpt)
    assert same(found, scored)
    assert f"0 rows are in the lake, {excerpt.height:,} are new to it" in capsys.readouterr().out


def test_what_the_file_does_not_say_is_taken_from_the_lake(excerpt: pl.DataFrame, scored: pl.DataFrame) -> None:
    excerpt.select(REQUIRED).write_parquet("few.parquet")
    assert score("few.parquet") == 0
    assert same(pl.read_parquet("few.scored.parquet"), scored)


def test_scores_of_rows_without_their_columns_are_not_passed_off_as_decisions(
    excerpt: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    warning = "features scores of new rows may be far off"
    new = excerpt.with_columns(pl.col("transaction_id") // 2 + 1)
    for columns, is_warned in ((REQUIRED, True), (tuple(excerpt.columns), False)):
        new.select(columns).write_parquet("new.parquet")
        assert score("new.parquet") == 0
        assert (warning in capsys.readouterr().out) == is_warned
    excerpt.select(REQUIRED).write_parquet("old.parquet")  # what the lake has is as good as ever
    assert score("old.parquet") == 0
    assert warning not in capsys.readouterr().out


def test_what_the_file_says_counts_rather_than_what_the_lake_says(excerpt: pl.DataFrame, scored: pl.DataFrame) -> None:
    what_if = excerpt.filter(pl.col("customer_id") == excerpt["customer_id"][0])
    what_if.with_columns(pl.col("amount") * 50).write_parquet("more.parquet")
    assert score("more.parquet") == 0
    were = what_if.select("transaction_id").join(scored, on="transaction_id", how="left", maintain_order="left")
    assert not same(pl.read_parquet("more.scored.parquet"), were)


def test_a_stranger_with_few_columns_is_scored_without_history(
    excerpt: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    strangers = excerpt.select(REQUIRED).with_columns(pl.col("transaction_id") // 2 + 1, pl.col("customer_id") + 7)
    strangers.write_csv("strangers.csv")
    assert score("strangers.csv") == 0
    found = pl.read_csv("strangers.scored.csv")
    assert found["fraud_score"].is_between(0, 1).all()
    assert found["decision"].null_count() == 0
    said = capsys.readouterr().out
    assert f"{strangers['customer_id'].n_unique():,} customers have no history in the lake" in said
    assert "the file lacks channel, category, merchant" in said


def test_a_reason_that_the_file_has_no_columns_for_says_so_where_the_lake_knows_no_better(
    excerpt: pl.DataFrame, scored: pl.DataFrame
) -> None:
    known = excerpt.filter(scored["decision"].is_in(["FLAGGED", "REJECTED"])).head(1).select(REQUIRED)
    strangers = excerpt.select(REQUIRED).with_columns(
        pl.col("transaction_id") // 2 + 1, pl.col("customer_id") + 7, pl.col("amount") * 40
    )
    pl.concat([known, strangers]).write_csv("few.csv")
    assert score("few.csv") == 0
    found = pl.read_csv("few.scored.csv").select("transaction_id", pl.col("reasons").str.json_decode(REASONS))
    assert same(pl.read_csv("few.scored.csv").head(1), scored.filter(pl.col("transaction_id") == known.item(0, 0)))
    said = (
        found.slice(1)
        .explode("reasons")
        .unnest("reasons")
        .filter(pl.col("feature").is_in(missing(["merchant", "coordinates"])))
    )
    assert said.height
    assert set(said["value"]) == {UNKNOWN}


def test_a_reason_of_a_strangers_row_never_names_a_null(excerpt: pl.DataFrame, scored: pl.DataFrame) -> None:
    refused = excerpt.filter(scored["decision"].is_in(["FLAGGED", "REJECTED"]))
    strangers = refused.with_columns(
        pl.col("transaction_id") // 2 + 1, pl.col("customer_id") + 7, pl.col("amount") * 40
    )
    strangers.unique("customer_id").write_csv("all.csv")  # first rows of strangers, who have no rows before
    strangers.select(REQUIRED).write_csv("few.csv")
    texts = []
    for file in ("all", "few"):
        assert score(f"{file}.csv") == 0
        texts += pl.read_csv(f"{file}.scored.csv")["reasons"].drop_nulls().to_list()
    assert any(f'"{NOTHING}"' in text for text in texts)
    assert not any("null" in text for text in texts)


def test_a_file_that_does_not_say_what_arrives_is_told_that_all_of_it_counts_as_payments(
    excerpt: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    new = excerpt.with_columns(pl.col("transaction_id") // 2 + 1)
    told = pl.concat([new.select(REQUIRED), excerpt.select(REQUIRED).head(3)])
    told.write_csv("untold.csv")
    assert score("untold.csv") == 0
    said = f"no column direction or kind: all {new.height:,} new rows are scored as payments"
    assert said in capsys.readouterr().out
    new.select(*REQUIRED, "kind").write_csv("by_kind.csv")
    assert score("by_kind.csv") == 0
    out = capsys.readouterr().out
    assert "are scored as payments" not in out
    arriving = new["kind"].is_in(["income", "refund", "reversal"])
    assert arriving.any()
    assert (pl.read_csv("by_kind.scored.csv")["fraud_score"].is_null() == arriving).all()
    assert f"{arriving.sum():,} rows of money that arrives are not scored" in out


def test_texts_that_are_the_ledgers_go_out_to_parquet_in_its_types(excerpt: pl.DataFrame, quarter: Quarter) -> None:
    rows = excerpt.head(20).with_columns(note=pl.lit("007"), city=pl.format(" {}", "city"))
    rows.write_csv("mine.csv")
    assert score("mine.csv", "--out", "mine.parquet") == 0
    found = pl.read_parquet("mine.parquet")
    typed = [name for name in SCHEMA if SCHEMA[name] != pl.String]
    assert found.select(typed).equals(rows.select(typed))
    assert found.select("note", "city").equals(rows.select("note", "city"))
    ledger = quarter.lake.scan_parquet([quarter.key("scored_transactions", MARCH)]).collect()
    assert found.join(ledger, on="transaction_id").height == rows.filter(pl.col("direction") == "debit").height


def test_rows_of_a_month_that_is_not_there_are_scored_as_of_one_that_is(
    excerpt: pl.DataFrame, quarter: Quarter, own_lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in own_lake.glob(f"*/month={MARCH}"):
        shutil.rmtree(folder)
    excerpt.write_parquet("march.parquet")
    assert score("march.parquet") == 1
    said = capsys.readouterr().err
    assert "tiny_bank/transactions of 2024-03, which is not in the lake" in said
    assert "; materialize 2024-03, or name" in said
    assert "name with --month one that is there, such as 2024-02" in said
    assert said.count("\n") == 1
    assert score("march.parquet", "--month", MONTHS[1]) == 0
    found = pl.read_parquet("march.scored.parquet")
    assert (found["fraud_score"].is_null() == (excerpt["direction"] == "credit")).all()
    champion = json.loads(quarter.lake.read_bytes(Place("tiny_bank", "champion", MONTHS[1]).value))["champion"]["name"]
    assert f"{MARCH}: scored by {champion} of {MONTHS[1]}" in capsys.readouterr().out


def test_from_s3_to_s3(excerpt: pl.DataFrame, quarter: Quarter, s3_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)
    bucket = s3_lake.removesuffix("/lake")
    rows = excerpt.head(5)
    with Lake.from_url(bucket).open_writer("in/rows.csv") as writer:
        writer.write(rows.write_csv().encode())
    assert score(f"{bucket}/in/rows.csv") == 0
    assert pl.read_csv(Lake.from_url(bucket).read_bytes("in/rows.scored.csv")).height == 5


GOOD = "transaction_id,customer_id,event_time,amount\n1,2,2024-03-05T10:00:00Z,12.5\n"


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        (GOOD, ["nothing.csv"], ["nothing.csv does not exist"]),
        (GOOD.replace("amount", "sum"), ["in.csv"], ["no column amount", "transaction_id, customer_id", "sum"]),
        (GOOD.replace("12.5", "much"), ["in.csv"], ["row 1", "amount is 'much'", "a number from 0.01"]),
        (GOOD.replace("12.5", "-3"), ["in.csv"], ["row 1", "amount is '-3'"]),
        (GOOD.replace("12.5", "nan"), ["in.csv"], ["row 1", "amount is 'nan'"]),
        (
            GOOD.replace("2024-03-05T10:00:00Z", "yesterday"),
            ["in.csv"],
            ["event_time is 'yesterday'", "a time"],
        ),
        (GOOD.replace(",2,", ",,"), ["in.csv"], ["row 1", "customer_id is missing", "a whole number from 0"]),
        (GOOD.replace("1,2,", "1.5,2,"), ["in.csv"], ["transaction_id is '1.5'"]),
        (
            GOOD.replace("amount\n", "amount,channel\n").replace("12.5", "12.5,shop"),
            ["in.csv"],
            ["channel is 'shop'", "one of card_present, online"],
        ),
        (GOOD + GOOD.splitlines()[1], ["in.csv"], ["rows 1 and 2 are the same transaction"]),
        (GOOD.replace("12.5", "12.5,4"), ["in.csv"], ["row 1 has 5 cells; the header has 4"]),
        (GOOD.splitlines()[0] + "\n", ["in.csv"], ["has no rows"]),
        ("", ["in.csv"], ["is empty"]),
        (GOOD.replace("2024-03-05", "2024-01-05"), ["in.csv"], ["no champion in 2024-01", "first month"]),
        (GOOD.replace("2024-03", "2024-05"), ["in.csv"], ["of 2024-05", "such as 2024-03"]),
        (
            GOOD.replace("2024-03", "2023-03"),
            ["in.csv"],
            ["row 1: event_time is 2023-03-05T10:00:00Z", "2024-01 onwards"],
        ),
        (GOOD, ["in.csv", "--month", "2024-05"], ["2024-03 cannot be scored as of 2024-05"]),
        (GOOD, ["in.csv", "--month", "May"], ["'May'", "2024-01"]),
        (GOOD, ["in.csv", "--out", "in.csv"], ["is the file that is read"]),
        (GOOD, ["in.csv", "--out", "./in.csv"], ["is the file that is read"]),
        (GOOD, ["in.csv", "--out", ""], ["the place to write to is empty"]),
        (GOOD, ["in.csv", "--out", "in.csv/out.csv"], ["in.csv is not a folder"]),
        (GOOD, ["."], [". is a folder"]),
        ("\xff\x00,\xd8\n\xfe,\xff,\n", ["in.csv"], ["in.csv is no text in utf-8"]),
        (GOOD, ["in.csv", "--out", "out.txt"], ["'out.txt' does not end in"]),
        (GOOD, ["in.csv", "--scenario", "no_bank"], ["'no_bank'"]),
        (GOOD, ["in.csv", "--scenario", "us_bank"], ["us_bank/", "not in the lake"]),
    ],
)
def test_what_the_user_can_mend_is_said_in_one_sentence(
    text: str, arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("in.csv").write_bytes(text.encode("latin-1"))
    bank = [] if "--scenario" in arguments else ["--scenario", "tiny_bank"]
    assert main(["score", *arguments, *bank]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("fraud-assets: ")
    for word in words:
        assert word in said.err
    assert [path.name for path in Path().iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("column", "out", "words"),
    [
        (pl.struct("amount").alias("amount"), "out.parquet", "column amount holds struct values"),
        (pl.concat_list("customer_id").alias("customer_id"), "out.parquet", "column customer_id holds list values"),
        (pl.lit(b"\xff").alias("category"), "out.parquet", "column category holds binary values"),
        (pl.col("event_time").dt.date().alias("amount"), "out.parquet", "column amount holds date values"),
        (pl.lit([1, 2]).alias("mine"), "out.csv", "a .csv file has no room for column mine, which holds list values"),
        (pl.lit(b"\xff").alias("mine"), "out.jsonl", "a .jsonl file has no room for column mine"),
    ],
)
def test_a_column_that_cannot_be_read_or_written_is_named_before_rows_are_scored(
    column: pl.Expr, out: str, words: str, excerpt: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    excerpt.head(3).with_columns(column).write_parquet("in.parquet")
    assert score("in.parquet", "--out", out) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert words in said.err
    assert [path.name for path in Path().iterdir()] == ["in.parquet"]


def test_what_features_are_worth_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").touch()
    for place, words in (("", "is empty"), ("file/x.json", "file is not a folder"), (".", "it is a folder")):
        assert main(["worth", "tiny_bank", "--to", place]) == 1
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert words in said.err
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "empty"))
    for command in ("worth", "compare"):
        assert main([command, "tiny_bank"]) == 1
        assert "has no month with tiny_bank/champion; run the job tiny_bank_monthly" in capsys.readouterr().err


def test_all_months_that_are_missing_are_named_before_a_row_is_scored(
    excerpt: pl.DataFrame, own_lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for month in MONTHS[:2]:
        shutil.rmtree(own_lake / "transactions" / f"month={month}")
    excerpt.head(3).write_parquet("march.parquet")
    assert score("march.parquet") == 1
    said = capsys.readouterr().err
    assert "transactions of 2024-01, which is not in the lake" in said
    assert "; materialize 2024-01, 2024-02 first, oldest first" in said

"""A bank of files from end to end: the page that tells users how, run as it stands, and what a month that comes again
changes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from fraud_assets.cli import main
from fraud_assets.definitions import build_definitions
from fraud_assets.features.needs import missing
from fraud_assets.ingest import numbers
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.scenario import FilesScenario, Scenario, ScenarioError, load_bank
from fraud_assets.testing import environment
from fraud_assets_tests.ingest.banks import bank

PAGE = Path(__file__).parents[2] / "docs" / "your-own-transactions.md"
MONTHS = ("2024-01", "2024-02", "2024-03")


@dataclass(frozen=True)
class Page:
    """The page, run: its folder, names, what inspect wrote, and what the commands returned."""

    folder: Path
    lake: Lake
    names: dict[str, Any]
    guessed: str
    codes: dict[str, int]

    def table(self, asset: str, month: str) -> pl.DataFrame:
        return self.lake.scan_parquet([Place("sparkasse", asset, month).parquet]).collect()

    def document(self, asset: str, month: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.lake.read_bytes(Place("sparkasse", asset, month).value))
        return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(PAGE.parents[1] / "dagster.yaml", folder)
    names: dict[str, Any] = {}
    guessed, codes = "", {}
    scenario = folder / "out" / "my_banks" / "sparkasse" / "scenario.yaml"
    variables = {"PWD": str(folder), "DAGSTER_HOME": None, "FRAUD_ASSETS_LAKE": None, "MLFLOW_TRACKING_URI": None}
    blocks = re.findall(r"^```(python|yaml|sh)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    with contextlib.chdir(folder), environment({**variables, "FRAUD_ASSETS_SCENARIOS": None}):
        for kind, block in blocks:
            if kind == "python":
                alone: dict[str, Any] = {}  # readers who have files of their own skip the first
                exec(compile(block, PAGE.name, "exec"), alone)
                names |= alone
            elif kind == "yaml":
                guessed = scenario.read_text()
                scenario.write_text(block)
            for line in block.splitlines() if kind == "sh" else ():
                program, *words = shlex.split(line)
                if program == "export":
                    name, _, value = words[0].partition("=")
                    os.environ[name] = os.path.expandvars(value)
                    continue
                with contextlib.redirect_stdout(said := io.StringIO()):
                    codes[words[0]] = main(words)
                assert codes[words[0]] == 0, said.getvalue()
        yield Page(folder, Lake.from_url(folder / "data" / "lake"), names, guessed, codes)


def test_the_page_goes_from_files_to_a_report(page: Page) -> None:
    assert page.codes == {"inspect": 0, "demo": 0, "report": 0}
    assert {path.name for path in page.folder.iterdir()} <= {"out", "data", ".dagster", "dagster.yaml"}
    assert (page.folder / "out" / "report.html").read_text("utf-8").startswith("<!")
    assert page.names["worst"].height == 20
    assert page.names["worst"]["score"].is_sorted(descending=True)
    assert page.names["why"].rows() == [(page.names["rejected"]["reason"][0], 1)]
    report = page.document("evaluation_report", "2024-03")
    assert (report["status"], report["labels"]) == ("evaluated", "reports")
    assert report["did_without"]["geography"] == [10, 10]
    assert any("What the bank has no data for" in said for said in report["cannot_see"])


def test_the_ledger_is_what_the_files_say(page: Page) -> None:
    files = pl.concat(pl.read_csv(page.folder / f"out/umsaetze/{month}.csv", separator=";") for month in MONTHS)
    ledger = pl.concat(page.table("transactions", month) for month in MONTHS)
    rejected = pl.concat(page.table("rejected_transactions", month) for month in MONTHS)
    assert ledger.height + rejected.height == files.height
    assert ledger["amount"].sum() == pytest.approx(files["CENT"].sum() / 100)
    assert ledger["customer_id"].n_unique() == files["KUNDE"].n_unique()
    assert set(ledger["utc_offset_minutes"].unique()) == {60, 120}


def test_what_the_guess_says_is_what_the_page_says(page: Page) -> None:
    guessed = yaml.safe_load(page.guessed)["files"]
    written = yaml.safe_load((page.folder / "out/my_banks/sparkasse/scenario.yaml").read_text())["files"]
    assert guessed["columns"] == written["columns"]
    assert guessed["values"] == written["values"]
    for setting in ("separator", "time_format", "amount_unit", "location"):
        assert guessed[setting] == written[setting]
    assert page.guessed.count("# ?") >= 5


def test_features_without_their_inputs_are_null_and_the_others_are_not(page: Page) -> None:
    scenario = FilesScenario.model_validate(
        yaml.safe_load((page.folder / "out/my_banks/sparkasse/scenario.yaml").read_text())
    )
    features = page.table("transaction_features", "2024-03")
    nothing = set(missing(scenario.absent))
    empty = {name for name in features.columns if features[name].null_count() == features.height}
    assert nothing <= empty
    assert not empty & {"amount_log", "c_count_24h", "amount_z_c", "c_declined_24h", "m_count_1h_z", "channel"}


def test_labels_are_known_only_after_their_delay(page: Page) -> None:
    reports = pl.concat(page.table("incident_reports", month) for month in MONTHS)
    assert reports.height > 0
    assert ((reports["reported_at"] - reports["event_time"]).dt.total_days() == 7).all()
    for month in MONTHS:
        assert (page.table("incident_reports", month)["reported_at"].dt.strftime("%Y-%m") == month).all()


def test_a_loose_file_as_the_bank_writes_them_is_scored_as_its_month_was(page: Page) -> None:
    march = page.folder / "out" / "umsaetze" / "2024-03.csv"
    texts = pl.read_csv(march, separator=";", infer_schema=False).drop("BETRUG")
    rejected = page.table("rejected_transactions", "2024-03").filter(pl.col("file").str.ends_with("2024-03.csv"))
    good = texts.with_row_index("row", 1).join(rejected.select(row="row_number").cast(pl.UInt32), on="row", how="anti")
    after_the_first = pl.col("ZEITPUNKT").str.slice(0, 2) != "01"  # whose first hours are February's in UTC
    own = good.drop("row").filter(after_the_first).sample(fraction=1, shuffle=True, seed=1)
    own.write_csv(page.folder / "loose.csv", separator=";")
    with contextlib.chdir(page.folder), contextlib.redirect_stdout(said := io.StringIO()):
        assert main(["score", "loose.csv", "--scenario", "sparkasse"]) == 0, said.getvalue()
    found = pl.read_csv(page.folder / "loose.scored.csv", infer_schema=False)
    assert found.select(own.columns).equals(own)
    mine = found.select(transaction_id=numbers(found["BUCHUNG"], "transaction/2024-03", "sparkasse"))
    theirs = mine.join(
        page.table("scored_transactions", "2024-03"), on="transaction_id", how="left", maintain_order="left"
    )
    assert found["fraud_score"].cast(pl.Float64).equals(theirs["score"])
    assert found["decision"].equals(theirs["decision"].cast(pl.String))
    assert found["reasons"].equals(theirs["reasons"])
    assert f"{own.height:,} rows are in the lake, 0 are new to it" in said.getvalue()


def test_a_bank_of_files_has_nothing_that_is_made_of_truth() -> None:
    graph = build_definitions(scenarios=[bank("x.csv")]).resolve_asset_graph()
    names = {key.path[-1] for key in graph.get_all_asset_keys()}
    assert {"transactions", "rejected_transactions", "incident_reports", "evaluation_report"} <= names
    assert not names & {"fraud_campaigns", "data_portrait", "labeled_transactions", "labeled_csv"}
    checks = {check.name for check in graph.asset_check_keys}
    assert checks == {"schema", "rejected_share", "every_row_accounted_for"} | (checks & {"schema"})


def test_commands_of_simulated_banks_say_that_this_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "foreign"
    folder.mkdir()
    document = bank("x.csv").model_dump(mode="json", exclude={"learning", "limits", "holidays"})
    (folder / "scenario.yaml").write_text(yaml.safe_dump(document))
    with environment({"FRAUD_ASSETS_SCENARIOS": str(tmp_path)}):
        assert load_bank("foreign").source == "files"
        with pytest.raises(ScenarioError, match="its source is files; this is for simulated banks"):
            Scenario.load("foreign")


def test_a_month_that_comes_again_replaces_its_own_tables_and_no_other(page: Page, tmp_path: Path) -> None:
    # The last test of the page: January is another one afterwards.
    def written() -> dict[str, str]:
        return {key: page.lake.sha256(key) for key in page.lake.list("sparkasse") if key.endswith(".parquet")}

    before = written()
    source = page.folder / "out" / "umsaetze" / "2024-01.csv"
    text = source.read_text()
    source.write_text(text + text.splitlines()[-1].replace("B-", "B-9") + "\n")
    variables = {
        "DAGSTER_HOME": str(page.folder),
        "FRAUD_ASSETS_SCENARIOS": str(page.folder / "out" / "my_banks"),
    }
    try:
        with (
            contextlib.chdir(page.folder),
            environment({**variables, "FRAUD_ASSETS_LAKE": None}),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            code = main(["demo", "--scenario", "sparkasse", "--months", "2024-01"])
    finally:
        source.write_text(text)
    after = written()
    changed = {key for key in after if after[key] != before.get(key)}
    assert code == 0
    assert "sparkasse/transactions/month=2024-01/part-0000.parquet" in changed
    assert all("month=2024-01" in key for key in changed)

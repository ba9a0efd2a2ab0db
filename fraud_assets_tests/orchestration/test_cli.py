"""The command line: the labelled data as one CSV, and one sentence for whatever its user can mend."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import dagster as dg
import polars as pl
import pytest

from fraud_assets.assets.exports import write_labeled_csv
from fraud_assets.assets.files import DEFAULT_KEY, LABELED_TRANSACTIONS, default_key
from fraud_assets.cli import main, parser
from fraud_assets.demo import demo_months, summary
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets_tests.orchestration.conftest import MONTHS, QUIET, Quarter

#: Where the tiny bank's labelled CSV goes unless somebody says otherwise.
TINY_KEY = "data/tiny_bank_labeled_transactions.csv"


@pytest.fixture
def in_quarter(quarter: Quarter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", quarter.lake.url)


@pytest.mark.usefixtures("in_quarter")
def test_the_export_has_every_row_and_every_null_of_the_months(
    quarter: Quarter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--scenario", "tiny_bank", "--months", *MONTHS[:2]]) == 0
    said = capsys.readouterr().out
    table = quarter.lake.scan_parquet([quarter.key("labeled_transactions", month) for month in MONTHS[:2]]).collect()
    csv = pl.read_csv(quarter.lake.read_bytes(TINY_KEY), infer_schema=False)
    assert csv.height == table.height
    assert csv.columns == table.columns
    assert csv.null_count().equals(table.null_count())
    assert csv["transaction_id"].cast(pl.Int64).equals(table["transaction_id"])
    assert f"{table.height:,} rows of 2024-01, 2024-02" in said
    assert quarter.lake.sha256(TINY_KEY) in said


@pytest.mark.usefixtures("in_quarter")
def test_the_export_takes_all_months_and_a_key_of_ones_own(quarter: Quarter) -> None:
    assert main(["export", "--scenario", "tiny_bank", "--key", "for/analysts/labels.csv"]) == 0
    rows = (
        quarter.lake.scan_parquet([quarter.key("transactions", month) for month in MONTHS])
        .select(pl.len())
        .collect()
        .item()
    )
    assert pl.read_csv(quarter.lake.read_bytes("for/analysts/labels.csv"), infer_schema=False).height == rows


def test_no_two_banks_and_no_two_tables_share_a_default_key() -> None:
    banks = [Scenario.load(name) for name in ("us_bank", "india_bank", "tiny_bank")]
    keys = [default_key(bank, table) for bank in banks for table in (LABELED_TRANSACTIONS, "customers")]
    assert len(set(keys)) == len(keys)
    assert keys[0] == DEFAULT_KEY


def test_the_job_writes_the_same_csv_straight_to_s3(
    quarter: Quarter,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    s3_lake: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake = Lake.from_url(s3_lake)
    key = quarter.key("labeled_transactions", MONTHS[1])
    with lake.open_writer(key) as writer:
        writer.write(quarter.lake.read_bytes(key))
    monkeypatch.chdir(tmp_path)
    config = {"ops": {"tiny_bank__labeled_csv": {"config": {"months": [MONTHS[1]]}}}}
    job = definitions.resolve_job_def("tiny_bank_labeled_csv")
    result = job.execute_in_process(instance=instance, run_config={**QUIET, **config})
    (event,) = [event for event in result.all_events if event.is_step_materialization]
    assert event.asset_key == dg.AssetKey(["tiny_bank", "labeled_csv"])
    recorded = event.materialization.metadata
    assert recorded["uri"].value == f"{s3_lake}/{TINY_KEY}"
    assert recorded["lake"].value == s3_lake
    assert recorded["sha256"].value == lake.sha256(TINY_KEY)
    assert lake.read_bytes(TINY_KEY) == write_again(quarter, MONTHS[1])
    assert not list(tmp_path.iterdir())


def write_again(quarter: Quarter, month: str) -> bytes:
    """The same CSV on disk."""
    write_labeled_csv(quarter.lake, quarter.scenario, [month], "again.csv")
    return quarter.lake.read_bytes("again.csv")


@pytest.mark.usefixtures("in_quarter")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "--scenario", "no_bank"], ["'no_bank'", "us_bank", "FRAUD_ASSETS_SCENARIOS"]),
        (["export", "--scenario", "tiny_bank", "--months", "2024-05"], ["2024-05", "tiny_bank_monthly"]),
        (["export", "--scenario", "us_bank"], ["us_bank/labeled_transactions", "us_bank_monthly"]),
        (["export", "--scenario", "tiny_bank", "--months", "May"], ["'May'", "2024-01"]),
        (["export", "--scenario", "tiny_bank", "--key", "../out.csv"], ["'../out.csv'", DEFAULT_KEY]),
        (
            ["realised", "--scenario", "tiny_bank", "--months", "2024-05"],
            ["2024-05 of tiny_bank/transactions", "monthly"],
        ),
        (["realised", "--scenario", "us_bank"], ["us_bank/labeled_transactions", "us_bank_monthly"]),
        (["demo", "--scenario", "tiny_bank", "--months", "2023-12"], ["2023-12", "2024-01 onwards"]),
        (["demo", "--scenario", "tiny_bank", "--months", "2024-01", "2130-01"], ["2130-01", "has not ended"]),
        (["demo", "--scenario", "tiny_bank", "--months", "2024-1"], ["'2024-1'", "2024-01"]),
        (["export", "--scenario", "tiny_bank", "--key", ""], ["''", ".csv"]),
        (["export", "--scenario", "tiny_bank", "--to", ""], ["empty"]),
        (["export", "--scenario", "tiny_bank", "--key", "tiny_bank/transactions/x.csv"], ["keeps its own tables"]),
        (["export", "--scenario", "tiny_bank", "--key", "mlflow/x.csv"], ["keeps its own tables"]),
        (["report", "--scenario", "tiny_bank", "--month", "2024-05"], ["2024-05", "2024-01, 2024-02, 2024-03"]),
        (["report", "us_bank"], ["us_bank/evaluation_report", "us_bank_monthly"]),
        (["report", "no_bank"], ["'no_bank'", "us_bank"]),
        (["realised", "us_bank", "tiny_bank"], ["us_bank/labeled_transactions", "us_bank_monthly"]),
        (["explain", "17", "tiny_bank"], ["transaction 17", "tiny_bank"]),
        (["report", "--scenario", "us_bank"], ["us_bank/evaluation_report", "us_bank_monthly"]),
        (["report", "--scenario", "tiny_bank", "--month", ""], ["''", "2024-01"]),
        (["report", "--scenario", "tiny_bank", "--to", "/dev/null/report.html"], ["/dev/null is not a folder"]),
        (["report", "--scenario", "tiny_bank", "--to", ""], ["empty"]),
        (["gates", "tiny_bank", "--first", ""], ["''", "2024-01"]),
        (["gates", "tiny_bank", "--months", "99999999"], ["2024-01"]),
    ],
)
def test_what_the_user_can_mend_is_said_in_one_sentence(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("fraud-assets: ")
    for word in words:
        assert word in said.err


@pytest.mark.parametrize(
    "arguments",
    [[], ["no_command"], ["gates", "tiny_bank", "--months", "0"], ["report", "tiny_bank", "x"], ["explain", "abc"]],
)
def test_options_that_make_no_sense_end_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: fraud-assets")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "tiny_bank", "--month", "2024-03"],
        ["report", "--month", "2024-03", "tiny_bank"],
        ["report", "--month", "2024-03", "--scenario", "tiny_bank"],
        ["explain", "17", "tiny_bank"],
        ["score", "new.csv", "tiny_bank"],
        ["gates", "--scenario", "tiny_bank"],
        ["compare", "tiny_bank", "--months", "2024-03"],
    ],
)
def test_a_bank_may_be_named_with_or_without_an_option(arguments: list[str]) -> None:
    assert parser().parse_args(arguments).scenario == "tiny_bank"


def test_a_month_in_place_of_how_many_is_told_where_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["gates", "tiny_bank", "--months", "2024-01"])
    assert (
        "'2024-01' is not a whole number of 1 or more; from which month on is said by --first"
        in capsys.readouterr().err
    )


def test_words_instead_of_a_number_are_said_to_be_no_id(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["explain", "abc"])
    assert "'abc' is no transaction_id: a whole number is needed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["inspect", "nowhere.csv"],
        ["report"],
        ["demo", "moon_bank"],
        ["compare", "moon_bank"],
        ["worth", "moon_bank"],
        ["rollback", "moon_bank"],
    ],
    ids=" ".join,
)
def test_small_commands_and_wrong_names_load_neither_dagster_nor_models(arguments: list[str], tmp_path: Path) -> None:
    """Of which each takes a second or two."""
    program = "import sys; from fraud_assets.cli import main\ntry: main(sys.argv[1:])\nfinally: print(*sys.modules)"
    variables = os.environ | {"FRAUD_ASSETS_LAKE": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=variables, capture_output=True, text=True, check=False
    )
    loaded = run.stdout.splitlines()[-1].split()
    assert "fraud_assets.cli.report" in loaded, run.stderr
    assert not {"dagster", "dagster_aws", "mlflow", "sklearn", "xgboost", "boto3", "dataframely"} & set(loaded)


def test_the_demo_says_why_a_run_could_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise LakeError("lake s3://my-bucket/lake: bucket my-bucket does not exist; create it")

    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setattr("fraud_assets.lake.resource.check_lake_reachable", gone)  # after the demo's own first look
    assert main(["demo", "tiny_bank", "--months", "2024-01"]) == 1
    assert "\n  lake s3://my-bucket/lake: bucket my-bucket does not exist; create it\n" in capsys.readouterr().out


def test_the_demo_of_a_bank_that_closed_early_takes_the_months_there_are(tiny_bank: Scenario) -> None:
    closed = tiny_bank.model_copy(update={"last_month": "2024-02"})
    assert [month.key for month in demo_months(closed)] == ["2024-01", "2024-02"]
    with pytest.raises(ScenarioError, match="2130-01 has not ended; it is the first one"):
        demo_months(tiny_bank.model_copy(update={"first_month": "2130-01"}))


@pytest.mark.usefixtures("in_quarter")
def test_a_report_is_where_the_command_says(
    quarter: Quarter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Place("tiny_bank", "evaluation_report", MONTHS[-1]).file("report.html")
    assert main(["report", "--scenario", "tiny_bank"]) == 0
    address, page = capsys.readouterr().out.split()
    assert address == quarter.lake.uri(key)
    assert Path(url2pathname(urlsplit(page).path)).read_bytes() == quarter.lake.read_bytes(key)
    copy = tmp_path / "not" / "yet" / "portrait.html"
    assert main(["report", "--scenario", "tiny_bank", "--portrait", "--month", MONTHS[0], "--to", str(copy)]) == 0
    assert copy.read_bytes() == quarter.lake.read_bytes(
        Place("tiny_bank", "data_portrait", MONTHS[0]).file("portrait.html")
    )


def test_a_report_on_s3_is_fetched(quarter: Quarter, s3_lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    key = Place("tiny_bank", "evaluation_report", MONTHS[0]).file("report.html")
    with Lake.from_url(s3_lake).open_writer(key) as writer:
        writer.write(quarter.lake.read_bytes(key))
    assert main(["report", "--scenario", "tiny_bank"]) == 0
    address, page = capsys.readouterr().out.split()
    assert address == f"{s3_lake}/{key}"
    fetched = Path(url2pathname(urlsplit(page).path))
    assert fetched.read_bytes() == quarter.lake.read_bytes(key)
    shutil.rmtree(fetched.parent)


@pytest.mark.usefixtures("in_quarter")
def test_a_month_named_twice_is_exported_once_and_in_its_place(
    quarter: Quarter, capsys: pytest.CaptureFixture[str]
) -> None:
    once, twice = "once.csv", "twice.csv"
    assert main(["export", "--scenario", "tiny_bank", "--months", *MONTHS[:2], "--key", once]) == 0
    assert main(["export", "--scenario", "tiny_bank", "--months", *MONTHS[1::-1], MONTHS[0], "--key", twice]) == 0
    assert quarter.lake.sha256(once) == quarter.lake.sha256(twice)
    assert "rows of 2024-01, 2024-02, " in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(("command", "asset"), [("realised", "labeled_anomalies"), ("export", "labeled_transactions")])
@pytest.mark.parametrize("damage", ["cut off", "scrambled"])
def test_a_damaged_table_is_named(
    quarter: Quarter,
    command: str,
    asset: str,
    damage: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lake = Lake.from_url(tmp_path)
    for name in ("transactions", "labeled_anomalies", "customers", "labeled_transactions"):
        for month in MONTHS[:2]:
            whole = quarter.lake.read_bytes(quarter.key(name, month))
            if (name, month) == (asset, MONTHS[1]):
                whole = whole[: len(whole) // 2] if damage == "cut off" else whole[:4] + b"\xff" * 5000 + whole[5004:]
            with lake.open_writer(quarter.key(name, month)) as writer:
                writer.write(whole)
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path))
    assert main([command, "--scenario", "tiny_bank"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"fraud-assets: {lake.uri(quarter.key(asset, MONTHS[1]))} cannot be read")
    assert said.count("\n") == 1


@pytest.mark.parametrize("home", ["nowhere", "file"])
def test_a_dagster_home_that_is_no_folder_is_named(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / home))
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    assert main(["demo", "--scenario", "tiny_bank"]) == 1
    said = capsys.readouterr().err
    assert f"DAGSTER_HOME is '{tmp_path / home}'" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["a?b", "a%20b"])
def test_a_folder_whose_name_would_be_another_one_in_an_address_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", str(tmp_path / "lake"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for home, said in ((str(tmp_path / name), "DAGSTER_HOME is"), ("", "MLflow's records would be in")):
        monkeypatch.setenv("DAGSTER_HOME", home)
        assert main(["demo", "--scenario", "tiny_bank"]) == 1
        sentence = capsys.readouterr().err
        assert sentence.startswith(f"fraud-assets: {said}")
        assert "such as %20" in sentence
        assert sentence.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "lake"])


@pytest.mark.parametrize(("path", "said"), [("/", "is a folder"), ("", "'' does not exist"), (".", "is a folder")])
def test_inspect_says_of_what_is_no_file_what_it_is(path: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", path]) == 1
    assert said in capsys.readouterr().err


def test_inspect_says_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("id,customer,time,amount\n1,A,2024-02-03 10:30:00,1.50\n")
    assert main(["inspect", str(tmp_path / "a.csv"), "--to", str(tmp_path / "a.csv")]) == 1
    assert f"{tmp_path / 'a.csv' / 'my_bank' / 'scenario.yaml'} cannot be written: Not a" in capsys.readouterr().err


def test_a_month_with_neither_fraud_nor_alert_is_summed_up(quarter: Quarter, tmp_path: Path) -> None:
    lake, month = Lake.from_url(tmp_path), MONTHS[-1]
    report = Place("tiny_bank", "evaluation_report", month).value
    found = json.loads(quarter.lake.read_bytes(report))
    unknown = {"value": None, "low": None, "high": None}
    found["headline"] |= {"average_precision": unknown, "savings": unknown, "alerts": 0, "alert_precision": None}
    contents = {report: json.dumps(found).encode()}
    for asset in ("transactions", "labeled_anomalies"):
        contents[quarter.key(asset, month)] = quarter.lake.read_bytes(quarter.key(asset, month))
    for key, content in contents.items():
        with lake.open_writer(key) as writer:
            writer.write(content)
    said = summary(quarter.scenario, [quarter.scenario.month(month)], lake)
    assert "AP  none" in said
    assert "saved  USD none" in said
    assert "alerts  0 payments flagged or rejected\n" in said


def test_a_demo_that_is_stopped_says_so(tmp_path: Path) -> None:
    variables = {**os.environ, "FRAUD_ASSETS_LAKE": str(tmp_path / "lake"), "DAGSTER_HOME": ""}
    command = [sys.executable, "-m", "fraud_assets.cli", "demo", "--scenario", "tiny_bank", "--months", "2024-01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        next(line for line in demo.stdout if " rows " in line)  # the first step has finished
        demo.send_signal(signal.SIGINT)
        said = demo.stderr.read()
        assert demo.wait() == 130
    assert "fraud-assets: stopped; what was written is whole" in said
    assert "Traceback" not in said


def test_an_unreachable_lake_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", "s3://nowhere/lake")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    for command in ("demo", "export"):
        assert main([command, "--scenario", "tiny_bank"]) == 1
        assert "nowhere" in capsys.readouterr().err

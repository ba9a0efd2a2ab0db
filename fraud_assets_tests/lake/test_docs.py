"""The pages about the lake do what they say: their code is run as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fraud_assets.cli import main
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import write_parquet
from fraud_assets.tables import TABLES, polars_schema
from fraud_assets_tests.lake.frames import SCHEMA, chunks

DOCS = Path(__file__).parents[2] / "docs"


def python_blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


#: Ids of 63 bits, as the ledger has them; every third card is null.
IDS: dict[str, pl.DataType] = {"transaction_id": pl.Int64(), "card_id": pl.Int64()}


def with_ids(make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    number = 2**62 + pl.int_range(pl.len())
    return make().with_columns(transaction_id=number, card_id=pl.when(pl.int_range(pl.len()) % 3 > 0).then(number))


def as_pairs(rows: Any) -> list[tuple[str, int]]:
    """Rows by month, in the types of whichever library counted them."""
    if isinstance(rows, pl.DataFrame):
        return rows.rows()
    return list(rows) if isinstance(rows, list) else list(rows.items())


def test_reading_the_lake(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, written = [], {}
    for number, month in enumerate(["2024-01", "2024-02"], start=1):
        place = Place("us_bank", "transactions", month)
        made = [partial(with_ids, make) for make in chunks(2, 100 * number, number)]
        written[month] = write_parquet(lake, place.parquet, lazy_chunks({**SCHEMA, **IDS}, made))
        expected.append((month, written[month].rows))
    january = sum(make()["amount"].sum() for make in chunks(2, 100, 1))
    monkeypatch.setenv("FRAUD_ASSETS_LAKE", lake.url)
    monkeypatch.chdir(tmp_path)
    for name in ("out/ledger.npz", "out/ledger.csv"):
        assert main(["export", "--table", "transactions", "--to", name]) == 0
    # As for the labelled ones, of which there are none here.
    key = "data/synthetic_transactions_labeled.csv"
    assert main(["export", "--table", "transactions", "--key", key]) == 0

    names: dict[str, Any] = {}
    counted = 0
    for block in python_blocks("reading-the-lake.md"):
        names.pop("rows", None)
        exec(compile(block, "reading-the-lake.md", "exec"), names)
        if "rows" in names:
            assert as_pairs(names["rows"]) == expected, block
            counted += 1
    assert counted == (4 if lake.path else 3)
    assert names["january"].num_rows == expected[0][1]
    assert sum(names["january"]["amount"].to_pylist()) == pytest.approx(january)
    assert names["digest"] == written["2024-01"].sha256
    table = lake.scan_parquet([Place("us_bank", "transactions", month).parquet for month in written])
    labeled = names["labeled"].collect().to_pandas(use_pyarrow_extension_array=True)
    for frame in (names["frame"], names["ledger_csv"], names["labeled_csv"], labeled):
        for column in ("transaction_id", "card_id"):
            ids = sorted(str(number) for number in frame[column].dropna())
            assert ids == table.select(pl.col(column).drop_nulls().cast(pl.String).sort()).collect()[column].to_list()
    declined = table.filter(status="declined").select(pl.col("amount").sum()).collect().item()
    assert dict(names["by_status"].iter_rows())["declined"] == pytest.approx(declined)
    assert names["declined"] == pytest.approx(declined)


def test_plain_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (page,) = re.findall(
        r"^```yaml\n(.*?)^```$", (DOCS / "plain-python.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    folder = tmp_path / "my_scenarios" / "village_bank"
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(page, encoding="utf-8")
    monkeypatch.setenv("FRAUD_ASSETS_SCENARIOS", str(folder.parent))

    names: dict[str, Any] = {}
    for block in python_blocks("plain-python.md"):
        exec(compile(block, "plain-python.md", "exec"), names)
    for table, schema in TABLES.items():
        if table in names["tables"]:
            assert names["tables"][table].schema == pl.Schema(polars_schema(schema)), table
    assert names["customers"].height == 100
    assert names["labeled"].height == names["ledger"].height
    assert names["labeled"]["is_fraud"].sum() == names["truth"]["is_fraud"].sum() > 0
    assert names["on_devices"].height == names["ledger"]["device_id"].count()
    paid = names["ledger"].filter(direction="debit", status="approved")["amount"].sum()
    assert names["spent"] > paid
    assert names["busy_ledger"]["customer_id"].n_unique() == 250
    assert set(names["homes"]) == {"CA", "OR", "WA"}
    assert names["refused"].startswith("scenario tiny_bank: population.customers is 0; ")
    assert names["village_ledger"]["customer_id"].n_unique() == 120


def test_testing_your_assets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = []
    for block in python_blocks("testing-your-assets.md"):
        name = block.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(block)
        names.append(name)
    assert names == ["conftest.py", "test_big_spenders.py", "by_hand.py"]

    # In a process of its own: these are the fixtures of somebody else's test suite.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "2 passed" in result.stdout, result.stdout + result.stderr

    exec(compile(block, name, "exec"), {})
    assert "/lake/my_bank/notes.txt" in capsys.readouterr().out

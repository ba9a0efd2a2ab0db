"""A process killed at any instant leaves each object whole, and nothing that a later run or a sweep does not mend."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import boto3
import dagster as dg
import pytest

from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.sweep import sweep
from fraud_assets.lake.writing import write_parquet
from fraud_assets_tests.lake.frames import SCHEMA, chunks

ROOT = Path(__file__).parents[2]
KEY = "bank/transactions/month=2024-01/part-0000.parquet"
CHUNKS, ROWS, VERSIONS = 6, 150_000, 2

WRITE_FOR_EVER = """
import itertools, sys
from fraud_assets.lake.store import Lake
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.lake.writing import write_parquet
from fraud_assets_tests.lake.frames import SCHEMA, chunks

root, key, count, rows, versions = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
lake = Lake.from_url(root)
print("ready", flush=True)
sys.stdin.readline()
print("begun", flush=True)
for version in itertools.cycle(range(versions)):
    write_parquet(lake, key, lazy_chunks(SCHEMA, chunks(count, rows, version)))
"""


@pytest.mark.parametrize("kind", ["disk", "s3"])
def test_ten_kills_leave_the_month_old_new_or_absent(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    lake = Lake.from_url(tmp_path / "lake" if kind == "disk" else request.getfixturevalue("s3_lake"))
    reference = Lake.from_url(tmp_path / "reference")
    whole = {
        write_parquet(reference, KEY, lazy_chunks(SCHEMA, chunks(CHUNKS, ROWS, version))).sha256
        for version in range(VERSIONS)
    }
    command = [sys.executable, "-c", WRITE_FOR_EVER, lake.url, KEY, str(CHUNKS), str(ROWS), str(VERSIONS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    dice = random.Random(20240101)
    with ExitStack() as stack:
        # All start at once, since starting takes longer than writing; each waits for its turn.
        writers = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
            )
            for _ in range(10)
        ]
        for writer in writers:
            stack.callback(writer.kill)
        for writer in writers:
            assert writer.stdin
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
            writer.stdin.write("go\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == "begun\n"
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(timeout=dice.uniform(0.0, 0.8))
            writer.kill()
            writer.wait()
            assert not lake.exists(KEY) or lake.sha256(KEY) in whole
            assert set(lake.list()) <= {KEY}

    left_over = sweep(lake, older_than=timedelta(0))
    if kind == "disk":
        assert left_over, "no kill hit a write, so the test has shown nothing"
    assert sweep(lake, older_than=timedelta(0)) == []
    assert whole == {
        write_parquet(lake, KEY, lazy_chunks(SCHEMA, chunks(CHUNKS, ROWS, version))).sha256
        for version in range(VERSIONS)
    }


def test_a_sweep_takes_old_left_overs_of_its_own_lake_alone(lake: Lake) -> None:
    write_parquet(lake, KEY, lazy_chunks(SCHEMA, chunks(1)))
    elsewhere = "other/part.parquet"
    if lake.path:
        (lake.path / ".staging" / "0123.part").write_bytes(b"half")
    else:
        client = boto3.client("s3")
        for key in (f"{lake.prefix}{KEY}", elsewhere):
            client.create_multipart_upload(Bucket=str(lake.bucket), Key=key)
    # So long because the test server dates all uploads 2010.
    assert sweep(lake, older_than=timedelta(days=20_000)) == []
    assert len(sweep(lake, older_than=timedelta(0))) == 1
    assert lake.list() == [KEY]
    if lake.bucket:
        assert [upload["Key"] for upload in client.list_multipart_uploads(Bucket=lake.bucket)["Uploads"]] == [elsewhere]


def test_a_run_clears_away_what_runs_that_were_killed_days_ago_left_on_the_disk(disk_lake: Lake) -> None:
    assert disk_lake.path
    old, new = (disk_lake.path / ".staging" / f"{name}.part" for name in ("old", "new"))
    old.parent.mkdir(exist_ok=True)
    for half in (old, new):
        half.write_bytes(b"half")
    os.utime(old, (0, 0))
    with dg.build_resources({"lake": LakeResource(root=disk_lake.url)}):
        assert list(old.parent.iterdir()) == [new]

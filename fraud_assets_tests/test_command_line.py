"""The command line among other commands: what a pipe that closes early does to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_a_reader_who_has_read_enough_gets_no_traceback() -> None:
    run = [sys.executable, "-c", "import sys; from fraud_assets.cli import main; sys.exit(main())"]
    run += ["realised", "tiny_bank", "--in-memory", "--months", "2024-01"]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()  # as `| head` does
        assert command.stderr.read() == b""
        assert command.wait(timeout=120) == 141


def test_a_full_disk_under_what_a_command_prints_is_one_sentence() -> None:
    run = [sys.executable, "-c", "import sys; from fraud_assets.cli import main; sys.exit(main())"]
    run += ["realised", "tiny_bank", "--in-memory", "--months", "2024-01"]
    with Path("/dev/full").open("w") as full:
        command = subprocess.run(run, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert command.returncode == 1
    assert command.stderr.splitlines()[0].startswith("fraud-assets: the output cannot be written: No space left")
    assert "Traceback" not in command.stderr

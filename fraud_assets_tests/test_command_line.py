"""The command line among other commands: what a pipe that closes early does to it."""

from __future__ import annotations

import subprocess
import sys


def test_a_reader_who_has_read_enough_gets_no_traceback() -> None:
    run = [sys.executable, "-c", "import sys; from fraud_assets.cli import main; sys.exit(main())"]
    command = subprocess.Popen(  # noqa: S603
        [*run, "realised", "tiny_bank", "--in-memory", "--months", "2024-01"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    command.stdout.close()  # as `| head` does
    command.wait(timeout=120)
    assert command.stderr is not None
    assert command.stderr.read() == b""
    assert command.returncode == 141

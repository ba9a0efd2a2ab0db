"""The command line among other commands: what a pipe that closes early does to it."""

from __future__ import annotations

import subprocess
import sys


def test_a_reader_who_has_read_enough_gets_no_traceback() -> None:
    run = [sys.executable, "-c", "import sys; from fraud_assets.cli import main; sys.exit(main())"]
    run += ["realised", "tiny_bank", "--in-memory", "--months", "2024-01"]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()  # as `| head` does
        assert command.stderr.read() == b""
        assert command.wait(timeout=120) == 141

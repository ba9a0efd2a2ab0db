"""The command line ``fraud-assets``: a module here for each command.

What lives here: the list of commands, and how what goes wrong is said. What does not: any work; a command's module
reads its options and calls the room that does it. A new command is a module with ``add`` and ``run`` and a line below.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from fraud_assets.cli import (
    compare,
    demo,
    explain,
    export,
    gates,
    inspect,
    model_ready,
    realised,
    report,
    rollback,
    score,
    worth,
)
from fraud_assets.errors import Mendable, is_refusal, refusal

#: In the order of the help. ``add(commands)`` adds the command's parser, whose default ``run`` is what it does: options
#: in, exit code out. Heavy imports belong into ``run``, so that the help comes at once.
COMMANDS = (demo, report, export, model_ready, score, realised, gates, explain, inspect, compare, worth, rollback)

#: As the shell says of a command that wrote to a closed pipe: 128 and SIGPIPE.
_NOBODY_READS = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code. Errors that the user can mend are one sentence on stderr."""
    options = parser().parse_args(arguments)
    try:
        code = int(options.run(options))
        sys.stdout.flush()  # here, where it can be answered for if nobody listens any more
        return code
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    except (Mendable, ValueError) as error:
        print(f"fraud-assets: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if not is_refusal(error):
            raise
        print(f"fraud-assets: {error.filename or 'the output'} cannot be written: {refusal(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nfraud-assets: stopped; what was written is whole, the rest is as it was before", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    whole = argparse.ArgumentParser(
        prog="fraud-assets", description="Simulated banks, features and fraud models as Dagster assets."
    )
    commands = whole.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        command.add(commands)
    return whole

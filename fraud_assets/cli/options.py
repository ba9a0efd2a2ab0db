"""What several commands share: options that look the same everywhere, and progress on a terminal."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, TextIO

from fraud_assets import DEFAULT_BANK

if TYPE_CHECKING:
    from fraud_assets.lake.writing import Progress

    #: What ``add`` of a command gets.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """``--scenario``."""
    parser.add_argument(
        "--scenario",
        default=DEFAULT_BANK,
        metavar="BANK",
        help="a shipped bank, or one in FRAUD_ASSETS_SCENARIOS; default: %(default)s",
    )


def add_months(parser: argparse.ArgumentParser, *, default: str) -> None:
    """``--months``, one or several keys."""
    parser.add_argument("--months", nargs="+", metavar="MONTH", help=f"such as 2024-01; default: {default}")


def number_from_one(text: str) -> int:
    """A number that may be asked for; for ``type`` of an option."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return number


def row_progress(terminal: TextIO) -> Progress | None:
    """Rows so far, on one line of a terminal that is cleared at the end; nothing where there is none."""
    if not terminal.isatty():
        return None
    said = time.monotonic()

    def progress(rows: int) -> None:
        nonlocal said
        if time.monotonic() - said > 0.5:
            said = time.monotonic()
            terminal.write(f"\r{rows:,} rows \r")
            terminal.flush()

    return progress

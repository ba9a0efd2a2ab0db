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
    """``BANK`` or, for who prefers it, ``--scenario BANK``; both are ``scenario`` of the options."""
    _add_bank(parser, f"a shipped bank, or one in FRAUD_ASSETS_SCENARIOS; default: {DEFAULT_BANK}", "?", DEFAULT_BANK)


def add_scenarios(parser: argparse.ArgumentParser) -> None:
    """The same for several banks; ``scenario`` is a list."""
    meaning = f"shipped banks, or such in FRAUD_ASSETS_SCENARIOS, side by side; default: {DEFAULT_BANK}"
    _add_bank(parser, meaning, "*", [DEFAULT_BANK])


def _add_bank(parser: argparse.ArgumentParser, meaning: str, number: str, default: str | list[str]) -> None:
    # Without SUPPRESS the place left empty would win over the option.
    parser.add_argument("scenario", nargs=number, default=argparse.SUPPRESS, metavar="BANK", help=meaning)
    several = {"nargs": "+"} if number == "*" else {}
    parser.add_argument("--scenario", default=default, metavar="BANK", help="the same", **several)  # type: ignore[arg-type]


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

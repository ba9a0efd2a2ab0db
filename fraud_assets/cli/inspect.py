"""``inspect``: a first scenario for a file of transactions, guessed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fraud_assets.counting import counted

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "inspect",
        help="write a first scenario for a file of your own transactions, guessed from its beginning",
        description="Read the beginning of a CSV or Parquet file and write a scenario.yaml with what its columns seem"
        " to be, and a question mark where that is unsure.",
    )
    parser.add_argument("path", metavar="PATH", help="a file on this machine, or s3://bucket/key")
    parser.add_argument("--name", default="my_bank", help="of the bank; default: %(default)s")
    parser.add_argument("--to", metavar="FOLDER", help="a folder of scenarios; default: print it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the scenario, or write it to FOLDER/NAME/scenario.yaml."""
    import os
    import re

    from fraud_assets.errors import refusal
    from fraud_assets.ingest.guess import TO_FILL_IN, first_scenario
    from fraud_assets.lake.outside import find
    from fraud_assets.lake.store import LakeError

    if not re.fullmatch(r"[a-z][a-z0-9_]*", options.name):
        raise LakeError(f"--name {options.name!r} is no name of a bank; lower-case letters, digits and _ are allowed")
    if Path(options.path or "-").is_dir():
        raise LakeError(f"{options.path} is a folder; name one of its files")
    found = find(options.path, Path.cwd())
    if not found:
        raise LakeError(f"{options.path or repr('')} does not exist")
    target = Path(options.to) / options.name / "scenario.yaml" if options.to else None
    location = options.path
    if not location.startswith("s3://"):
        whole = Path(location).expanduser().absolute()
        location = os.path.relpath(whole, target.parent.absolute()) if target else str(whole)
    text = first_scenario(found[0], options.name, location)
    if target is None:
        print(text, end="")
        return 0
    if target.exists():
        raise LakeError(f"{target} exists; nothing was written over it")
    try:
        _write(target, text)
    except OSError as error:
        raise LakeError(f"{target} cannot be written: {refusal(error)}") from None
    blank = f"; put the names of columns in place of {TO_FILL_IN}" if f'"{TO_FILL_IN}"' in text else ""
    unsure = counted(
        text.count("# ?"), "line is unsure, with a question mark", "lines are unsure, each with a question mark"
    )
    print(f"{target}: {unsure}{blank}")
    return 0


def _write(target: Path, text: str) -> None:
    """Write a new file, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.part")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)

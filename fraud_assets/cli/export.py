"""``export``: any table of the lake over some months as one file."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from fraud_assets import DEFAULT_BANK
from fraud_assets.cli.options import add_months, add_scenario, row_progress
from fraud_assets.counting import counted

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "export",
        help="one file of any table of the lake: CSV, JSON lines, Parquet, Excel or NumPy",
        description="Write a table over some months to one file, by default the labelled transactions as CSV. "
        "The file appears whole or not at all.",
    )
    add_scenario(parser)
    parser.add_argument("--table", default="labeled_transactions", help="such as customers; default: %(default)s")
    add_months(parser, default="all that are in the lake")
    parser.add_argument("--columns", nargs="+", metavar="COLUMN", help="in this order; default: all")
    parser.add_argument(
        "--format", metavar="ENDING", help="csv, jsonl, parquet, xlsx or npz; default: as the file's name ends, or csv"
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--key",
        help="where under the lake's root; default: data/BANK_TABLE.csv, and for the labelled transactions of "
        f"{DEFAULT_BANK} data/synthetic_transactions_labeled.csv",
    )
    place.add_argument("--to", metavar="PLACE", help="a path on this machine, or s3://bucket/key")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, and say where it is and what is in it."""
    from fraud_assets.assets.files import check_table, chosen_months, destination, export_table
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake
    from fraud_assets.scenario import load_bank

    scenario = load_bank(options.scenario)
    lake = open_lake()
    check_lake_reachable(lake, writes=options.to is None)
    check_table(lake, scenario, options.table)
    months = chosen_months(lake, scenario, options.months, options.table)
    begun = time.monotonic()
    with destination(lake, scenario, options.table, key=options.key, to=options.to, ending=options.format) as target:
        written = export_table(
            lake, scenario, options.table, months, target, columns=options.columns, progress=row_progress(sys.stderr)
        )
    size = f"{written.bytes / 1e6:,.0f} MB" if written.bytes >= 1e6 else f"{written.bytes / 1e3:,.0f} kB"
    print(
        f"{written.uri}: {counted(written.rows, 'row')} of {', '.join(months)}, {size}"
        f" in {time.monotonic() - begun:.0f} s, SHA-256 {written.sha256}"
    )
    return 0

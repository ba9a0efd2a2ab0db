"""``model-ready``: a month and what models learn it from, encoded, scaled and split, for models of one's own."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_scenario, row_progress
from fraud_assets.counting import counted

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "model-ready",
        help="features as numbers, scaled and split by time, with labels and the transformer: for models of your own",
        description="Write the rows that models of a month are fitted and tried on to FOLDER/rows.parquet, and what "
        "prepared them to FOLDER/transformer.json. Labels are what had been reported; nothing of the month enters the "
        "scale.",
    )
    add_scenario(parser)
    parser.add_argument("--month", help="the test, such as 2024-03; default: the newest with features in the lake")
    parser.add_argument(
        "--to",
        metavar="FOLDER",
        help="on this machine, or s3://bucket/prefix; default: data/BANK_model_ready of the lake",
    )
    parser.add_argument(
        "--truth", action="store_true", help="also y_truth, which only the simulator knows: for the test"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write both files, and say what is in them."""
    from fraud_assets.assets.files import chosen_months, destination
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake
    from fraud_assets.model_ready import ROWS, write_model_ready
    from fraud_assets.scenario import load_bank

    bank = load_bank(options.scenario)
    lake = open_lake()
    check_lake_reachable(lake, writes=options.to is None)
    months = chosen_months(lake, bank, [options.month] if options.month else None, "transaction_features")
    to = f"{options.to.rstrip('/')}/{ROWS}" if options.to else options.to
    with destination(lake, bank, "model_ready", key=f"data/{bank.name}_model_ready/{ROWS}", to=to) as (target, key):
        found = write_model_ready(
            lake,
            bank,
            bank.month(months[-1]),
            target,
            prefix=key.removesuffix(ROWS),
            truth=options.truth,
            progress=row_progress(sys.stderr),
        )
    print(
        f"{found.rows.uri}: {counted(found.rows.rows, 'row')}, {counted(found.columns, 'column')},"
        f" SHA-256 {found.rows.sha256}"
    )
    for split, (rows, frauds) in found.counts.items():
        print(f"  {split:<8} {rows:>10,} rows, {counted(frauds, 'reported fraud')}")
    print(f"{found.transformer.uri}: fraud_assets.detection.prepared.Preparation.load reads it")
    return 0

"""``score``: a loose file of transactions in, the same file with score, decision and reasons out."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_scenario, row_progress
from fraud_assets.counting import counted

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "score",
        help="score a CSV or Parquet file of transactions: probability of fraud, decision, reasons",
        description="Score the rows of a file with the champion and with what the lake knows of their customers, and "
        "write the same rows in their order with the columns fraud_score, decision and reasons. Columns are those of "
        "the table transactions; transaction_id, customer_id, event_time and amount are needed, the more others the "
        "better. A bank of files takes its own files, too.",
    )
    parser.add_argument("file", metavar="FILE", help="CSV or Parquet, on this machine or s3://bucket/key")
    add_scenario(parser)
    parser.add_argument(
        "--out", "--to", dest="out", metavar="FILE", help="its ending is the format; default: FILE with .scored in it"
    )
    parser.add_argument(
        "--month", help="score as of this month, such as 2024-03, with its champion; default: the month of each row"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, and say what became of its rows."""
    from fraud_assets.assets.files import destination
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake
    from fraud_assets.scenario import load_bank
    from fraud_assets.scoring import LooseFile, score_file

    bank = load_bank(options.scenario)
    as_of = None if options.month is None else bank.month(options.month)
    out = beside(options.file) if options.out is None else options.out
    loose = LooseFile.of(options.file, bank)
    lake = open_lake()
    check_lake_reachable(lake, writes=False)
    begun = time.monotonic()
    with destination(lake, bank, "transactions", to=out) as target:
        found = score_file(lake, bank, loose, target, as_of=as_of, progress=row_progress(sys.stderr))
    decided = ", ".join(f"{rows:,} {decision}" for decision, rows in found.decisions.items())
    print(f"{found.written.uri}: {counted(found.rows, 'row')} in {time.monotonic() - begun:.0f} s: {decided}")
    for month, champion in found.champions.items():
        print(f"  {month}: scored by {champion}")
    if found.arriving:
        print(
            f"  {counted(found.arriving, 'row of money that arrives is', 'rows of money that arrives are')} not scored"
        )
    print(
        f"  {counted(found.known, 'row is', 'rows are')} in the lake,"
        f" {counted(found.rows - found.known, 'is', 'are')} new to it"
    )
    if found.taken_for_payments:
        taken = counted(found.taken_for_payments, "new row is scored as a payment", "new rows are scored as payments")
        every = "all " if found.taken_for_payments > 1 else ""
        print(f"  the file has no column direction or kind: {every}{taken}, also those of money that arrives")
    if found.strangers:
        print(f"  {counted(found.strangers, 'customer has', 'customers have')} no history in the lake: cold start")
    if found.lacking:
        print(f"  the file lacks {', '.join(found.lacking)}: features that need it are missing in new rows")
    if found.lacking and found.lost:
        # Null is what they are; a model that has hardly met it takes the lack itself for a sign.
        print(
            f"  warning: without {'this' if found.lost == 1 else 'these'} {counted(found.lost, 'feature')} scores of"
            " new rows may be far off, since the model has learned from payments that have them; do not refuse"
            " a payment by them"
        )
    return 0


def beside(file: str) -> str:
    """Where the scored file goes unless its user says otherwise: ``a/b.csv.gz`` -> ``a/b.scored.csv``."""
    stem = file.removesuffix(".gz")
    folder, _, name = stem.rpartition("/")
    name, _, ending = name.rpartition(".")
    ending = "parquet" if ending in ("parquet", "pq") else "csv"
    return f"{folder}/{name}.scored.{ending}" if folder else f"{name}.scored.{ending}"

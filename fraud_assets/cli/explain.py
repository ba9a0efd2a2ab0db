"""``explain``: one transaction, its customer's past, its features, its score; and the truth for who asks."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_scenario

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "explain",
        help="one transaction: its customer's last events, its features beside the usual, its score and reasons",
    )
    parser.add_argument("transaction_id", type=_id, metavar="TRANSACTION_ID", help="as in the ledger")
    add_scenario(parser)
    parser.add_argument("--truth", action="store_true", help="also what only the simulator knows")
    parser.set_defaults(run=run)


def _id(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no transaction_id: a whole number is needed, such as those of scored_transactions"
        ) from None


def run(options: argparse.Namespace) -> int:
    """Print the explanation."""
    from fraud_assets.explaining import explain
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake
    from fraud_assets.scenario import ScenarioError, load_bank

    bank = load_bank(options.scenario)
    if options.truth and not bank.has_truth:
        raise ScenarioError(f"nobody knows the truth about the transactions of {bank.name}; leave --truth out")
    lake = open_lake()
    check_lake_reachable(lake, writes=False)
    print(explain(lake, bank, options.transaction_id, truth=options.truth), end="")
    return 0

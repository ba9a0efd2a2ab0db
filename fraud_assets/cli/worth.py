"""``worth``: what each family of features is worth, on months that the models have not seen."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_months, add_scenario

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "worth",
        help="print what each family of features is worth: average precision without it, in minutes",
        description="For each month, train boosted trees on all features, on the basic families alone and without each "
        "family in turn, from what was known before the month; print their average precision on the months together, "
        "with paired differences.",
    )
    add_scenario(parser)
    add_months(parser, default="all that have a champion in the lake")
    parser.add_argument("--to", metavar="FILE", help="also write the figures there, as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    from fraud_assets.scenario import load_bank

    bank = load_bank(options.scenario)  # a wrong name is said before seconds are spent on loading Dagster
    from fraud_assets.assets.files import chosen_months, elsewhere
    from fraud_assets.assets.worth import feature_worth
    from fraud_assets.evaluation.worth import worth_table
    from fraud_assets.lake.documents import to_json
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake
    from fraud_assets.lake.writing import write_bytes

    lake = open_lake()
    check_lake_reachable(lake, writes=False)
    months = chosen_months(lake, bank, options.months, "champion")
    with nullcontext() if options.to is None else elsewhere(lake, bank, options.to) as target:
        document = feature_worth(lake, bank, months, lambda done: print(done, file=sys.stderr))
        if target:
            write_bytes(*target, to_json(document))
    print(f"# {bank.title}: what features are worth\n\n{worth_table(document)}", end="")
    return 0

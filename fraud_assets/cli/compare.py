"""``compare``: every candidate by month, and over all months, with intervals."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_months, add_scenario

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands
    from fraud_assets.evaluation.gates.result import Result

#: Exit code where no gate says no, and some cannot say: neither a yes nor an error.
_UNSAID = 2


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "compare",
        help="print every candidate model by month: average precision, recall, savings, each with its interval",
        description="Score the months with every candidate and the champion, and print their figures as Markdown, by "
        "month and over all of them, with paired differences.",
    )
    add_scenario(parser)
    add_months(parser, default="all that have a champion in the lake")
    parser.add_argument("--to", metavar="FILE", help="also write the figures there, as JSON")
    parser.add_argument("--page", metavar="FILE", help="also write a page with charts there, as HTML")
    parser.add_argument(
        "--gates",
        action="store_true",
        help="of a simulated bank: also train on the row alone, and on the truth, and say whether its fraud is as hard "
        "to find as real fraud; minutes; exit code 1 if one says no, 2 if none does but some had too few frauds to say",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the tables."""
    from fraud_assets.scenario import ScenarioError, load_bank

    # What these have to say is said before seconds are spent on loading Dagster.
    bank = load_bank(options.scenario)
    if options.gates and not bank.has_truth:
        raise ScenarioError(f"{bank.name}: --gates needs the truth, which only simulated banks have")
    from fraud_assets.assets.comparison import compare_months
    from fraud_assets.assets.files import chosen_months, elsewhere
    from fraud_assets.assets.worth import yardsticks
    from fraud_assets.evaluation.comparison import comparison_table
    from fraud_assets.evaluation.comparison_page import comparison_page
    from fraud_assets.evaluation.gates.models import gates_table, model_gates
    from fraud_assets.evaluation.pooled import champion_table
    from fraud_assets.lake.documents import to_json
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake
    from fraud_assets.lake.writing import write_bytes

    lake = open_lake()
    check_lake_reachable(lake, writes=False)
    months = chosen_months(lake, bank, options.months, "champion")
    with ExitStack() as targets:
        # Where nothing can be written is said before the work.
        to, page = (
            None if file is None else targets.enter_context(elsewhere(lake, bank, file))
            for file in (options.to, options.page)
        )
        measured = yardsticks(lake, bank, months, lambda done: print(done, file=sys.stderr)) if options.gates else None
        document = compare_months(lake, bank, months, measured)
        if to:
            write_bytes(*to, to_json(document))
        if page:
            write_bytes(*page, comparison_page(bank.title, document).encode())
    print(f"# {bank.title}, {months[0]} to {months[-1]}\n\n{comparison_table(document)}")
    print(champion_table(document["champion"]), end="")
    if not options.gates:
        return 0
    results = model_gates(document["champion"], document["pooled"]["candidates"]["small_tree"])
    print(f"\n{gates_table(results)}", end="")
    return verdict(results)


def verdict(results: Sequence[Result]) -> int:
    """Exit code of the gates' results; those that cannot say are named on stderr."""
    unsaid = [result.name for result in results if result.value is None]
    if unsaid:
        print(f"no verdict on {', '.join(unsaid)}: more months, or more customers, say more", file=sys.stderr)
    if not all(result.passed for result in results):
        return 1
    return _UNSAID if unsaid else 0

"""``report``: a month's page in the browser, wherever the lake is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_scenario

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "report",
        help="open the evaluation report of a month, or its portrait, also from S3",
        description="Say where a month's page is and open it in the browser; from S3 it is fetched first.",
    )
    add_scenario(parser)
    parser.add_argument("--month", metavar="MONTH", help="such as 2024-01; default: the last one in the lake")
    parser.add_argument("--portrait", action="store_true", help="the portrait of the data, not the evaluation report")
    parser.add_argument("--to", metavar="FILE", help="copy the page there, also to s3://, and open nothing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Copy or open the page, and print where it is."""
    import sys
    import tempfile
    import webbrowser

    from fraud_assets.assets.files import elsewhere, months_in_lake
    from fraud_assets.lake.paths import Place
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake
    from fraud_assets.lake.store import LakeError
    from fraud_assets.lake.writing import write_bytes
    from fraud_assets.scenario import ScenarioError, load_bank

    scenario = load_bank(options.scenario)
    if options.portrait and not scenario.has_truth:
        raise ScenarioError(
            f"{scenario.name} has no portrait: half of it is the truth, which only simulated banks have"
        )
    chosen = scenario.month(options.month).key if options.month is not None else None
    lake = open_lake()
    check_lake_reachable(lake, writes=False)
    asset, name = ("data_portrait", "portrait.html") if options.portrait else ("evaluation_report", "report.html")
    there = months_in_lake(lake, scenario, asset)
    month = chosen or (there[-1] if there else None)
    if month not in there or month is None:
        which = f"{month} of " if month else ""
        has = (
            f"there are {', '.join(there)}"
            if there
            else f"run the job {scenario.name}_monthly first, or fraud-assets demo {scenario.name}"
        )
        raise LakeError(f"{which}{scenario.name}/{asset} is not in the lake {lake.url}; {has}")
    key = Place(scenario.name, asset, month).file(name)
    page = lake.path / key if lake.path else None
    if options.to is not None:
        with elsewhere(lake, scenario, options.to) as (target, place):
            written = write_bytes(target, place, lake.read_bytes(key))
        address = Path(written.uri).absolute().as_uri() if target.path else written.uri
    else:
        if page is None:
            page = Path(tempfile.mkdtemp(prefix="fraud_assets_")) / f"{scenario.name}_{month}_{name}"
            page.write_bytes(lake.read_bytes(key))
        address = page.absolute().as_uri()
    print(f"{lake.uri(key)}\n{address}")
    if options.to is None and sys.stdout.isatty():
        webbrowser.open(address)
    return 0

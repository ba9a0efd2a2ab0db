"""Any table of the lake, over chosen months, as one file: which rows and columns, and where it goes.

What lives here: finding tables and months, and destinations in the lake or elsewhere. What does not: the formats
(``lake/formats.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from fraud_assets import DEFAULT_BANK
from fraud_assets.lake.formats import FORMATS, endings, format_of, write_table
from fraud_assets.lake.paths import MLFLOW_FOLDER, STAGING, Place, asset_folder
from fraud_assets.lake.preflight import check_lake_reachable
from fraud_assets.lake.reading import scan_in_pieces
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.sweep import sweep
from fraud_assets.lake.writing import Progress, Written
from fraud_assets.scenario import Bank

LABELED_TRANSACTIONS = "labeled_transactions"
#: Where the labelled CSV of the default bank goes unless its user says otherwise, under the lake's root.
DEFAULT_KEY = "data/synthetic_transactions_labeled.csv"
#: A half-written file that has not grown for so long is of a killed process.
_DEAD = timedelta(hours=1)
#: Tables that a chain makes of what only the simulator knows.
_OF_THE_TRUTH = frozenset({"fraud_campaigns", LABELED_TRANSACTIONS})


def known_tables() -> tuple[str, ...]:
    """Tables that a chain makes, besides those it may have in addition."""
    from fraud_assets.tables import TABLES  # here, since what loads schemas takes a second and few commands need them

    return (*TABLES, "transaction_features", LABELED_TRANSACTIONS)


def months_in_lake(lake: Lake, scenario: Bank, table: str) -> list[str]:
    """The months of which the lake has the table, oldest first."""
    keys = lake.list(asset_folder(scenario.name, table))
    return sorted({part.removeprefix("month=") for key in keys for part in key.split("/") if part.startswith("month=")})


def chosen_months(
    lake: Lake, scenario: Bank, months: Sequence[str] | None, table: str = LABELED_TRANSACTIONS
) -> list[str]:
    """The months somebody asks for, each once and oldest first; without any, those of the table in the lake.

    Raises
    ------
    ScenarioError
        If a month is outside the scenario's range.
    LakeError
        If none is asked for, and the lake has none.
    """
    wanted = months or months_in_lake(lake, scenario, table)
    if not wanted:
        raise LakeError(
            f"the lake {lake.url} has no month with {scenario.name}/{table};"
            f" run the job {scenario.name}_monthly first, or fraud-assets demo {scenario.name}"
        )
    return sorted({scenario.month(month).key for month in wanted})


def tables_in_lake(lake: Lake, scenario: Bank, table: str, months: Sequence[str]) -> list[str]:
    """The keys of a table's months, in their order.

    Raises
    ------
    LakeError
        If there is no month, or one has not been materialized.
    """
    places = [Place(scenario.name, table, month) for month in months]
    missing = [place.month for place in places if not lake.exists(place.parquet)]
    if missing or not places:
        what = f"months {', '.join(missing)} of " if missing else ""
        raise LakeError(
            f"{what}{scenario.name}/{table} not in the lake {lake.url}; "
            f"run the job {scenario.name}_monthly for them first"
        )
    return [place.parquet for place in places]


def check_table(lake: Lake, scenario: Bank, table: str) -> None:
    """Raise unless the chain has such a table.

    Raises
    ------
    LakeError
        With the tables that there are.
    """
    lacks = frozenset() if scenario.has_truth else _OF_THE_TRUTH
    if table in lacks:
        raise LakeError(
            f"{scenario.name} has no {table}: it tells the truth, which only simulated banks have; name another table"
            " with --table, such as scored_transactions or incident_reports"
        )
    known = set(known_tables()) - lacks
    if table in known:
        return
    keys = [key.split("/") for key in lake.list(scenario.name) if key.endswith("/part-0000.parquet")]
    found = {parts[1] for parts in keys if len(parts) == 4}
    if table not in found:
        raise LakeError(f"{scenario.name} has no table {table!r}; there are {', '.join(sorted(known | found))}")


def read_months(lake: Lake, scenario: Bank, table: str, months: Sequence[str]) -> tuple[pl.LazyFrame, list[str]]:
    """A table over several months, oldest first, and the keys it is read from.

    Rows that carry no time of their own, such as customers, get the ``month`` they are of as a last column.

    Raises
    ------
    LakeError
        If a month is not in the lake, or one has other columns than the last.
    """
    keys = tables_in_lake(lake, scenario, table, months)
    with lake.naming_what_is_broken(keys):
        schemas = [lake.scan_parquet([key]).collect_schema() for key in keys]
    for month, schema in zip(months, schemas, strict=True):
        different = [name for name in {**schema, **schemas[-1]} if schema.get(name) != schemas[-1].get(name)]
        if different:
            raise LakeError(
                f"{scenario.name}/{table} of {month} and of {months[-1]} differ in column {different[0]}, since they "
                "were made by different versions; materialize the older one again"
            )
    return scan_in_pieces(lake, keys, month_column="event_time" not in schemas[-1]), keys


def export_table(
    lake: Lake,
    scenario: Bank,
    table: str,
    months: Sequence[str],
    target: tuple[Lake, str],
    *,
    columns: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write a table of the months to one file, in the format that its name ends in.

    CSV, JSON lines and Parquet are streamed; nothing but the file itself touches a disk, and it appears whole or not
    at all.

    Parameters
    ----------
    months
        Keys such as ``2024-01``; each is written once, the oldest first.
    target
        A lake and a key in it, see :func:`destination`.
    columns
        Those wanted, in this order; by default all.

    Raises
    ------
    ScenarioError
        If a month is outside the scenario's range.
    LakeError
        If there is no such table or column, a month has not been materialized or is damaged, or the file cannot be
        written.
    """
    check_table(lake, scenario, table)
    wanted = sorted({scenario.month(month).key for month in months})
    frame, keys = read_months(lake, scenario, table, wanted)
    if columns:
        frame = frame.select(_known(columns, frame.collect_schema().names(), f"{scenario.name}/{table}"))
    with lake.naming_what_is_broken(keys):
        return write_table(*target, frame, title=table, progress=progress)


def _known(columns: Sequence[str], there: Sequence[str], table: str) -> list[str]:
    """The columns, each once."""
    for name in columns:
        if name not in there:
            like = get_close_matches(name, there)
            hint = f"did you mean {' or '.join(like)}?" if like else "docs/tables.md has them all"
            raise LakeError(f"{table} has no column {name!r}; {hint}")
    return list(dict.fromkeys(columns))


@contextmanager
def destination(
    lake: Lake,
    scenario: Bank,
    table: str,
    *,
    key: str | None = None,
    to: str | None = None,
    ending: str | None = None,
) -> Iterator[tuple[Lake, str]]:
    """Where an export goes, as a lake and a key in it.

    Parameters
    ----------
    lake, scenario, table
        Decide the place where neither ``key`` nor ``to`` does.
    key
        A key under the lake's root.
    to
        A path on disk, or ``s3://bucket/key``.
    ending
        The format; by default the one in which ``key`` or ``to`` ends, or CSV.

    Raises
    ------
    LakeError
        If there is no such format, nothing can be written there, or the chain keeps its tables there.
    """
    if ending is not None and ending not in FORMATS:
        raise LakeError(f"format {ending!r} does not exist; there are {endings()}")
    place = next(place for place in (to, key, default_key(scenario, table, ending or "csv")) if place is not None)
    if place and ending not in (None, format_of(place)):
        raise LakeError(f"format {ending} does not fit {place!r}; let its name end in .{ending}")
    if to is None:
        yield lake, checked_key(place, scenario)
        return
    with elsewhere(lake, scenario, to) as target:
        yield target


def default_key(scenario: Bank, table: str, ending: str = "csv") -> str:
    """Where a table goes unless its user says otherwise, under the lake's root; no two tables share a place.

    ``data/<bank>_<table>.csv``; the labelled transactions of the default bank have a name of their own.
    """
    if (scenario.name, table) == (DEFAULT_BANK, LABELED_TRANSACTIONS):
        return f"{DEFAULT_KEY.removesuffix('.csv')}.{ending}"
    return f"data/{scenario.name}_{table}.{ending}"


def checked_key(key: str, scenario: Bank) -> str:
    """The key, if it lies under the lake's root and is not where the chain keeps its tables.

    Raises
    ------
    LakeError
        Otherwise.
    """
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise LakeError(f"key {key!r} is not one under the lake's root, for example {DEFAULT_KEY}")
    if _is_of_the_chain(parts, scenario):
        raise LakeError(f"key {key!r} is where the chain keeps its own tables; take another, for example {DEFAULT_KEY}")
    return key


def _is_of_the_chain(parts: Sequence[str], scenario: Bank) -> bool:
    return parts[0] in (scenario.name, MLFLOW_FOLDER, STAGING) or any(part.startswith("month=") for part in parts)


def _parts_in(lake: Lake, place: str) -> list[str]:
    """The parts of a place's key in the lake; none if it lies elsewhere."""
    if lake.path is None:
        root, found = ([part for part in one.split("/") if part] for one in (lake.url, place))
        return found[len(root) :] if found[: len(root)] == root else []
    if "://" in place:
        return []
    path, folder = Path(place.strip()).expanduser(), lake.path.resolve()
    path = path.parent.resolve() / path.name  # a link at its end is replaced, not followed
    return list(path.relative_to(folder).parts) if path.is_relative_to(folder) else []


@contextmanager
def elsewhere(lake: Lake, scenario: Bank, place: str) -> Iterator[tuple[Lake, str]]:
    """A place outside the lake, or in it where the chain keeps nothing, as a lake and a key in it.

    What killed processes have left half-written beside it is cleared away.

    Raises
    ------
    LakeError
        If nothing can be written there: before anything is worked out.
    """
    if not place.strip():
        raise LakeError("the place to write to is empty; a path of this machine or s3://bucket/key is needed")
    if (parts := _parts_in(lake, place)) and _is_of_the_chain(parts, scenario):
        raise LakeError(f"{place} is where the chain keeps its own tables, in the lake {lake.url}; take another place")
    folder, _, name = place.rpartition("/")
    if not place.startswith("s3://"):
        folder = folder or ("/" if place.startswith("/") else ".")
    try:
        target = Lake.from_url(folder)
        check_lake_reachable(target)
    except LakeError as error:
        match error.__cause__:
            case FileExistsError() | NotADirectoryError():
                reason = f"{folder} is not a folder"
            case OSError(strerror=reason):
                pass
            case _:
                reason = str(error).replace("FRAUD_ASSETS_LAKE", "--to")
        raise LakeError(f"{place} cannot be written: {reason}") from None
    file = target.path and target.path / name
    if not name or (file and file.is_dir()):
        raise LakeError(f"{place} cannot be written: it is a folder; name a file")
    if file and file.exists() and not file.is_file():
        raise LakeError(f"{place} cannot be written: it is no ordinary file; name another")
    if target.path is None:
        yield target, name
        return
    staging = target.path / STAGING
    try:
        staging.mkdir(exist_ok=True)  # shows more than permissions do
        sweep(target, _DEAD)
    except OSError as error:
        raise LakeError(f"{place} cannot be written: {error.strerror}") from None
    try:
        yield target, name
    finally:
        if target.path.resolve() != (lake.path and lake.path.resolve()):  # there the chain may be about to write
            with suppress(OSError):  # somebody else is writing there, too
                staging.rmdir()

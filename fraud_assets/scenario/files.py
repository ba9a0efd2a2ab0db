"""Reading scenario folders: YAML, the CSV tables beside it, and what one scenario takes from another.

What lives here: files and the sentences about files. What the values mean is in ``sections.py``.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

#: Environment variable that names a further folder of scenarios.
EXTRA_SCENARIOS = "FRAUD_ASSETS_SCENARIOS"
SHIPPED = Path(__file__).parent.parent / "scenarios"
TABLES = ("cities", "categories", "brands", "holidays")
_HOURS = tuple(f"h{hour:02d}" for hour in range(24))
_TOO_DEEP = "a section holds itself (an alias, *name, inside of what it stands for), or is nested too deeply"


class ScenarioError(ValueError):
    """A scenario that cannot be used: the sentence names file, field, value and what is allowed."""


def document_of(folder: Path) -> dict[str, Any]:
    """The raw content of a folder laid over that of the scenario it extends, if any."""
    own = _yaml(folder / "scenario.yaml")
    if (source := own.get("source")) not in ("simulated", "files") and ("source" in own or "files" in own):
        raise ScenarioError(
            f"scenario {folder.name}: {folder / 'scenario.yaml'}: source is {source!r}; it must be files, or simulated"
        )
    if source == "files":  # it has no world: no other scenario's, and no tables but the holidays
        return {**own, "holidays": _rows(folder / "holidays.csv")} if (folder / "holidays.csv").exists() else own
    base = own.pop("extends", None)
    if base is None:
        document: dict[str, Any] = {}
    elif base in (shipped := [path.parent.name for path in sorted(SHIPPED.glob("*/scenario.yaml"))]):
        document = document_of(SHIPPED / base)
    else:
        raise ScenarioError(
            f"scenario {folder.name}: {folder / 'scenario.yaml'}: extends is {base!r};"
            f" it must be a shipped scenario, one of {', '.join(shipped)}"
        )
    for table in TABLES:
        path = folder / f"{table}.csv"
        if path.exists() or base is None:
            document[table] = _rows(path)
    here = {row.get("city") for row in document["cities"]}
    if base is not None and (folder / "cities.csv").exists() and not (folder / "brands.csv").exists():
        metros = {row.get("metro") for row in document["cities"]}
        document["brands"] = _present(_present(document["brands"], "metros", metros), "cities", here)
    if base is not None and (folder / "cities.csv").exists() and not (folder / "holidays.csv").exists():
        document["holidays"] = _present(document["holidays"], "cities", here)
    if (tariffs := folder / "tariffs.csv").exists():
        document["tariffs"] = _rows(tariffs)
    elif base is not None and (folder / "cities.csv").exists():
        document["tariffs"] = [row for row in document.get("tariffs", []) if row["city"] in here]
    if (hours := folder / "hours.csv").exists() or base is None:
        document["hours"] = _profiles(hours)
    if (names := folder / "names.csv").exists() or base is None:
        document["names"], document["name_regions"], document["name_changes"] = _texts(names)
    try:
        merged = _laid_over(document, own)
        nothing = next(_nothing_to_take_out(document, own), None)
    except RecursionError:
        raise ScenarioError(f"scenario {folder.name}: {folder / 'scenario.yaml'}: {_TOO_DEEP}") from None
    if nothing is not None:
        raise ScenarioError(
            f"scenario {folder.name}: {folder / 'scenario.yaml'}: {nothing} is null, which takes out what the scenario"
            " that it extends has there, and there is nothing; give it a value, or leave the line out for what is usual"
        )
    return merged


def _present(rows: list[dict[str, Any]], column: str, places: set[Any]) -> list[dict[str, Any]]:
    """The rows without those that the column confines to other places: whose cities are others has other chains."""
    found = []
    for row in rows:
        named = [place for place in (row.get(column) or "").split(";") if place]
        here = [place for place in named if place in places]
        if here or not named:
            found.append({**row, column: ";".join(here)})
    return found


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Sections are merged, everything else is replaced; what is null above is taken out."""
    merged = dict(below)
    for name, value in above.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            old = merged.get(name)
            merged[name] = _laid_over(old if isinstance(old, dict) else {}, value)
        else:
            merged[name] = value
    return merged


def _nothing_to_take_out(below: Any, above: dict[str, Any], at: str = "") -> Iterator[str]:
    """Where it says null above and there is nothing below."""
    for name, value in above.items():
        old = below.get(name) if isinstance(below, dict) else None
        if value is None and old is None:
            yield f"{at}{name}"
        elif isinstance(value, dict):
            yield from _nothing_to_take_out(old, value, f"{at}{name}.")


def folders() -> Iterator[tuple[str, Path]]:
    """Name and folder of every scenario: the shipped ones, then those in FRAUD_ASSETS_SCENARIOS.

    Raises
    ------
    ScenarioError
        If the variable names no folder, or one without a scenario.
    """
    yield from folders_in(SHIPPED)
    if not (extra := os.environ.get(EXTRA_SCENARIOS)):
        return
    if not Path(extra).is_dir():
        raise ScenarioError(f"{EXTRA_SCENARIOS} is {extra!r}; it must be an existing folder of scenario folders")
    own = list(folders_in(Path(extra).absolute()))
    if not own:
        raise ScenarioError(
            f"{EXTRA_SCENARIOS} is {extra!r}, in which there is no scenario; a folder such as"
            f" {Path(extra) / 'corner_bank'} with a scenario.yaml is needed in it"
        )
    yield from own


def folders_in(root: Path) -> Iterator[tuple[str, Path]]:
    """Name and folder of each scenario in a folder, or of the one that the folder itself is."""
    if (root / "scenario.yaml").is_file():
        yield root.name, root
    for path in sorted(root.glob("*/scenario.yaml")):
        yield path.parent.name, path.parent


def _yaml(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(_text(path))
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a day such as 2024-02-31
        raise ScenarioError(f"scenario {path.parent.name}: {path} is not YAML: {error}") from None
    except RecursionError:
        raise ScenarioError(f"scenario {path.parent.name}: {path}: {_TOO_DEEP}") from None
    if not isinstance(document, dict):
        raise ScenarioError(f"scenario {path.parent.name}: {path} must hold named sections")
    return document


def _rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a table; a cell that a line lacks is None."""
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    try:
        rows = list(reader)
    except csv.Error as error:
        raise ScenarioError(f"scenario {path.parent.name}: {path}: line {reader.line_num}: {error}") from None
    for number, row in enumerate(rows, start=1):
        if None in row:  # where the reader keeps what is beyond the header
            raise ScenarioError(
                f"scenario {path.parent.name}: {path}: row {number} has more cells than the header,"
                f" which has {len(row) - 1}; quote a value with a comma in it"
            )
    return rows


def _profiles(path: Path) -> dict[str, tuple[Any, ...]]:
    """The 24 weights of each profile in hours.csv, as they stand there."""
    rows = _rows(path)
    if rows and (missing := [name for name in ("profile", *_HOURS) if name not in rows[0]]):
        raise ScenarioError(
            f"scenario {path.parent.name}: {path}: column {', '.join(missing)} is missing;"
            f" profile and {_HOURS[0]} to {_HOURS[-1]} are needed"
        )
    profiles = [row["profile"] for row in rows]
    if twins := sorted({profile for profile in profiles if profiles.count(profile) > 1}):
        raise ScenarioError(f"scenario {path.parent.name}: {path}: profile {twins[0]!r} is there twice; leave one out")
    return {row["profile"]: tuple(row[hour] for hour in _HOURS) for row in rows}


def _texts(path: Path) -> tuple[dict[str, list[Any]], dict[str, list[tuple[str, ...]]], dict[str, dict[str, Any]]]:
    """The texts of each use in names.csv, and where it says them the regions of each, and what it was since when."""
    rows = _rows(path)
    if rows and (missing := [name for name in ("use", "text") if name not in rows[0]]):
        raise ScenarioError(
            f"scenario {path.parent.name}: {path}: column {', '.join(missing)} is missing; use and text are needed"
        )
    texts: dict[str, list[Any]] = {}
    regions: dict[str, list[tuple[str, ...]]] = {}
    changes: dict[str, dict[str, Any]] = {}
    for row in rows:
        texts.setdefault(row["use"], []).append(row["text"])
        of = tuple(region for region in (row.get("region") or "").split(";") if region)
        regions.setdefault(row["use"], []).append(of)
        if row.get("since") or row.get("before"):
            changes.setdefault(row["use"], {})[row["text"]] = {
                column: row.get(column) for column in ("since", "before")
            }
    return texts, {use: of for use, of in regions.items() if any(of)}, changes


def _text(path: Path) -> str:
    """The text of a file; spreadsheets put a byte order mark before it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        what = "table" if path.suffix == ".csv" else "file"
        raise ScenarioError(f"scenario {path.parent.name}: the {what} {path} is missing") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(
            f"scenario {path.parent.name}: {path} is not UTF-8 (byte {error.start}"
            f" is {error.object[error.start]:#04x}); save it as UTF-8"
        ) from None
    except OSError as error:
        raise ScenarioError(f"scenario {path.parent.name}: {path} cannot be read: {error.strerror}") from None

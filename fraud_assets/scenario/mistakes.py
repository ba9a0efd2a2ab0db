"""What a scenario's author reads: for each wrong value its file, its field, what it is and what was allowed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fraud_assets.scenario.files import TABLES, ScenarioError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


def all_mistakes(folder: Path, error: ValidationError) -> ScenarioError:
    """All mistakes at once, so that nobody mends one to meet the next: one as a sentence, several as a list."""
    lines = list(dict.fromkeys(_line(folder, found) for found in error.errors()))
    if len(lines) == 1:
        return ScenarioError(f"scenario {folder.name}: {lines[0]}")
    return ScenarioError("\n  ".join([f"scenario {folder.name} has {len(lines)} mistakes:", *lines]))


def _line(folder: Path, error: ErrorDetails) -> str:
    where = ".".join(str(part) for part in error["loc"])
    table = str(error["loc"][0]) if error["loc"] else ""
    file = f"{table}.csv" if table in (*TABLES, "hours", "names") else "scenario.yaml"
    file = "names.csv" if table in ("name_regions", "name_changes") else file
    file = "tariffs.csv" if table == "tariffs" and (folder / "tariffs.csv").exists() else file
    # What is wrong between two files has no field of its own, but may say which of them it is in.
    file = getattr(error.get("ctx", {}).get("error"), "file", file)
    found = error["input"]
    is_short = isinstance(found, str | int | float | bool) or (isinstance(found, list) and len(found) <= 7)
    value = f" is {found!r}" if is_short else ""
    needed = error["msg"].removeprefix("Value error, ")
    if needed.startswith("Input "):  # pydantic's own sentences; ours may begin with a name
        needed = needed[0].lower() + needed[1:]
    return f"{folder / file}: {where or 'the file'}{value}; {needed}"

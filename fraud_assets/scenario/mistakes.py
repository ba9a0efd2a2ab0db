"""What a scenario's author reads: for each wrong value its file, its field, what it is and what was allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from fraud_assets.scenario.files import TABLES, ScenarioError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

#: The columns, and the fields, by which somebody finds a line.
_NAMES = ("name", "category", "city")

#: How pydantic begins what a validator of ours has said.
_OURS = "Value error, "
#: What lies between sections has no field; sentences about it begin with what they speak of, and that stands here.
_SAID_OF = {"category": "categories.csv", "brand": "brands.csv", "holiday": "holidays.csv", "names.csv:": "names.csv"}


def all_mistakes(
    folder: Path, error: ValidationError, model: type[BaseModel], document: Mapping[str, Any]
) -> ScenarioError:
    """All mistakes at once, so that nobody mends one to meet the next: one as a sentence, several as a list.

    Parameters
    ----------
    folder
        Of the scenario.
    error
        What was wrong.
    model
        What the scenario should have been.
    document
        What stands in its files.
    """
    errors = error.errors()
    # A list that has a wrong element is said to be too short as well: without that element.
    lists = {found["loc"][:-1] for found in errors}
    errors = [found for found in errors if not (found["type"] == "too_short" and found["loc"] in lists)]
    lines = list(dict.fromkeys(_line(folder, found, model, document) for found in errors))
    if len(lines) == 1:
        return ScenarioError(f"scenario {folder.name}: {lines[0]}")
    return ScenarioError("\n  ".join([f"scenario {folder.name} has {len(lines)} mistakes:", *lines]))


def _line(folder: Path, error: ErrorDetails, model: type[BaseModel], document: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    table = str(error["loc"][0]) if error["loc"] else ""
    file = f"{table}.csv" if table in (*TABLES, "hours", "names") else "scenario.yaml"
    file = "names.csv" if table in ("name_regions", "name_changes") else file
    file = "tariffs.csv" if table == "tariffs" and (folder / "tariffs.csv").exists() else file
    # What is wrong between two files has no field of its own, but may say which of them it is in.
    between = getattr(error.get("ctx", {}).get("error"), "file", None)
    between = between or (None if error["loc"] else _SAID_OF.get(error["msg"].removeprefix(_OURS).partition(" ")[0]))
    # A table that the folder has not got is another scenario's: then its own scenario.yaml does not go with that.
    file = between if between and (folder / between).exists() else file
    found = error["input"]
    is_short = isinstance(found, str | int | float | bool) or (
        isinstance(found, list) and len(found) <= 7 and not any(isinstance(one, dict | list) for one in found)
    )
    value = f" is {found!r}" if is_short else ""
    needed = error["msg"].removeprefix(_OURS)
    if error["type"] == "extra_forbidden":
        fields = _fields(model, error["loc"][:-1])
        needed = "there is no such field" + (f"; there are {', '.join(fields)}" if fields else "")
    elif needed.startswith("Input "):  # pydantic's own sentences; ours may begin with a name
        needed = (needed[0].lower() + needed[1:]).partition(", unable to parse")[0]
    elif error["type"] == "missing":
        needed, value = "it is missing", ""
    of = _named(document, error["loc"])
    return f"{folder / file}: {where or 'the file'}{value}; {needed}" + (
        f" (in {of})" if of and of not in needed else ""
    )


def _named(document: Any, where: Sequence[int | str]) -> str | None:
    """What the line of a table, or of a list, is of: nobody counts to the 47th."""
    name = None
    for part in where:
        try:
            document = document[part]
        except (IndexError, KeyError, TypeError):  # what is missing is nowhere, and not all parts are of the document
            break
        if isinstance(part, int) and isinstance(document, dict):
            name = next((document[key] for key in _NAMES if isinstance(document.get(key), str)), name)
    return name


def _fields(model: type[BaseModel], where: Sequence[int | str]) -> list[str]:
    """The names of what there may be at a place of a model; nothing where that is not known."""
    found: type[BaseModel] | None = model
    for part in where:
        if found is None:
            return []
        if part in found.model_fields:
            found = _model_in(found.model_fields[str(part)].annotation)
        # What is left are places in lists and keys of mappings: their values are of the model that was found.
    return [] if found is None else sorted(found.model_fields.keys() - {"folder"})  # which no file says


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a type is or holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)

"""What all assets of a bank share: keys, group, partitions, and the settings that the UI shows.

What lives here: :class:`Chain`, from which the asset modules take their settings. What does not: any computation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, TypedDict

import dagster as dg
import polars as pl

import fraud_assets
from fraud_assets.lake.io_managers import column_schema
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.months import Month
from fraud_assets.partitions import monthly
from fraud_assets.scenario import Bank, Scenario
from fraud_assets.tables import TABLES, polars_schema

OWNER = "team:fraud-data"
#: Rooms whose code every table depends on.
_FOUNDATIONS = ("scenario", "months.py", "codes.py", "tables.py")

Stage = Literal["raw", "labels", "features", "models", "reports", "exports"]


class AssetSettings(TypedDict):
    """Keyword arguments of ``dg.asset``."""

    key: dg.AssetKey
    group_name: str
    partitions_def: dg.PartitionsDefinition
    pool: str
    kinds: set[str]
    owners: list[str]
    tags: dict[str, str]
    metadata: dict[str, Any]
    code_version: str
    io_manager_key: str


@dataclass(frozen=True)
class Chain:
    """One scenario as Dagster sees it: asset keys ``<scenario>/<name>`` in one group, with one partition a month."""

    scenario: Bank

    @property
    def world(self) -> Scenario:
        """The scenario of a simulated bank.

        Raises
        ------
        TypeError
            If the bank has no world: its transactions come from files.
        """
        if not isinstance(self.scenario, Scenario):
            raise TypeError(f"{self.scenario.name} has no simulated world; its source is {self.scenario.source}")
        return self.scenario

    @property
    def partitions(self) -> dg.MonthlyPartitionsDefinition:
        return monthly(self.scenario)

    def key(self, name: str) -> dg.AssetKey:
        return dg.AssetKey([self.scenario.name, name])

    def keys(self, *names: str) -> list[dg.AssetKey]:
        """For ``deps``: what an asset follows in the graph without loading it."""
        return [self.key(name) for name in names]

    def month(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Month:
        """The month of a run, checked against the scenario's range."""
        return self.scenario.month(context.partition_key)

    def reads(self, *names: str) -> dict[str, dg.AssetIn]:
        """For ``ins``: tables and documents of the same month."""
        return {name: dg.AssetIn(key=self.key(name)) for name in names}

    def table(self, lake: LakeResource, name: str, months: Iterable[Month]) -> pl.LazyFrame:
        """A table over several months, in their order; those before the bank's first month are left out.

        Raises
        ------
        LakeError
            If one of the months is not in the lake.
        """
        places = [Place(self.scenario.name, name, month.key) for month in months if month >= self.scenario.first]
        if missing := [place.month for place in places if not lake.lake.exists(place.parquet)]:
            raise LakeError(self._missing(lake, name, missing))
        if not places:
            return pl.LazyFrame(schema=polars_schema(TABLES[name]) if name in TABLES else {})
        return lake.lake.scan_parquet([place.parquet for place in places])

    def value(self, lake: LakeResource, name: str, month: Month) -> dict[str, Any] | None:
        """A document of another month; None before the bank's first.

        Raises
        ------
        LakeError
            If it is not in the lake.
        """
        if month < self.scenario.first:
            return None
        place = Place(self.scenario.name, name, month.key)
        if not lake.lake.exists(place.value):
            raise LakeError(self._missing(lake, name, [month.key]))
        value: dict[str, Any] = json.loads(lake.lake.read_bytes(place.value))
        return value

    def _missing(self, lake: LakeResource, name: str, months: Sequence[str]) -> str:
        asset, keys = self.key(name).to_user_string(), ", ".join(months)
        return f"{asset} of {keys} is not in the lake {lake.lake.url}; materialize {keys} first, oldest month first"

    def settings(
        self,
        name: str,
        stage: Stage,
        *,
        kinds: set[str],
        rooms: Iterable[str],
        columns: dg.TableSchema | None = None,
        hidden: bool = False,
        io_manager: str = "parquet",
    ) -> AssetSettings:
        """The keyword arguments of ``dg.asset`` for a monthly asset.

        Parameters
        ----------
        name
            Second part of the asset key.
        stage
            Where in the chain it stands; a tag.
        kinds
            What it is made with and stored as; at most three, shown as badges.
        rooms
            Modules and packages of ``fraud_assets`` that decide its content; their code is the code version.
        columns
            The table's columns, if neither ``tables.py`` has them nor it is a document.
        hidden
            Whether it holds truth, which nothing but evaluation, gates and exports may read; a tag.
        io_manager
            Resource that stores it.
        """
        if columns is None and name in TABLES:
            columns = column_schema(name, pl.Schema(polars_schema(TABLES[name])))
        return {
            "key": self.key(name),
            "group_name": self.scenario.name,
            "partitions_def": self.partitions,
            "pool": self.scenario.name,
            "kinds": kinds,
            "owners": [OWNER],
            "tags": {"stage": stage, "knowledge": "truth" if hidden else "observed"},
            "metadata": {"dagster/column_schema": columns} if columns else {},
            "code_version": code_version(self.scenario, *rooms),
            "io_manager_key": io_manager,
        }


def code_version(scenario: Bank, *rooms: str) -> str:
    """A digest of what decides an asset's content: the code of its rooms and the scenario.

    The UI marks an asset as outdated when it changes; nobody has to remember to raise a number.
    """
    digest = hashlib.sha256(scenario.model_dump_json().encode())
    for room in sorted({*_FOUNDATIONS, *rooms}):
        digest.update(_source_digest(room))
    return digest.hexdigest()[:12]


def type_name(dtype: pl.DataType) -> str:
    """A column's type as the UI shows it."""
    return "Enum" if isinstance(dtype, pl.Enum) else str(dtype)


def described(columns: Mapping[str, tuple[pl.DataType, str]]) -> dg.TableSchema:
    """Columns with type and meaning as the UI shows them, of a table that ``tables.py`` does not know."""
    return dg.TableSchema(
        [dg.TableColumn(name, type=type_name(dtype), description=text) for name, (dtype, text) in columns.items()]
    )


def at_hand(lake: Lake, bank: str, months: Iterable[Month], *assets: str) -> list[Month]:
    """The months, in the order given, up to the first of which the lake lacks one of the assets' tables."""

    def is_whole(month: Month) -> bool:
        return all(lake.exists(Place(bank, asset, month.key).parquet) for asset in assets)

    return list(takewhile(is_whole, months))


@cache
def _source_digest(room: str) -> bytes:
    place = Path(fraud_assets.__file__).parent / room
    digest = hashlib.sha256()
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    if not files:
        raise FileNotFoundError(f"fraud_assets has no room {room!r}")
    for file in files:
        digest.update(file.relative_to(place.parent).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.digest()

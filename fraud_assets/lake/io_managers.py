"""IO managers: what assets return goes to the lake, what they ask for comes from it, one month or several.

Each materialization records where its object is, its rows, bytes and SHA-256, its columns, what made it, and of the
tables that people watch what the month comes to.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

import dagster as dg
import polars as pl
from pydantic import Field, PrivateAttr

from fraud_assets.lake.documents import Document, to_json
from fraud_assets.lake.figures import Figures
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource, check_before_run
from fraud_assets.lake.root import open_lake
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import Progress, Written, write_bytes, write_parquet
from fraud_assets.tables import TABLES, polars_schema

#: Metadata of an input (``AssetIn(..., metadata={MONTH_COLUMN: True})``): add the ``month`` of each row.
MONTH_COLUMN: Final = "month_column"
#: Metadata of an input: documents as a dict by month, however many months there are.
BY_MONTH: Final = "by_month"

SECONDS_BETWEEN_PROGRESS = 5.0


class _LakeIOManager(dg.ConfigurableIOManager):
    """What both have: a lake, the one of a :class:`LakeResource`, checked before the first step of a run.

    Its root is a field of its own and not a nested resource: Dagster 1.13 warns about itself when it starts one.
    """

    root: str = Field(default="", description="The same as of the resource lake; if you change one here, change all")

    _lake: Lake | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Fail before the first step, in one sentence, if the lake cannot be reached."""
        del context
        check_before_run(self.lake)

    @property
    def lake(self) -> Lake:
        """The opened lake."""
        if self._lake is None:
            self._lake = open_lake(self.root)
        return self._lake


class ParquetIOManager(_LakeIOManager):
    """Tables: an asset returns a polars frame, lazy or not, and gets one LazyFrame for each input.

    An input of several months is one LazyFrame over them, oldest first. An input of no month (the first months have no
    earlier ones) is a LazyFrame without rows: with the table's columns if it is one of :mod:`fraud_assets.tables`, else
    without any. An input annotated ``pl.DataFrame`` is collected.
    """

    def __init__(self, lake: LakeResource | None = None, **config: Any) -> None:
        super().__init__(**_rooted(lake, config))

    def handle_output(self, context: dg.OutputContext, obj: pl.LazyFrame | pl.DataFrame) -> None:
        """Stream the frame to its month's object and record what was written."""
        if not isinstance(obj, pl.LazyFrame | pl.DataFrame):
            raise TypeError(f"asset {_name(context)} returned a {type(obj).__name__}; a polars frame is needed")
        place = _output_place(context)
        schema = obj.collect_schema()
        figures = Figures(place.asset, schema)
        written = write_parquet(
            self.lake, place.parquet, obj, progress=_log_progress(context, place), watcher=figures.add
        )
        context.add_output_metadata(
            {
                **_provenance(context, self.lake, written),
                "dagster/column_schema": column_schema(place.asset, schema),
                **figures.metadata(),
            }
        )

    def load_input(self, context: dg.InputContext) -> pl.LazyFrame | pl.DataFrame:
        """The frame of the months wanted.

        Raises
        ------
        LakeError
            If one of them has not been materialized.
        """
        places = _input_places(context)
        _require(self.lake, context, {place.month: place.parquet for place in places})
        month_column = bool((context.definition_metadata or {}).get(MONTH_COLUMN))
        if places:
            frame = self.lake.scan_parquet([place.parquet for place in places], month_column=month_column)
        else:
            frame = _no_rows(context.asset_key.path[-1], month_column)
        return frame.collect() if context.dagster_type.typing_type is pl.DataFrame else frame


class DocumentIOManager(_LakeIOManager):
    """Documents: an asset returns a dict, or a ``Document`` with further files.

    An input of one month is its dict; of no month it is None. An input that may have several months says so with
    ``metadata={"by_month": True}`` and is then always a dict of dicts, by month.
    """

    def __init__(self, lake: LakeResource | None = None, **config: Any) -> None:
        super().__init__(**_rooted(lake, config))

    def handle_output(self, context: dg.OutputContext, obj: Document | Mapping[str, Any]) -> None:
        """Write the files, the figures last, and record them."""
        if not isinstance(obj, Document | Mapping):
            raise TypeError(f"asset {_name(context)} returned a {type(obj).__name__}; a dict or a Document is needed")
        document = obj if isinstance(obj, Document) else Document(obj)
        place = _output_place(context)
        value = to_json(document.value)
        uris = {
            f"uri {name}": write_bytes(self.lake, place.file(name), data).uri for name, data in document.files.items()
        }
        written = write_bytes(self.lake, place.value, value)
        context.add_output_metadata({**_provenance(context, self.lake, written), **uris, **document.metadata})

    def load_input(self, context: dg.InputContext) -> dict[str, Any] | None:
        """The value of the month wanted, None if there is none, or the values by month.

        Raises
        ------
        LakeError
            If one of the months has not been materialized, or there are several and the input does not say so.
        """
        places = _input_places(context)
        _require(self.lake, context, {place.month: place.value for place in places})
        values = {place.month: json.loads(self.lake.read_bytes(place.value)) for place in places}
        if (context.definition_metadata or {}).get(BY_MONTH):
            return values
        if len(values) > 1:
            raise LakeError(
                f"input {context.name} has {len(values)} months of {_name(context)}; "
                f'give it metadata={{"{BY_MONTH}": True}} to get them as a dict by month'
            )
        return next(iter(values.values()), None)


def column_schema(asset: str, schema: pl.Schema) -> dg.TableSchema:
    """The frame's columns for the UI, with descriptions and rules where :mod:`fraud_assets.tables` knows them."""
    known = TABLES[asset].columns() if asset in TABLES else {}
    columns = []
    for name, dtype in schema.items():
        rule = known.get(name)
        columns.append(
            dg.TableColumn(
                name,
                type="Enum" if isinstance(dtype, pl.Enum) else str(dtype),
                description=rule.description if rule else None,
                constraints=dg.TableColumnConstraints(
                    nullable=rule.nullable if rule else True,
                    other=[f"one of {', '.join(dtype.categories)}"] if isinstance(dtype, pl.Enum) else [],
                ),
            )
        )
    return dg.TableSchema(columns)


def _rooted(lake: LakeResource | None, config: dict[str, Any]) -> dict[str, Any]:
    return config if lake is None else {**config, "root": lake.root}


def _name(context: dg.OutputContext | dg.InputContext) -> str:
    return context.asset_key.to_user_string()


def _output_place(context: dg.OutputContext) -> Place:
    months = list(context.asset_partition_keys) if context.has_asset_partitions else []
    if len(months) != 1:
        raise LakeError(
            f"asset {_name(context)}: {len(months)} months in one run; the lake stores one month a run "
            "(monthly partitions, and for backfills dg.BackfillPolicy.multi_run())"
        )
    return Place.of(context.asset_key.path, months[0])


def _input_places(context: dg.InputContext) -> list[Place]:
    if not context.has_asset_partitions:
        raise LakeError(f"asset {_name(context)} has no monthly partitions; the lake stores tables by month")
    return [Place.of(context.asset_key.path, month) for month in sorted(context.asset_partition_keys)]


def _require(lake: Lake, context: dg.InputContext, keys: Mapping[str, str]) -> None:
    missing = [month for month, key in keys.items() if not lake.exists(key)]
    if missing:
        months = f"month {missing[0]}" if len(missing) == 1 else f"months {', '.join(missing)}"
        raise LakeError(
            f"{months} of {_name(context)} is not in the lake {lake.url}; "
            f"materialize {_name(context)} for {', '.join(missing)} first"
        )


def _no_rows(asset: str, month_column: bool) -> pl.LazyFrame:
    schema = polars_schema(TABLES[asset]) if asset in TABLES else {}
    if month_column:
        schema = {**schema, "month": pl.String()}
    return pl.LazyFrame(schema=schema)


def _provenance(context: dg.OutputContext, lake: Lake, written: Written) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "uri": written.uri,
        "lake": lake.url,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "run_id": context.run_id,
        "code_version": context.asset_spec.code_version or f"fraud_assets {version('fraud_assets')}",
    }
    if written.rows is not None:
        metadata["dagster/row_count"] = written.rows
    return metadata


def _log_progress(context: dg.OutputContext, place: Place) -> Progress:
    begun = last = time.monotonic()

    def progress(rows: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_PROGRESS:
            last = now
            context.log.info("%s %s: %s rows in %.0f s", _name(context), place.month, f"{rows:,}", now - begun)

    return progress

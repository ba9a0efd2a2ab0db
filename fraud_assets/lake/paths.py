"""Where things are in the lake: the only place that composes keys.

``<scenario>/<asset>/month=2024-01/part-0000.parquet`` is Hive style: the month is in the folder's name, not in the
file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fraud_assets.months import Month

#: Half-written files wait here, on disk; outside every table's folder, so that no reader ever meets one.
STAGING: Final = ".staging"
#: The files of registered models, as MLflow keeps them, beside the banks.
MLFLOW_FOLDER: Final = "mlflow"

_PART = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")


def _checked(part: str, what: str) -> str:
    if not _PART.match(part):
        raise ValueError(f"{what} {part!r} cannot be part of a lake key; letters, digits, '_', '-' and '.' are allowed")
    return part


@dataclass(frozen=True)
class Place:
    """The folder of one month of one asset, and the keys in it.

    Parameters
    ----------
    scenario, asset
        The two parts of the asset key.
    month
        A key such as ``2024-01``.
    """

    scenario: str
    asset: str
    month: str

    def __post_init__(self) -> None:
        _checked(self.scenario, "scenario")
        _checked(self.asset, "asset")
        Month.parse(self.month)

    @classmethod
    def of(cls, asset_key: Sequence[str], month: str) -> Place:
        """The place of an asset key of two parts, scenario and name."""
        if len(asset_key) != 2:
            raise ValueError(
                f"asset key {'/'.join(asset_key)} has {len(asset_key)} parts; <scenario>/<asset> is needed"
            )
        return cls(asset_key[0], asset_key[1], month)

    @property
    def folder(self) -> str:
        return f"{asset_folder(self.scenario, self.asset)}/month={self.month}"

    @property
    def parquet(self) -> str:
        """The month's table."""
        return self.file("part-0000.parquet")

    @property
    def csv(self) -> str:
        """The month's export for people and for tools that know no Parquet."""
        return self.file(f"{self.asset}.csv")

    @property
    def value(self) -> str:
        """What a document says in figures: the part that later assets read."""
        return self.file("metrics.json")

    def file(self, name: str) -> str:
        """Another file of the month, for example ``report.html``."""
        return f"{self.folder}/{_checked(name, 'file')}"


def asset_folder(scenario: str, asset: str) -> str:
    """The folder that holds all months of an asset."""
    return f"{scenario}/{asset}"


def month_of(key: str) -> str:
    """The month in a key of :class:`Place`.

    Raises
    ------
    ValueError
        If the key is not in a month's folder.
    """
    name, _, month = key.rpartition("/")[0].rpartition("/")[2].partition("=")
    if name != "month":
        raise ValueError(f"key {key!r} is in no month's folder")
    return str(Month.parse(month))

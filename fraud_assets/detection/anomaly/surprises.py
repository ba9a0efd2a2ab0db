"""From feature columns to surprises: for each aspect of a payment how unusual it is, in the suspicious direction.

What lives here: the fitted :class:`Surprises`. Everything is a rank against earlier payments, so no unit, outlier or
skew of a feature matters, and an aspect of eight features weighs no more than an aspect of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.anomaly.tails import Tail
from fraud_assets.detection.arrays import Vector
from fraud_assets.detection.encoding import require

#: Known values of a feature below which it has no tail to speak of.
FEWEST_VALUES = 100


@dataclass(frozen=True)
class Sensor:
    """A feature, its suspicious direction (1 high, -1 low), and the tail of its values in that direction."""

    feature: str
    direction: int
    tail: Tail


@dataclass(frozen=True)
class Surprises:
    """The sensors of each aspect, and the tail of each aspect's strongest surprise."""

    sensors: dict[str, tuple[Sensor, ...]]
    tails: dict[str, Tail]

    @classmethod
    def fit(cls, frame: pl.DataFrame, aspects: Mapping[str, Mapping[str, int]]) -> Surprises:
        """From a sample of earlier payments; features that it hardly knows are left out, and aspects without any."""
        sensors: dict[str, tuple[Sensor, ...]] = {}
        for aspect, features in aspects.items():
            found = []
            for name, direction in features.items():
                values = direction * _numbers(frame, name)
                known = values[~np.isnan(values)]
                if len(known) >= FEWEST_VALUES and known.min() < known.max():
                    found.append(Sensor(name, direction, Tail.of(known)))
            if found:
                sensors[aspect] = tuple(found)
        tails = {aspect: Tail.of(_strongest(frame, of)[0]) for aspect, of in sensors.items()}
        return cls(sensors, tails)

    @property
    def features(self) -> list[str]:
        return [sensor.feature for of in self.sensors.values() for sensor in of]

    @property
    def aspects(self) -> list[str]:
        return list(self.sensors)

    def at(self, frame: pl.DataFrame) -> Vector:
        """Surprise of each aspect, nats, float64, shape (rows, aspects).

        Raises
        ------
        ValueError
            If the frame lacks one of the features.
        """
        require(frame.columns, self.features)
        found = np.empty((frame.height, len(self.sensors)))
        for j, (aspect, of) in enumerate(self.sensors.items()):
            found[:, j] = self.tails[aspect].at(_strongest(frame, of)[0])
        return found

    def causes(self, frame: pl.DataFrame) -> list[list[str]]:
        """For each aspect the feature that surprises most, a name a row: what a reason speaks of."""
        return [[of[k].feature for k in _strongest(frame, of)[1].tolist()] for of in self.sensors.values()]

    def document(self) -> dict[str, Any]:
        return {
            aspect: {
                "tail": self.tails[aspect].document(),
                "features": [
                    {"feature": s.feature, "direction": s.direction, "tail": s.tail.document()} for s in sensors
                ],
            }
            for aspect, sensors in self.sensors.items()
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Surprises:
        return cls(
            {
                aspect: tuple(Sensor(s["feature"], s["direction"], Tail.load(s["tail"])) for s in of["features"])
                for aspect, of in document.items()
            },
            {aspect: Tail.load(of["tail"]) for aspect, of in document.items()},
        )


def _numbers(frame: pl.DataFrame, name: str) -> Vector:
    values: Vector = frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return np.where(np.isinf(values), np.nan, values)


def _strongest(frame: pl.DataFrame, sensors: tuple[Sensor, ...]) -> tuple[Vector, Any]:
    """The highest surprise among some features, and which of them it is."""
    each = np.column_stack([s.tail.at(s.direction * _numbers(frame, s.feature)) for s in sensors])
    return each.max(axis=1), each.argmax(axis=1)

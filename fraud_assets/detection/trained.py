"""A fitted candidate and the set of a month, as values that travel as JSON.

What lives here: the documents; what does not: how they come to be (``train``) and what is made of them (``decide``,
``scoring``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Matrix, Vector
from fraud_assets.detection.calibration import Calibration
from fraud_assets.detection.candidates import CANDIDATES, Kind, Model
from fraud_assets.detection.encoding import Encoder
from fraud_assets.detection.labels import DelayCurve
from fraud_assets.detection.sample import corrected
from fraud_assets.detection.slices import Slices

#: Rows that are encoded and scored at a time.
BATCH = 200_000


@dataclass(frozen=True)
class TrainedModel:
    """One candidate: everything that turns a feature row into a probability, and where it comes from.

    ``origin`` holds month, training window, data SHA-256, feature-set hash and code version; ``identity`` is their
    hash: the same inputs have the same identity.
    """

    name: str
    encoder: Encoder
    model: Model
    kept: float
    calibration: Calibration
    origin: dict[str, str]

    @property
    def kind(self) -> Kind:
        return CANDIDATES[self.name]

    @property
    def identity(self) -> str:
        return digest({"name": self.name, **self.origin})

    def raw_scores(self, codes: Matrix) -> Vector:
        """The model's own probability, honest rows left out of the training accounted for; not calibrated."""
        return corrected(self.model.raw_scores(codes), self.kept)

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.kind.title,
            "role": self.kind.role,
            "identity": self.identity,
            "origin": self.origin,
            "kept_share_of_honest_rows": self.kept,
            "parameters": self.model.parameters,
            "calibration": self.calibration.document(),
            "encoder": self.encoder.document(),
            "model": self.model.document(),
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> TrainedModel:
        """The model of a document.

        Raises
        ------
        ValueError
            If the package knows no candidate of that name.
        """
        name = document["name"]
        if name not in CANDIDATES:
            raise ValueError(f"the model document names candidate {name!r}; this version knows {', '.join(CANDIDATES)}")
        return cls(
            name,
            Encoder.load(document["encoder"]),
            CANDIDATES[name].model.load(document["model"]),
            document["kept_share_of_honest_rows"],
            Calibration.load(document["calibration"]),
            dict(document["origin"]),
        )


@dataclass(frozen=True)
class CandidateSet:
    """The candidates of a month, or the reason why there are none.

    ``metrics`` and ``curves`` are by candidate, on the comparing slice, with the labels known at the cut; ``sizes``
    holds rows, reported frauds and rows used of each slice.
    """

    month: str
    reason: str | None  # why there are none
    slices: Slices | None
    models: dict[str, TrainedModel]
    metrics: dict[str, dict[str, float]]
    curves: dict[str, dict[str, Any]]
    sizes: dict[str, dict[str, int]]
    delays: DelayCurve
    origin: dict[str, str]

    @classmethod
    def empty(cls, month: str, reason: str, slices: Slices | None = None) -> CandidateSet:
        return cls(month, reason, slices, {}, {}, {}, {}, DelayCurve((), 0), {})

    def document(self) -> dict[str, Any]:
        """The whole set as one JSON document."""
        return {
            "month": self.month,
            "reason": self.reason,
            "slices": self.slices.document() if self.slices else None,
            "sizes": self.sizes,
            "origin": self.origin,
            "metrics": self.metrics,
            "curves": self.curves,
            "report_delays": vars(self.delays),
            "models": {name: model.document() for name, model in self.models.items()},
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> CandidateSet:
        return cls(
            document["month"],
            document["reason"],
            Slices.load(document["slices"]) if document["slices"] else None,
            {name: TrainedModel.load(model) for name, model in document["models"].items()},
            document["metrics"],
            document["curves"],
            document["sizes"],
            DelayCurve.load(document["report_delays"]),
            document["origin"],
        )


def scored_batches(
    rows: pl.LazyFrame, models: Mapping[str, TrainedModel]
) -> Iterator[tuple[pl.DataFrame, dict[str, Vector], Matrix]]:
    """Batches of the rows, in their order, with the raw scores of each model and the last encoder's matrix."""
    for frame in rows.collect_batches(chunk_size=BATCH, maintain_order=True, lazy=True):
        encoder, codes = None, np.empty((0, 0), dtype=np.float32)
        raw: dict[str, Vector] = {}
        for name, model in models.items():
            if model.encoder != encoder:
                encoder, codes = model.encoder, model.encoder.codes(frame)
            raw[name] = model.raw_scores(codes)
        yield frame, raw, codes


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON document, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

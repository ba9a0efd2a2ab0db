"""The registered model as MLflow loads it: feature columns in, probability of fraud out.

What lives here: the loader that the MLmodel file names. It reads one JSON document; nothing is unpickled. MLflow itself
is not needed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fraud_assets.detection.trained import TrainedModel

if TYPE_CHECKING:
    import pandas as pd


class Scorer:
    """Scores a pandas frame, for MLflow's own doors; the chain scores polars frames without it."""

    def __init__(self, model: TrainedModel) -> None:
        self._model = model

    def predict(self, frame: pd.DataFrame) -> Any:
        """Calibrated probability of fraud of each row, float64; the frame has one column a feature."""
        encoder = self._model.encoder
        columns = {name: pl.Series(name, frame[name].tolist(), strict=False) for name in encoder.features}
        return self._model.calibration.apply(self._model.raw_scores(encoder.codes(pl.DataFrame(columns))))


def _load_pyfunc(path: str) -> Scorer:
    """What MLflow calls; ``path`` is the folder with the model's document."""
    return Scorer(TrainedModel.load(json.loads((Path(path) / "model.json").read_text(encoding="utf-8"))))

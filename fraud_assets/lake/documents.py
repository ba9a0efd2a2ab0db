"""A document: a few small files about one month, and the figures in it that later assets read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Document:
    """What an asset returns that is no table: a report, a decision.

    Attributes
    ----------
    value
        What later assets get: texts, numbers, truth values, None, and lists and dicts of them. It is stored as
        ``metrics.json``.
    files
        Further files by name, for example ``{"report.html": b"..."}``.
    metadata
        Entries for the asset's page in the UI.
    """

    value: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


def to_json(value: Mapping[str, Any]) -> bytes:
    """JSON with the keys in their order. NumPy scalars become numbers, dates and instants ISO 8601.

    Raises
    ------
    ValueError
        If something in it has no JSON form, NaN and infinity among them.
    """
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a document's value has to be JSON: {error}") from error
    return text.encode() + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} is a {type(value).__name__}; convert it to a text, a number, a list or a dict")

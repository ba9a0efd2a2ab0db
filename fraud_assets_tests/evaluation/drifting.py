"""What several tests of drift draw their months from."""

from __future__ import annotations

from typing import Any

import numpy as np

KEYS = [f"2024-{number:02d}" for number in range(1, 7)]
ATOMS = np.array([0.6, 1.3, 2.2, 3.1, 4.0])
SHARES = np.array([0.56, 0.25, 0.11, 0.05, 0.03])


def rarity(rng: np.random.Generator, rows: int, shares: Any = SHARES, factor: float = 1.0) -> Any:
    """Few values that all payments share, each by up to 2 % elsewhere in each month; two thirds are null."""
    moved = ATOMS * factor * rng.uniform(0.98, 1.02, len(ATOMS))
    return np.where(rng.random(rows) < 2 / 3, np.nan, moved[rng.choice(len(ATOMS), rows, p=shares)])

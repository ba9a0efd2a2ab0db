"""The models that compete every month.

What lives here: the registry of candidates and what each of them must offer. A further candidate is one class with
these methods and one line in ``CANDIDATES``; training, judging, scoring and tracking follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from fraud_assets.detection.arrays import Matrix, Vector
from fraud_assets.detection.boosting import Boosting
from fraud_assets.detection.floor import Prevalence, SmallTree
from fraud_assets.detection.forest import RandomForest
from fraud_assets.detection.logistic import Logistic
from fraud_assets.detection.sample import Past

#: The zero knows nothing, the floor almost nothing; only a contender can become champion.
Role = Literal["zero", "floor", "contender"]


class Model(Protocol):
    """A fitted model over the encoder's matrix."""

    @classmethod
    def fit(cls, past: Past) -> Self:
        """Fitted on the training rows; the tuning rows may choose between variants or end the training."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """What the model was fitted with, for the record."""
        ...

    def raw_scores(self, codes: Matrix) -> Vector:
        """Probability of fraud among rows sampled like the training rows, float64, shape (rows,)."""
        ...

    def contributions(self, codes: Matrix) -> Matrix:
        """What each feature adds to the score, on the model's own scale, shape (rows, features)."""
        ...

    def document(self) -> dict[str, Any]:
        """The whole model as JSON; binary parts in base64. Nothing is pickled."""
        ...

    @classmethod
    def load(cls, document: dict[str, Any]) -> Self: ...


@dataclass(frozen=True)
class Kind:
    """A line of the registry."""

    model: type[Model]
    role: Role
    title: str


CANDIDATES: dict[str, Kind] = {
    "prevalence": Kind(Prevalence, "zero", "The share of fraud, whatever the row"),
    "small_tree": Kind(SmallTree, "floor", "A decision tree of depth two"),
    "logistic": Kind(Logistic, "contender", "Logistic regression"),
    "random_forest": Kind(RandomForest, "contender", "Random forest"),
    "xgboost": Kind(Boosting, "contender", "Gradient-boosted trees (XGBoost)"),
}

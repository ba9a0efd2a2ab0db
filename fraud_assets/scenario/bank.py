"""What every bank has, wherever its transactions come from: a name, a currency, months, and what decisions cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from fraud_assets.months import Month
from fraud_assets.scenario.files import ScenarioError
from fraud_assets.scenario.sections import LATEST, Holiday, Learning, MonthKey, Positive, Section


class Bank(Section):
    """One bank: what the stages need that do not ask where its transactions come from."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    source: str
    currency: str
    first_month: MonthKey
    last_month: MonthKey | None = None
    limits: tuple[Positive, ...]  # amounts just below which people and criminals like to stay
    holidays: tuple[Holiday, ...]
    learning: Learning

    @model_validator(mode="after")
    def _ordered(self) -> Bank:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"last_month {self.last} must not lie before first_month {self.first}")
        return self

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def first(self) -> Month:
        return Month.parse(self.first_month)

    @property
    def last(self) -> Month | None:
        return Month.parse(self.last_month) if self.last_month else None

    @property
    def has_truth(self) -> bool:
        """Whether somebody knows of every transaction what it was."""
        return self.source == "simulated"

    @property
    def absent(self) -> tuple[str, ...]:
        """Inputs of features that this bank does not have."""
        return ()

    def holds(self, month: Month) -> bool:
        """Whether a month lies in the bank's range."""
        return self.first <= month <= (self.last or LATEST)

    def month(self, key: str) -> Month:
        """The month of a key, checked against the bank's range.

        Raises
        ------
        ScenarioError
            If the month lies before ``first_month`` or after ``last_month``.
        """
        month = Month.parse(key)
        if not self.holds(month):
            until = f"to {self.last}" if self.last else "onwards"
            raise ScenarioError(f"scenario {self.name}: month {month} is outside its range, {self.first} {until}")
        return month

"""The sections of a scenario and the rows of its tables, as frozen models.

What lives here: names, types, units and the rules that one section can check by itself. What sections must agree on is
checked in :class:`fraud_assets.scenario.Scenario`.
"""

from __future__ import annotations

from fraud_assets.scenario.sections.frauds import (
    CampaignType,
    Costs,
    Fraud,
    Gates,
    Learning,
)
from fraud_assets.scenario.sections.lines import (
    Brand,
    Category,
    City,
    Holiday,
    PriceRange,
    Tag,
)
from fraud_assets.scenario.sections.names import (
    Names,
    Regions,
    all_regions,
    check_regions,
    placeholders,
)
from fraud_assets.scenario.sections.payments import (
    Accidents,
    Activity,
    Deliveries,
    DeviceLife,
    Episode,
    EpisodeKind,
    Method,
    Prices,
    Receipts,
    Repeat,
    Token,
)
from fraud_assets.scenario.sections.people import (
    IncomeBracket,
    KycLevel,
    Lodgers,
    Occupation,
    Population,
    Rents,
    Segment,
)
from fraud_assets.scenario.sections.values import (
    LATEST,
    Age,
    Count,
    DayOfMonth,
    Levels,
    MonthKey,
    Parameters,
    Positive,
    Range,
    Section,
    Share,
    Week,
    Weight,
    whole,
)

__all__ = [
    "LATEST",
    "Accidents",
    "Activity",
    "Age",
    "Brand",
    "CampaignType",
    "Category",
    "City",
    "Costs",
    "Count",
    "DayOfMonth",
    "Deliveries",
    "DeviceLife",
    "Episode",
    "EpisodeKind",
    "Fraud",
    "Gates",
    "Holiday",
    "IncomeBracket",
    "KycLevel",
    "Learning",
    "Levels",
    "Lodgers",
    "Method",
    "MonthKey",
    "Names",
    "Occupation",
    "Parameters",
    "Population",
    "Positive",
    "PriceRange",
    "Prices",
    "Range",
    "Receipts",
    "Regions",
    "Rents",
    "Repeat",
    "Section",
    "Segment",
    "Share",
    "Tag",
    "Token",
    "Week",
    "Weight",
    "all_regions",
    "check_regions",
    "placeholders",
    "whole",
]

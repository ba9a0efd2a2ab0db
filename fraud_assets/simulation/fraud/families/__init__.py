"""The mechanisms of fraud, by the family name that a scenario's fraud types refer to.

A new mechanism is one module here and one line below; a new type of an old mechanism is a section of the scenario file.
"""

from __future__ import annotations

from fraud_assets.simulation.fraud.families.account_takeover import AccountTakeover
from fraud_assets.simulation.fraud.families.base import Family
from fraud_assets.simulation.fraud.families.card_testing import CardTesting

FAMILIES: dict[str, Family] = {
    "account_takeover": AccountTakeover(),
    "card_testing": CardTesting(),
}
